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
func NewQueue() *Queue { return &Queue{waiting: map[key]*waBinary.Node{}} }

// Received adds a stanza of a kind that the network wants to have confirmed.
func (q *Queue) Received(node *waBinary.Node) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch id, _ := node.Attrs["id"].(string); node.Tag {
	case "message", "receipt", "notification", "call":
		q.waiting[key{node.Tag, id}] = node
	}
}

// Sending removes the stanza that the outgoing one confirms: a receipt is for a message, an ack for what it names.
func (q *Queue) Sending(node *waBinary.Node) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch id, _ := node.Attrs["id"].(string); node.Tag {
	case "receipt":
		delete(q.waiting, key{"message", id})
	case "ack":
		class, _ := node.Attrs["class"].(string)
		delete(q.waiting, key{class, id})
	}
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
