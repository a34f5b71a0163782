package host

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
)

// groups come by file: there may be hundreds, of hundreds of people.
func (l *link) groups(ctx context.Context, _ call) (any, error) {
	all, err := l.client.GetJoinedGroups(ctx)
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	name, err := l.keep("download-", content)
	return object{"file": name}, err
}

func (l *link) group(ctx context.Context, c call) (any, error) {
	one, err := l.client.GetGroupInfo(ctx, c.Chat)
	return object{"group": one}, err
}

func (l *link) picture(ctx context.Context, c call) (any, error) {
	params := &whatsmeow.GetProfilePictureParams{Preview: c.IsPreview, ExistingID: c.Known}
	info, err := l.client.GetProfilePictureInfo(ctx, c.JID, params)
	switch {
	case errors.Is(err, whatsmeow.ErrProfilePictureNotSet):
		return object{"id": nil, "why": "none"}, nil
	case errors.Is(err, whatsmeow.ErrProfilePictureUnauthorized):
		return object{"id": nil, "why": "hidden"}, nil
	case err != nil:
		return nil, err
	case info == nil:
		return object{"id": c.Known}, nil
	}
	image, err := l.client.DownloadMediaWithOnlyPath(ctx, info.DirectPath)
	if err != nil {
		return nil, err
	}
	name, err := l.keep("download-", image)
	return object{"id": info.ID, "url": info.URL, "file": name}, err
}

func (l *link) markRead(ctx context.Context, c call) (any, error) {
	return object{}, l.client.MarkRead(ctx, c.IDs, time.UnixMilli(c.At), c.Chat, c.Sender)
}

func (l *link) presence(ctx context.Context, c call) (any, error) {
	return object{}, l.client.SendPresence(ctx, types.Presence(c.State))
}

func (l *link) typing(ctx context.Context, c call) (any, error) {
	state, media := types.ChatPresence(c.State), types.ChatPresenceMediaText
	if c.State == "recording" {
		state, media = types.ChatPresenceComposing, types.ChatPresenceMediaAudio
	}
	return object{}, l.client.SendChatPresence(ctx, c.Chat, state, media)
}

func (l *link) watch(ctx context.Context, c call) (any, error) {
	return object{}, l.client.SubscribePresence(ctx, c.JID)
}

// askPhone asks the own phone for no keys at all: it confirms that the question came, if it is there.
func (l *link) askPhone(ctx context.Context, _ call) (any, error) {
	_, err := l.client.SendPeerMessage(ctx, &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type:                   waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_REQUEST.Enum(),
		AppStateSyncKeyRequest: &waE2E.AppStateSyncKeyRequest{},
	}})
	return object{}, err
}
