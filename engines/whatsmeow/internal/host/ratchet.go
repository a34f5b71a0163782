package host

import (
	"context"

	"go.mau.fi/whatsmeow/store"
)

// ratchets are the Signal sessions of one device, moved by one message at a time. The library takes no lock between
// reading a session and writing it: a message that came in while one went out to the same person would undo the other's
// step, and the next one out would use a key that its reader has used before, who drops it unread.
type ratchets struct {
	store.SessionStore
	turns chan struct{} // holds a token while nobody has the turn
}

func newRatchets(sessions store.SessionStore) *ratchets {
	r := &ratchets{SessionStore: sessions, turns: make(chan struct{}, 1)}
	r.turns <- struct{}{}
	return r
}

// turn is what one goroutine has or has not; what is sent takes it with the sessions and gives it back with them.
type turn struct {
	of      chan struct{}
	isTaken bool
}

type turnKey struct{}

// outgoing gives the context to send one message with. The turn, if it is still taken, ends with the second result.
func (r *ratchets) outgoing(ctx context.Context) (context.Context, func()) {
	t := &turn{of: r.turns}
	return context.WithValue(ctx, turnKey{}, t), t.give
}

func (t *turn) take(ctx context.Context) error {
	if t.isTaken {
		return nil
	}
	select {
	case <-t.of:
		t.isTaken = true
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t *turn) give() {
	if t.isTaken {
		t.isTaken = false
		t.of <- struct{}{}
	}
}

func (r *ratchets) GetManySessions(ctx context.Context, addresses []string) (map[string][]byte, error) {
	if t, ok := ctx.Value(turnKey{}).(*turn); ok {
		if err := t.take(ctx); err != nil {
			return nil, err
		}
	}
	return r.SessionStore.GetManySessions(ctx, addresses)
}

func (r *ratchets) PutManySessions(ctx context.Context, sessions map[string][]byte) error {
	if t, ok := ctx.Value(turnKey{}).(*turn); ok {
		defer t.give()
	}
	return r.SessionStore.PutManySessions(ctx, sessions)
}

// DoDecryptionTxn takes the turn before the transaction, as whoever sends does, so that they never wait for each other.
func (b *buffer) DoDecryptionTxn(ctx context.Context, decrypt func(context.Context) error) error {
	t := &turn{of: b.turns}
	if err := t.take(ctx); err != nil {
		return err
	}
	defer t.give()
	return b.EventBuffer.DoDecryptionTxn(ctx, decrypt)
}
