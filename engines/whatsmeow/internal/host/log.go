package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"go.mau.fi/whatsmeow"
	waBinary "go.mau.fi/whatsmeow/binary"
	waLog "go.mau.fi/whatsmeow/util/log"
)

// libraryLog passes the library's log on, with phone numbers and LIDs shortened. It is also the only place where every
// stanza passes by, and the link hears of it before the library goes on.
type libraryLog struct {
	*slog.Logger
	link   *link // may be nil
	module string
}

func (l *libraryLog) Sub(module string) waLog.Logger {
	return &libraryLog{l.With("module", module), l.link, module}
}

func (l *libraryLog) Infof(msg string, args ...any) { l.write(slog.LevelDebug, msg, args) }
func (l *libraryLog) Warnf(msg string, args ...any) { l.write(slog.LevelWarn, msg, args) }

// Debugf is where the modules Recv and Send show each stanza.
func (l *libraryLog) Debugf(msg string, args ...any) {
	if l.link != nil && len(args) == 1 {
		if node, ok := args[0].(*waBinary.Node); ok && l.module == "Recv" {
			l.link.received(node)
		} else if ok && l.module == "Send" {
			l.link.sending(node)
		}
		if strings.HasPrefix(msg, "Decrypting message from") {
			l.link.buffer.isOwn.Store(l.link.isPhone(fmt.Sprint(args[0])))
		}
	}
	l.write(slog.LevelDebug, msg, args)
}

// Errorf is where the library tells that it gave a message up.
func (l *libraryLog) Errorf(msg string, args ...any) {
	l.write(slog.LevelError, msg, args)
	if l.link != nil && strings.HasPrefix(msg, "Message decryption for %s panicked") {
		l.link.rescue(fmt.Sprint(args[0]), "panic", nil)
	}
}

var longNumber = regexp.MustCompile(`\d{4,}(\d{4})`)

func (l *libraryLog) write(level slog.Level, msg string, args []any) {
	if slices.ContainsFunc(args, func(arg any) bool { err, _ := arg.(error); return errors.Is(err, errNotAsked) }) {
		level = slog.LevelDebug
	}
	if l.Enabled(context.Background(), level) {
		l.Log(context.Background(), level, longNumber.ReplaceAllString(fmt.Sprintf(msg, args...), "…$1"))
	}
}

// received notes what the network wants to have confirmed, and hears what the library does not tell: that the network
// will close, and why.
func (l *link) received(node *waBinary.Node) {
	switch ag := node.AttrGetter(); node.Tag {
	case "message", "receipt", "notification", "call":
		l.unconfirmed.Store(node.Tag+" "+ag.OptionalString("id"), node)
	case "xmlstreamend":
		l.isAnnounced.Store(true)
	case "stream:error":
		l.isAnnounced.Store(true)
		if ag.OptionalString("code") == "503" {
			l.say("stream_error", object{"code": "503", "text": ""})
		}
	case "failure":
		l.isAnnounced.Store(true)
		if reason := ag.OptionalInt("reason"); reason == 500 || reason == 503 {
			l.say("connect_failure", object{"code": reason, "text": ag.OptionalString("message")})
		}
	}
}

// sending strikes off what is confirmed: a receipt is for a message, an ack for what it names. What is to be confirmed
// as an invalid protobuf is rescued before.
func (l *link) sending(node *waBinary.Node) {
	id, class := fmt.Sprint(node.Attrs["id"]), node.Attrs["class"]
	switch node.Tag {
	case "receipt":
		class = "message"
	case "ack":
		if node.Attrs["error"] == whatsmeow.NackInvalidProtobuf {
			l.rescue(id, "protobuf", l.buffer.newest.Load())
		}
	default:
		return
	}
	if class == "message" {
		l.buffer.newest.Store(nil)
	}
	l.unconfirmed.Delete(fmt.Sprint(class, " ", id))
}

// isPhone says whether a sender, as the log names it, is the phone that the session is linked to.
func (l *link) isPhone(sender string) bool {
	device := l.client.Store
	return strings.HasPrefix(sender, device.GetJID().User+"@") || strings.HasPrefix(sender, device.GetLID().User+"@")
}

func (l *link) message(id string) *waBinary.Node {
	stanza, _ := l.unconfirmed.Load("message " + id)
	node, _ := stanza.(*waBinary.Node)
	return node
}

func (l *link) isOffline(id string) bool {
	node := l.message(id)
	return node != nil && node.Attrs["offline"] != nil
}

// signalLog is the log of the Signal library, which otherwise goes to stdout. What it warns of, whatsmeow warns of too.
type signalLog struct{ *libraryLog }

func (l signalLog) Debug(_, message string)   { l.Debugf("%s", message) }
func (l signalLog) Info(_, message string)    { l.Debugf("%s", message) }
func (l signalLog) Warning(_, message string) { l.Debugf("%s", message) }
func (l signalLog) Error(_, message string)   { l.Debugf("%s", message) }
func (l signalLog) Configure(string)          {}
