// Package sessions is the engine host itself: it answers the calls of the engine protocol and says what happens to
// every session. One session is one linked device, or one that is to be linked.
package sessions

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"recado/engines/whatsmeow/internal/exchange"
	"recado/engines/whatsmeow/internal/lease"
	"recado/engines/whatsmeow/internal/network"
	"recado/engines/whatsmeow/internal/rpc"
	"recado/engines/whatsmeow/internal/store"
	"recado/engines/whatsmeow/internal/wire"
)

// Parts are what a host is made of.
type Parts struct {
	Peer    *rpc.Peer
	Files   *exchange.Directory
	Network *network.Network
	Version *network.Version
	Log     *slog.Logger
	Now     func() time.Time
	About   About
}

// About is what hello says of the host.
type About struct {
	Version    string
	Library    string
	FrameBytes int
	// Unanswered is how many events of one session Recado may owe an answer for.
	Unanswered int
}

// Host owns all sessions.
type Host struct {
	Parts
	ctx   context.Context
	store *store.Store
	book  *lease.Book
	// Stopped is closed when shutdown was asked for and all sessions are closed.
	Stopped chan struct{}

	mu       sync.Mutex
	sessions map[string]*session
	gates    map[string]*sync.Mutex
	stopping bool
}

// New makes a host on the store that open gives, and names its methods to the peer. The store's alarms go to the host.
func New(ctx context.Context, parts Parts, open func(store.Alarm) (*store.Store, error)) (*Host, error) {
	h := &Host{
		Parts:    parts,
		ctx:      ctx,
		book:     lease.NewBook(parts.Now),
		Stopped:  make(chan struct{}),
		sessions: make(map[string]*session),
		gates:    make(map[string]*sync.Mutex),
	}
	var err error
	if h.store, err = open(h); err != nil {
		return nil, err
	}
	h.nameMethods()
	return h, nil
}

func (h *Host) nameMethods() {
	method(h, "hello", h.hello)
	method(h, "heartbeat", h.heartbeat)
	method(h, "sessions", h.snapshots)
	method(h, "shutdown", h.shutdown)
	method(h, "open", h.open)
	method(h, "close", h.close)
	method(h, "logout", h.logout)
	method(h, "forget", h.forget)
	method(h, "pair_qr", h.pairQR)
	method(h, "pair_phone", h.pairPhone)
	method(h, "pair_passkey", h.pairPasskey)
	method(h, "send", h.send)
	method(h, "resolve", h.resolve)
	method(h, "probe", h.probe)
	method(h, "upload", h.upload)
	method(h, "download", h.download)
}

// target is what every call about a session carries.
type target struct {
	Session string `json:"session"`
	Fence   int64  `json:"fence"`
}

func (t target) of() string { return t.Session }

type empty struct{}

// method names a call and decodes its params. A panic in a call about a session ends that session.
func method[P any](h *Host, name string, do func(context.Context, P) (any, error)) {
	h.Peer.Handle(name, func(ctx context.Context, raw json.RawMessage) (any, error) {
		var params P
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &params); err != nil {
				return nil, rpc.Errorf(rpc.InvalidParams, "the params of %s: %v", name, err)
			}
		}
		if about, ok := any(params).(interface{ of() string }); ok {
			if about.of() == "" {
				return nil, rpc.Errorf(rpc.InvalidParams, "%s needs a session", name)
			}
			defer h.guard(about.of())
		}
		return do(ctx, params)
	})
}

// guard is deferred: it ends the session in which the goroutine panicked, and lets the panic go on.
func (h *Host) guard(name string) {
	if cause := recover(); cause != nil {
		h.panicked(name, cause)
		panic(cause)
	}
}

func (h *Host) panicked(name string, cause any) {
	h.Log.Error("a session panicked", "session", name, "cause", cause, "stack", string(debug.Stack()))
	if s := h.find(name); s != nil {
		go h.end(s, "panic", rpc.Errorf(rpc.Internal, "panic: %v", cause))
	}
}

func (h *Host) find(name string) *session {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sessions[name]
}

