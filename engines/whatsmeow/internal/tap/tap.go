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

// Log passes the library's log on, with phone numbers and LIDs shortened. The library waits for its hooks, each of which
// may be nil.
type Log struct {
	*slog.Logger
	// Received: a stanza came. Sending: it is about to be written.
	Received, Sending func(*waBinary.Node)
	// Panicked: decrypting the message panicked, and the library is about to acknowledge it.
	Panicked func(id string)
	stanza   func(*waBinary.Node)
}

// Sub returns the log of one of the library's modules.
func (l *Log) Sub(module string) waLog.Logger {
	sub := *l
	sub.Logger = l.With("module", module)
	sub.stanza = map[string]func(*waBinary.Node){"Recv": l.Received, "Send": l.Sending}[module]
	return &sub
}

// Debugf is where the modules Recv and Send show each stanza.
func (l *Log) Debugf(msg string, args ...any) {
	if l.stanza != nil && len(args) == 1 {
		if node, ok := args[0].(*waBinary.Node); ok {
			l.stanza(node)
		}
	}
	l.write(slog.LevelDebug, msg, args)
}

func (l *Log) Infof(msg string, args ...any) { l.write(slog.LevelDebug, msg, args) }
func (l *Log) Warnf(msg string, args ...any) { l.write(slog.LevelWarn, msg, args) }

// Errorf is where the library tells that it gave a message up.
func (l *Log) Errorf(msg string, args ...any) {
	l.write(slog.LevelError, msg, args)
	if l.Panicked != nil && len(args) > 0 && strings.HasPrefix(msg, "Message decryption for %s panicked") {
		l.Panicked(fmt.Sprint(args[0]))
	}
}

var longNumber = regexp.MustCompile(`\d{4,}(\d{4})`)

func (l *Log) write(level slog.Level, msg string, args []any) {
	if l.Enabled(context.Background(), level) {
		l.Log(context.Background(), level, longNumber.ReplaceAllString(fmt.Sprintf(msg, args...), "…$1"))
	}
}

// Signal is the log of the Signal library, which otherwise goes to stdout. What it warns of, whatsmeow warns of too.
type Signal struct{ *Log }

func (s Signal) Debug(caller, message string)   { s.Debugf("%s: %s", caller, message) }
func (s Signal) Info(caller, message string)    { s.Debugf("%s: %s", caller, message) }
func (s Signal) Warning(caller, message string) { s.Debugf("%s: %s", caller, message) }
func (s Signal) Error(caller, message string)   { s.Debugf("%s: %s", caller, message) }
func (s Signal) Configure(string)               {}
