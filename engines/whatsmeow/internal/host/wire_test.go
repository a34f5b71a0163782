package host

import (
	"encoding/json"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"
)

func info() types.MessageInfo {
	return types.MessageInfo{
		MessageSource: types.MessageSource{
			Chat:   types.NewJID("100200300", types.HiddenUserServer),
			Sender: types.JID{User: "100200300", Device: 12, Server: types.HiddenUserServer}, SenderAlt: types.EmptyJID,
		},
		ID: "3A01", Timestamp: time.UnixMilli(1_800_000_000_000), PushName: "Maria\xff", Type: "text",
	}
}

// read decodes the content, and shows the event as Recado gets it.
func received(t *testing.T, content []byte) map[string]any {
	t.Helper()
	evt := &events.Message{Info: info(), RawMessage: &waE2E.Message{}}
	if err := proto.Unmarshal(content, evt.RawMessage); err != nil {
		t.Fatal(err)
	}
	return shown(t, messageData(evt.UnwrapRaw(), true))
}

func shown(t *testing.T, data object) (got map[string]any) {
	t.Helper()
	raw, err := json.Marshal(data)
	if err == nil {
		err = json.Unmarshal(raw, &got)
	}
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAMessageCarriesBytesAndJSONWithoutItsEnvelopes(t *testing.T) {
	content, _ := proto.Marshal(&waE2E.Message{EphemeralMessage: &waE2E.FutureProofMessage{
		Message: &waE2E.Message{Conversation: proto.String("Olá & tchau")},
	}})
	got := received(t, content)
	if got["json"].(map[string]any)["conversation"] != "Olá & tchau" || got["json_error"] != nil || got["bytes"] == "" {
		t.Fatalf("got %v", got)
	}
	for key, want := range map[string]any{
		"id": "3A01", "chat": "100200300@lid", "sender": "100200300:12@lid", "sender_alt": "", "offline": true,
		"timestamp_at": 1_800_000_000_000.0, "device_sent": nil, "push_name": "Maria\ufffd",
	} {
		if got[key] != want {
			t.Errorf("%s: got %v, not %v", key, got[key], want)
		}
	}
}

func TestInvalidUTF8StaysInTheBytes(t *testing.T) {
	got := received(t, []byte("\x0a\x02\xff\xfe"))
	if got["bytes"] != "CgL//g==" || got["json"] != nil || got["json_error"] == nil {
		t.Fatalf("got %v", got)
	}
}

func TestUnknownFieldsStayInTheBytes(t *testing.T) {
	if got := received(t, []byte("\xfa\x7f\x03abc")); got["bytes"] != "+n8DYWJj" {
		t.Fatalf("got %v", got)
	}
}

func TestWhatIsNoProtobufIsKeptAsItCame(t *testing.T) {
	got := shown(t, unreadData(info(), []byte("\x0a\x7fabc"), false))
	if got["bytes"] != "Cn9hYmM=" || got["json"] != nil || got["json_error"] == nil || got["id"] != "3A01" {
		t.Fatalf("got %v", got)
	}
}

func TestAnEncoderThatPanicsIsAnError(t *testing.T) {
	if _, err := encode(func() ([]byte, error) { panic("boom") }); err == nil {
		t.Fatal("no error")
	}
	got := shown(t, noticeData(&struct{ F func() }{}))
	if got["value"] != nil {
		t.Fatalf("got %v", got)
	}
}

func TestADeviceSentMessageSaysWhomItWasFor(t *testing.T) {
	content, _ := proto.Marshal(&waE2E.Message{DeviceSentMessage: &waE2E.DeviceSentMessage{
		DestinationJID: proto.String("5511@s.whatsapp.net"), Message: &waE2E.Message{Conversation: proto.String("x")},
	}})
	if got := received(t, content); got["device_sent"].(map[string]any)["destination"] != "5511@s.whatsapp.net" {
		t.Fatalf("got %v", got)
	}
}

func TestTheUnnamedReceiptIsDelivered(t *testing.T) {
	got := shown(t, receiptData(&events.Receipt{MessageIDs: []string{"1"}}))
	if got["type"] != "delivered" || got["timestamp_at"] != 0.0 {
		t.Fatalf("got %v", got)
	}
	if got := shown(t, receiptData(&events.Receipt{Type: types.ReceiptTypeReadSelf})); got["type"] != "read-self" {
		t.Fatalf("got %v", got)
	}
}

func TestANoticeHasTheNameOfTheLibrary(t *testing.T) {
	got := shown(t, noticeData(&events.Picture{JID: types.NewJID("1", types.DefaultUserServer), Remove: true}))
	if got["name"] != "Picture" || got["value"].(map[string]any)["JID"] != "1@s.whatsapp.net" {
		t.Fatalf("got %v", got)
	}
}

func TestPeerMessagesAreKnownWithAndWithoutTheirCategory(t *testing.T) {
	share := &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_SHARE.Enum(),
	}}
	revoke := &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{Type: waE2E.ProtocolMessage_REVOKE.Enum()}}
	for name, c := range map[string]struct {
		message  *waE2E.Message
		category string
		isFromMe bool
		want     bool
	}{
		"a key share":                {share, "", true, true},
		"by its category":            {&waE2E.Message{}, "peer", true, true},
		"a stranger's key share":     {share, "", false, false},
		"one's own revocation":       {revoke, "", true, false},
		"one's own ordinary message": {&waE2E.Message{}, "", true, false},
	} {
		evt := &events.Message{Message: c.message}
		evt.Info.Category, evt.Info.IsFromMe = c.category, c.isFromMe
		if isPeer(evt) != c.want {
			t.Errorf("%s: not %v", name, c.want)
		}
	}
}