func (h *Host) all() []*session {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*session, 0, len(h.sessions))
	for _, s := range h.sessions {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *session) int { return strings.Compare(a.name, b.name) })
	return list
}

// enter takes the session's gate: what opens, closes or pairs a session happens one after the other.
func (h *Host) enter(name string) (leave func()) {
	h.mu.Lock()
	gate, ok := h.gates[name]
	if !ok {
		gate = &sync.Mutex{}
		h.gates[name] = gate
	}
	h.mu.Unlock()
	gate.Lock()
	return gate.Unlock
}

// held returns the open session that the fence holds.
func (h *Host) held(t target) (*session, error) {
	if err := h.book.Check(t.Session, t.Fence); err != nil {
		return nil, leaseFault(err)
	}
	if s := h.find(t.Session); s != nil {
		return s, nil
	}
	return nil, leaseFault(lease.ErrUnknown)
}

func leaseFault(err error) error {
	var stale *lease.StaleError
	if errors.As(err, &stale) {
		return rpc.Errorf(rpc.StaleFence, "%v", err).With("fence", stale.Current)
	}
	return rpc.Errorf(rpc.UnknownSession, "%v", err)
}

// end closes a session by the host's own decision and says so.
func (h *Host) end(s *session, cause string, reason error) {
	defer h.enter(s.name)()
	if h.find(s.name) != s || (cause == "lease_expired" && h.book.Left(s.name) > 0) {
		return
	}
	h.remove(s)
	var text *string
	if reason != nil {
		sentence := reason.Error()
		text = &sentence
	}
	h.Log.Info("session closed", "session", s.name, "cause", cause)
	h.signal(s.name, s.holder(), "closed", map[string]any{"cause": cause, "error": text})
}

// remove closes a session whose gate is held; nothing of it comes afterwards.
func (h *Host) remove(s *session) {
	s.shut()
	h.book.Release(s.name)
	h.mu.Lock()
	delete(h.sessions, s.name)
	h.mu.Unlock()
}

func (h *Host) signal(session string, fence int64, kind string, data any) {
	if data == nil {
		data = empty{}
	}
	h.Peer.Notify("signal", map[string]any{
		"session": session, "fence": fence, "type": kind, "at": wire.Millis(h.Now()), "data": data,
	})
}

// Stop closes all sessions at once and waits for it.
func (h *Host) Stop() { h.endAll(h.all(), "shutdown", nil) }

func (h *Host) endAll(list []*session, cause string, reason error) {
	var ending sync.WaitGroup
	for _, s := range list {
		ending.Go(func() { h.end(s, cause, reason) })
	}
	ending.Wait()
}

// Expire closes the sessions that nobody renewed.
func (h *Host) Expire() {
	for _, name := range h.book.Expired() {
		if s := h.find(name); s != nil {
			go h.end(s, "lease_expired", nil)
		}
	}
}

// DatabaseFailed cancels every session before the library can take its error for an unreadable message, then closes
// them all.
func (h *Host) DatabaseFailed(err error) {
	failed := storageError{err}
	var doomed []*session
	for _, s := range h.all() {
		if s.cut(failed) {
			doomed = append(doomed, s)
		}
	}
	if len(doomed) == 0 {
		return
	}
	h.Log.Error("the database failed: closing all sessions", "sessions", len(doomed), "error", err)
	go func() {
		h.signal("", 0, "storage_down", map[string]any{"error": err.Error()})
		h.endAll(doomed, "storage_down", err)
	}()
}

// QueryFailed does the same for the one session whose query it was.
func (h *Host) QueryFailed(ctx context.Context, err error) {
	l, ok := ctx.Value(linkKey{}).(*link)
	if !ok || l.ctx.Err() != nil || !l.session.cut(storageError{err}) {
		return
	}
	h.Log.Error("a query failed: closing its session", "session", l.session.name, "error", err)
	go h.end(l.session, "storage_down", err)
}

// Release closes the database, after all sessions.
func (h *Host) Release() { _ = h.store.Close() }
