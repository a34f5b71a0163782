package host

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/proto/waWeb"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"
)

// pastOf is a message as the phone remembers it.
func pastOf(id, text string, at uint64) *waHistorySync.HistorySyncMsg {
	return &waHistorySync.HistorySyncMsg{
		MsgOrderID: proto.Uint64(at),
		Message: &waWeb.WebMessageInfo{
			Key:              &waCommon.MessageKey{ID: proto.String(id), FromMe: proto.Bool(false)},
			Message:          &waE2E.Message{Conversation: proto.String(text)},
			MessageTimestamp: proto.Uint64(at),
		},
	}
}

func chatWith(jid string, messages ...*waHistorySync.HistorySyncMsg) *waHistorySync.Conversation {
	return &waHistorySync.Conversation{ID: proto.String(jid), Messages: messages}
}

// packed is the params of a call that fetches these bytes.
func packed(content []byte) string {
	var blob bytes.Buffer
	z := zlib.NewWriter(&blob)
	_, _ = z.Write(content)
	z.Close()
	offer, _ := proto.Marshal(&waE2E.HistorySyncNotification{InitialHistBootstrapInlinePayload: blob.Bytes()})
	return fmt.Sprintf(`{"session":"a","fence":7,"id":"h1","notification":"%s"}`, base64.StdEncoding.EncodeToString(offer))
}

func inline(piece *waHistorySync.HistorySync) string {
	content, _ := proto.Marshal(piece)
	return packed(content)
}

// chatty is a session with a connection, and a library that stores nothing.
func (r *rig) chatty() *link {
	r.limits.FrameBytes = 1 << 20
	l := r.online("a")
	none := &store.NoopStore{}
	l.client.Store.LIDs, l.client.Store.NCTSalt, l.client.Store.Contacts = none, none, none
	l.client.Store.PrivacyTokens, l.client.Store.MsgSecrets = none, none
	return l
}

type outcome struct {
	result any
	kind   string
	data   map[string]any
}

// fetch calls history and answers its events; it gives their data.
func (r *rig) fetch(params string) (batches []map[string]any, end outcome) {
	ended := make(chan outcome, 1)
	go func() {
		result, kind, data := r.call("history", params)
		ended <- outcome{result, kind, data}
		r.Host.peer.Notify("over", object{})
	}()
	for {
		f := r.next()
		if f["method"] == "over" {
			return batches, <-ended
		}
		batches = append(batches, r.dataOf(f))
		r.answer(f, `"result":{}`)
	}
}

// dataOf is what an event says, which may stand in a file.
func (r *rig) dataOf(f map[string]any) (data map[string]any) {
	r.t.Helper()
	name, isFile := paramsOf(f)["file"].(string)
	if !isFile {
		return paramsOf(f)["data"].(map[string]any)
	}
	content, err := r.files.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(content, &data)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return data
}

func texts(batches []map[string]any) (all []string) {
	for _, batch := range batches {
		list, _ := batch["messages"].([]any)
		for _, one := range list {
			message := one.(map[string]any)
			id := message["web"].(map[string]any)["key"].(map[string]any)["ID"]
			all = append(all, fmt.Sprint(id, " ", message["json"].(map[string]any)["conversation"]))
		}
	}
	return all
}

func TestAPieceIsToldConversationFirstAndWhoIsWhoBeforeAll(t *testing.T) {
	r := newRig(t)
	r.chatty()
	batches, end := r.fetch(inline(&waHistorySync.HistorySync{
		SyncType:      waHistorySync.HistorySync_RECENT.Enum(),
		Conversations: []*waHistorySync.Conversation{chatWith("1@lid", pastOf("A", "one", 100), pastOf("B", "two", 99))},
		PhoneNumberToLidMappings: []*waHistorySync.PhoneNumberToLIDMapping{
			{PnJID: proto.String("55@s.whatsapp.net"), LidJID: proto.String("1@lid")},
		},
	}))
	if end.kind != "" || len(batches) != 1 {
		t.Fatalf("%d batches, %v", len(batches), end)
	}
	first := batches[0]
	if len(first["lids"].([]any)) != 1 || first["conversations"].([]any)[0].(map[string]any)["ID"] != "1@lid" {
		t.Errorf("got %v", first)
	}
	if got := strings.Join(texts(batches), ","); got != "A one,B two" {
		t.Error(got)
	}
}

