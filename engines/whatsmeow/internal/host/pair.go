package host

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"

	"recado/engines/whatsmeow/internal/rpc"
)

// codeLife is how long the network keeps a socket open that waits for a phone.
const codeLife = 160 * time.Second

func (s *session) pairQR(_ context.Context, c call) (any, error) {
	_, err := s.pair(c, false)
	return object{}, err
}

func (s *session) pairPhone(ctx context.Context, c call) (any, error) {
	if c.Phone == "" || strings.Trim(c.Phone, "0123456789") != "" {
		return nil, rpc.Errorf(rpc.InvalidParams, "phone must be digits in international form")
	}
	l, err := s.pair(c, true)
	if err != nil {
		return nil, err
	}
	select {
	case <-l.ready.Done():
	case <-time.After(40 * time.Second):
	}
	return during(pairing, (*link).code)(s, ctx, c)
}

// pair begins a connection with new keys.
func (s *session) pair(c call, byCode bool) (*link, error) {
	s.gate.Lock()
	defer s.gate.Unlock()
	if err := s.mayAct(c); err != nil {
		return nil, err
	} else if s.snapshot().JID != nil {
		return nil, rpc.Errorf(rpc.AlreadyPaired, "the session has a device already")
	}
	return s.connect(s.store.NewDevice(), byCode), nil
}

func (l *link) code(ctx context.Context, c call) (any, error) {
	code, err := l.client.PairPhone(ctx, c.Phone, true, whatsmeow.PairClientChrome, "Chrome (Linux)")
	return object{"code": code, "expires_at": time.Now().Add(codeLife).UnixMilli()}, err
}

func (l *link) passkey(ctx context.Context, c call) (any, error) {
	if c.Confirm {
		return object{}, l.client.SendPasskeyConfirmation(ctx)
	}
	var response types.WebAuthnResponse
	if err := json.Unmarshal(c.Response, &response); err != nil {
		return nil, rpc.Errorf(rpc.InvalidParams, "response is no WebAuthn response: %v", err)
	}
	return object{}, l.client.SendPasskeyResponse(ctx, &response)
}

// bind runs before the library stores a new device: one that belongs to no session would be lost.
func (l *link) bind(jid types.JID, _, _ string) bool {
	err := l.store.bind(l.ctx, l.name, jid)
	if err != nil {
		l.log.Error("the pairing is refused", "error", err)
	}
	return err == nil
}
