package sessions

import (
	"context"
	"sync"
	"time"

	"go.mau.fi/whatsmeow/store"
)

// buffer is the library's buffer of decrypted events. It remembers the newest plaintext until the library is done with
// it: the library drops what it cannot parse, and we do not.
type buffer struct {
	store.EventBuffer
	due func() bool

	mu   sync.Mutex
	last *unsealed
}

// unsealed is a decrypted message, its padding included.
type unsealed struct {
	hash      [32]byte
	plaintext []byte
}

func (b *buffer) GetBufferedEvent(ctx context.Context, hash [32]byte) (*store.BufferedEvent, error) {
	event, err := b.EventBuffer.GetBufferedEvent(ctx, hash)
	if err == nil && event != nil && event.Plaintext != nil {
		b.keep(&unsealed{hash, event.Plaintext})
	}
	return event, err
}

func (b *buffer) PutBufferedEvent(ctx context.Context, hash [32]byte, plaintext []byte, at time.Time) error {
	err := b.EventBuffer.PutBufferedEvent(ctx, hash, plaintext, at)
	if err == nil {
		b.keep(&unsealed{hash, plaintext})
	}
	return err
}

func (b *buffer) ClearBufferedEventPlaintext(ctx context.Context, hash [32]byte) error {
	b.keep(nil)
	return b.EventBuffer.ClearBufferedEventPlaintext(ctx, hash)
}

func (b *buffer) DeleteOldBufferedHashes(ctx context.Context) error {
	if !b.due() {
		return nil
	}
	return b.EventBuffer.DeleteOldBufferedHashes(ctx)
}

func (b *buffer) keep(u *unsealed) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = u
}

func (b *buffer) newest() *unsealed {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

// content is the plaintext without its padding, whose length is its last byte.
func (u *unsealed) content() []byte {
	if len(u.plaintext) == 0 {
		return nil
	}
	padding := int(u.plaintext[len(u.plaintext)-1])
	return u.plaintext[:max(0, len(u.plaintext)-padding)]
}
