package tap

import (
	"sync"

	waBinary "go.mau.fi/whatsmeow/binary"
)

// Queue holds the stanzas that came in and have not been confirmed to the network.
type Queue struct {
	mu      sync.Mutex
	waiting map[key]*waBinary.Node
}

type key struct{ tag, id string }

// NewQueue makes an empty queue.
func NewQueue() *Queue { return &Queue{waiting: make(map[key]*waBinary.Node)} }

// Received adds a stanza of a kind that the network wants to have confirmed.
func (q *Queue) Received(node *waBinary.Node) {
	switch node.Tag {
	case "message", "receipt", "notification", "call":
	default:
		return
	}
	id, _ := node.Attrs["id"].(string)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting[key{node.Tag, id}] = node
}

// Sending removes the stanza that the outgoing one confirms.
func (q *Queue) Sending(node *waBinary.Node) {
	id, _ := node.Attrs["id"].(string)
	confirmed := key{"message", id}
	switch node.Tag {
	case "receipt":
	case "ack":
		confirmed.tag, _ = node.Attrs["class"].(string)
	default:
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.waiting, confirmed)
}

// Message returns the stanza of an unconfirmed message, or nil.
func (q *Queue) Message(id string) *waBinary.Node {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting[key{"message", id}]
}

// Len counts the unconfirmed stanzas.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}
