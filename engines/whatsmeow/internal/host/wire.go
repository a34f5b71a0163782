package host

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

type object = map[string]any

func with(data, more object) object {
	maps.Copy(data, more)
	return data
}

func source(m types.MessageSource) object {
	return object{
		"chat": m.Chat, "sender": m.Sender, "sender_alt": m.SenderAlt, "is_from_me": m.IsFromMe, "is_group": m.IsGroup,
	}
}

func envelope(i types.MessageInfo) object {
	return with(source(i.MessageSource), object{
		"id": i.ID, "recipient_alt": i.RecipientAlt, "addressing_mode": i.AddressingMode, "push_name": i.PushName,
		"timestamp_at": millis(i.Timestamp), "type": i.Type, "media_type": i.MediaType, "category": i.Category,
	})
}

// messageData is a message as the library parsed it.
func messageData(e *events.Message, isOffline bool) object {
	data := with(envelope(e.Info), object{
		"edit": e.Info.Edit, "verified_name": "", "offline": isOffline, "device_sent": nil, "retry_count": e.RetryCount,
	})
	if name := e.Info.VerifiedName; name != nil {
		data["verified_name"] = name.Details.GetVerifiedName()
	}
	if sent := e.Info.DeviceSentMeta; sent != nil {
		data["device_sent"] = object{"destination": sent.DestinationJID}
	}
	return with(data, contentData(e.Message, e.RawMessage))
}

// contentData is a message without its envelopes as JSON, and as it was as bytes. What JSON cannot say is in these.
func contentData(message, raw *waE2E.Message) object {
	data := object{"json": nil, "json_error": nil}
	text, err := encode(func() ([]byte, error) { return protojson.Marshal(message) })
	if err != nil {
		data["json_error"] = err.Error()
	} else {
		data["json"] = json.RawMessage(text)
	}
	if data["bytes"], err = encode(func() ([]byte, error) { return proto.Marshal(raw) }); err != nil {
		data["json_error"] = err.Error()
	}
	return data
}

// unreadData is a message that was decrypted and is no protobuf that the library can parse.
func unreadData(info types.MessageInfo, content []byte, isOffline bool) object {
	err := proto.Unmarshal(content, &waE2E.Message{})
	return with(messageData(&events.Message{Info: info}, isOffline), object{
		"bytes": content, "json": nil, "json_error": fmt.Sprintf("no message: %v", err),
	})
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

// jsonOf is protojson, {} when JSON cannot say it.
func jsonOf(message proto.Message) json.RawMessage {
	text, err := encode(func() ([]byte, error) { return protojson.MarshalOptions{AllowPartial: true}.Marshal(message) })
	if err != nil {
		return json.RawMessage("{}")
	}
	return text
}

func undecryptableData(e *events.UndecryptableMessage) object {
	return with(envelope(e.Info), object{
		"is_unavailable": e.IsUnavailable, "unavailable_type": e.UnavailableType, "fail_mode": e.DecryptFailMode,
	})
}

// receiptData names the network's unnamed type: delivered.
func receiptData(e *events.Receipt) object {
	kind := e.Type
	if kind == "" {
		kind = "delivered"
	}
	return with(source(e.MessageSource), object{
		"message_sender": e.MessageSender, "ids": e.MessageIDs, "timestamp_at": millis(e.Timestamp), "type": kind,
	})
}

// noticeData is any other event, named as the library does; its value is null when JSON cannot say it.
func noticeData(evt any) object {
	value, err := encode(func() ([]byte, error) { return json.Marshal(evt) })
	if err != nil {
		value = []byte("null")
	}
	return object{"name": reflect.Indirect(reflect.ValueOf(evt)).Type().Name(), "value": json.RawMessage(value)}
}

// millis is a time as the protocol writes it; 0 when there is none.
func millis(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}

// isPeer is true for what a person's own devices tell each other: keys, history, requests. It must not leave the host.
func isPeer(e *events.Message) bool {
	if e.Info.Category == "peer" {
		return true
	}
	switch e.Message.GetProtocolMessage().GetType() {
	case waE2E.ProtocolMessage_HISTORY_SYNC_NOTIFICATION, waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_SHARE,
		waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_REQUEST, waE2E.ProtocolMessage_LID_MIGRATION_MAPPING_SYNC,
		waE2E.ProtocolMessage_INITIAL_SECURITY_NOTIFICATION_SETTING_SYNC,
		waE2E.ProtocolMessage_APP_STATE_FATAL_EXCEPTION_NOTIFICATION,
		waE2E.ProtocolMessage_PEER_DATA_OPERATION_REQUEST_MESSAGE,
		waE2E.ProtocolMessage_PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE:
		return e.Info.IsFromMe
	}
	return false
}
