package sessions

import (
	"sync"
	"time"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"

	"recado/engines/whatsmeow/internal/wire"
)

// state is where a session's connection stands.
type state string

const (
	idle         state = "idle"
	dialing      state = "dialing"
	pairing      state = "pairing"
	connected    state = "connected"
	disconnected state = "disconnected"
)

// identity is who a session is linked to; without a JID it is not.
type identity struct {
	jid, lid           types.JID
	pushName, platform string
}

func identityOf(device *store.Device) identity {
	if device == nil {
		return identity{}
	}
	return identity{device.GetJID(), device.GetLID(), device.PushName, device.Platform}
}

func (i identity) data() wire.Data {
	data := wire.Data{"jid": nil, "lid": nil, "push_name": i.pushName, "platform": i.platform}
	for key, jid := range map[string]types.JID{"jid": i.jid, "lid": i.lid} {
		if !jid.IsEmpty() {
			data[key] = jid
		}
	}
	return data
}

// session is what a fence holds; its connections come and go as links.
type session struct {
	name  string
	host  *Host
	slots chan struct{} // as many as events may wait for Recado

	mu       sync.Mutex
	fence    int64
	state    state
	since    time.Time
	who      identity
	link     *link
	isDoomed bool
	lastAsk  int
	asked    map[int]time.Time
}

func newSession(h *Host, name string) *session {
	slots := make(chan struct{}, h.Unanswered)
	return &session{name: name, host: h, slots: slots, state: idle, since: h.Now(), asked: map[int]time.Time{}}
}

// become changes the state; the lock is held.
func (s *session) become(next state) {
	if s.state != next {
		s.state, s.since = next, s.host.Now()
	}
}

// rest is what a session becomes without a socket; the lock is held.
func (s *session) rest() {
	if s.who.jid.IsEmpty() {
		s.become(idle)
	} else {
		s.become(disconnected)
	}
}

// begin replaces the session's connection by a new one.
func (s *session) begin(l *link) {
	s.mu.Lock()
	before := s.link
	s.link = l
	s.become(dialing)
	s.mu.Unlock()
	if before != nil {
		before.end(errReplaced)
	}
	go l.dial()
}

// doom cancels whatever the session does, and never waits; false when that was done before.
func (s *session) doom(cause error) (isFirst bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	isFirst = !s.isDoomed
	s.isDoomed = true
	if s.link != nil {
		s.link.cancel(cause)
	}
	return isFirst
}

// shut ends the connection; when it returns, the session says nothing any more.
func (s *session) shut() {
	s.mu.Lock()
	l := s.link
	s.link = nil
	s.mu.Unlock()
	if l == nil {
		return
	}
	select {
	case <-l.end(errClosed):
	case <-time.After(3 * time.Second):
		l.log.Warn("the socket takes long to close")
	}
}

// backlog is what came in and is not settled; the lock is held.
func (s *session) backlog() wire.Data {
	oldest, queue := int64(0), 0
	for _, at := range s.asked {
		oldest = max(oldest, s.host.Now().Sub(at).Milliseconds())
	}
	if s.link != nil {
		queue = s.link.queue.Len()
	}
	return wire.Data{"unanswered": len(s.asked), "oldest_unanswered_ms": oldest, "queue": queue}
}

func (s *session) snapshot() wire.Data {
	left := max(0, s.host.book.Left(s.name).Milliseconds())
	s.mu.Lock()
	defer s.mu.Unlock()
	return wire.With(wire.With(s.who.data(), s.backlog()), wire.Data{
		"session": s.name, "fence": s.fence, "state": s.state, "since_at": wire.Millis(s.since), "lease_left_ms": left,
	})
}
