package sessions

import (
	"sync"
	"time"

	"go.mau.fi/whatsmeow/store"

	"recado/engines/whatsmeow/internal/wire"
)

// State is where a session's connection stands.
type State string

const (
	Idle         State = "idle"
	Dialing      State = "dialing"
	Pairing      State = "pairing"
	Connected    State = "connected"
	Disconnected State = "disconnected"
)

// identity is who a session is linked to; without a JID it is not linked.
type identity struct {
	JID      *string `json:"jid"`
	LID      *string `json:"lid"`
	PushName string  `json:"push_name"`
	Platform string  `json:"platform"`
}

func identityOf(device *store.Device) identity {
	return identity{
		JID: wire.JID(device.GetJID()), LID: wire.JID(device.GetLID()),
		PushName: device.PushName, Platform: device.Platform,
	}
}

// session is what a fence holds; its connections come and go as links.
type session struct {
	name string
	host *Host
	// slots bounds the events that Recado has not answered.
	slots chan struct{}

	mu     sync.Mutex
	fence  int64
	state  State
	since  time.Time
	who    identity
	link   *link
	closed bool
	doomed bool
	asked  map[*time.Time]struct{}
}

func newSession(h *Host, name string) *session {
	return &session{
		name:  name,
		host:  h,
		slots: make(chan struct{}, h.About.Unanswered),
		state: Idle,
		since: h.Now(),
		asked: make(map[*time.Time]struct{}),
	}
}

func (s *session) holder() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fence
}

func (s *session) take(fence int64, who identity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fence, s.who = fence, who
}

func (s *session) status() (State, identity, *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.who, s.link
}

// become changes the state; the lock is held.
func (s *session) become(state State) {
	if s.state != state {
		s.state, s.since = state, s.host.Now()
	}
}

// rest is the state of a session without a socket; the lock is held.
func (s *session) rest() State {
	if s.who.JID == nil {
		return Idle
	}
	return Disconnected
}

// begin replaces the session's connection by a new one.
func (s *session) begin(l *link) {
	s.mu.Lock()
	before := s.link
	s.link = l
	s.become(Dialing)
	s.mu.Unlock()
	if before != nil {
		before.end(errReplaced)
	}
	go l.dial()
}

// cut cancels whatever the session is doing; false when that was done before. It never waits.
func (s *session) cut(cause error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.doomed
	s.doomed = true
	if s.link != nil {
		s.link.cancel(cause)
	}
	return first
}

// shut ends the connection; when it returns, the session says nothing any more.
func (s *session) shut() {
	s.mu.Lock()
	s.closed = true
	l := s.link
	s.mu.Unlock()
	if l == nil {
		return
	}
	gone := l.end(errClosed)
	l.busy.Wait()
	select {
	case <-gone:
	case <-time.After(3 * time.Second):
		l.log.Warn("the connection takes long to close")
	}
}

// ask and answered keep the list of events that wait for Recado.
func (s *session) ask() *time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.host.Now()
	s.asked[&at] = struct{}{}
	return &at
}

func (s *session) answered(at *time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.asked, at)
}

// backlog is what a session has received and not got rid of.
type backlog struct {
	Queue      int   `json:"queue"`
	Unanswered int   `json:"unanswered"`
	Oldest     int64 `json:"oldest_unanswered_ms"`
}

// waiting counts; the lock is held.
func (s *session) waiting() backlog {
	count := backlog{Unanswered: len(s.asked)}
	for at := range s.asked {
		count.Oldest = max(count.Oldest, s.host.Now().Sub(*at).Milliseconds())
	}
	if s.link != nil {
		count.Queue = s.link.queue.Len()
	}
	return count
}

// Snapshot is one session as `sessions` shows it.
type Snapshot struct {
	Session string `json:"session"`
	Fence   int64  `json:"fence"`
	State   State  `json:"state"`
	SinceAt int64  `json:"since_at"`
	identity
	backlog
	LeaseLeft int64 `json:"lease_left_ms"`
}

func (s *session) snapshot() Snapshot {
	left := s.host.book.Left(s.name).Milliseconds()
	s.mu.Lock()
	defer s.mu.Unlock()
	return Snapshot{
		Session: s.name, Fence: s.fence, State: s.state, SinceAt: wire.Millis(s.since),
		identity: s.who, backlog: s.waiting(), LeaseLeft: left,
	}
}
