package host

import (
	"context"
	"errors"

	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// telling passes a piece of history on, some messages an event; the next is made while Recado stores the one before.
type telling struct {
	*link
	ctx                              context.Context
	id                               string
	batch                            map[string][]any
	size                             int
	secrets                          []*waHistorySync.Conversation // of the messages in the batch
	unanswered                       []func() error
	conversations, messages, skipped int
}

// unless leaves out what cannot be read; any other error ends the telling.
func (t *telling) unless(err error) error {
	if errors.Is(err, errBroken) {
		t.skipped++
		t.log.Warn("a part of a piece of history cannot be read", "error", err)
		return nil
	}
	return err
}

// add puts an item of about that size into the batch.
func (t *telling) add(kind string, item any, size int) (err error) {
	if t.size+size > t.limits.FrameBytes/2 || len(t.batch["messages"]) == batchItems {
		err = t.flush()
	}
	t.batch[kind] = append(t.batch[kind], item)
	t.size += size
	return err
}

func (t *telling) addProto(kind string, item proto.Message) error {
	told := jsonOf(item)
	return t.add(kind, told, len(told))
}

// flush says the batch, and waits for the answer to the one before.
func (t *telling) flush() error {
	if t.size == 0 {
		return nil
	}
	//lint:ignore SA1019 the library stores secrets and privacy tokens of pieces that it has in memory as a whole
	t.client.DangerousInternals().StoreHistoricalMessageSecrets(t.ctx, t.secrets)
	data := object{"id": t.id, "me": t.client.Store.ID, "me_lid": t.client.Store.LID}
	for kind, list := range t.batch {
		data[kind] = list
	}
	t.batch, t.size, t.secrets = map[string][]any{}, 0, nil
	wait, err := t.put("history", data)
	if err != nil {
		return err
	}
	t.unanswered = append(t.unanswered, wait)
	return t.settled(1)
}

// settled waits until no more than so many batches are unanswered.
func (t *telling) settled(most int) (err error) {
	for len(t.unanswered) > most {
		err = errors.Join(err, t.unanswered[0]())
		t.unanswered = t.unanswered[1:]
	}
	return err
}

// preface stores what the library wants to know of a piece, and tells who is who.
func (t *telling) preface(beside *waHistorySync.HistorySync) (err error) {
	//lint:ignore SA1019 as above
	library := t.client.DangerousInternals()
	library.StoreHistoricalPNLIDMappings(t.ctx, beside.GetPhoneNumberToLidMappings())
	library.HandleHistoricalPushNames(t.ctx, beside.GetPushnames())
	library.StoreCompanionMetaNonce(t.ctx, beside.GetCompanionMetaNonce())
	library.StoreGlobalSettings(t.ctx, beside.GetGlobalSettings())
	if err = library.StoreNCTSalt(t.ctx, beside.GetNctSalt()); err != nil {
		return storageError{err}
	}
	for _, pair := range beside.GetPhoneNumberToLidMappings() {
		if err == nil {
			err = t.addProto("lids", pair)
		}
	}
	for _, name := range beside.GetPushnames() {
		if err == nil {
			err = t.addProto("push_names", name)
		}
	}
	return err
}

// conversation tells one that is a field of the piece: its outline, then its messages, read one after the other. Where
// it is broken it ends.
func (t *telling) conversation(field []byte) error {
	_, _, tag := protowire.ConsumeTag(field)
	rest, _ := protowire.ConsumeBytes(field[tag:])
	var outline []byte
	var messages [][]byte
	for len(rest) > 0 {
		number, _, size := protowire.ConsumeField(rest)
		if size < 0 {
			_ = t.unless(broken(protowire.ParseError(size)))
			break
		} else if number == 2 {
			messages = append(messages, rest[:size])
		} else {
			outline = append(outline, rest[:size]...)
		}
		rest = rest[size:]
	}
	var chat waHistorySync.Conversation
	if err := merge(outline, &chat); err != nil {
		return err
	}
	t.conversations++
	t.secrets = append(t.secrets, proto.CloneOf(&chat))
	chat.TcToken = nil // it is for the library alone
	err := t.addProto("conversations", &chat)
	for _, one := range messages {
		if err == nil {
			err = t.unless(t.message(&chat, one))
		}
	}
	return err
}

func (t *telling) message(chat *waHistorySync.Conversation, field []byte) error {
	in := &waHistorySync.Conversation{ID: chat.ID}
	if err := merge(field, in); err != nil {
		return err
	} else if len(in.Messages) != 1 || in.Messages[0].GetMessage().GetKey() == nil {
		return broken("a message without a key")
	}
	web := in.Messages[0].Message
	if web.MessageSecret != nil {
		t.secrets = append(t.secrets, in)
	}
	content := contentData(web.GetMessage(), web.GetMessage())
	web.Message = nil
	t.messages++
	return t.add("messages", with(content, object{
		"chat": chat.GetID(), "pn": chat.GetPnJID(), "lid": chat.GetLidJID(), "order": in.Messages[0].GetMsgOrderID(),
		"web": jsonOf(web),
	}), 500+3*len(field)) // as JSON and as base64, and what stands around them
}
