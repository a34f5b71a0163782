// Package rpc is one end of a JSON-RPC 2.0 conversation over two byte streams, one JSON object a line.
package rpc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Method answers one request; an error that is no *Fault becomes an internal one.
type Method func(ctx context.Context, params json.RawMessage) (any, error)

// Peer speaks and listens. Each request of the other side is answered in a goroutine of its own.
type Peer struct {
	// Methods must be complete before Listen.
	Methods map[string]Method
	limit   int
	log     *slog.Logger
	lanes   *lanes
	heard   atomic.Int64
	mu      sync.Mutex
	lastID  int64
	asked   map[string]chan error
}

// New makes a peer whose frames hold at most limit bytes, newline included.
func New(limit int, log *slog.Logger) *Peer {
	p := &Peer{limit: limit, log: log, lanes: newLanes(), asked: map[string]chan error{}, Methods: map[string]Method{}}
	p.heard.Store(time.Now().UnixNano())
	return p
}

// Heard says when the other side's last frame came.
func (p *Peer) Heard() time.Time { return time.Unix(0, p.heard.Load()) }

// Speak writes to out until Hush was called and all is written.
func (p *Peer) Speak(out io.Writer) error { return p.lanes.run(out) }

// Hush ends Speak after what is already said.
func (p *Peer) Hush() { p.lanes.close() }

// Listen reads until in ends, which is no error.
func (p *Peer) Listen(ctx context.Context, in io.Reader) error {
	lines := bufio.NewReaderSize(in, p.limit)
	for {
		line, err := lines.ReadSlice('\n')
		tooLong := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = lines.ReadSlice('\n')
		}
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read a frame: %w", err)
		}
		p.heard.Store(time.Now().UnixNano())
		if tooLong {
			p.answer(nil, nil, Errorf(InvalidRequest, "a frame holds at most %d bytes", p.limit))
		} else {
			p.receive(ctx, bytes.Clone(line))
		}
	}
}

type frame struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  any             `json:"result,omitempty"`
	Error   *Fault          `json:"error,omitempty"`
}

func (p *Peer) receive(ctx context.Context, line []byte) {
	var f frame
	err := json.Unmarshal(line, &f)
	switch wrongType := (*json.UnmarshalTypeError)(nil); {
	case errors.As(err, &wrongType), err == nil && (f.Version != "2.0" || f.Method == "" && f.ID == nil):
		p.answer(f.ID, nil, Errorf(InvalidRequest, "the frame is no JSON-RPC 2.0 object"))
	case err != nil:
		p.answer(nil, nil, Errorf(Parse, "the frame is no JSON: %v", err))
	case f.Method != "":
		go p.perform(ctx, f)
	default:
		p.settle(f)
	}
}

func (p *Peer) perform(ctx context.Context, f frame) {
	result, err := p.call(ctx, f)
	if f.ID != nil {
		p.answer(f.ID, result, err)
	}
}

func (p *Peer) call(ctx context.Context, f frame) (result any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			p.log.Error("a call panicked", "method", f.Method, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			err = Errorf(Internal, "%s panicked: %v", f.Method, cause)
		}
	}()
	if method, ok := p.Methods[f.Method]; ok {
		return method(ctx, f.Params)
	}
	return nil, Errorf(UnknownMethod, "there is no method %q", f.Method)
}

func (p *Peer) answer(id json.RawMessage, result any, err error) {
	f := frame{Version: "2.0", ID: id, Result: result}
	if id == nil {
		f.ID = json.RawMessage("null")
	}
	if err != nil {
		f.Result = nil
		if !errors.As(err, &f.Error) {
			f.Error = Errorf(Internal, "%v", err)
		}
	}
	line, err := json.Marshal(f)
	if err != nil || len(line) >= p.limit {
		p.log.Error("an answer cannot be sent", "bytes", len(line), "error", err)
		line, _ = json.Marshal(frame{Version: "2.0", ID: f.ID, Error: Errorf(Internal, "the answer fits into no frame")})
	}
	p.lanes.push(&p.lanes.urgent, append(line, '\n'))
}

// Notify says something that has no answer, ahead of all content.
func (p *Peer) Notify(method string, params any) {
	raw, err := json.Marshal(params)
	if err == nil {
		raw, err = json.Marshal(frame{Version: "2.0", Method: method, Params: raw})
	}
	if err != nil {
		p.log.Error("a notification cannot be encoded", "method", method, "error", err)
		return
	}
	p.lanes.push(&p.lanes.urgent, append(raw, '\n'))
}

// Overhead is how much longer than its params a request of Ask can be.
const Overhead = 96

// Ask sends a request with content. What it returns waits for the answer: nil when the other side gave a result.
func (p *Peer) Ask(method string, params []byte) (wait func(context.Context) error) {
	answer := make(chan error, 1)
	p.mu.Lock()
	p.lastID++
	id := strconv.FormatInt(p.lastID, 10)
	p.asked[id] = answer
	p.mu.Unlock()
	head := `{"jsonrpc":"2.0","id":` + id + `,"method":"` + method + `","params":`
	p.lanes.push(&p.lanes.content, slices.Concat([]byte(head), params, []byte("}\n")))
	return func(ctx context.Context) error {
		defer p.withdraw(id)
		select {
		case err := <-answer:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (p *Peer) withdraw(id string) chan error {
	p.mu.Lock()
	defer p.mu.Unlock()
	answer := p.asked[id]
	delete(p.asked, id)
	return answer
}

func (p *Peer) settle(f frame) {
	answer := p.withdraw(string(f.ID))
	switch {
	case answer == nil:
	case f.Error != nil:
		answer <- fmt.Errorf("refused: %w", f.Error)
	default:
		answer <- nil
	}
}
