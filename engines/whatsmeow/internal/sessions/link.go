package sessions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/store"

	"recado/engines/whatsmeow/internal/tap"
	"recado/engines/whatsmeow/internal/wire"
)

// linkKey finds the link whose query a context belongs to.
type linkKey struct{}

// Why a link ended.
var (
	errReplaced   = errors.New("a new connection was begun")
	errClosed     = errors.New("the session was closed")
	errNotHandled = errors.New("an event was not handled")
	errNetwork    = errors.New("the network ended the connection")
	errSlow       = errors.New("no connection within 30 s")
)

// link is one attempt at a connection, from dialing to its end. It is never used again, so nothing that the library
// does late can be taken for something that the next connection did.
type link struct {
	session *session
	client  *whatsmeow.Client
	buffer  *buffer
	queue   *tap.Queue
	log     *slog.Logger
	ctx     context.Context
	cancel  context.CancelCauseFunc
	// byCode: the phone gets a code to type, and the QR codes are nobody's business.
	byCode bool
	// ready ends when the network can pair, linked when a pairing has succeeded or failed, loggedIn after the login.
	ready, linked, loggedIn        context.Context
	setReady, setDone, setLoggedIn context.CancelFunc
	// isUnlinking: we asked for the end. isAnnounced: the network said that it would close.
	isUnlinking, isAnnounced atomic.Bool
}

func newLink(s *session, device *store.Device) *link {
	h := s.host
	l := &link{session: s, queue: tap.NewQueue(), log: h.Log.With("session", s.name)}
	l.ctx, l.cancel = context.WithCancelCause(context.WithValue(h.life, linkKey{}, l))
	l.ready, l.setReady = context.WithCancel(l.ctx)
	l.linked, l.setDone = context.WithCancel(l.ctx)
	l.loggedIn, l.setLoggedIn = context.WithCancel(l.ctx)
	l.buffer = &buffer{EventBuffer: device.EventBuffer, isSweepDue: h.isSweepDue}
	if device.ID != nil {
		device.EventBuffer = l.buffer
		l.setDone()
	}
	log := &tap.Log{Logger: l.log, Received: l.received, Sending: l.sending, Panicked: l.panicked}
	c := whatsmeow.NewClient(device, log)
	c.SetWebsocketHTTPClient(h.Network.HTTP)
	c.SetPreLoginHTTPClient(h.Network.HTTP)
	c.SetMediaHTTPClient(h.Network.HTTP)
	c.BackgroundEventCtx = l.ctx
	c.SynchronousAck, c.EnableDecryptedEventBuffer, c.UseRetryMessageStore = !earlyAck, true, true
	c.AutomaticMessageRerequestFromPhone, c.AutoTrustIdentity = true, true
	c.ManualHistorySyncDownload, c.DisableManualHistorySyncReceipt = true, true
	c.EnableAutoReconnect, c.InitialAutoReconnect, c.DisableLoginAutoReconnect = false, false, true
	c.GetClientPayload = func() *waWa6.ClientPayload { return h.Network.Payload(device) }
	c.PrePairCallback = l.bind
	c.AddEventHandlerWithSuccessStatus(l.handle)
	l.client = c
	return l
}

// dial runs in a goroutine of its own.
func (l *link) dial() {
	defer l.session.host.contain(l.session)
	l.say("dialing", nil)
	slow := time.AfterFunc(30*time.Second, func() { l.cancel(errSlow) })
	err := l.client.ConnectContext(l.ctx)
	slow.Stop()
	cause := context.Cause(l.ctx)
	if cause != nil {
		err = cause
	}
	if err != nil && !errors.As(cause, new(storageError)) {
		l.finish("connect_failed", wire.Data{"error": err.Error()}, fmt.Errorf("connect: %w", err))
	}
}

// change acts on the session while this is its present connection; false when it no longer is.
func (l *link) change(do func(*session)) bool {
	l.session.mu.Lock()
	defer l.session.mu.Unlock()
	isPresent := l.session.link == l
	if isPresent {
		do(l.session)
	}
	return isPresent
}

// say signals what happened on the session's present connection.
func (l *link) say(kind string, data wire.Data) {
	l.change(func(s *session) { s.host.signal(s.name, s.fence, kind, data) })
}

// finish signals the end of the connection, and ends it.
func (l *link) finish(kind string, data wire.Data, cause error) {
	isPresent := l.change(func(s *session) {
		s.rest()
		s.host.signal(s.name, s.fence, kind, data)
		s.link = nil
	})
	if isPresent {
		l.end(cause)
	}
}

// end cancels all that runs on this link. The channel is closed when the socket is.
func (l *link) end(cause error) <-chan struct{} {
	l.cancel(cause)
	gone := make(chan struct{})
	go func() {
		defer l.session.host.contain(l.session)
		defer close(gone)
		l.client.Disconnect()
	}()
	return gone
}
