package sessions

import (
	"context"
	"encoding/json"
	"time"

	"go.mau.fi/whatsmeow/store"

	"recado/engines/whatsmeow/internal/rpc"
	"recado/engines/whatsmeow/internal/wire"
)

// call holds the params of every method.
type call struct {
	Protocol int    `json:"protocol"`
	Client   string `json:"client"`

	Session  string           `json:"session"`
	Fence    int64            `json:"fence"`
	LeaseMS  int64            `json:"lease_ms"`
	Sessions map[string]int64 `json:"sessions"`

	Phone    string          `json:"phone"`
	Response json.RawMessage `json:"response"`
	Confirm  bool            `json:"confirm"`

	ID        string          `json:"id"`
	To        string          `json:"to"`
	Message   json.RawMessage `json:"message"`
	File      string          `json:"file"`
	Phones    []string        `json:"phones"`
	TimeoutMS int64           `json:"timeout_ms"`

	Kind          string `json:"kind"`
	DirectPath    string `json:"direct_path"`
	MediaKey      []byte `json:"media_key"`
	FileSHA256    []byte `json:"file_sha256"`
	FileEncSHA256 []byte `json:"file_enc_sha256"`
}

func (c call) timeout(otherwise time.Duration) time.Duration {
	if c.TimeoutMS > 0 {
		return time.Duration(c.TimeoutMS) * time.Millisecond
	}
	return otherwise
}

type method = func(context.Context, call) (any, error)

func (h *Host) nameMethods() {
	for name, do := range map[string]method{
		"hello": h.hello, "heartbeat": h.heartbeat, "sessions": h.sessions, "shutdown": h.shutdown,
		"open": h.openSession, "close": h.closeSession, "forget": h.forget,
		"pair_qr": h.pairQR, "pair_phone": h.pairPhone, "pair_passkey": h.pairPasskey,
		"send": h.linked(send), "resolve": h.linked(resolve), "probe": h.linked(probe), "logout": h.linked(logout),
		"upload": h.linked(upload), "download": h.linked(download),
	} {
		h.Peer.Methods[name] = func(ctx context.Context, raw json.RawMessage) (any, error) {
			var c call
			if err := rpc.Decode(raw, &c); err != nil {
				return nil, err
			}
			defer func() {
				if cause := recover(); cause != nil {
					h.panicked(h.find(c.Session), cause)
					panic(cause)
				}
			}()
			return do(ctx, c)
		}
	}
}

// held is the open session that the call's fence holds.
func (h *Host) held(c call) (*session, error) {
	s := h.find(c.Session)
	if err := h.book.Check(c.Session, c.Fence); err != nil || s == nil {
		return nil, leaseFault(err)
	}
	return s, nil
}

// linked is a method that needs a logged-in connection; its context ends with that, or after ten minutes.
func (h *Host) linked(do func(context.Context, *link, call) (any, error)) method {
	return func(_ context.Context, c call) (any, error) {
		s, err := h.held(c)
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		who, now, l := s.who, s.state, s.link
		s.mu.Unlock()
		if who.jid.IsEmpty() {
			return nil, rpc.Errorf(rpc.NotPaired, "the session has no device")
		} else if now != connected || l == nil {
			return nil, rpc.Errorf(rpc.NotConnected, "the session is %s", now)
		}
		ctx, cancel := context.WithTimeout(l.ctx, 10*time.Minute)
		defer cancel()
		result, err := do(ctx, l, c)
		return result, faultOf(l, err)
	}
}

func (h *Host) hello(_ context.Context, c call) (any, error) {
	if c.Protocol != 1 {
		return nil, rpc.Errorf(rpc.InvalidParams, "this host speaks protocol 1, not %d", c.Protocol)
	}
	return wire.Data{
		"protocol": 1, "engine": "whatsmeow", "version": h.Version, "library": h.Library,
		"wa_version": h.Network.Version(), "exchange": h.Files,
		"limits": wire.Data{"frame_bytes": h.FrameBytes, "unanswered_per_session": h.Unanswered},
		"capabilities": []string{
			"pair_qr", "pair_phone", "pair_passkey", "send", "resolve", "probe", "upload", "download", "logout", "forget",
		},
	}, nil
}

