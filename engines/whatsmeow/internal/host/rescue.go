package host

import (
	"context"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types/events"
)

// buffer is the library's buffer of decrypted events. It remembers the newest plaintext until the message is confirmed:
// the library drops what it cannot parse, and we do not.
type buffer struct {
	store.EventBuffer
	newest atomic.Pointer[[]byte]
	isOwn  atomic.Bool   // the message that is being decrypted is the own phone's
	swept  *atomic.Int64 // when old plaintexts were last deleted, in seconds
	turns  chan struct{} // of the device's ratchets
}

func (b *buffer) GetBufferedEvent(ctx context.Context, hash [32]byte) (*store.BufferedEvent, error) {
	event, err := b.EventBuffer.GetBufferedEvent(ctx, hash)
	if event != nil && len(event.Plaintext) > 0 {
		b.newest.Store(&event.Plaintext)
	}
	return event, err
}

func (b *buffer) PutBufferedEvent(ctx context.Context, hash [32]byte, text []byte, at time.Time) error {
	if len(text) > 0 {
		b.newest.Store(&text)
	}
	if !b.isOwn.Load() && offerIn(text) != nil {
		text = nil // a stranger's offer; an offer that is kept is taken for the phone's
	}
	return b.EventBuffer.PutBufferedEvent(ctx, hash, text, at)
}

// DeleteOldBufferedHashes deletes for all sessions at once, and every new client wants to: twice a day is enough.
func (b *buffer) DeleteOldBufferedHashes(ctx context.Context) error {
	last, now := b.swept.Load(), time.Now().Unix()
	if now-last < 12*60*60 || !b.swept.CompareAndSwap(last, now) {
		return nil
	}
	return b.EventBuffer.DeleteOldBufferedHashes(ctx)
}

// rescue tells Recado of a message that comes as no event. When it is not taken, the link ends before the confirmation.
func (l *link) rescue(id, reason string, padded *[]byte) {
	node := l.message(id)
	if node == nil {
		return
	}
	//lint:ignore SA1019 nothing else parses the stanza
	info, err := l.client.DangerousInternals().ParseMessageInfo(node)
	switch {
	case err != nil:
		l.log.Error("a message is lost", "id", id, "reason", reason, "error", err)
	case padded == nil:
		lost := &events.UndecryptableMessage{Info: *info, DecryptFailMode: events.DecryptFailMode(reason)}
		_ = l.ask("undecryptable", undecryptableData(lost)) || l.lose()
	default:
		_ = l.ask("message", unreadData(*info, unpadded(*padded), l.isOffline(id))) || l.lose()
	}
}

// unpadded is a decrypted text without its padding, whose length is the last byte.
func unpadded(text []byte) []byte {
	if len(text) == 0 {
		return nil
	}
	return text[:max(0, len(text)-int(text[len(text)-1]))]
}
