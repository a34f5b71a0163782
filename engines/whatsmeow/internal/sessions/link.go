package sessions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/store"

	"recado/engines/whatsmeow/internal/tap"
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

const dialLimit = 30 * time.Second

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
	// busy counts the library's goroutines that are inside of our handler.
	busy sync.WaitGroup
	// byCode is true when the phone gets a code to type: the QR codes of this link are nobody's business.
	byCode bool
	// ready is closed when the network is ready to pair.
	ready   chan struct{}
	offered sync.Once
	// linked is closed when the pairing of this link has succeeded or failed, and at once when it is no pairing.
	linked    chan struct{}
	unlinking atomic.Bool
	// announced: the network said that it would close.
	announced atomic.Bool
	// ended is guarded by the session's lock.
	ended bool
}

func newLink(s *session, device *store.Device) *link {
	l := &link{
		session: s,
		queue:   tap.NewQueue(),
		log:     s.host.Log.With("session", s.name),
		ready:   make(chan struct{}),
		linked:  make(chan struct{}),
	}
	l.ctx, l.cancel = context.WithCancelCause(context.WithValue(s.host.ctx, linkKey{}, l))
	l.buffer = &buffer{EventBuffer: device.EventBuffer, due: s.host.store.SweepDue}
	if device.ID != nil {
		device.EventBuffer = l.buffer
		close(l.linked)
	}
	l.client = newClient(l, device)
	return l
}

func newClient(l *link, device *store.Device) *whatsmeow.Client {
	host := l.session.host
	client := whatsmeow.NewClient(device, tap.NewLog(l.log, l))
	client.SetWebsocketHTTPClient(host.Network.HTTP)
	client.SetPreLoginHTTPClient(host.Network.HTTP)
	client.SetMediaHTTPClient(host.Network.HTTP)
	client.BackgroundEventCtx = l.ctx
	client.SynchronousAck = !earlyAck
	client.EnableDecryptedEventBuffer = true
	client.UseRetryMessageStore = true
	client.AutomaticMessageRerequestFromPhone = true
	client.AutoTrustIdentity = true
	client.ManualHistorySyncDownload = true
	client.DisableManualHistorySyncReceipt = true
	client.EnableAutoReconnect = false
	client.InitialAutoReconnect = false
	client.DisableLoginAutoReconnect = true
	client.GetClientPayload = func() *waWa6.ClientPayload { return host.Version.Payload(device) }
	client.PrePairCallback = l.bind
	client.AddEventHandlerWithSuccessStatus(l.handle)
	return client
}

// dial runs in a goroutine of its own.
func (l *link) dial() {
	defer func() {
		if cause := recover(); cause != nil {
			l.session.host.panicked(l.session.name, cause)
		}
	}()
	l.say("dialing", nil, nil)
	slow := time.AfterFunc(dialLimit, func() { l.cancel(errSlow) })
	err := l.client.ConnectContext(l.ctx)
	if !slow.Stop() && err == nil {
		err = errSlow
	}
	if err == nil {
		return
	}
	if errors.Is(context.Cause(l.ctx), errSlow) {
		err = errSlow
	}
	if !errors.As(context.Cause(l.ctx), new(storageError)) {
		l.say("connect_failed", map[string]any{"error": err.Error()}, func(s *session) { s.become(s.rest()) })
		l.end(fmt.Errorf("connect: %w", err))
	}
}

// say signals what happened on the session's present connection, together with the change of state.
func (l *link) say(kind string, data any, change func(*session)) bool {
	s := l.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.link != l || l.ended {
		return false
	}
	if change != nil {
		change(s)
	}
	s.host.signal(s.name, s.fence, kind, data)
	return true
}

// finish signals the end of the connection, and ends it.
func (l *link) finish(kind string, data any) {
	if l.say(kind, data, func(s *session) { s.become(s.rest()) }) {
		l.end(errNetwork)
	}
}

// lose ends the connection on our side, so that the network offers again what was not handled.
func (l *link) lose() {
	l.cancel(errNotHandled)
	l.finish("disconnected", map[string]any{"expected": false})
}

// end cancels all that runs on this link. The channel is closed when the socket is.
func (l *link) end(cause error) <-chan struct{} {
	l.session.mu.Lock()
	l.ended = true
	l.session.mu.Unlock()
	l.cancel(cause)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		defer func() {
			if cause := recover(); cause != nil {
				l.log.Error("closing a connection panicked", "cause", cause, "stack", string(debug.Stack()))
			}
		}()
		l.client.Disconnect()
	}()
	return gone
}

// enter is false once the link has ended; else the caller owes a busy.Done.
func (l *link) enter() bool {
	l.session.mu.Lock()
	defer l.session.mu.Unlock()
	if l.ended {
		return false
	}
	l.busy.Add(1)
	return true
}
