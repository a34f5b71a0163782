// Package lease keeps who may speak for a session, and until when.
package lease

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrUnknown says that the session is not open.
var ErrUnknown = errors.New("the session is not open")

// StaleError says that a call carried another fence than the session's.
type StaleError struct{ Current int64 }

func (e *StaleError) Error() string { return fmt.Sprintf("the session's fence is %d", e.Current) }

// Book holds the leases of the open sessions, and the newest fence of every session that was ever seen.
type Book struct {
	now    func() time.Time
	mu     sync.Mutex
	until  map[string]time.Time
	newest map[string]int64
}

// NewBook makes a book that reads the time from now.
func NewBook(now func() time.Time) *Book {
	return &Book{now: now, until: map[string]time.Time{}, newest: map[string]int64{}}
}

// Hold gives the session to a fence that is not older than the newest one seen.
func (b *Book) Hold(session string, fence int64, length time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if newest, seen := b.newest[session]; seen && fence < newest {
		return &StaleError{newest}
	}
	b.newest[session], b.until[session] = fence, b.now().Add(length)
	return nil
}

// Check refuses every fence but the one that holds the open session.
func (b *Book) Check(session string, fence int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.check(session, fence)
}

func (b *Book) check(session string, fence int64) error {
	if _, isOpen := b.until[session]; !isOpen {
		return ErrUnknown
	} else if newest := b.newest[session]; fence != newest {
		return &StaleError{newest}
	}
	return nil
}

// Renewal says what became of each session of a heartbeat.
type Renewal struct {
	Renewed []string `json:"renewed"`
	Stale   []string `json:"stale"`
	Unknown []string `json:"unknown"`
}

// Renew lengthens the leases whose fence is right.
func (b *Book) Renew(fences map[string]int64, length time.Duration) Renewal {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := Renewal{[]string{}, []string{}, []string{}}
	for session, fence := range fences {
		list := &r.Stale
		if err := b.check(session, fence); err == nil {
			b.until[session], list = b.now().Add(length), &r.Renewed
		} else if errors.Is(err, ErrUnknown) {
			list = &r.Unknown
		}
		*list = append(*list, session)
	}
	return r
}

// Left is how long a lease still runs; not above zero when it is over.
func (b *Book) Left(session string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.until[session].Sub(b.now())
}

// Release ends a lease; the fence stays known.
func (b *Book) Release(session string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.until, session)
}
