package wire

import (
	"encoding/json"
	"reflect"
	"time"

	"go.mau.fi/whatsmeow/types/events"
)

// Millis is a time as the protocol writes it; 0 when there is none.
func Millis(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}

// Receipt is the data of a receipt event.
type Receipt struct {
	Source
	MessageSender *string  `json:"message_sender"`
	IDs           []string `json:"ids"`
	TimestampAt   int64    `json:"timestamp_at"`
	Type          string   `json:"type"`
}

// FromReceipt names the network's unnamed type: delivered.
func FromReceipt(evt *events.Receipt) Receipt {
	kind := string(evt.Type)
	if kind == "" {
		kind = "delivered"
	}
	return Receipt{
		Source:        source(evt.MessageSource),
		MessageSender: JID(evt.MessageSender),
		IDs:           evt.MessageIDs,
		TimestampAt:   Millis(evt.Timestamp),
		Type:          kind,
	}
}

// Notice is the data of every other event.
type Notice struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}

// FromEvent names an event as the library does; its value is null when it cannot be said in JSON.
func FromEvent(evt any) Notice {
	return Notice{Name: reflect.Indirect(reflect.ValueOf(evt)).Type().Name(), Value: value(evt)}
}

func value(evt any) (text json.RawMessage) {
	defer func() {
		if recover() != nil {
			text = nil
		}
	}()
	text, err := json.Marshal(evt)
	if err != nil {
		return nil
	}
	return text
}
