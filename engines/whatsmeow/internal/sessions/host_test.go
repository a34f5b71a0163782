package sessions

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

	"recado/engines/whatsmeow/internal/exchange"
	"recado/engines/whatsmeow/internal/network"
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
	log := slog.New(slog.DiscardHandler)
	reached, err := network.New(network.Options{Version: "2.3000.1"}, log)
	if err != nil {
		t.Fatal(err)
	}
	files, err := exchange.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	peer := rpc.New(4096, log)
	host := New(t.Context(), Parts{
		Peer: peer, Files: files, Network: reached, Log: log, Now: time.Now, FrameBytes: 4096, Unanswered: 2,
	})
	theirs, to := io.Pipe()
	from, ours := io.Pipe()
	go func() { _ = peer.Listen(t.Context(), theirs) }()
	go func() { _ = peer.Speak(ours) }()
	t.Cleanup(func() { to.Close(); peer.Hush(); from.Close() })
	return &rig{host, t, to, bufio.NewReader(from)}
}

// online is a session with a connection that is taken for a logged-in one.
func (r *rig) online(name string) *link {
	r.t.Helper()
	if err := r.book.Hold(name, 7, time.Minute); err != nil {
		r.t.Fatal(err)
	}
	s := r.admit(name)
	jid := types.NewADJID("5511999990001", 0, 1)
	l := newLink(s, &store.Device{ID: &jid})
	s.fence, s.link, s.state, s.who = 7, l, connected, identityOf(l.client.Store)
	return l
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
	go func() { done <- l.handle(evt) }()
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
	if l := r.online("a"); l.handle((*events.Message)(nil)) {
		t.Fatal("handled")
	}
}

func TestAPanicEndsItsSessionOnly(t *testing.T) {
	r := newRig(t)
	r.online("a")
	other := r.online("b")
	func() {
		defer r.contain(r.find("a"))
		panic("boom")
	}()
	p := paramsOf(r.next())
	if p["session"] != "a" || p["type"] != "closed" || p["data"].(map[string]any)["cause"] != "panic" {
		t.Fatalf("got %v", p)
	}
	if r.find("a") != nil || r.find("b") == nil || other.ctx.Err() != nil {
		t.Fatal("the other session is gone too")
	}
}

func TestPeerMessagesStayInTheHost(t *testing.T) {
	r := newRig(t)
	peer := text("keys")
	peer.Info.Category = "peer"
	if l := r.online("a"); !l.handle(peer) || l.session.snapshot()["unanswered"] != 0 {
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
		content, err := os.ReadFile(filepath.Join(string(r.Files), name))
		var data map[string]any
		if err == nil {
			err = json.Unmarshal(content, &data)
		}
		if err != nil || len(data["json"].(map[string]any)["conversation"].(string)) != 5000 {
			t.Fatalf("%q: %v", name, err)
		}
		r.answer(f, outcome)
		isHandled := <-done
		_, err = os.Stat(filepath.Join(string(r.Files), name))
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
	if got := l.session.snapshot()["unanswered"]; got != 2 {
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
	if _, err := r.closeSession(t.Context(), call{Session: "a", Fence: 7}); err != nil {
		t.Fatal(err)
	}
	if <-done || l.handle(text("y")) {
		t.Fatal("handled")
	}
	l.handle(&events.Disconnected{})
	r.signal("", 0, "last", nil)
	if p := paramsOf(r.next()); p["type"] != "last" {
		t.Fatalf("got %v", p)
	}
}

func TestAnOlderConnectionSaysNothing(t *testing.T) {
	r := newRig(t)
	old := r.online("a")
	jid := types.NewADJID("5511999990001", 0, 1)
	old.session.link = newLink(old.session, &store.Device{ID: &jid})
	old.handle(&events.Connected{})
	old.handle(&events.Disconnected{})
	if old.handle(text("x")) || old.session.state != connected {
		t.Fatal("it was heard")
	}
}

func TestAFailedDatabaseEndsAllSessionsBeforeTheLibraryGoesOn(t *testing.T) {
	r := newRig(t)
	links := []*link{r.online("a"), r.online("b")}
	r.DatabaseFailed(errors.New("connection refused"))
	for _, l := range links {
		if l.ctx.Err() == nil {
			t.Fatal("a session goes on")
		}
	}
	r.DatabaseFailed(errors.New("connection refused"))
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
	r.QueryFailed(t.Context(), errors.New("of no session"))
	r.QueryFailed(context.WithoutCancel(a.ctx), errors.New("deadlock"))
	if a.ctx.Err() == nil || b.ctx.Err() != nil {
		t.Fatal("the wrong sessions ended")
	}
	if p := paramsOf(r.next()); p["session"] != "a" || p["data"].(map[string]any)["cause"] != "storage_down" {
		t.Fatalf("got %v", p)
	}
}

func TestALeaseThatRanOutClosesTheSession(t *testing.T) {
	r := newRig(t)
	r.online("a")
	r.online("b")
	_ = r.book.Hold("a", 7, 0)
	r.Expire()
	p := paramsOf(r.next())
	if p["session"] != "a" || p["data"].(map[string]any)["cause"] != "lease_expired" || r.find("b") == nil {
		t.Fatalf("got %v", p)
	}
}

func TestACallWithAnotherFenceIsRefused(t *testing.T) {
	r := newRig(t)
	r.online("a")
	for fence, want := range map[int64]int{6: -32002, 8: -32002} {
		_, err := r.closeSession(t.Context(), call{Session: "a", Fence: fence})
		var fault *rpc.Fault
		if !errors.As(err, &fault) || fault.Code != want || fault.Data["fence"] != int64(7) {
			t.Errorf("%d: %v", fence, err)
		}
	}
	if r.find("a") == nil {
		t.Fatal("a stale call closed the session")
	}
}

func TestANetworkThatAnnouncedItsEndIsExpectedToClose(t *testing.T) {
	r := newRig(t)
	for name, isExpected := range map[string]bool{"cut": false, "announced": true} {
		l := r.online(name)
		if isExpected {
			l.received(&waBinary.Node{Tag: "xmlstreamend"})
		}
		l.handle(&events.Disconnected{})
		if p := paramsOf(r.next()); p["data"].(map[string]any)["expected"] != isExpected {
			t.Errorf("%s: %v", name, p)
		}
		if l.session.state != disconnected {
			t.Errorf("%s: %s", name, l.session.state)
		}
	}
}

func TestEveryErrorOfTheLibraryHasItsKind(t *testing.T) {
	r := newRig(t)
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
		{whatsmeow.ErrMediaDownloadFailedWith404, rpc.Server},
	} {
		var fault *rpc.Fault
		if err := faultOf(r.online("a"), c.err); !errors.As(err, &fault) || fault.Code != c.want.Code {
			t.Errorf("%v: got %v", c.err, err)
		}
	}
	l := r.online("b")
	l.cancel(storageError{errors.New("refused")})
	var fault *rpc.Fault
	if err := faultOf(l, context.Canceled); !errors.As(err, &fault) || fault.Code != rpc.Storage.Code {
		t.Errorf("got %v", err)
	}
}
