package rpc

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
)

const limit = 1024

// conversation is a peer, and a pipe at each of its ends.
type conversation struct {
	*Peer
	to    io.Writer
	lines *bufio.Reader
	ended chan error
}

type methods map[string]func(params json.RawMessage) (any, error)

func (m methods) handle(_ context.Context, method string, params json.RawMessage) (any, error) {
	if do, ok := m[method]; ok {
		return do(params)
	}
	return nil, Errorf(UnknownMethod, "there is no method %q", method)
}

func talk(t *testing.T, m methods) *conversation {
	t.Helper()
	peer := New(limit, slog.New(slog.DiscardHandler))
	theirs, to := io.Pipe()
	from, ours := io.Pipe()
	c := &conversation{peer, to, bufio.NewReader(from), make(chan error, 1)}
	go func() { c.ended <- peer.Listen(t.Context(), theirs, m.handle) }()
	go func() { _ = peer.Speak(ours) }()
	t.Cleanup(func() { to.Close(); peer.Hush(); from.Close() })
	return c
}

func (c *conversation) write(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(c.to, line+"\n"); err != nil {
		t.Fatal(err)
	}
}

func (c *conversation) next(t *testing.T) map[string]any {
	t.Helper()
	line, err := c.lines.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var f map[string]any
	if err := json.Unmarshal(line, &f); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return f
}

func (c *conversation) exchange(t *testing.T, line string) map[string]any {
	t.Helper()
	c.write(t, line)
	return c.next(t)
}

