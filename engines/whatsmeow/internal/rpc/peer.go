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
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Method answers one request; an error that is no *Fault becomes an internal one.
type Method func(ctx context.Context, params json.RawMessage) (any, error)

// Peer speaks and listens. Requests of the other side are answered each in a goroutine of its own.
type Peer struct {
	limit   int
	log     *slog.Logger
	methods map[string]Method
	lanes   *lanes
	heard   atomic.Int64

	mu      sync.Mutex
	lastID  int64
	waiting map[int64]chan error
}

// New makes a peer whose frames, newline included, hold at most limit bytes.
func New(limit int, log *slog.Logger) *Peer {
	p := &Peer{
		limit:   limit,
		log:     log,
		methods: make(map[string]Method),
		lanes:   newLanes(),
		waiting: make(map[int64]chan error),
	}
	p.heard.Store(time.Now().UnixNano())
	return p
}

// Handle names a method; all of them must be named before Listen.
func (p *Peer) Handle(name string, method Method) { p.methods[name] = method }

// Heard says when the other side's last frame came.
func (p *Peer) Heard() time.Time { return time.Unix(0, p.heard.Load()) }

// Speak writes frames to out until Hush was called and all is written, or until out fails.
func (p *Peer) Speak(out io.Writer) error { return p.lanes.run(out) }

// Hush ends Speak after what is already said.
func (p *Peer) Hush() { p.lanes.close() }

// Listen reads frames until in ends, which is no error.
func (p *Peer) Listen(ctx context.Context, in io.Reader) error {
	lines := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := readLine(lines, p.limit)
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("read a frame: %w", err)
		}
		p.heard.Store(time.Now().UnixNano())
		if line == nil {
			p.answer(nil, nil, Errorf(InvalidRequest, "a frame holds at most %d bytes", p.limit))
		} else if len(bytes.TrimSpace(line)) > 0 {
			p.receive(ctx, line)
		}
	}
}

// readLine returns nil without an error for a line over the limit, which it skips.
func readLine(in *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	tooLong := false
	for {
		part, err := in.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(part) > limit; !tooLong {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return nil, err
		case tooLong:
			return nil, nil
		default:
			return line, nil
		}
	}
}

type frame struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  *string         `json:"method"`
	Params  json.RawMessage `json:"params"`
	Error   *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

func (p *Peer) receive(ctx context.Context, line []byte) {
	var f frame
	if err := json.Unmarshal(line, &f); err != nil {
		kind := InvalidRequest
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			kind = Parse
		}
		p.answer(nil, nil, Errorf(kind, "the frame is not a JSON-RPC object: %v", err))
		return
	}
	switch {
	case f.Version != "2.0":
		p.answer(f.ID, nil, Errorf(InvalidRequest, `"jsonrpc" must be "2.0"`))
	case f.Method != nil:
		go p.perform(ctx, f)
	case f.ID != nil:
		p.settle(f)
	default:
		p.answer(nil, nil, Errorf(InvalidRequest, "the frame has neither a method nor an id"))
	}
}

func (p *Peer) perform(ctx context.Context, f frame) {
	var result any
	var err error = Errorf(UnknownMethod, "there is no method %q", *f.Method)
	if method, ok := p.methods[*f.Method]; ok {
		result, err = p.guard(ctx, method, f)
	}
	if f.ID != nil {
		p.answer(f.ID, result, err)
	}
}

func (p *Peer) guard(ctx context.Context, method Method, f frame) (result any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			p.log.Error("a call panicked", "method", *f.Method, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			err = Errorf(Internal, "%s panicked: %v", *f.Method, cause)
		}
	}()
	return method(ctx, f.Params)
}

func (p *Peer) answer(id json.RawMessage, result any, err error) {
	if id == nil {
		id = json.RawMessage("null")
	}
	reply := map[string]any{"jsonrpc": "2.0", "id": id, "result": result}
	if err != nil {
		delete(reply, "result")
		reply["error"] = asFault(err)
	}
	line, err := Marshal(reply)
	if err != nil || len(line) >= p.limit {
		p.log.Error("an answer cannot be sent", "bytes", len(line), "error", err)
		fault := Errorf(Internal, "the answer cannot be put into one frame")
		line, _ = Marshal(map[string]any{"jsonrpc": "2.0", "id": id, "error": fault})
	}
	p.lanes.push(append(line, '\n'), true)
}

func asFault(err error) *Fault {
	var fault *Fault
	if errors.As(err, &fault) {
		return fault
	}
	return Errorf(Internal, "%v", err)
}

// Notify says something that has no answer, ahead of all content.
func (p *Peer) Notify(method string, params any) {
	line, err := Marshal(map[string]any{"jsonrpc": "2.0", "method": method, "params": params})
	if err != nil {
		p.log.Error("a notification cannot be encoded", "method", method, "error", err)
		return
	}
	p.lanes.push(append(line, '\n'), true)
}

// Question is a request that the other side has not answered yet.
type Question struct {
	peer   *Peer
	id     int64
	answer chan error
}

// Ask puts a request into the content lane. Its params are JSON already.
func (p *Peer) Ask(method string, params []byte) *Question {
	q := &Question{peer: p, answer: make(chan error, 1)}
	p.mu.Lock()
	p.lastID++
	q.id = p.lastID
	p.waiting[q.id] = q.answer
	p.mu.Unlock()
	line := make([]byte, 0, len(params)+Overhead)
	line = append(line, `{"jsonrpc":"2.0","id":`...)
	line = strconv.AppendInt(line, q.id, 10)
	line = append(line, `,"method":"`...)
	line = append(line, method...)
	line = append(line, `","params":`...)
	line = append(line, params...)
	line = append(line, "}\n"...)
	p.lanes.push(line, false)
	return q
}

// Overhead is how much longer than its params a request of Ask can be.
const Overhead = 96

// Wait returns nil when the other side answered with a result, an error when it refused or ctx ended first.
func (q *Question) Wait(ctx context.Context) error {
	defer func() {
		q.peer.mu.Lock()
		delete(q.peer.waiting, q.id)
		q.peer.mu.Unlock()
	}()
	select {
	case err := <-q.answer:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wait for an answer: %w", context.Cause(ctx))
	}
}

func (p *Peer) settle(f frame) {
	id, err := strconv.ParseInt(string(f.ID), 10, 64)
	if err != nil {
		p.log.Warn("an answer has an id that was never given", "id", string(f.ID))
		return
	}
	p.mu.Lock()
	answer, ok := p.waiting[id]
	delete(p.waiting, id)
	p.mu.Unlock()
	if !ok {
		return
	}
	if f.Error != nil {
		answer <- fmt.Errorf("refused: %s (%d)", f.Error.Message, f.Error.Code)
		return
	}
	answer <- nil
}

// Marshal is json.Marshal that leaves <, > and & as they are.
func Marshal(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}
