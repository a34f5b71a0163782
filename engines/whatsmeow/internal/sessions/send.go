package sessions

import (
	"context"
	"encoding/json"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/encoding/protojson"

	"recado/engines/whatsmeow/internal/rpc"
	"recado/engines/whatsmeow/internal/wire"
)

const (
	answerLimit  = 30 * time.Second
	prepareLimit = 30 * time.Second
	messageLimit = 64 << 20
)

// connectedLink is the logged-in connection of a session, or the fault that says why there is none.
func (h *Host) connectedLink(t target) (*session, *link, error) {
	s, err := h.held(t)
	if err != nil {
		return nil, nil, err
	}
	state, who, l := s.status()
	switch {
	case who.JID == nil:
		return nil, nil, rpc.Errorf(rpc.NotPaired, "the session has no device")
	case state != Connected:
		return nil, nil, rpc.Errorf(rpc.NotConnected, "the session is %s", state)
	default:
		return s, l, nil
	}
}

type sendParams struct {
	target
	ID        string          `json:"id"`
	To        string          `json:"to"`
	Message   json.RawMessage `json:"message"`
	File      string          `json:"file"`
	TimeoutMS int64           `json:"timeout_ms"`
}

func (h *Host) send(_ context.Context, p sendParams) (any, error) {
	to, err := types.ParseJID(p.To)
	if err != nil || to.User == "" || p.ID == "" {
		return nil, rpc.Errorf(rpc.InvalidParams, "send needs an id and a JID to send to, not %q", p.To)
	}
	message, err := h.read(p)
	if err != nil {
		return nil, err
	}
	_, l, err := h.connectedLink(p.target)
	if err != nil {
		return nil, err
	}
	wait := answerLimit
	if p.TimeoutMS > 0 {
		wait = time.Duration(p.TimeoutMS) * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(l.ctx, wait+prepareLimit)
	defer cancel()
	sent, err := l.client.SendMessage(ctx, to, message, whatsmeow.SendRequestExtra{ID: p.ID, Timeout: wait})
	if err != nil {
		return nil, sendFault(l, p.To, err)
	}
	return fields{
		"id": sent.ID, "sent_at": wire.Millis(sent.Timestamp),
		"to": wire.JID(l.addressee(ctx, to)), "sender": wire.JID(sent.Sender),
	}, nil
}

func (h *Host) read(p sendParams) (*waE2E.Message, error) {
	text := []byte(p.Message)
	if p.File != "" {
		var err error
		if text, err = h.Files.Read(p.File, messageLimit); err != nil {
			return nil, fileFault(err)
		}
	}
	message := &waE2E.Message{}
	if err := protojson.Unmarshal(text, message); err != nil {
		return nil, rpc.Errorf(rpc.InvalidMessage, "the message is not protojson of waE2E.Message: %v", err)
	}
	return message, nil
}

// addressee is where the library sent to: it replaces a phone number by its LID.
func (l *link) addressee(ctx context.Context, to types.JID) types.JID {
	if to.Server != types.DefaultUserServer {
		return to
	}
	if lid, err := l.client.Store.LIDs.GetLIDForPN(ctx, to); err == nil && !lid.IsEmpty() {
		return lid
	}
	return to
}

type resolveParams struct {
	target
	Phones []string `json:"phones"`
}

type user struct {
	Query      string  `json:"query"`
	Registered bool    `json:"registered"`
	JID        *string `json:"jid"`
	LID        *string `json:"lid"`
}

func (h *Host) resolve(_ context.Context, p resolveParams) (any, error) {
	_, l, err := h.connectedLink(p.target)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(l.ctx, answerLimit)
	defer cancel()
	found, err := l.client.IsOnWhatsApp(ctx, p.Phones)
	if err != nil {
		return nil, faultOf(l, "ask for phone numbers", err)
	}
	known := make(map[string]user, len(found))
	for _, one := range found {
		known[one.Query] = userOf(one)
	}
	users := make([]user, 0, len(p.Phones))
	for _, phone := range p.Phones {
		one := known[phone]
		one.Query = phone
		users = append(users, one)
	}
	return fields{"users": users}, nil
}

func userOf(found types.IsOnWhatsAppResponse) user {
	one := user{Registered: found.IsIn}
	for _, jid := range []types.JID{found.JID, found.PhoneNumber} {
		switch jid.Server {
		case types.HiddenUserServer:
			one.LID = wire.JID(jid)
		case types.DefaultUserServer:
			one.JID = wire.JID(jid)
		}
	}
	return one
}

type probeParams struct {
	target
	TimeoutMS int64 `json:"timeout_ms"`
}

// probe proves the connection by a round trip of its own: nothing that waits in the session can hold it up.
func (h *Host) probe(_ context.Context, p probeParams) (any, error) {
	s, l, err := h.connectedLink(p.target)
	if err != nil {
		return nil, err
	}
	if p.TimeoutMS <= 0 {
		return nil, rpc.Errorf(rpc.InvalidParams, "timeout_ms must be positive")
	}
	ctx, cancel := context.WithTimeout(l.ctx, time.Duration(p.TimeoutMS)*time.Millisecond)
	defer cancel()
	begun := time.Now()
	//lint:ignore SA1019 the library has no public ping
	pong, err := l.client.DangerousInternals().SendIQAsync(ctx, whatsmeow.DangerousInfoQuery{
		Namespace: "w:p", Type: "get", To: types.ServerJID,
	})
	if err != nil {
		return nil, faultOf(l, "ping", err)
	}
	select {
	case answer := <-pong:
		if answer == nil || answer.Tag != "iq" {
			return nil, rpc.Errorf(rpc.NotConnected, "the connection ended during the ping")
		}
	case <-ctx.Done():
		return nil, faultOf(l, "ping", ctx.Err())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return struct {
		RoundTrip int64 `json:"round_trip_ms"`
		backlog
	}{time.Since(begun).Milliseconds(), s.waiting()}, nil
}
