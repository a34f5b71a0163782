package rpc

import (
	"bufio"
	"fmt"
	"io"
	"sync"
)

// lanes is the order in which frames leave: an urgent frame waits for no content but the one being written.
type lanes struct {
	mu      sync.Mutex
	changed *sync.Cond
	urgent  [][]byte
	content [][]byte
	closed  bool
}

func newLanes() *lanes {
	l := &lanes{}
	l.changed = sync.NewCond(&l.mu)
	return l
}

func (l *lanes) push(frame []byte, urgent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if urgent {
		l.urgent = append(l.urgent, frame)
	} else {
		l.content = append(l.content, frame)
	}
	l.changed.Signal()
}

// close lets run end once all that was pushed has been written.
func (l *lanes) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.changed.Signal()
}

func (l *lanes) run(out io.Writer) error {
	buffered := bufio.NewWriter(out)
	for {
		frame, last := l.next()
		if frame == nil {
			return buffered.Flush()
		}
		if _, err := buffered.Write(frame); err != nil {
			return fmt.Errorf("write a frame: %w", err)
		}
		if !last {
			continue
		}
		if err := buffered.Flush(); err != nil {
			return fmt.Errorf("write a frame: %w", err)
		}
	}
}

// next waits for a frame; last says that no other one waits. No frame means closed and empty.
func (l *lanes) next() (frame []byte, last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.urgent) == 0 && len(l.content) == 0 {
		if l.closed {
			return nil, true
		}
		l.changed.Wait()
	}
	lane := &l.urgent
	if len(l.urgent) == 0 {
		lane = &l.content
	}
	frame, (*lane)[0] = (*lane)[0], nil
	*lane = (*lane)[1:]
	return frame, len(l.urgent) == 0 && len(l.content) == 0
}