func (h *Host) heartbeat(_ context.Context, c call) (any, error) {
	return h.book.Renew(c.Sessions, time.Duration(c.LeaseMS)*time.Millisecond), nil
}

func (h *Host) sessions(context.Context, call) (any, error) {
	list := []wire.Data{}
	for _, s := range h.all() {
		list = append(list, s.snapshot())
	}
	return wire.Data{"sessions": list}, nil
}

func (h *Host) shutdown(context.Context, call) (any, error) {
	h.Stop()
	h.stop.Do(func() { close(h.Stopped) })
	return wire.Data{}, nil
}

func (h *Host) openSession(ctx context.Context, c call) (any, error) {
	if c.Session == "" || c.LeaseMS <= 0 {
		return nil, rpc.Errorf(rpc.InvalidParams, "open needs a session and a lease")
	}
	defer h.pass(c.Session)()
	if err := h.book.Hold(c.Session, c.Fence, time.Duration(c.LeaseMS)*time.Millisecond); err != nil {
		return nil, leaseFault(err)
	}
	s := h.find(c.Session)
	if s != nil && s.isKept(c.Fence) {
		return opened(s.snapshot()), nil
	}
	device, err := h.Store.Device(ctx, c.Session)
	if err != nil {
		if s == nil {
			h.book.Release(c.Session)
		}
		return nil, rpc.Errorf(rpc.Storage, "%v", err)
	}
	if s == nil {
		s = h.admit(c.Session)
	}
	s.load(c.Fence, device)
	return opened(identityOf(device).data()), nil
}

func opened(who wire.Data) wire.Data {
	if who["jid"] == nil {
		return wire.Data{"device": nil}
	}
	return wire.Data{"device": wire.Data{"jid": who["jid"], "lid": who["lid"], "push_name": who["push_name"]}}
}

func (h *Host) admit(name string) *session {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open[name] = newSession(h, name)
	return h.open[name]
}

// isKept gives a session that is connected, or that pairs, to the fence, and leaves it as it is.
func (s *session) isKept(fence int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	isKept := s.link != nil && (s.state == connected || s.who.jid.IsEmpty())
	if isKept {
		s.fence = fence
	}
	return isKept
}

// load gives the session to the fence, and dials when there is a device.
func (s *session) load(fence int64, device *store.Device) {
	s.mu.Lock()
	s.fence, s.who = fence, identityOf(device)
	s.mu.Unlock()
	if device != nil {
		s.begin(newLink(s, device))
	}
}

func (h *Host) closeSession(_ context.Context, c call) (any, error) {
	defer h.pass(c.Session)()
	s, err := h.held(c)
	if err != nil {
		return nil, err
	}
	h.remove(s)
	return wire.Data{}, nil
}

func (h *Host) forget(ctx context.Context, c call) (any, error) {
	defer h.pass(c.Session)()
	s := h.find(c.Session)
	if s != nil {
		if err := h.book.Check(c.Session, c.Fence); err != nil {
			return nil, leaseFault(err)
		}
		h.remove(s)
	} else if err := h.book.Hold(c.Session, c.Fence, 0); err != nil {
		return nil, leaseFault(err)
	}
	h.book.Release(c.Session)
	if err := h.Store.Forget(ctx, c.Session); err != nil {
		return nil, rpc.Errorf(rpc.Storage, "%v", err)
	}
	return wire.Data{}, nil
}

// logout unlinks at the network; the library then deletes the device, and the host what it knows of it.
func logout(ctx context.Context, l *link, c call) (any, error) {
	h := l.session.host
	l.isUnlinking.Store(true)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if err := l.client.Logout(ctx); err != nil {
		l.isUnlinking.Store(false)
		return nil, err
	}
	return h.forget(h.life, c)
}
