// Package wire turns the library's events into the data of the engine protocol.
package wire

import (
	"encoding/json"
	"fmt"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Source is what every event of a chat says about where it comes from.
type Source struct {
	Chat     *string `json:"chat"`
	Sender   *string `json:"sender"`
	Alt      *string `json:"sender_alt"`
	IsFromMe bool    `json:"is_from_me"`
	IsGroup  bool    `json:"is_group"`
}

// Envelope is what a message says besides its content.
type Envelope struct {
	ID string `json:"id"`
	Source
	RecipientAlt *string `json:"recipient_alt"`
	Addressing   string  `json:"addressing_mode"`
	PushName     string  `json:"push_name"`
	TimestampAt  int64   `json:"timestamp_at"`
	Type         string  `json:"type"`
	MediaType    string  `json:"media_type"`
	Category     string  `json:"category"`
}

// DeviceSent says whom a message of one's own other device was sent to.
type DeviceSent struct {
	Destination string `json:"destination"`
}

// Message is the data of a message event.
type Message struct {
	Envelope
	Edit         string          `json:"edit"`
	VerifiedName string          `json:"verified_name"`
	RetryCount   int             `json:"retry_count"`
	Offline      bool            `json:"offline"`
	DeviceSent   *DeviceSent     `json:"device_sent"`
	Bytes        []byte          `json:"bytes"`
	JSON         json.RawMessage `json:"json"`
	JSONError    *string         `json:"json_error"`
}

// Undecryptable is the data of an event about a message that could not be read.
type Undecryptable struct {
	Envelope
	IsUnavailable   bool   `json:"is_unavailable"`
	UnavailableType string `json:"unavailable_type"`
	FailMode        string `json:"fail_mode"`
}

// JID is a JID in the network's own form, nil when it is not known.
func JID(jid types.JID) *string {
	if jid.IsEmpty() {
		return nil
	}
	text := jid.String()
	return &text
}

func source(from types.MessageSource) Source {
	return Source{
		Chat: JID(from.Chat), Sender: JID(from.Sender), Alt: JID(from.SenderAlt),
		IsFromMe: from.IsFromMe, IsGroup: from.IsGroup,
	}
}

func envelope(info types.MessageInfo) Envelope {
	return Envelope{
		ID:           info.ID,
		Source:       source(info.MessageSource),
		RecipientAlt: JID(info.RecipientAlt),
		Addressing:   string(info.AddressingMode),
		PushName:     info.PushName,
		TimestampAt:  Millis(info.Timestamp),
		Type:         info.Type,
		MediaType:    info.MediaType,
		Category:     info.Category,
	}
}

// FromMessage never fails: what cannot be said in JSON is still there in bytes.
func FromMessage(evt *events.Message, offline bool) Message {
	message := fromInfo(evt.Info, offline)
	message.RetryCount = evt.RetryCount
	var err error
	if message.Bytes, err = proto.Marshal(evt.RawMessage); err != nil {
		message.JSONError = sentence(fmt.Errorf("encode the protobuf: %w", err))
	}
	if message.JSON, err = toJSON(evt.Message); err != nil {
		message.JSONError = sentence(err)
	}
	return message
}

// FromBytes is for a message that was decrypted and is no protobuf that the library can read.
func FromBytes(info types.MessageInfo, content []byte, offline bool) Message {
	message := fromInfo(info, offline)
	message.Bytes = content
	message.JSONError = sentence(proto.Unmarshal(content, &waE2E.Message{}))
	return message
}

func fromInfo(info types.MessageInfo, offline bool) Message {
	message := Message{Envelope: envelope(info), Edit: string(info.Edit), Offline: offline}
	if info.VerifiedName != nil {
		message.VerifiedName = info.VerifiedName.Details.GetVerifiedName()
	}
	if info.DeviceSentMeta != nil {
		message.DeviceSent = &DeviceSent{Destination: info.DeviceSentMeta.DestinationJID}
	}
	return message
}

func sentence(err error) *string {
	text := "the message is not a protobuf"
	if err != nil {
		text = err.Error()
	}
	return &text
}

// toJSON answers a panic of the encoder with an error: whatever a message holds, it must get out.
func toJSON(message *waE2E.Message) (text json.RawMessage, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			text, err = nil, fmt.Errorf("encode the message as JSON: panic: %v", cause)
		}
	}()
	text, err = protojson.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("encode the message as JSON: %w", err)
	}
	return text, nil
}

// FromUndecryptable copies what is known of a message that stays unread.
func FromUndecryptable(evt *events.UndecryptableMessage) Undecryptable {
	return Undecryptable{
		Envelope:        envelope(evt.Info),
		IsUnavailable:   evt.IsUnavailable,
		UnavailableType: string(evt.UnavailableType),
		FailMode:        string(evt.DecryptFailMode),
	}
}

// IsPeer is true for what a person's own devices tell each other: keys, history, requests. It must not leave the host.
func IsPeer(evt *events.Message) bool {
	if evt.Info.Category == "peer" {
		return true
	}
	inner := evt.Message.GetProtocolMessage()
	if inner == nil || !evt.Info.IsFromMe {
		return false
	}
	switch inner.GetType() {
	case waE2E.ProtocolMessage_HISTORY_SYNC_NOTIFICATION,
		waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_SHARE,
		waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_REQUEST,
		waE2E.ProtocolMessage_INITIAL_SECURITY_NOTIFICATION_SETTING_SYNC,
		waE2E.ProtocolMessage_APP_STATE_FATAL_EXCEPTION_NOTIFICATION,
		waE2E.ProtocolMessage_PEER_DATA_OPERATION_REQUEST_MESSAGE,
		waE2E.ProtocolMessage_PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
		waE2E.ProtocolMessage_LID_MIGRATION_MAPPING_SYNC:
		return true
	default:
		return false
	}
}
