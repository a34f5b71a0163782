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

func talk(t *testing.T, methods map[string]Method) *conversation {
	t.Helper()
	peer := New(limit, slog.New(slog.DiscardHandler))
	peer.Methods = methods
	theirs, to := io.Pipe()
	from, ours := io.Pipe()
	c := &conversation{peer, to, bufio.NewReader(from), make(chan error, 1)}
	go func() { c.ended <- peer.Listen(t.Context(), theirs) }()
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

func codeOf(f map[string]any) int {
	fault, _ := f["error"].(map[string]any)
	code, _ := fault["code"].(float64)
	return int(code)
}

func TestACallGetsItsResultUnderItsID(t *testing.T) {
	c := talk(t, map[string]Method{"double": func(_ context.Context, raw json.RawMessage) (any, error) {
		var n int
		return map[string]int{"n": n}, Decode(raw, &n)
	}})
	f := c.exchange(t, `{"jsonrpc":"2.0","id":"x7","method":"double","params":4}`)
	if f["id"] != "x7" || f["result"] == nil || f["error"] != nil {
		t.Fatalf("got %v", f)
	}
}

func TestAnErrorComesWithoutAResult(t *testing.T) {
	c := talk(t, map[string]Method{"fail": func(context.Context, json.RawMessage) (any, error) {
		return map[string]any{}, Errorf(NotConnected, "no socket").With(map[string]any{"more": 1})
	}})
	f := c.exchange(t, `{"jsonrpc":"2.0","id":1,"method":"fail"}`)
	data := f["error"].(map[string]any)["data"].(map[string]any)
	if _, both := f["result"]; both || codeOf(f) != -32003 || data["retry"] != true || data["kind"] != "not_connected" {
		t.Fatalf("got %v", f)
	}
}

func TestWhatIsNoCallIsRefusedAndTheNextOneAnswered(t *testing.T) {
	c := talk(t, map[string]Method{
		"panic": func(context.Context, json.RawMessage) (any, error) { panic("boom") },
		"ping":  func(context.Context, json.RawMessage) (any, error) { return 1, nil },
	})
	for line, code := range map[string]int{
		`{`:                        -32700,
		`[]`:                       -32600,
		`{"id":1,"method":"ping"}`: -32600,
		`{"jsonrpc":"2.0"}`:        -32600,
		`{"jsonrpc":"2.0","id":1,"method":"nope"}`:                               -32601,
		`{"jsonrpc":"2.0","id":1,"method":"panic"}`:                              -32603,
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
	c := talk(t, map[string]Method{"ping": func(context.Context, json.RawMessage) (any, error) { return 1, nil }})
	line := `{"jsonrpc":"2.0","id":1,"method":"ping","params":""}`
	line = strings.Replace(line, `""`, `"`+strings.Repeat("x", limit-len(line)-1)+`"`, 1)
	if f := c.exchange(t, line); f["result"] != 1.0 {
		t.Fatalf("a line of %d bytes: %v", len(line)+1, f)
	}
}

func TestAnAnswerThatFitsIntoNoFrameBecomesAnError(t *testing.T) {
	c := talk(t, map[string]Method{"big": func(context.Context, json.RawMessage) (any, error) {
		return strings.Repeat("x", limit), nil
	}})
	if f := c.exchange(t, `{"jsonrpc":"2.0","id":1,"method":"big"}`); codeOf(f) != -32603 {
		t.Fatalf("got %v", f)
	}
}

func TestAQuestionIsSettledByItsAnswer(t *testing.T) {
	c := talk(t, nil)
	stored, refused := c.Ask("event", []byte(`{}`)), c.Ask("event", []byte(`{}`))
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
	c := talk(t, map[string]Method{"ping": func(context.Context, json.RawMessage) (any, error) { return 1, nil }})
	wait := c.Ask("event", []byte(`{}`))
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
		peer.Ask("event", []byte(`{}`))
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
	if err := New(limit, slog.Default()).Listen(t.Context(), strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
}
