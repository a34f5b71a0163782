package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waServerSync"
	"go.mau.fi/whatsmeow/proto/waSyncAction"
	"go.mau.fi/whatsmeow/store"
	"google.golang.org/protobuf/proto"
)

func TestTheLibrarysOwnFetchFailsAndRecadoIsToldThatItMayAsk(t *testing.T) {
	r := newRig(t)
	l := r.online("a")
	l.client.Store.AppState = ledger{&store.NoopStore{}, l.client.Store.AppState.(ledger).changed}
	err := l.client.FetchAppState(t.Context(), "regular_low", false, false)
	if !errors.Is(err, errNotAsked) {
		t.Fatal(err)
	}
	p := paramsOf(r.next())
	if p["type"] != "app_state_changed" || p["data"].(map[string]any)["collection"] != "regular_low" {
		t.Fatalf("got %v", p)
	}
}

func TestWhatAPatchTakesAwayIsNotToldAndWhatIsSetTwiceOnce(t *testing.T) {
	set := &entries{place: map[string]int{}}
	name := func(text string) *waSyncAction.SyncActionValue {
		return &waSyncAction.SyncActionValue{ContactAction: &waSyncAction.ContactAction{FullName: &text}}
	}
	for _, m := range []appstate.Mutation{
		{Index: []string{"contact", "1"}, Action: name("old")},
		{Index: []string{"contact", "2"}, Action: name("gone")},
		{Index: []string{"contact", "1"}, Action: name("new")},
		{Index: []string{"contact", "2"}, Operation: waServerSync.SyncdMutation_REMOVE},
	} {
		set.take(m)
	}
	told, _ := json.Marshal(set.standing())
	if want := `[{"index":["contact","1"],"value":{"contactAction":{"fullName":"new"}}}]`; string(told) != want || set.removed != 1 {
		t.Fatalf("%s, %d removed", told, set.removed)
	}
}

func TestARefusedFetchIsNoErrorInTheLog(t *testing.T) {
	var lines bytes.Buffer
	log := &libraryLog{Logger: slog.New(slog.NewJSONHandler(&lines, nil))}
	log.Errorf("Failed to sync app state after notification: %v", errNotAsked)
	if lines.Len() > 0 {
		t.Fatal(lines.String())
	}
	log.Errorf("Failed to sync app state after notification: %v", errors.New("another"))
	if lines.Len() == 0 {
		t.Fatal("silent")
	}
}

// kept is what a buffer was given to keep.
type kept struct {
	store.NoopStore
	text []byte
}

func (k *kept) PutBufferedEvent(_ context.Context, _ [32]byte, text []byte, _ time.Time) error {
	k.text = text
	return nil
}

func TestOnlyThePhonesOffersOfHistoryAreKept(t *testing.T) {
	offer := &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{HistorySyncNotification: &waE2E.HistorySyncNotification{}}}
	content, _ := proto.Marshal(offer)
	padded := append(content, 1)
	for sender, isKept := range map[string]bool{
		"5511999990001@s.whatsapp.net":                            true,
		"5511999990001@s.whatsapp.net in 120363000000000001@g.us": true,
		"5511999990001:2@s.whatsapp.net":                          false,
		"5511988887777@s.whatsapp.net":                            false,
		"55119999900019@s.whatsapp.net":                           false,
	} {
		l, under := newRig(t).online("a"), &kept{}
		l.buffer.EventBuffer = under
		log := &libraryLog{Logger: slog.New(slog.DiscardHandler), link: l}
		log.Debugf("Decrypting message from %s", sender)
		if err := l.buffer.PutBufferedEvent(t.Context(), [32]byte{}, padded, time.Now()); err != nil {
			t.Fatal(err)
		}
		if (under.text != nil) != isKept {
			t.Errorf("%s: kept %v", sender, under.text)
		}
	}
}
