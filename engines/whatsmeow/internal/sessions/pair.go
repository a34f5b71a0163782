package sessions

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"

	"recado/engines/whatsmeow/internal/rpc"
	"recado/engines/whatsmeow/internal/wire"
)

// codeLife is how long the network keeps a socket open that waits for a phone.
const codeLife = 160 * time.Second

// pair begins a connection with new keys.
func (h *Host) pair(c call, byCode bool) (*link, error) {
	defer h.pass(c.Session)()
	s, err := h.held(c)
	if err != nil {
		return nil, err
	} else if s.snapshot()["jid"] != nil {
		return nil, rpc.Errorf(rpc.AlreadyPaired, "the session has a device already")
	}
	l := newLink(s, h.Store.NewDevice())
	l.byCode = byCode
	s.begin(l)
	return l, nil
}

func (h *Host) pairQR(_ context.Context, c call) (any, error) {
	_, err := h.pair(c, false)
	return wire.Data{}, err
}

func (h *Host) pairPhone(_ context.Context, c call) (any, error) {
	if c.Phone == "" || strings.Trim(c.Phone, "0123456789") != "" {
		return nil, rpc.Errorf(rpc.InvalidParams, "phone must be digits in international form")
	}
	l, err := h.pair(c, true)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(l.ctx, 40*time.Second)
	defer cancel()
	select {
	case <-l.ready.Done():
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return nil, rpc.Errorf(rpc.NotConnected, "no connection that can pair: %v", context.Cause(ctx))
	}
	expires := h.Now().Add(codeLife)
	code, err := l.client.PairPhone(ctx, c.Phone, true, whatsmeow.PairClientChrome, "Chrome (Linux)")
	return wire.Data{"code": code, "expires_at": wire.Millis(expires)}, faultOf(l, err)
}

func (h *Host) pairPasskey(_ context.Context, c call) (any, error) {
	s, err := h.held(c)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	now, l := s.state, s.link
	s.mu.Unlock()
	if now != pairing || l == nil {
		return nil, rpc.Errorf(rpc.NotConnected, "no pairing is under way")
	}
	if c.Confirm {
		return wire.Data{}, faultOf(l, l.client.SendPasskeyConfirmation(l.ctx))
	}
	var response types.WebAuthnResponse
	if err := json.Unmarshal(c.Response, &response); err != nil {
		return nil, rpc.Errorf(rpc.InvalidParams, "response is no WebAuthn response: %v", err)
	}
	return wire.Data{}, faultOf(l, l.client.SendPasskeyResponse(l.ctx, &response))
}
