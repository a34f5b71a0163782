// Package wire turns the library's events into the data of the engine protocol. A JID that is not known is "".
package wire

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Data is a JSON object.
type Data = map[string]any

// With adds to an object.
func With(data, more Data) Data {
	maps.Copy(data, more)
	return data
}

func source(m types.MessageSource) Data {
	return Data{
		"chat": m.Chat, "sender": m.Sender, "sender_alt": m.SenderAlt, "is_from_me": m.IsFromMe, "is_group": m.IsGroup,
	}
}

func envelope(i types.MessageInfo) Data {
	return With(source(i.MessageSource), Data{
		"id": i.ID, "recipient_alt": i.RecipientAlt, "addressing_mode": i.AddressingMode, "push_name": i.PushName,
		"timestamp_at": Millis(i.Timestamp), "type": i.Type, "media_type": i.MediaType, "category": i.Category,
	})
}

func message(i types.MessageInfo, isOffline bool) Data {
	data := With(envelope(i), Data{
		"edit": i.Edit, "verified_name": "", "offline": isOffline, "device_sent": nil, "retry_count": 0, "json": nil,
		"json_error": nil,
	})
	if i.VerifiedName != nil {
		data["verified_name"] = i.VerifiedName.Details.GetVerifiedName()
	}
	if i.DeviceSentMeta != nil {
		data["device_sent"] = Data{"destination": i.DeviceSentMeta.DestinationJID}
	}
	return data
}

// Message is a message as the library parsed it. What JSON cannot say is still in its bytes.
func Message(e *events.Message, isOffline bool) Data {
	data := With(message(e.Info, isOffline), Data{"retry_count": e.RetryCount})
	text, err := encode(func() ([]byte, error) { return protojson.Marshal(e.Message) })
	if err != nil {
		data["json_error"] = err.Error()
	} else {
		data["json"] = json.RawMessage(text)
	}
	if data["bytes"], err = encode(func() ([]byte, error) { return proto.Marshal(e.RawMessage) }); err != nil {
		data["json_error"] = err.Error()
	}
	return data
}

// Unread is a message that was decrypted and is no protobuf that the library can parse.
func Unread(i types.MessageInfo, content []byte, isOffline bool) Data {
	err := proto.Unmarshal(content, &waE2E.Message{})
	return With(message(i, isOffline), Data{"bytes": content, "json_error": fmt.Sprintf("no message: %v", err)})
}

// encode answers a panic with an error: whatever an event holds must get out.
func encode(marshal func() ([]byte, error)) (out []byte, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			out, err = nil, fmt.Errorf("panic: %v", cause)
		}
	}()
	return marshal()
}

// Undecryptable is what is known of a message that stays unread.
func Undecryptable(e *events.UndecryptableMessage) Data {
	return With(envelope(e.Info), Data{
		"is_unavailable": e.IsUnavailable, "unavailable_type": e.UnavailableType, "fail_mode": e.DecryptFailMode,
	})
}

// Receipt names the network's unnamed type: delivered.
func Receipt(e *events.Receipt) Data {
	kind := e.Type
	if kind == "" {
		kind = "delivered"
	}
	return With(source(e.MessageSource), Data{
		"message_sender": e.MessageSender, "ids": e.MessageIDs, "timestamp_at": Millis(e.Timestamp), "type": kind,
	})
}

// Notice is any other event, named as the library does; its value is null when JSON cannot say it.
func Notice(evt any) Data {
	data := Data{"name": reflect.Indirect(reflect.ValueOf(evt)).Type().Name(), "value": nil}
	if value, err := encode(func() ([]byte, error) { return json.Marshal(evt) }); err == nil {
		data["value"] = json.RawMessage(value)
	}
	return data
}

// Millis is a time as the protocol writes it; 0 when there is none.
func Millis(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}

// IsPeer is true for what a person's own devices tell each other: keys, history, requests. It must not leave the host.
func IsPeer(e *events.Message) bool {
	inner := e.Message.GetProtocolMessage()
	if e.Info.Category == "peer" || inner == nil || !e.Info.IsFromMe {
		return e.Info.Category == "peer"
	}
	switch inner.GetType() {
	case waE2E.ProtocolMessage_HISTORY_SYNC_NOTIFICATION, waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_SHARE,
		waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_REQUEST, waE2E.ProtocolMessage_LID_MIGRATION_MAPPING_SYNC,
		waE2E.ProtocolMessage_INITIAL_SECURITY_NOTIFICATION_SETTING_SYNC,
		waE2E.ProtocolMessage_APP_STATE_FATAL_EXCEPTION_NOTIFICATION,
		waE2E.ProtocolMessage_PEER_DATA_OPERATION_REQUEST_MESSAGE,
		waE2E.ProtocolMessage_PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE:
		return true
	}
	return false
}
