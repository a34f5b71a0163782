// Package sessions is the engine host itself: it answers the calls of docs/engine-protocol.md and says what happens to
// every session. A session is one linked device, or one that is to be linked.
package sessions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
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
	Files   exchange.Directory
	Network *network.Network
	Log     *slog.Logger
	Now     func() time.Time
	// Version and Library are told in hello; FrameBytes and Unanswered (events of one session) are limits.
	Version, Library       string
	FrameBytes, Unanswered int
}

// Host owns all sessions.
type Host struct {
	Parts
	// Store may be set once, before the peer listens: its alarm is the host.
	Store *store.Store
	// Stopped is closed when Recado asked for the end and all sessions are closed.
	Stopped chan struct{}
	stop    sync.Once
	life    context.Context
	book    *lease.Book
	mu      sync.Mutex
	open    map[string]*session
	gates   map[string]*sync.Mutex
	swept   time.Time
}

// New makes a host that lives as long as the context.
func New(life context.Context, parts Parts) *Host {
	h := &Host{
		Parts: parts, Stopped: make(chan struct{}), life: life, book: lease.NewBook(parts.Now),
		open: map[string]*session{}, gates: map[string]*sync.Mutex{},
	}
	h.nameMethods()
	return h
}

func (h *Host) find(name string) *session {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open[name]
}

func (h *Host) all() []*session {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Values(h.open))
}

// pass takes the session's gate: opening, pairing and closing happen one after the other.
func (h *Host) pass(name string) (leave func()) {
	h.mu.Lock()
	gate := h.gates[name]
	if gate == nil {
		gate = &sync.Mutex{}
		h.gates[name] = gate
	}
	h.mu.Unlock()
	gate.Lock()
	return gate.Unlock
}

func (h *Host) signal(session string, fence int64, kind string, data wire.Data) {
	if data == nil {
		data = wire.Data{}
	}
	h.Peer.Notify("signal", wire.Data{
		"session": session, "fence": fence, "type": kind, "at": wire.Millis(h.Now()), "data": data,
	})
}

// remove closes a session whose gate is held; nothing of it comes afterwards.
func (h *Host) remove(s *session) {
	s.shut()
	h.book.Release(s.name)
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.open, s.name)
}

// end closes a session by the host's own decision, and says so.
func (h *Host) end(s *session, cause string, reason error) {
	defer h.pass(s.name)()
	if h.find(s.name) != s || cause == "lease_expired" && h.book.Left(s.name) > 0 {
		return
	}
	h.remove(s)
	said := wire.Data{"cause": cause, "error": nil}
	if reason != nil {
		said["error"] = reason.Error()
	}
	h.Log.Info("session closed", "session", s.name, "cause", cause)
	h.signal(s.name, s.fence, "closed", said)
}

func (h *Host) endAll(list []*session, cause string, reason error) {
	var ending sync.WaitGroup
	for _, s := range list {
		ending.Go(func() { h.end(s, cause, reason) })
	}
	ending.Wait()
}

// Stop closes all sessions and waits for it.
func (h *Host) Stop() { h.endAll(h.all(), "shutdown", nil) }

// Expire closes the sessions that nobody renewed.
func (h *Host) Expire() {
	for _, s := range h.all() {
		if h.book.Left(s.name) <= 0 {
			go h.end(s, "lease_expired", nil)
		}
	}
}

// DatabaseFailed cancels all sessions before the library can take its error for an unreadable message; then it closes
// them.
func (h *Host) DatabaseFailed(err error) {
	doomed := slices.DeleteFunc(h.all(), func(s *session) bool { return !s.doom(storageError{err}) })
	if len(doomed) == 0 {
		return
	}
	h.Log.Error("the database failed: closing all sessions", "sessions", len(doomed), "error", err)
	go func() {
		h.signal("", 0, "storage_down", wire.Data{"error": err.Error()})
		h.endAll(doomed, "storage_down", err)
	}()
}

// QueryFailed does the same for the one session whose query it was.
func (h *Host) QueryFailed(ctx context.Context, err error) {
	if l, ok := ctx.Value(linkKey{}).(*link); ok && l.ctx.Err() == nil && l.session.doom(storageError{err}) {
		h.Log.Error("a query failed: closing its session", "session", l.session.name, "error", err)
		go h.end(l.session, "storage_down", err)
	}
}

// contain is deferred where a panic must end one session only.
func (h *Host) contain(s *session) {
	if cause := recover(); cause != nil {
		h.panicked(s, cause)
	}
}

func (h *Host) panicked(s *session, cause any) {
	h.Log.Error("a session panicked", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
	if s != nil {
		go h.end(s, "panic", fmt.Errorf("panic: %v", cause))
	}
}

func (h *Host) isSweepDue() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	isDue := h.Now().Sub(h.swept) > 12*time.Hour
	if isDue {
		h.swept = h.Now()
	}
	return isDue
}

func leaseFault(err error) error {
	var stale *lease.StaleError
	switch {
	case errors.As(err, &stale):
		return rpc.Errorf(rpc.StaleFence, "%v", err).With(wire.Data{"fence": stale.Current})
	}
	return rpc.Errorf(rpc.UnknownSession, "the session is not open")
}
