package host

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"

	"recado/engines/whatsmeow/internal/rpc"
)

// The states of the snapshot.
const idle, dialing, pairing, connected, disconnected = "idle", "dialing", "pairing", "connected", "disconnected"

// identity is who a session is linked to; without a JID it is not.
type identity struct {
	JID      *types.JID `json:"jid"`
	LID      *types.JID `json:"lid"`
	PushName string     `json:"push_name"`
	Platform string     `json:"platform"`
}

func identityOf(device *store.Device) (who identity) {
	if device == nil || device.ID == nil {
		return who
	}
	jid, lid := *device.ID, device.LID
	who = identity{JID: &jid, PushName: device.PushName, Platform: device.Platform}
	if !lid.IsEmpty() {
		who.LID = &lid
	}
	return who
}

// session is what a fence holds; its connections come and go as links.
type session struct {
	*Host
	name string
	log  *slog.Logger
	gate sync.Mutex // opening, pairing and closing happen one after the other

	mu       sync.Mutex
	fence    int64     // the newest that was seen
	until    time.Time // the end of the lease; zero while the session is not open
	who      identity
	state    string
	since    time.Time
	link     *link // nil without a connection
	isDoomed bool  // its database failed; it is about to be closed
}

func (s *session) snapshot() snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := max(0, time.Until(s.until).Milliseconds())
	return snapshot{s.name, s.fence, s.state, s.since.UnixMilli(), left, s.who, s.link.backlog()}
}

type snapshot struct {
	Session     string `json:"session"`
	Fence       int64  `json:"fence"`
	State       string `json:"state"`
	SinceAt     int64  `json:"since_at"`
	LeaseLeftMS int64  `json:"lease_left_ms"`
	identity
	backlog
}

func (s *session) isOpen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.until.IsZero()
}

// mayAct refuses every fence but the one that holds the session.
func (s *session) mayAct(c call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until.IsZero() {
		return rpc.Errorf(rpc.UnknownSession, "the session is not open")
	}
	return s.match(c.Fence == s.fence, c.Fence)
}

// mayOpen refuses a fence that is older than the newest one seen.
func (s *session) mayOpen(c call) error {
	if c.Session == "" || c.LeaseMS <= 0 {
		return rpc.Errorf(rpc.InvalidParams, "open needs a session and a lease")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.match(c.Fence >= s.fence, c.Fence)
}

func (s *session) mayForget(c call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.match(c.Fence == s.fence || s.until.IsZero() && c.Fence > s.fence, c.Fence)
}

func (s *session) match(isGood bool, fence int64) error {
	if !isGood {
		return rpc.Errorf(rpc.StaleFence, "the session's fence is %d", s.fence).With("fence", s.fence)
	}
	s.fence = fence
	return nil
}

// hold lengthens the lease; the lock is held.
func (s *session) hold(length time.Duration) {
	s.until = time.Now().Add(length)
	time.AfterFunc(length, func() { s.end(leaseExpired, nil) })
}

// renew is a heartbeat for the session.
func (s *session) renew(fence int64, length time.Duration) (outcome string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until.IsZero() {
		return "unknown"
	} else if fence != s.fence {
		return "stale"
	}
	s.hold(length)
	return "renewed"
}

func (s *session) become(next string) {
	if s.state != next {
		s.state, s.since = next, time.Now()
	}
}

// attach replaces the connection, by none when l is nil; the lock is held.
func (s *session) attach(l *link) (before *link) {
	before, s.link = s.link, l
	switch {
	case l != nil:
		s.become(dialing)
	case s.who.JID != nil:
		s.become(disconnected)
	default:
		s.become(idle)
	}
	return before
}

// connect ends the connection there is and begins another one, if there is a device for it. The gate is held.
func (s *session) connect(device *store.Device, byCode bool) (l *link) {
	if device != nil {
		l = newLink(s, device, byCode)
	}
	s.mu.Lock()
	before := s.attach(l)
	s.mu.Unlock()
	if before != nil {
		before.end(errReplaced)
	}
	if l != nil {
		go l.dial()
	}
	return l
}

func (s *session) open(ctx context.Context, c call) (any, error) {
	device, err := s.store.device(ctx, s.name)
	if err != nil {
		return nil, err
	}
	who := identityOf(device)
	s.mu.Lock()
	s.hold(c.lease())
	isKept := s.link != nil && (s.state == connected || s.who.JID == nil) // connected, or pairing
	if !isKept {
		s.who = who
	}
	s.mu.Unlock()
	if !isKept {
		s.connect(device, false)
	}
	if device == nil {
		return object{"device": nil}, nil
	}
	return object{"device": object{"jid": who.JID, "lid": who.LID, "push_name": who.PushName}}, nil
}

func (s *session) close(context.Context, call) (any, error) {
	s.shut()
	return object{}, nil
}

func (s *session) forget(ctx context.Context, _ call) (any, error) {
	s.shut()
	return object{}, s.store.forget(ctx, s.name)
}

// logout unlinks at the network; the library then deletes the device, and the host what it knows of it.
func (l *link) logout(ctx context.Context, c call) (any, error) {
	l.isUnlinking.Store(true)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if err := l.client.Logout(ctx); err != nil {
		l.isUnlinking.Store(false)
		return nil, err
	}
	return gated((*session).mayForget, (*session).forget)(l.session, l.life, c)
}

// shut closes the session whose gate is held; nothing of it comes afterwards.
func (s *session) shut() {
	s.mu.Lock()
	l := s.attach(nil)
	s.until, s.isDoomed = time.Time{}, false
	s.mu.Unlock()
	if l == nil {
		return
	}
	select {
	case <-l.end(errClosed):
	case <-time.After(3 * time.Second):
		s.log.Warn("the socket takes long to close")
	}
}

const leaseExpired = "lease_expired"

// end closes the session by the host's own decision, and says so.
func (s *session) end(cause string, reason error) {
	s.gate.Lock()
	defer s.gate.Unlock()
	s.mu.Lock()
	isOver := s.until.IsZero() || cause == leaseExpired && time.Until(s.until) > 0
	s.mu.Unlock()
	if isOver {
		return
	}
	s.shut()
	said := object{"cause": cause, "error": nil}
	if reason != nil {
		said["error"] = reason.Error()
	}
	s.log.Info("session closed", "cause", cause)
	s.say("closed", said)
}

func (s *session) say(kind string, data any) { s.signal(s.name, s.fence, kind, data) }

// doom cancels whatever the session does, and never waits; false when that was done before.
func (s *session) doom(cause error) (isFirst bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	isFirst, s.isDoomed = !s.isDoomed, true
	if s.link != nil {
		s.link.cancel(storageError{cause})
	}
	return isFirst
}

// contain is deferred where a panic must end one session only.
func (s *session) contain() {
	if cause := recover(); cause != nil {
		s.panicked(cause)
	}
}

func (s *session) panicked(cause any) {
	s.log.Error("a session panicked", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
	go s.end("panic", fmt.Errorf("panic: %v", cause))
}
