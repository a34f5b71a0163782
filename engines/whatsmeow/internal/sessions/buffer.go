package sessions

import (
	"context"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow/store"
)

// buffer is the library's buffer of decrypted events. It remembers the newest plaintext until the library is done with
// it: the library drops what it cannot parse, and we do not.
type buffer struct {
	store.EventBuffer
	isSweepDue func() bool
	newest     atomic.Pointer[plaintext]
}

type plaintext struct {
	hash   [32]byte
	padded []byte
}

// content is without the padding, whose length is the last byte.
func (p *plaintext) content() []byte {
	end := len(p.padded)
	return p.padded[:max(0, end-int(p.padded[end-1]))]
}

func (b *buffer) GetBufferedEvent(ctx context.Context, hash [32]byte) (*store.BufferedEvent, error) {
	event, err := b.EventBuffer.GetBufferedEvent(ctx, hash)
	if err == nil && event != nil && len(event.Plaintext) > 0 {
		b.newest.Store(&plaintext{hash, event.Plaintext})
	}
	return event, err
}

func (b *buffer) PutBufferedEvent(ctx context.Context, hash [32]byte, text []byte, at time.Time) error {
	if len(text) > 0 {
		b.newest.Store(&plaintext{hash, text})
	}
	return b.EventBuffer.PutBufferedEvent(ctx, hash, text, at)
}

func (b *buffer) ClearBufferedEventPlaintext(ctx context.Context, hash [32]byte) error {
	b.newest.Store(nil)
	return b.EventBuffer.ClearBufferedEventPlaintext(ctx, hash)
}

// DeleteOldBufferedHashes deletes for all sessions at once, and every new client wants to.
func (b *buffer) DeleteOldBufferedHashes(ctx context.Context) error {
	if !b.isSweepDue() {
		return nil
	}
	return b.EventBuffer.DeleteOldBufferedHashes(ctx)
}
