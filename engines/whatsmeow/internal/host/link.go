package host

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/store"
)

// linkKey finds the link whose query a context belongs to.
type linkKey struct{}

// Why a link ended.
var (
	errReplaced = errors.New("a new connection was begun")
	errClosed   = errors.New("the session was closed")
	errEnded    = errors.New("the connection ended")
	errSlow     = errors.New("no connection within 30 s")
)

// link is one attempt at a connection, from dialing to its end. It is never used again, so nothing that the library
// does late can be taken for something that the next connection did.
type link struct {
	*session
	client   *whatsmeow.Client
	buffer   *buffer
	ratchets *ratchets
	ctx      context.Context
	cancel   context.CancelCauseFunc
	byCode   bool // the phone gets a code to type, and the QR codes are nobody's business

	// ready ends when a pairing can begin or the login is done, paired when a pairing has succeeded or failed.
	ready, paired       context.Context
	setReady, setPaired context.CancelFunc
	// isUnlinking: we asked for the end. isAnnounced: the network said that it would close.
	isUnlinking, isAnnounced atomic.Bool

	unconfirmed sync.Map      // the stanzas that the network waits for, by their tag and id
	slots       chan struct{} // as many as events may wait for Recado
	asked       []time.Time   // when each of those was said, oldest first; under the session's lock
}

func newLink(s *session, device *store.Device, byCode bool) *link {
	l := &link{session: s, byCode: byCode, slots: make(chan struct{}, s.limits.Unanswered)}
	l.ctx, l.cancel = context.WithCancelCause(context.WithValue(s.life, linkKey{}, l))
	l.ready, l.setReady = context.WithCancel(l.ctx)
	l.paired, l.setPaired = context.WithCancel(l.ctx)
	if device.ID != nil {
		l.setPaired()
	}
	l.ratchets = newRatchets(device.Sessions)
	device.Sessions = l.ratchets
	l.buffer = &buffer{EventBuffer: device.EventBuffer, swept: &s.swept, turns: l.ratchets.turns}
	device.EventBuffer, device.MsgSecrets = l.buffer, secrets{device.MsgSecrets, l}
	device.AppState = ledger{device.AppState, func(name string) { l.say("app_state_changed", object{"collection": name}) }}
	c := whatsmeow.NewClient(device, &libraryLog{Logger: s.log, link: l})
	c.SetWebsocketHTTPClient(s.http)
	c.SetPreLoginHTTPClient(s.http)
	c.SetMediaHTTPClient(s.http)
	c.BackgroundEventCtx = l.ctx
	c.SynchronousAck, c.EnableDecryptedEventBuffer, c.UseRetryMessageStore = true, true, true
	c.AutomaticMessageRerequestFromPhone, c.AutoTrustIdentity = true, true
	c.ManualHistorySyncDownload, c.DisableManualHistorySyncReceipt = true, true
	c.EnableAutoReconnect, c.InitialAutoReconnect, c.DisableLoginAutoReconnect = false, false, true
	c.GetClientPayload, c.PrePairCallback = s.payload(device), l.bind
	c.AddEventHandlerWithSuccessStatus(l.heard)
	l.client = c
	return l
}

func (l *link) dial() {
	defer l.contain()
	l.say("dialing", nil)
	go l.offerAgain()
	slow := time.AfterFunc(30*time.Second, func() { l.cancel(errSlow) })
	err := l.client.ConnectContext(l.ctx)
	slow.Stop()
	cause := context.Cause(l.ctx)
	if cause != nil {
		err = cause
	}
	if err != nil && !errors.As(cause, new(storageError)) {
		l.finish("connect_failed", object{"error": err.Error()})
	}
}

// change acts on the session while this is its present connection; false when it no longer is.
func (l *link) change(do func(*session)) (isPresent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	isPresent = l.session.link == l
	if isPresent {
		do(l.session)
	}
	return isPresent
}

// say signals what happened on the session's present connection.
func (l *link) say(kind string, data any) { l.change(func(s *session) { s.say(kind, data) }) }

// finish signals the end of the connection, and ends it.
func (l *link) finish(kind string, data any) {
	isPresent := l.change(func(s *session) {
		s.attach(nil)
		s.say(kind, data)
	})
	if isPresent {
		l.end(errEnded)
	}
}

// end cancels all that runs on this link. The channel is closed when the socket is.
func (l *link) end(cause error) <-chan struct{} {
	l.cancel(cause)
	gone := make(chan struct{})
	go func() {
		defer l.contain()
		defer close(gone)
		l.client.Disconnect()
	}()
	return gone
}

// backlog is what came in and is not settled.
type backlog struct {
	Queue              int   `json:"queue"`
	Unanswered         int   `json:"unanswered"`
	OldestUnansweredMS int64 `json:"oldest_unanswered_ms"`
}

// backlog needs the session's lock.
func (l *link) backlog() (b backlog) {
	if l == nil {
		return b
	}
	l.unconfirmed.Range(func(any, any) bool { b.Queue++; return true })
	if b.Unanswered = len(l.asked); b.Unanswered > 0 {
		b.OldestUnansweredMS = time.Since(l.asked[0]).Milliseconds()
	}
	return b
}
