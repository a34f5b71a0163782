package sessions

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"

	"recado/engines/whatsmeow/internal/rpc"
	"recado/engines/whatsmeow/internal/wire"
)

const (
	// codeLife is how long the network keeps a socket open that waits for a phone.
	codeLife  = 160 * time.Second
	codeLimit = 40 * time.Second
)

// startPairing begins a new link with new keys.
func (h *Host) startPairing(p target, byCode bool) (*link, error) {
	defer h.enter(p.Session)()
	s, err := h.held(p)
	if err != nil {
		return nil, err
	}
	if _, who, _ := s.status(); who.JID != nil {
		return nil, rpc.Errorf(rpc.AlreadyPaired, "the session has a device already")
	}
	l := newLink(s, h.store.NewDevice())
	l.byCode = byCode
	s.begin(l)
	return l, nil
}

func (h *Host) pairQR(_ context.Context, p target) (any, error) {
	_, err := h.startPairing(p, false)
	return empty{}, err
}

type phoneParams struct {
	target
	Phone string `json:"phone"`
}

func (h *Host) pairPhone(_ context.Context, p phoneParams) (any, error) {
	if p.Phone == "" || strings.Trim(p.Phone, "0123456789") != "" {
		return nil, rpc.Errorf(rpc.InvalidParams, "phone must be digits in international form")
	}
	l, err := h.startPairing(p.target, true)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(l.ctx, codeLimit)
	defer cancel()
	select {
	case <-l.ready:
	case <-ctx.Done():
		return nil, rpc.Errorf(rpc.NotConnected, "no connection that is ready to pair: %v", context.Cause(ctx))
	}
	expires := h.Now().Add(codeLife)
	code, err := l.client.PairPhone(ctx, p.Phone, true, whatsmeow.PairClientChrome, "Chrome (Linux)")
	if errors.Is(err, whatsmeow.ErrPhoneNumberTooShort) || errors.Is(err, whatsmeow.ErrPhoneNumberIsNotInternational) {
		return nil, rpc.Errorf(rpc.InvalidParams, "%v", err)
	}
	if err != nil {
		return nil, faultOf(l, "ask for a pairing code", err)
	}
	return fields{"code": code, "expires_at": wire.Millis(expires)}, nil
}

type passkeyParams struct {
	target
	Response json.RawMessage `json:"response"`
	Confirm  bool            `json:"confirm"`
}

func (h *Host) pairPasskey(_ context.Context, p passkeyParams) (any, error) {
	s, err := h.held(p.target)
	if err != nil {
		return nil, err
	}
	state, _, l := s.status()
	if state != Pairing || l == nil {
		return nil, rpc.Errorf(rpc.NotConnected, "no pairing is under way")
	}
	ctx, cancel := context.WithTimeout(l.ctx, codeLimit)
	defer cancel()
	if p.Confirm {
		err = l.client.SendPasskeyConfirmation(ctx)
	} else {
		var response types.WebAuthnResponse
		if err := json.Unmarshal(p.Response, &response); err != nil {
			return nil, rpc.Errorf(rpc.InvalidParams, "response is no WebAuthn response: %v", err)
		}
		err = l.client.SendPasskeyResponse(ctx, &response)
	}
	if err != nil {
		return nil, faultOf(l, "answer for the passkey", err)
	}
	return empty{}, nil
}
