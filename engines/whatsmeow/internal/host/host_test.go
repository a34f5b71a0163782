package host

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.mau.fi/whatsmeow"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"recado/engines/whatsmeow/internal/rpc"
)

// rig is a host whose conversation the test holds, without a database.
type rig struct {
	*Host
	t     *testing.T
	to    io.Writer
	lines *bufio.Reader
}

func newRig(t *testing.T) *rig {
	t.Helper()
	t.Setenv("TEST_DATABASE_URL", "postgres://127.0.0.1:1/none")
	o := Options{
		DatabaseURLEnv: "TEST_DATABASE_URL", Schema: "test", Pool: 1, Exchange: t.TempDir(), WAVersion: "2.3000.1",
	}
	host, err := newHost(t.Context(), o, slog.New(slog.DiscardHandler), func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	host.limits = limits{4096, 2}
	host.peer = rpc.New(4096, host.log)
	theirs, to := io.Pipe()
	from, ours := io.Pipe()
	go func() { _ = host.peer.Listen(t.Context(), theirs, host.handle) }()
	go func() { _ = host.peer.Speak(ours) }()
	t.Cleanup(func() { to.Close(); from.Close(); host.peer.Hush(); host.store.Close() })
	return &rig{host, t, to, bufio.NewReader(from)}
}

// opened is a session that fence 7 holds.
func (r *rig) opened(name string, lease time.Duration) *session {
	s := r.session(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fence = 7
	s.hold(lease)
	s.attach(nil)
	return s
}

// online is a session with a connection that is taken for a logged-in one.
func (r *rig) online(name string) *link {
	s := r.opened(name, time.Minute)
	jid := types.NewADJID("5511999990001", 0, 1)
	l := newLink(s, &store.Device{ID: &jid}, false)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link, s.state, s.who = l, connected, identityOf(l.client.Store)
	return l
}

// call asks the host, and gives what an error says.
func (r *rig) call(method, params string) (result any, kind string, data map[string]any) {
	result, err := r.Host.handle(r.t.Context(), method, json.RawMessage(params))
	var fault *rpc.Fault
	if errors.As(err, &fault) {
		return nil, fault.Data["kind"].(string), fault.Data
	} else if err != nil {
		r.t.Fatal(err)
	}
	return result, "", nil
}

func (r *rig) next() map[string]any {
	r.t.Helper()
	line, err := r.lines.ReadBytes('\n')
	if err != nil {
		r.t.Fatal(err)
	}
	var f map[string]any
	if err := json.Unmarshal(line, &f); err != nil {
		r.t.Fatal(err)
	}
	return f
}

func (r *rig) answer(f map[string]any, outcome string) {
	r.t.Helper()
	id, _ := json.Marshal(f["id"])
	if _, err := io.WriteString(r.to, `{"jsonrpc":"2.0","id":`+string(id)+`,`+outcome+"}\n"); err != nil {
		r.t.Fatal(err)
	}
}

func text(content string) *events.Message {
	message := &waE2E.Message{Conversation: proto.String(content)}
	return &events.Message{Info: types.MessageInfo{ID: "3A01"}, Message: message, RawMessage: message}
}

// handling runs the handler as the library does, and gives what it returned.
func handling(l *link, evt any) <-chan bool {
	done := make(chan bool, 1)
	go func() { done <- l.heard(evt) }()
	return done
}

func paramsOf(f map[string]any) map[string]any { return f["params"].(map[string]any) }

func TestAnEventIsHandledWhenRecadoHasStoredIt(t *testing.T) {
	r := newRig(t)
	done := handling(r.online("a"), text("Olá"))
	f := r.next()
	if p := paramsOf(f); p["session"] != "a" || p["fence"] != 7.0 || p["type"] != "message" {
		t.Fatalf("got %v", p)
	}
	r.answer(f, `"result":{}`)
	if !<-done {
		t.Fatal("not handled")
	}
}

func TestARefusedEventIsNotHandledAndTheConnectionStays(t *testing.T) {
	r := newRig(t)
	l := r.online("a")
	done := handling(l, text("Olá"))
	r.answer(r.next(), `"error":{"code":-32000,"message":"no"}`)
	if <-done || l.ctx.Err() != nil {
		t.Fatal("handled, or the connection ended")
	}
}

func TestARefusedNoticeEndsTheConnectionBeforeItIsConfirmed(t *testing.T) {
	r := newRig(t)
	l := r.online("a")
	done := handling(l, &events.CallTerminate{})
	r.answer(r.next(), `"error":{"code":-32000,"message":"no"}`)
	if <-done || l.ctx.Err() == nil {
		t.Fatal("handled, or the connection goes on")
	}
	if p := paramsOf(r.next()); p["type"] != "disconnected" {
		t.Fatalf("got %v", p)
	}
}

func TestAPanicInTheHandlerIsNotHandled(t *testing.T) {
	r := newRig(t)
	if l := r.online("a"); l.heard((*events.Message)(nil)) {
		t.Fatal("handled")
	}
}

func TestAPanicEndsItsSessionOnly(t *testing.T) {
	r := newRig(t)
	r.online("a")
	other := r.online("b")
	func() {
		defer r.session("a").contain()
		panic("boom")
	}()
	p := paramsOf(r.next())
	if p["session"] != "a" || p["type"] != "closed" || p["data"].(map[string]any)["cause"] != "panic" {
		t.Fatalf("got %v", p)
	}
	if r.session("a").isOpen() || !r.session("b").isOpen() || other.ctx.Err() != nil {
		t.Fatal("the other session is gone too")
	}
}

func TestPeerMessagesStayInTheHost(t *testing.T) {
	r := newRig(t)
	peer := text("keys")
	peer.Info.Category = "peer"
	if l := r.online("a"); !l.heard(peer) || l.snapshot().Unanswered != 0 {
		t.Fatal("not handled inside")
	}
}

func TestWhatIsOverTheFrameLimitGoesByFile(t *testing.T) {
	r := newRig(t)
	l := r.online("a")
	for _, outcome := range []string{`"error":{"code":1,"message":"no"}`, `"result":{}`} {
		done := handling(l, text(strings.Repeat("x", 5000)))
		f := r.next()
		name, _ := paramsOf(f)["file"].(string)
		content, err := os.ReadFile(filepath.Join(r.files.Name(), name))
		var data map[string]any
		if err == nil {
			err = json.Unmarshal(content, &data)
		}
		if err != nil || len(data["json"].(map[string]any)["conversation"].(string)) != 5000 {
			t.Fatalf("%q: %v", name, err)
		}
		r.answer(f, outcome)
		isHandled := <-done
		_, err = os.Stat(filepath.Join(r.files.Name(), name))
		if isStored := strings.HasPrefix(outcome, `"result`); isHandled != isStored || (err == nil) != isStored {
			t.Fatalf("%s: handled %v, file %v", outcome, isHandled, err)
		}
	}
}

func TestASessionHasABoundedNumberOfUnansweredEvents(t *testing.T) {
	r := newRig(t)
	l := r.online("a")
	var done []<-chan bool
	for range 3 {
		done = append(done, handling(l, text("x")))
	}
	first, second := r.next(), r.next()
	if got := l.snapshot().Unanswered; got != 2 {
		t.Fatalf("%v are unanswered", got)
	}
	for _, f := range []map[string]any{first, second} {
		r.answer(f, `"result":{}`)
	}
	r.answer(r.next(), `"result":{}`)
	for _, one := range done {
		if !<-one {
			t.Fatal("not handled")
		}
	}
}

func TestWhenASessionIsClosedItsEventsAreNotHandledAndNoMoreCome(t *testing.T) {
	r := newRig(t)
	l := r.online("a")
	done := handling(l, text("x"))
	r.next()
	if _, kind, _ := r.call("close", `{"session":"a","fence":7}`); kind != "" {
		t.Fatal(kind)
	}
	if <-done || l.heard(text("y")) {
		t.Fatal("handled")
	}
	l.heard(&events.Disconnected{})
	r.signal("", 0, "last", nil)
	if p := paramsOf(r.next()); p["type"] != "last" {
		t.Fatalf("got %v", p)
	}
}

func TestAnOlderConnectionSaysNothing(t *testing.T) {
	r := newRig(t)
	old := r.online("a")
	jid := types.NewADJID("5511999990001", 0, 1)
	old.change(func(s *session) { s.link = newLink(s, &store.Device{ID: &jid}, false) })
	old.heard(&events.Connected{})
	old.heard(&events.Disconnected{})
	if old.heard(text("x")) || old.session.state != connected {
		t.Fatal("it was heard")
	}
}

func TestAFailedDatabaseEndsAllSessionsBeforeTheLibraryGoesOn(t *testing.T) {
	r := newRig(t)
	links := []*link{r.online("a"), r.online("b")}
	r.databaseFailed(errors.New("connection refused"))
	for _, l := range links {
		if l.ctx.Err() == nil {
			t.Fatal("a session goes on")
		}
	}
	r.databaseFailed(errors.New("connection refused"))
	said := map[string]int{}
	for range 3 {
		p := paramsOf(r.next())
		said[p["type"].(string)+" "+p["session"].(string)]++
	}
	if len(said) != 3 || said["storage_down "] != 1 || said["closed a"] != 1 || said["closed b"] != 1 {
		t.Fatalf("said %v", said)
	}
}

func TestAFailedQueryEndsItsSessionOnly(t *testing.T) {
	r := newRig(t)
	a, b := r.online("a"), r.online("b")
	r.queryFailed(t.Context(), errors.New("of no session"))
	r.queryFailed(context.WithoutCancel(a.ctx), errors.New("deadlock"))
	if a.ctx.Err() == nil || b.ctx.Err() != nil {
		t.Fatal("the wrong sessions ended")
	}
	if p := paramsOf(r.next()); p["session"] != "a" || p["data"].(map[string]any)["cause"] != "storage_down" {
		t.Fatalf("got %v", p)
	}
}

func TestWhatWasKeptIsNeverOfferedBeforeTheLoginIsSaid(t *testing.T) {
	r := newRig(t)
	l := r.online("a")
	l.heard(&events.OfflineSyncCompleted{Count: 3})
	l.heard(&events.Connected{})
	for _, want := range []string{"connected", "offline_done"} {
		if p := paramsOf(r.next()); p["type"] != want {
			t.Fatalf("got %v", p)
		}
	}
}

func TestANetworkThatAnnouncedItsEndIsExpectedToClose(t *testing.T) {
	r := newRig(t)
	for name, isExpected := range map[string]bool{"cut": false, "announced": true} {
		l := r.online(name)
		if isExpected {
			l.received(&waBinary.Node{Tag: "xmlstreamend"})
		}
		l.heard(&events.Disconnected{})
		if p := paramsOf(r.next()); p["data"].(map[string]any)["expected"] != isExpected {
			t.Errorf("%s: %v", name, p)
		}
		if l.snapshot().State != disconnected {
			t.Errorf("%s: %s", name, l.snapshot().State)
		}
	}
}

func TestEveryErrorOfTheLibraryHasItsKind(t *testing.T) {
	for _, c := range []struct {
		err  error
		want rpc.Kind
	}{
		{whatsmeow.ErrNotConnected, rpc.NotConnected},
		{whatsmeow.ErrIQDisconnected, rpc.NotConnected},
		{whatsmeow.ErrMessageTimedOut, rpc.Timeout},
		{&whatsmeow.DisconnectedError{Action: "message send"}, rpc.Timeout},
		{context.DeadlineExceeded, rpc.Timeout},
		{&whatsmeow.IQError{Code: 429}, rpc.Server},
		{errors.New("no LID found for 55 from server"), rpc.NotOnWhatsApp},
		{&pgconn.PgError{Code: "40P01"}, rpc.Storage},
		{whatsmeow.ErrUnknownServer, rpc.InvalidParams},
		{whatsmeow.ErrInvalidMediaHMAC, rpc.File},
		{whatsmeow.ErrMediaDownloadFailedWith404, rpc.Gone},
	} {
		var fault *rpc.Fault
		if err := faultOf(c.err); !errors.As(err, &fault) || fault.Code != c.want.Code {
			t.Errorf("%v: got %v", c.err, err)
		}
	}
	r := newRig(t)
	l := r.online("a")
	l.cancel(storageError{errors.New("refused")})
	ended := during(connected, func(*link, context.Context, call) (any, error) { return nil, context.Canceled })
	var fault *rpc.Fault
	_, err := ended(l.session, t.Context(), call{Fence: 7})
	if !errors.As(faultOf(err), &fault) || fault.Code != rpc.Storage.Code {
		t.Errorf("got %v", err)
	}
}

func TestACallThatPanicsEndsItsSessionOnly(t *testing.T) {
	r := newRig(t)
	r.opened("a", time.Minute)
	r.opened("b", time.Minute)
	kept := r.store
	r.store = nil
	_, kind, _ := r.call("open", `{"session":"a","fence":7,"lease_ms":60000}`)
	r.store = kept
	if kind != "internal" {
		t.Fatalf("got %q", kind)
	}
	p := paramsOf(r.next())
	if p["session"] != "a" || p["data"].(map[string]any)["cause"] != "panic" || !r.session("b").isOpen() {
		t.Fatalf("got %v", p)
	}
}
