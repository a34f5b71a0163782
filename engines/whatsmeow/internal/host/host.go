// Package host is the engine host: it answers the calls of docs/engine-protocol.md and says what happens to every
// session. A session is one linked device, or one that is to be linked.
package host

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"recado/engines/whatsmeow/internal/rpc"
)

// Host owns all sessions.
type Host struct {
	Options
	log    *slog.Logger
	life   context.Context
	quit   func(error)
	peer   *rpc.Peer
	http   *http.Client
	files  *os.Root
	store  *database
	limits limits

	version sync.RWMutex // guards the library's variable
	swept   atomic.Int64 // when old plaintexts were last deleted, in seconds
	mu      sync.Mutex
	all     map[string]*session // none is dropped, for its fence must stay known
}

type limits struct {
	FrameBytes int `json:"frame_bytes"`
	Unanswered int `json:"unanswered_per_session"`
}

func newHost(life context.Context, o Options, log *slog.Logger, quit func(error)) (h *Host, err error) {
	h = &Host{Options: o, log: log, life: life, quit: quit, limits: limits{1 << 20, 32}, all: map[string]*session{}}
	h.peer = rpc.New(h.limits.FrameBytes, log)
	if h.http, err = o.reach(); err != nil {
		return nil, err
	} else if h.files, err = openExchange(o.Exchange); err != nil {
		return nil, err
	}
	h.store, err = openDatabase(o, 30*time.Second, tracer{h}, &libraryLog{Logger: log})
	return h, err
}

func (h *Host) session(name string) *session {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.all[name]
	if s == nil {
		s = &session{Host: h, name: name, log: h.log.With("session", name)}
		h.all[name] = s
	}
	return s
}

func (h *Host) held() []*session {
	h.mu.Lock()
	all := slices.Collect(maps.Values(h.all))
	h.mu.Unlock()
	return slices.DeleteFunc(all, func(s *session) bool { return !s.isOpen() })
}

func (h *Host) signal(session string, fence int64, kind string, data any) {
	if data == nil {
		data = object{}
	}
	h.peer.Notify("signal", object{
		"session": session, "fence": fence, "type": kind, "at": time.Now().UnixMilli(), "data": data,
	})
}

func endAll(list []*session, cause string, reason error) {
	var ending sync.WaitGroup
	for _, s := range list {
		ending.Go(func() { s.end(cause, reason) })
	}
	ending.Wait()
}

// storageError is the cause of a context that the failed database ended.
type storageError struct{ error }

// databaseFailed cancels all sessions before the library can take its error for an unreadable message; then it closes
// them.
func (h *Host) databaseFailed(err error) {
	doomed := slices.DeleteFunc(h.held(), func(s *session) bool { return !s.doom(err) })
	if len(doomed) == 0 {
		return
	}
	h.log.Error("the database failed: closing all sessions", "sessions", len(doomed), "error", err)
	go func() {
		h.store.db.SetMaxIdleConns(0) // they died with it, and would be found dead one after the other
		h.store.db.SetMaxIdleConns(h.Pool)
		h.signal("", 0, "storage_down", object{"error": err.Error()})
		endAll(doomed, "storage_down", err)
	}()
}

// queryFailed does the same for the one session whose query it was.
func (h *Host) queryFailed(ctx context.Context, err error) {
	if l, ok := ctx.Value(linkKey{}).(*link); ok && l.ctx.Err() == nil && l.doom(err) {
		l.log.Error("a query failed: closing its session", "error", err)
		go l.session.end("storage_down", err)
	}
}
