// Package lease keeps who may speak for a session, and for how long.
package lease

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// ErrUnknown says that the session is not open.
var ErrUnknown = errors.New("the session is not open")

// StaleError says that a call carried a fence that is not the session's.
type StaleError struct{ Current int64 }

func (e *StaleError) Error() string {
	return fmt.Sprintf("another holder has the fence %d", e.Current)
}

// Book holds the leases of all open sessions, and the newest fence seen of every session, open or not.
type Book struct {
	now    func() time.Time
	mu     sync.Mutex
	until  map[string]time.Time
	newest map[string]int64
}

// NewBook makes a book that reads the time from now.
func NewBook(now func() time.Time) *Book {
	return &Book{now: now, until: make(map[string]time.Time), newest: make(map[string]int64)}
}

// Admit refuses a fence that is older than the newest one seen.
func (b *Book) Admit(session string, fence int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.admit(session, fence)
}

func (b *Book) admit(session string, fence int64) error {
	if newest, seen := b.newest[session]; seen && fence < newest {
		return &StaleError{Current: newest}
	}
	return nil
}

// Hold gives the session to the fence for a time.
func (b *Book) Hold(session string, fence int64, length time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.admit(session, fence); err != nil {
		return err
	}
	b.newest[session] = fence
	b.until[session] = b.now().Add(length)
	return nil
}

// Check refuses every fence but the one that holds the open session.
func (b *Book) Check(session string, fence int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.check(session, fence)
}

func (b *Book) check(session string, fence int64) error {
	if _, open := b.until[session]; !open {
		return ErrUnknown
	}
	if newest := b.newest[session]; fence != newest {
		return &StaleError{Current: newest}
	}
	return nil
}

// Renewal says what became of each session of a heartbeat.
type Renewal struct {
	Renewed []string `json:"renewed"`
	Stale   []string `json:"stale"`
	Unknown []string `json:"unknown"`
}

// Renew lengthens the leases of the named sessions whose fence is right.
func (b *Book) Renew(fences map[string]int64, length time.Duration) Renewal {
	b.mu.Lock()
	defer b.mu.Unlock()
	outcome := Renewal{Renewed: []string{}, Stale: []string{}, Unknown: []string{}}
	for session, fence := range fences {
		switch err := b.check(session, fence); {
		case err == nil:
			b.until[session] = b.now().Add(length)
			outcome.Renewed = append(outcome.Renewed, session)
		case errors.Is(err, ErrUnknown):
			outcome.Unknown = append(outcome.Unknown, session)
		default:
			outcome.Stale = append(outcome.Stale, session)
		}
	}
	slices.Sort(outcome.Renewed)
	slices.Sort(outcome.Stale)
	slices.Sort(outcome.Unknown)
	return outcome
}

// Left says how long the session's lease still runs; never below zero.
func (b *Book) Left(session string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(0, b.until[session].Sub(b.now()))
}

// Expired names the open sessions whose lease has run out.
func (b *Book) Expired() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	var over []string
	for session, until := range b.until {
		if !now.Before(until) {
			over = append(over, session)
		}
	}
	return over
}

// Release ends the session's lease; its fence stays known.
func (b *Book) Release(session string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.until, session)
}