func TestManyMessagesComeInBatchesOfAtMost200AndHalfAFrame(t *testing.T) {
	r := newRig(t)
	r.chatty()
	var all []*waHistorySync.HistorySyncMsg
	for n := range 450 {
		all = append(all, pastOf(fmt.Sprint("M", n), "text", uint64(n+1)))
	}
	batches, end := r.fetch(inline(&waHistorySync.HistorySync{
		SyncType: waHistorySync.HistorySync_FULL.Enum(), Conversations: []*waHistorySync.Conversation{chatWith("1@lid", all...)},
	}))
	if len(batches) != 3 || len(texts(batches)) != 450 || end.result.(object)["messages"] != 450 {
		t.Fatalf("%d batches, %d messages, %v", len(batches), len(texts(batches)), end)
	}
}

func TestOneBadMessageLosesNoOther(t *testing.T) {
	r := newRig(t)
	r.chatty()
	good, _ := proto.Marshal(pastOf("A", "good", 1))
	bad := []byte{0x0A, 0x02, 0x12, 0x7F} // a message whose content is cut
	var content []byte
	content = append(content, 0x08, 0x03)
	chat := append([]byte{0x0A, 5}, "1@lid"...)
	for _, one := range [][]byte{bad, good} {
		chat = append(chat, 0x12, byte(len(one)))
		chat = append(chat, one...)
	}
	content = append(content, 0x12, byte(len(chat)))
	content = append(content, chat...)
	batches, end := r.fetch(packed(content))
	if got := texts(batches); len(got) != 1 || got[0] != "A good" || end.result.(object)["skipped"] != 1 {
		t.Fatalf("got %v, %v", got, end)
	}
}

func TestAPieceThatIsBrokenIsRefusedAsAFile(t *testing.T) {
	r := newRig(t)
	r.chatty()
	offer, _ := proto.Marshal(&waE2E.HistorySyncNotification{InitialHistBootstrapInlinePayload: []byte("no zlib")})
	for name, params := range map[string]string{
		"no zlib": fmt.Sprintf(`{"session":"a","fence":7,"notification":"%s"}`, base64.StdEncoding.EncodeToString(offer)),
		"cut":     packed([]byte{0x12, 0x7F, 0x0A}),
		"no tag":  packed([]byte{0xFF, 0xFF}),
	} {
		if _, end := r.fetch(params); end.kind != "file" {
			t.Errorf("%s: %v", name, end)
		}
	}
}

func TestAnOfferOfHistoryIsANoticeAndNoMessage(t *testing.T) {
	r := newRig(t)
	l := r.online("a")
	offer := &waE2E.HistorySyncNotification{
		SyncType: waE2E.HistorySyncType_RECENT.Enum(), ChunkOrder: proto.Uint32(2), Progress: proto.Uint32(40),
	}
	e := &events.Message{
		Info: types.MessageInfo{ID: "H1", Category: "peer", MessageSource: types.MessageSource{IsFromMe: true}},
		Message: &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
			Type: waE2E.ProtocolMessage_HISTORY_SYNC_NOTIFICATION.Enum(), HistorySyncNotification: offer,
		}},
	}
	handled := handling(l, e)
	f := r.next()
	data := paramsOf(f)["data"].(map[string]any)
	want := `{"chunk_order":2,"message_id":"H1","progress":40,"request":"","sync_type":"RECENT"}`
	delete(data, "notification")
	if got, _ := json.Marshal(data); string(got) != want || paramsOf(f)["type"] != "history_notice" {
		t.Fatalf("%s %v", got, f)
	}
	r.answer(f, `"result":{}`)
	if !<-handled {
		t.Fatal("not handled")
	}
}
