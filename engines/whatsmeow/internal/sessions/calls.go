package sessions

import (
	"context"
	"time"

	"recado/engines/whatsmeow/internal/rpc"
)

// Protocol is the version of docs/engine-protocol.md.
const Protocol = 1

func (h *Host) hello(_ context.Context, p struct {
	Protocol int    `json:"protocol"`
	Client   string `json:"client"`
},
) (any, error) {
	if p.Protocol != Protocol {
		return nil, rpc.Errorf(rpc.InvalidParams, "this host speaks protocol %d, not %d", Protocol, p.Protocol)
	}
	h.Log.Info("hello", "client", p.Client)
	return fields{
		"protocol": Protocol, "engine": "whatsmeow", "version": h.About.Version, "library": h.About.Library,
		"wa_version": h.Version.Current(),
		"capabilities": []string{
			"pair_qr", "pair_phone", "pair_passkey", "send", "resolve", "probe", "upload", "download", "logout", "forget",
		},
		"limits":   fields{"frame_bytes": h.About.FrameBytes, "unanswered_per_session": h.About.Unanswered},
		"exchange": h.Files.Path,
	}, nil
}

func (h *Host) heartbeat(_ context.Context, p struct {
	Sessions map[string]int64 `json:"sessions"`
	LeaseMS  int64            `json:"lease_ms"`
},
) (any, error) {
	if p.LeaseMS <= 0 && len(p.Sessions) > 0 {
		return nil, rpc.Errorf(rpc.InvalidParams, "lease_ms must be positive")
	}
	return h.book.Renew(p.Sessions, time.Duration(p.LeaseMS)*time.Millisecond), nil
}

func (h *Host) snapshots(context.Context, empty) (any, error) {
	list := []Snapshot{}
	for _, s := range h.all() {
		list = append(list, s.snapshot())
	}
	return fields{"sessions": list}, nil
}

func (h *Host) shutdown(context.Context, empty) (any, error) {
	h.mu.Lock()
	first := !h.stopping
	h.stopping = true
	h.mu.Unlock()
	h.Stop()
	if first {
		close(h.Stopped)
	}
	return empty{}, nil
}

type openParams struct {
	target
	LeaseMS int64 `json:"lease_ms"`
}

func (h *Host) open(ctx context.Context, p openParams) (any, error) {
	if p.LeaseMS <= 0 {
		return nil, rpc.Errorf(rpc.InvalidParams, "lease_ms must be positive")
	}
	defer h.enter(p.Session)()
	if err := h.book.Admit(p.Session, p.Fence); err != nil {
		return nil, leaseFault(err)
	}
	lease := time.Duration(p.LeaseMS) * time.Millisecond
	s := h.find(p.Session)
	if s != nil {
		state, who, _ := s.status()
		if state == Connected || (state != Idle && who.JID == nil) {
			s.take(p.Fence, who)
			return opened(who), h.book.Hold(p.Session, p.Fence, lease)
		}
	}
	return h.dialOrWait(ctx, s, p, lease)
}

// dialOrWait loads the device and dials, or leaves a session without one idle.
func (h *Host) dialOrWait(ctx context.Context, s *session, p openParams, lease time.Duration) (any, error) {
	device, err := h.store.Device(ctx, p.Session)
	if err != nil {
		return nil, storageFault(err)
	}
	if s == nil {
		s = newSession(h, p.Session)
	}
	if err := h.admit(s, p.Fence, lease); err != nil {
		return nil, err
	}
	if device == nil {
		s.take(p.Fence, identity{})
		return opened(identity{}), nil
	}
	who := identityOf(device)
	s.take(p.Fence, who)
	s.begin(newLink(s, device))
	return opened(who), nil
}

func (h *Host) admit(s *session, fence int64, lease time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping {
		return rpc.Errorf(rpc.Internal, "the host is shutting down")
	}
	if err := h.book.Hold(s.name, fence, lease); err != nil {
		return leaseFault(err)
	}
	h.sessions[s.name] = s
	return nil
}

func opened(who identity) any {
	if who.JID == nil {
		return fields{"device": nil}
	}
	return fields{"device": fields{"jid": who.JID, "lid": who.LID, "push_name": who.PushName}}
}

func (h *Host) close(_ context.Context, p target) (any, error) {
	defer h.enter(p.Session)()
	s, err := h.held(p)
	if err != nil {
		return nil, err
	}
	h.remove(s)
	return empty{}, nil
}

const unlinkLimit = 30 * time.Second

func (h *Host) logout(_ context.Context, p target) (any, error) {
	s, l, err := h.connectedLink(p)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(h.ctx, unlinkLimit)
	defer cancel()
	l.unlinking.Store(true)
	if err := l.client.Logout(ctx); err != nil {
		l.unlinking.Store(false)
		return nil, faultOf(l, "unlink the device", err)
	}
	defer h.enter(p.Session)()
	if err := h.store.Forget(h.ctx, p.Session); err != nil {
		return nil, storageFault(err)
	}
	if h.find(s.name) == s {
		h.remove(s)
	}
	return empty{}, nil
}

func (h *Host) forget(ctx context.Context, p target) (any, error) {
	defer h.enter(p.Session)()
	s := h.find(p.Session)
	if s != nil {
		if err := h.book.Check(p.Session, p.Fence); err != nil {
			return nil, leaseFault(err)
		}
		h.remove(s)
	} else if err := h.book.Hold(p.Session, p.Fence, 0); err != nil {
		return nil, leaseFault(err)
	}
	h.book.Release(p.Session)
	if err := h.store.Forget(ctx, p.Session); err != nil {
		return nil, storageFault(err)
	}
	return empty{}, nil
}
