package tap

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	waBinary "go.mau.fi/whatsmeow/binary"
)

func node(tag string, attrs waBinary.Attrs) *waBinary.Node {
	return &waBinary.Node{Tag: tag, Attrs: attrs}
}

func TestAStanzaWaitsUntilItIsConfirmed(t *testing.T) {
	q := NewQueue()
	for _, tag := range []string{"message", "receipt", "notification", "call", "iq", "presence"} {
		q.Received(node(tag, waBinary.Attrs{"id": "1"}))
	}
	if q.Len() != 4 || q.Message("1") == nil {
		t.Fatalf("%d wait", q.Len())
	}
	q.Sending(node("receipt", waBinary.Attrs{"id": "1"}))
	for _, class := range []string{"receipt", "notification", "call"} {
		q.Sending(node("ack", waBinary.Attrs{"id": "1", "class": class}))
	}
	if q.Len() != 0 || q.Message("1") != nil {
		t.Fatalf("%d wait", q.Len())
	}
}

func TestTheHooksHearStanzasAndPanics(t *testing.T) {
	var heard []string
	log := &Log{
		Logger:   slog.New(slog.DiscardHandler),
		Received: func(n *waBinary.Node) { heard = append(heard, "received "+n.Tag) },
		Sending:  func(n *waBinary.Node) { heard = append(heard, "sending "+n.Tag) },
		Panicked: func(id string) { heard = append(heard, "panicked "+id) },
	}
	log.Sub("Recv").Debugf("%s", node("message", nil))
	log.Sub("Send").Debugf("%s", node("ack", nil))
	log.Debugf("%s", node("iq", nil))
	log.Errorf("Message decryption for %s panicked: %v\n%s", "3A01", "boom", "stack")
	if got := strings.Join(heard, ", "); got != "received message, sending ack, panicked 3A01" {
		t.Fatalf("heard %s", got)
	}
}

func TestNumbersAreShortened(t *testing.T) {
	var out bytes.Buffer
	log := &Log{Logger: slog.New(slog.NewTextHandler(&out, nil))}
	log.Warnf("Error decrypting message from %s", "5511988887777@s.whatsapp.net")
	if strings.Contains(out.String(), "551198888") || !strings.Contains(out.String(), "7777") {
		t.Fatal(out.String())
	}
}
