package host

import (
	"bytes"
	"context"
	"errors"
	"os"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"recado/engines/whatsmeow/internal/rpc"
)

// historyOffer is what the own phone offers with this message, if it does.
func historyOffer(e *events.Message) *waE2E.HistorySyncNotification {
	if !e.Info.IsFromMe {
		return nil
	}
	return e.Message.GetProtocolMessage().GetHistorySyncNotification()
}

func noticeOfHistory(id types.MessageID, offer *waE2E.HistorySyncNotification) object {
	bytes, _ := proto.Marshal(offer)
	return object{
		"message_id": id, "notification": bytes, "sync_type": offer.GetSyncType().String(),
		"chunk_order": offer.GetChunkOrder(), "progress": offer.GetProgress(),
		"request": offer.GetPeerDataRequestSessionID(),
	}
}

// offerAgain passes on the offers that an earlier host had confirmed when it died, and Recado may not have stored.
func (l *link) offerAgain() {
	defer l.contain()
	if l.client.Store.ID == nil {
		return
	}
	texts, err := l.store.plaintexts(l.ctx, *l.client.Store.ID)
	if err != nil {
		l.log.Warn("offers of history were not looked for", "error", err)
	}
	for _, text := range texts {
		if offer := offerIn(text); offer != nil {
			l.ask("history_notice", noticeOfHistory("", offer))
		}
	}
}

// offerIn is the offer that a decrypted text holds, whoever wrote it.
func offerIn(padded []byte) *waE2E.HistorySyncNotification {
	var message waE2E.Message
	if proto.Unmarshal(unpadded(padded), &message) != nil {
		return nil
	}
	e := (&events.Message{RawMessage: &message}).UnwrapRaw()
	return e.Message.GetProtocolMessage().GetHistorySyncNotification()
}

// offered is the offer that a call is about.
func (l *link) offered(c call) (*waE2E.HistorySyncNotification, error) {
	offer := &waE2E.HistorySyncNotification{}
	content, err := l.content(c, c.Notification)
	if err == nil && proto.Unmarshal(content, offer) != nil {
		err = rpc.Errorf(rpc.InvalidParams, "notification is no waE2E.HistorySyncNotification")
	}
	return offer, err
}

// historyDone tells the phone what became of its offer. That the file stays on the server harms nobody.
func (l *link) historyDone(ctx context.Context, c call) (any, error) {
	offer, err := l.offered(c)
	if err != nil {
		return nil, err
	}
	switch {
	case !c.IsLost:
		err = l.client.SendProtocolMessageReceipt(ctx, c.MessageID, types.ReceiptTypeHistorySync)
	case c.MessageID != "":
		err = l.client.SendHistorySyncServerErrorReceipt(ctx, c.MessageID, offer.GetMediaKey())
	}
	if err != nil {
		return nil, err
	}
	err = l.client.DeleteMedia(
		ctx, whatsmeow.MediaHistory, offer.GetDirectPath(), offer.GetFileEncSHA256(), offer.GetEncHandle())
	if err != nil {
		l.log.Warn("a piece of history stays on the server", "error", err)
	}
	return object{}, nil
}

func (l *link) historyRequest(ctx context.Context, c call) (any, error) {
	oldest := &types.MessageInfo{
		MessageSource: types.MessageSource{Chat: c.Chat, IsFromMe: c.OldestFromMe},
		ID:            c.OldestID, Timestamp: time.UnixMilli(c.OldestAt),
	}
	sent, err := l.client.SendPeerMessage(ctx, l.client.BuildHistorySyncRequest(oldest, c.Count))
	return object{"request": sent.ID}, err
}

// history tells all that a piece holds.
func (l *link) history(ctx context.Context, c call) (any, error) {
	offer, err := l.offered(c)
	if err != nil {
		return nil, err
	}
	packed := piece{bytes.NewReader(offer.InitialHistBootstrapInlinePayload)}
	if offer.InitialHistBootstrapInlinePayload == nil {
		name := fileName("history-")
		file, err := l.files.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err == nil {
			defer file.Close()
			err = errors.Join(l.files.Remove(name), l.client.DownloadToFile(ctx, offer, file))
		}
		if err != nil {
			return nil, err
		}
		packed = piece{file}
	}
	t := &telling{link: l, ctx: ctx, id: c.ID, batch: map[string][]any{}}
	if err = errors.Join(packed.tell(t), t.settled(0)); err != nil {
		return nil, err
	}
	return object{"conversations": t.conversations, "messages": t.messages, "skipped": t.skipped}, nil
}
