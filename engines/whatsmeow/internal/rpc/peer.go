// Package rpc is one end of a JSON-RPC 2.0 conversation over two byte streams, one JSON object a line.
package rpc

import (
	"bufio"
	"bytes"
	"container/list"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
)

// ErrTooLong says that a frame would be over the limit.
var ErrTooLong = errors.New("the frame is too long")

// Handler answers one request; an error that is no *Fault becomes an internal one.
type Handler func(ctx context.Context, method string, params json.RawMessage) (any, error)

// Peer speaks and listens.
type Peer struct {
	// Heard is called with every frame that comes.
	Heard  func()
	limit  int
	log    *slog.Logger
	lastID atomic.Int64

	mu              sync.Mutex
	changed         *sync.Cond
	urgent, content list.List // what waits to be written; all that is urgent goes first
	isHushed        bool
	asked           map[string]chan error
	handling        sync.WaitGroup
}

// New makes a peer whose frames hold at most limit bytes, newline included.
func New(limit int, log *slog.Logger) *Peer {
	p := &Peer{Heard: func() {}, limit: limit, log: log, asked: map[string]chan error{}}
	p.changed = sync.NewCond(&p.mu)
	return p
}

// Speak writes to out until Hush was called and all is written.
func (p *Peer) Speak(out io.Writer) error {
	for line := p.next(); line != nil; line = p.next() {
		if _, err := out.Write(line); err != nil {
			return fmt.Errorf("write a frame: %w", err)
		}
	}
	return nil
}

func (p *Peer) next() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for _, lane := range []*list.List{&p.urgent, &p.content} {
			if first := lane.Front(); first != nil {
				return lane.Remove(first).([]byte)
			}
		}
		if p.isHushed {
			return nil
		}
		p.changed.Wait()
	}
}

// Hush ends Speak when all requests are answered and all is written.
func (p *Peer) Hush() {
	p.handling.Wait()
	p.change(func() { p.isHushed = true })
}

func (p *Peer) change(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
	p.changed.Signal()
}

// Listen reads until in ends, which is no error. Each request is handled in a goroutine of its own.
func (p *Peer) Listen(ctx context.Context, in io.Reader, handle Handler) error {
	lines := bufio.NewReaderSize(in, p.limit)
	for {
		line, err := lines.ReadSlice('\n')
		isTooLong := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = lines.ReadSlice('\n')
		}
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read a frame: %w", err)
		}
		p.Heard()
		if isTooLong {
			p.answer(nil, nil, Errorf(InvalidRequest, "a frame holds at most %d bytes", p.limit))
		} else {
			p.receive(ctx, line, handle)
		}
	}
}

type frame struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  any             `json:"result,omitempty"`
	Error   *Fault          `json:"error,omitempty"`
}

func (p *Peer) receive(ctx context.Context, line []byte, handle Handler) {
	var params json.RawMessage
	f := frame{Params: &params}
	err := json.Unmarshal(line, &f)
	switch wrongType := (*json.UnmarshalTypeError)(nil); {
	case errors.As(err, &wrongType), err == nil && (f.Version != "2.0" || f.Method == "" && f.ID == nil):
		p.answer(f.ID, nil, Errorf(InvalidRequest, "the frame is no JSON-RPC 2.0 object"))
	case err != nil:
		p.answer(nil, nil, Errorf(Parse, "the frame is no JSON: %v", err))
	case f.Method != "":
		p.handling.Go(func() {
			result, err := handle(ctx, f.Method, params)
			if f.ID != nil {
				p.answer(f.ID, result, err)
			}
		})
	default:
		p.settle(f)
	}
}

func (p *Peer) answer(id json.RawMessage, result any, err error) {
	f := frame{ID: id, Result: result}
	if id == nil {
		f.ID = json.RawMessage("null")
	}
	if err != nil {
		f.Result = nil
		if !errors.As(err, &f.Error) {
			f.Error = Errorf(Internal, "%v", err)
		}
	}
	if err := p.push(&p.urgent, f); err != nil {
		_ = p.push(&p.urgent, frame{ID: f.ID, Error: Errorf(Internal, "no answer: %v", err)})
	}
}

func (p *Peer) push(lane *list.List, f frame) error {
	f.Version = "2.0"
	var line bytes.Buffer
	if err := json.NewEncoder(&line).Encode(f); err != nil {
		return fmt.Errorf("encode a frame: %w", err)
	} else if line.Len() > p.limit {
		return ErrTooLong
	}
	p.change(func() { lane.PushBack(line.Bytes()) })
	return nil
}

// Notify says something that has no answer, ahead of all content.
func (p *Peer) Notify(method string, params any) {
	if err := p.push(&p.urgent, frame{Method: method, Params: params}); err != nil {
		p.log.Error("a notification cannot be sent", "method", method, "error", err)
	}
}

// Ask sends a request with content. What it returns waits for the answer: nil when the other side gave a result.
func (p *Peer) Ask(method string, params any) (wait func(context.Context) error, err error) {
	id := strconv.FormatInt(p.lastID.Add(1), 10)
	answer := make(chan error, 1)
	withdraw := func() { delete(p.asked, id) }
	p.change(func() { p.asked[id] = answer })
	if err := p.push(&p.content, frame{ID: json.RawMessage(id), Method: method, Params: params}); err != nil {
		p.change(withdraw)
		return nil, err
	}
	return func(ctx context.Context) error {
		defer p.change(withdraw)
		select {
		case err := <-answer:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}, nil
}

func (p *Peer) settle(f frame) {
	var answer chan error
	p.change(func() {
		answer = p.asked[string(f.ID)]
		delete(p.asked, string(f.ID))
	})
	switch {
	case answer == nil:
	case f.Error != nil:
		answer <- fmt.Errorf("refused: %w", f.Error)
	default:
		answer <- nil
	}
}
