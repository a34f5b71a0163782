package host

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"go.mau.fi/whatsmeow/types"

	"recado/engines/whatsmeow/internal/rpc"
)

// call holds the params of every method.
type call struct {
	Protocol      int              `json:"protocol"`
	Session       string           `json:"session"`
	Fence         int64            `json:"fence"`
	LeaseMS       int64            `json:"lease_ms"`
	Sessions      map[string]int64 `json:"sessions"`
	Phone         string           `json:"phone"`
	Response      json.RawMessage  `json:"response"`
	Confirm       bool             `json:"confirm"`
	ID            string           `json:"id"`
	To            string           `json:"to"`
	Message       json.RawMessage  `json:"message"`
	TimeoutMS     int64            `json:"timeout_ms"`
	Phones        []string         `json:"phones"`
	File          string           `json:"file"`
	Kind          string           `json:"kind"`
	DirectPath    string           `json:"direct_path"`
	MediaKey      []byte           `json:"media_key"`
	FileSHA256    []byte           `json:"file_sha256"`
	FileEncSHA256 []byte           `json:"file_enc_sha256"`
	Collection    string           `json:"collection"`
	Version       *uint64          `json:"version"`
	Notification  []byte           `json:"notification"`
	MessageID     string           `json:"message_id"`
	IsLost        bool             `json:"is_lost"`
	Chat          types.JID        `json:"chat"`
	OldestID      string           `json:"oldest_id"`
	OldestFromMe  bool             `json:"oldest_from_me"`
	OldestAt      int64            `json:"oldest_at"`
	Count         int              `json:"count"`
	JID           types.JID        `json:"jid"`
	Sender        types.JID        `json:"sender"`
	IDs           []string         `json:"ids"`
	At            int64            `json:"at"`
	State         string           `json:"state"`
	Known         string           `json:"known"`
	IsPreview     bool             `json:"is_preview"`
}

func (c call) lease() time.Duration   { return time.Duration(c.LeaseMS) * time.Millisecond }
func (c call) timeout() time.Duration { return time.Duration(c.TimeoutMS) * time.Millisecond }

type method = func(*session, context.Context, call) (any, error)

var methods = map[string]method{
	"hello": (*session).hello, "heartbeat": (*session).heartbeat,
	"sessions": (*session).sessions, "shutdown": (*session).shutdown,

	"open":   gated((*session).mayOpen, (*session).open),
	"close":  gated((*session).mayAct, (*session).close),
	"forget": gated((*session).mayForget, (*session).forget),

	"pair_qr": (*session).pairQR, "pair_phone": (*session).pairPhone, "pair_passkey": during(pairing, (*link).passkey),
	"send": during(connected, (*link).send), "resolve": during(connected, (*link).resolve),
	"upload": during(connected, (*link).upload), "download": during(connected, (*link).download),
	"probe": during(connected, (*link).probe), "logout": during(connected, (*link).logout),
	"app_state": during(connected, (*link).appState), "history": during(connected, (*link).history),
	"history_done": during(connected, (*link).historyDone), "history_request": during(connected, (*link).historyRequest),
	"groups": during(connected, (*link).groups), "group": during(connected, (*link).group),
	"picture": during(connected, (*link).picture), "mark_read": during(connected, (*link).markRead),
	"presence": during(connected, (*link).presence), "typing": during(connected, (*link).typing),
	"watch": during(connected, (*link).watch), "ask_phone": during(connected, (*link).askPhone),
}

// gated is a method that waits for its turn, and then needs a permission.
func gated(may func(*session, call) error, do method) method {
	return func(s *session, ctx context.Context, c call) (any, error) {
		s.gate.Lock()
		defer s.gate.Unlock()
		if err := may(s, c); err != nil {
			return nil, err
		}
		return do(s, ctx, c)
	}
}

// during is a method that needs a connection in that state; its context ends with that, or after ten minutes.
func during(state string, do func(*link, context.Context, call) (any, error)) method {
	return func(s *session, _ context.Context, c call) (any, error) {
		if err := s.mayAct(c); err != nil {
			return nil, err
		}
		s.mu.Lock()
		isPaired, now, l := s.who.JID != nil, s.state, s.link
		s.mu.Unlock()
		if state == connected && !isPaired {
			return nil, rpc.Errorf(rpc.NotPaired, "the session has no device")
		} else if now != state {
			return nil, rpc.Errorf(rpc.NotConnected, "the session is %s", now)
		}
		ctx, cancel := context.WithTimeout(l.ctx, 10*time.Minute)
		defer cancel()
		result, err := do(l, ctx, c)
		if cause := context.Cause(l.ctx); err != nil && cause != nil {
			err = fmt.Errorf("%w: %w", err, cause)
		}
		return result, err
	}
}

// handle performs a call. Its panic ends the session that it was about.
func (h *Host) handle(ctx context.Context, name string, params json.RawMessage) (result any, err error) {
	do := methods[name]
	if do == nil {
		return nil, rpc.Errorf(rpc.UnknownMethod, "there is no method %q", name)
	}
	c := call{TimeoutMS: 30_000}
	if len(params) > 0 {
		if err := json.Unmarshal(params, &c); err != nil {
			return nil, rpc.Errorf(rpc.InvalidParams, "the params are wrong: %v", err)
		}
	}
	s := h.session(c.Session)
	defer func() {
		if cause := recover(); cause != nil {
			s.panicked(cause)
			err = rpc.Errorf(rpc.Internal, "%s panicked: %v", name, cause)
		}
	}()
	result, err = do(s, ctx, c)
	return result, faultOf(err)
}

func (h *Host) hello(_ context.Context, c call) (any, error) {
	if c.Protocol != 1 {
		return nil, rpc.Errorf(rpc.InvalidParams, "this host speaks protocol 1, not %d", c.Protocol)
	}
	return object{
		"protocol": 1, "engine": "whatsmeow", "version": h.Version, "library": h.Library, "wa_version": h.waVersion(),
		"exchange": h.files.Name(), "limits": h.limits,
		"capabilities": []string{
			"pair_qr", "pair_phone", "pair_passkey", "send", "resolve", "probe", "upload", "download", "logout", "forget",
			"app_state", "history", "groups", "picture", "mark_read", "presence",
			"ask_phone",
		},
	}, nil
}

func (h *Host) heartbeat(_ context.Context, c call) (any, error) {
	answer := map[string][]string{"renewed": {}, "stale": {}, "unknown": {}}
	for name, fence := range c.Sessions {
		outcome := h.session(name).renew(fence, c.lease())
		answer[outcome] = append(answer[outcome], name)
	}
	return answer, nil
}

func (h *Host) sessions(context.Context, call) (any, error) {
	list := []snapshot{}
	for _, s := range h.held() {
		list = append(list, s.snapshot())
	}
	return object{"sessions": list}, nil
}

func (h *Host) shutdown(context.Context, call) (any, error) {
	endAll(h.held(), "shutdown", nil)
	h.quit(errAsked)
	return object{}, nil
}
