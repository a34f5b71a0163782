// Package tap listens to the library's log: it is the only place where every stanza passes by.
package tap

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"

	waBinary "go.mau.fi/whatsmeow/binary"
	waLog "go.mau.fi/whatsmeow/util/log"
)

// Ear is told of what the library is about to handle, to send, and what it gave up. All calls come from the library's
// goroutines, and the library waits until they return.
type Ear interface {
	// Received: a stanza came in and will be handled.
	Received(node *waBinary.Node)
	// Sending: the stanza has not been written yet.
	Sending(node *waBinary.Node)
	// Panicked: the decryption of the message panicked; the library is about to acknowledge it.
	Panicked(id string)
}

// Log passes the library's log on, with phone numbers and LIDs shortened.
type Log struct {
	log     *slog.Logger
	numbers *regexp.Regexp
	ear     Ear
}

// NewLog makes the log of one client; ear may be nil.
func NewLog(log *slog.Logger, ear Ear) *Log {
	return &Log{log: log, numbers: regexp.MustCompile(`\d{4,}(\d{4})`), ear: ear}
}

// Sub returns the log of one of the library's modules.
func (l *Log) Sub(module string) waLog.Logger {
	sub := &Log{log: l.log.With("module", module), numbers: l.numbers, ear: l.ear}
	switch {
	case l.ear == nil:
		return sub
	case module == "Recv":
		return &stanzas{Log: sub, pass: l.ear.Received}
	case module == "Send":
		return &stanzas{Log: sub, pass: l.ear.Sending}
	default:
		return sub
	}
}

func (l *Log) write(level slog.Level, msg string, args []any) {
	if !l.log.Enabled(context.Background(), level) {
		return
	}
	l.log.Log(context.Background(), level, l.numbers.ReplaceAllString(fmt.Sprintf(msg, args...), "…$1"))
}

func (l *Log) Debugf(msg string, args ...any) { l.write(slog.LevelDebug, msg, args) }
func (l *Log) Infof(msg string, args ...any)  { l.write(slog.LevelDebug, msg, args) }
func (l *Log) Warnf(msg string, args ...any)  { l.write(slog.LevelWarn, msg, args) }

func (l *Log) Errorf(msg string, args ...any) {
	l.write(slog.LevelError, msg, args)
	if l.ear == nil || !strings.HasPrefix(msg, "Message decryption for %s panicked") || len(args) == 0 {
		return
	}
	if id, ok := args[0].(string); ok {
		l.ear.Panicked(id)
	}
}

type stanzas struct {
	*Log
	pass func(*waBinary.Node)
}

func (s *stanzas) Debugf(msg string, args ...any) {
	if len(args) == 1 {
		if node, ok := args[0].(*waBinary.Node); ok {
			s.pass(node)
			return
		}
	}
	s.Log.Debugf(msg, args...)
}
