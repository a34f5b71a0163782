package rpc

import (
	"bufio"
	"io"
	"sync"
)

// lanes is the order in which frames leave: an urgent one waits for no content but what is being written.
type lanes struct {
	mu              sync.Mutex
	changed         *sync.Cond
	urgent, content [][]byte
	closed          bool
}

func newLanes() *lanes {
	l := &lanes{}
	l.changed = sync.NewCond(&l.mu)
	return l
}

func (l *lanes) push(lane *[][]byte, frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*lane = append(*lane, frame)
	l.changed.Signal()
}

// next waits for a frame; none means closed and empty.
func (l *lanes) next() (frame []byte, isLast bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.urgent)+len(l.content) == 0 {
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
	return frame, len(l.urgent)+len(l.content) == 0
}

func (l *lanes) run(out io.Writer) error {
	buffered := bufio.NewWriter(out)
	for {
		frame, isLast := l.next()
		if frame == nil {
			return nil
		}
		_, err := buffered.Write(frame)
		if isLast && err == nil {
			err = buffered.Flush()
		}
		if err != nil {
			return err
		}
	}
}

func (l *lanes) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.changed.Signal()
}