func (c *conversation) ask(t *testing.T) func(context.Context) error {
	t.Helper()
	wait, err := c.Ask("event", map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	return wait
}

func codeOf(f map[string]any) int {
	fault, _ := f["error"].(map[string]any)
	code, _ := fault["code"].(float64)
	return int(code)
}

func TestACallGetsItsResultUnderItsID(t *testing.T) {
	c := talk(t, methods{"double": func(raw json.RawMessage) (any, error) {
		var n int
		err := json.Unmarshal(raw, &n)
		return map[string]int{"n": n}, err
	}})
	f := c.exchange(t, `{"jsonrpc":"2.0","id":"x7","method":"double","params":4}`)
	if f["id"] != "x7" || f["result"] == nil || f["error"] != nil {
		t.Fatalf("got %v", f)
	}
}

func TestAnErrorComesWithoutAResult(t *testing.T) {
	c := talk(t, methods{"fail": func(json.RawMessage) (any, error) {
		return map[string]any{}, Errorf(NotConnected, "no socket").With("more", 1)
	}})
	f := c.exchange(t, `{"jsonrpc":"2.0","id":1,"method":"fail"}`)
	data := f["error"].(map[string]any)["data"].(map[string]any)
	if _, both := f["result"]; both || codeOf(f) != -32003 || data["retry"] != true || data["kind"] != "not_connected" {
		t.Fatalf("got %v", f)
	}
}

func TestWhatIsNoCallIsRefusedAndTheNextOneAnswered(t *testing.T) {
	c := talk(t, methods{
		"fail": func(json.RawMessage) (any, error) { return nil, errors.New("boom") },
		"ping": func(json.RawMessage) (any, error) { return 1, nil },
	})
	for line, code := range map[string]int{
		`{`:                        -32700,
		`[]`:                       -32600,
		`{"id":1,"method":"ping"}`: -32600,
		`{"jsonrpc":"2.0"}`:        -32600,
		`{"jsonrpc":"2.0","id":1,"method":"nope"}`:                               -32601,
		`{"jsonrpc":"2.0","id":1,"method":"fail"}`:                               -32603,
		`{"jsonrpc":"2.0","id":1,"method":"` + strings.Repeat("x", limit) + `"}`: -32600,
	} {
		if f := c.exchange(t, line); codeOf(f) != code {
			t.Errorf("%.60s: got %v, not %d", line, f, code)
		}
	}
	if f := c.exchange(t, `{"jsonrpc":"2.0","id":1,"method":"ping"}`); f["result"] != 1.0 {
		t.Fatalf("got %v", f)
	}
}

func TestAFrameOfExactlyTheLimitPasses(t *testing.T) {
	c := talk(t, methods{"ping": func(json.RawMessage) (any, error) { return 1, nil }})
	line := `{"jsonrpc":"2.0","id":1,"method":"ping","params":""}`
	line = strings.Replace(line, `""`, `"`+strings.Repeat("x", limit-len(line)-1)+`"`, 1)
	if f := c.exchange(t, line); f["result"] != 1.0 {
		t.Fatalf("a line of %d bytes: %v", len(line)+1, f)
	}
}

func TestAnAnswerThatFitsIntoNoFrameBecomesAnError(t *testing.T) {
	c := talk(t, methods{"big": func(json.RawMessage) (any, error) {
		return strings.Repeat("x", limit), nil
	}})
	if f := c.exchange(t, `{"jsonrpc":"2.0","id":1,"method":"big"}`); codeOf(f) != -32603 {
		t.Fatalf("got %v", f)
	}
}

func TestAQuestionThatFitsIntoNoFrameIsNotAsked(t *testing.T) {
	c := talk(t, nil)
	if _, err := c.Ask("event", strings.Repeat("x", limit)); !errors.Is(err, ErrTooLong) {
		t.Fatalf("got %v", err)
	}
	c.ask(t)
	if f := c.next(t); f["id"] != 2.0 {
		t.Fatalf("got %v", f)
	}
}

func TestTheLastAnswersAreSaidBeforeSpeakingEnds(t *testing.T) {
	peer, going := New(limit, slog.New(slog.DiscardHandler)), make(chan struct{})
	err := peer.Listen(t.Context(), strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"end"}`+"\n"),
		func(context.Context, string, json.RawMessage) (any, error) { <-going; return 1, nil })
	if err != nil {
		t.Fatal(err)
	}
	go peer.Hush()
	close(going)
	var out strings.Builder
	if err := peer.Speak(&out); err != nil || !strings.Contains(out.String(), `"result":1`) {
		t.Fatalf("%v: said %q", err, out.String())
	}
}

func TestAQuestionIsSettledByItsAnswer(t *testing.T) {
	c := talk(t, nil)
	stored, refused := c.ask(t), c.ask(t)
	c.next(t)
	c.next(t)
	c.write(t, `{"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"no"}}`)
	c.write(t, `{"jsonrpc":"2.0","id":1,"result":{}}`)
	if err := stored(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := refused(t.Context()); err == nil {
		t.Fatal("a refusal counts as stored")
	}
}

func TestAQuestionEndsWithItsContextAndALateAnswerIsIgnored(t *testing.T) {
	c := talk(t, methods{"ping": func(json.RawMessage) (any, error) { return 1, nil }})
	wait := c.ask(t)
	c.next(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("closed"))
	if err := wait(ctx); err == nil || err.Error() != "closed" {
		t.Fatalf("got %v", err)
	}
	c.write(t, `{"jsonrpc":"2.0","id":1,"result":{}}`)
	if f := c.exchange(t, `{"jsonrpc":"2.0","id":1,"method":"ping"}`); f["result"] != 1.0 {
		t.Fatalf("got %v", f)
	}
}

func TestAnswersAndSignalsNeverQueueBehindContent(t *testing.T) {
	peer := New(limit, slog.New(slog.DiscardHandler))
	for range 3 {
		if _, err := peer.Ask("event", nil); err != nil {
			t.Fatal(err)
		}
	}
	peer.Notify("signal", map[string]any{})
	peer.answer(json.RawMessage("9"), 1, nil)
	peer.Hush()
	var out strings.Builder
	if err := peer.Speak(&out); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		var f frame
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		order = append(order, f.Method+string(f.ID))
	}
	if got := strings.Join(order, " "); got != "signal 9 event1 event2 event3" {
		t.Fatalf("got %s", got)
	}
}

func TestTheEndOfTheInputIsNoError(t *testing.T) {
	if err := New(limit, slog.Default()).Listen(t.Context(), strings.NewReader(""), nil); err != nil {
		t.Fatal(err)
	}
}
