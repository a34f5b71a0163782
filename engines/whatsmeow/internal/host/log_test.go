package host

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"go.mau.fi/whatsmeow"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// shown gives the library's log a stanza, as the library's module does.
func (l *link) shown(module, tag string, attrs waBinary.Attrs) {
	log := &libraryLog{Logger: l.log, link: l}
	log.Sub(module).Debugf("%s", &waBinary.Node{Tag: tag, Attrs: attrs})
}

func (l *link) queue() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.backlog().Queue
}

func TestAStanzaWaitsUntilItIsConfirmed(t *testing.T) {
	l := newRig(t).online("a")
	for _, tag := range []string{"message", "receipt", "notification", "call", "iq", "presence"} {
		l.shown("Recv", tag, waBinary.Attrs{"id": "1"})
	}
	if l.queue() != 4 || l.message("1") == nil {
		t.Fatalf("%d wait", l.queue())
	}
	l.shown("Send", "receipt", waBinary.Attrs{"id": "1"})
	if l.queue() != 3 || l.message("1") != nil {
		t.Fatalf("%d wait", l.queue())
	}
	for _, class := range []string{"receipt", "notification", "call"} {
		l.shown("Send", "ack", waBinary.Attrs{"id": "1", "class": class})
	}
	if l.queue() != 0 {
		t.Fatalf("%d wait", l.queue())
	}
}

func TestAMessageIsOfflineWhenItsStanzaSaysSo(t *testing.T) {
	l := newRig(t).online("a")
	l.shown("Recv", "message", waBinary.Attrs{"id": "1", "offline": "0"})
	l.shown("Recv", "message", waBinary.Attrs{"id": "2"})
	if !l.isOffline("1") || l.isOffline("2") || l.isOffline("3") {
		t.Fatal("wrong")
	}
}

// stanza is a message as the network sends it.
func stanza(id string) waBinary.Attrs {
	return waBinary.Attrs{"id": id, "from": types.NewJID("5511", types.DefaultUserServer), "t": "1800000000"}
}

func TestAMessageThatIsNoProtobufIsKeptBeforeItIsConfirmed(t *testing.T) {
	r := newRig(t)
	l := r.online("a")
	l.shown("Recv", "message", stanza("3A01"))
	l.buffer.newest.Store(&[]byte{0x0a, 0x7f, 'a', 2, 2})
	confirmed := make(chan struct{})
	go func() {
		l.shown("Send", "ack", waBinary.Attrs{"id": "3A01", "class": "message", "error": whatsmeow.NackInvalidProtobuf})
		close(confirmed)
	}()
	f := r.next()
	data := paramsOf(f)["data"].(map[string]any)
	if paramsOf(f)["type"] != "message" || data["id"] != "3A01" || data["bytes"] != "Cn9h" || data["json"] != nil {
		t.Fatalf("got %v", f)
	}
	r.answer(f, `"result":{}`)
	<-confirmed
	if l.ctx.Err() != nil || l.buffer.newest.Load() != nil {
		t.Fatal("the connection ended, or the plaintext is kept for the next message")
	}
}

func TestAMessageThatIsNoProtobufAndNotTakenEndsTheConnectionBeforeItIsConfirmed(t *testing.T) {
	r := newRig(t)
	l := r.online("a")
	l.shown("Recv", "message", stanza("3A01"))
	l.buffer.newest.Store(&[]byte{0x0a, 1})
	confirmed := make(chan struct{})
	go func() {
		l.shown("Send", "ack", waBinary.Attrs{"id": "3A01", "class": "message", "error": whatsmeow.NackInvalidProtobuf})
		close(confirmed)
	}()
	r.answer(r.next(), `"error":{"code":-32000,"message":"no"}`)
	<-confirmed
	if l.ctx.Err() == nil {
		t.Fatal("the connection goes on")
	}
}

func TestADecryptionThatPanickedIsAGap(t *testing.T) {
	r := newRig(t)
	l := r.online("a")
	l.shown("Recv", "message", stanza("3A01"))
	log := &libraryLog{Logger: l.log, link: l}
	go log.Errorf("Message decryption for %s panicked: %v\n%s", "3A01", "boom", "stack")
	f := r.next()
	if p := paramsOf(f); p["type"] != "undecryptable" || p["data"].(map[string]any)["fail_mode"] != "panic" {
		t.Fatalf("got %v", f)
	}
}

func TestNumbersAreShortened(t *testing.T) {
	var out bytes.Buffer
	log := &libraryLog{Logger: slog.New(slog.NewTextHandler(&out, nil))}
	log.Warnf("Error decrypting message from %s", "5511988887777@s.whatsapp.net")
	if strings.Contains(out.String(), "551198888") || !strings.Contains(out.String(), "7777") {
		t.Fatal(out.String())
	}
}
