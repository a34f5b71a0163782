package sessions

import (
	"context"
	"fmt"
	"io"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/encoding/protojson"

	"recado/engines/whatsmeow/internal/rpc"
	"recado/engines/whatsmeow/internal/wire"
)

const (
	answerLimit  = 30 * time.Second
	prepareLimit = 30 * time.Second
)

func send(ctx context.Context, l *link, c call) (any, error) {
	to, err := types.ParseJID(c.To)
	if err != nil || to.User == "" || c.ID == "" {
		return nil, rpc.Errorf(rpc.InvalidParams, "send needs an id and a JID, not %q", c.To)
	}
	message, err := read(l, c)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, prepareLimit+c.timeout(answerLimit))
	defer cancel()
	extra := whatsmeow.SendRequestExtra{ID: c.ID, Timeout: c.timeout(answerLimit)}
	sent, err := l.client.SendMessage(ctx, to, message, extra)
	if err != nil {
		return nil, fmt.Errorf("send: %w", err)
	}
	if to.Server == types.DefaultUserServer { // the library sends to the LID
		if lid, err := l.client.Store.LIDs.GetLIDForPN(ctx, to); err == nil && !lid.IsEmpty() {
			to = lid
		}
	}
	return wire.Data{"id": sent.ID, "sent_at": wire.Millis(sent.Timestamp), "to": to, "sender": sent.Sender}, nil
}

func read(l *link, c call) (*waE2E.Message, error) {
	text := []byte(c.Message)
	if c.File != "" {
		file, err := l.session.host.Files.Open(c.File)
		if err != nil {
			return nil, rpc.Errorf(rpc.File, "%v", err)
		}
		defer file.Close()
		if text, err = io.ReadAll(file); err != nil {
			return nil, rpc.Errorf(rpc.File, "%v", err)
		}
	}
	message := &waE2E.Message{}
	if err := protojson.Unmarshal(text, message); err != nil {
		return nil, rpc.Errorf(rpc.InvalidMessage, "the message is no protojson of waE2E.Message: %v", err)
	}
	return message, nil
}

func resolve(ctx context.Context, l *link, c call) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	found, err := l.client.IsOnWhatsApp(ctx, c.Phones)
	if err != nil {
		return nil, fmt.Errorf("ask for phone numbers: %w", err)
	}
	users := []wire.Data{}
	for _, phone := range c.Phones {
		user := wire.Data{"query": phone, "registered": false, "jid": nil, "lid": nil}
		for _, one := range found {
			for _, jid := range []types.JID{one.PhoneNumber, one.JID} {
				key := map[string]string{types.DefaultUserServer: "jid", types.HiddenUserServer: "lid"}[jid.Server]
				if one.Query == phone && one.IsIn && key != "" {
					user["registered"], user[key] = true, jid
				}
			}
		}
		users = append(users, user)
	}
	return wire.Data{"users": users}, nil
}

// probe proves the connection by a round trip of its own: nothing that waits in the session can hold it up.
func probe(ctx context.Context, l *link, c call) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout(10*time.Second))
	defer cancel()
	begun := time.Now()
	//lint:ignore SA1019 the library has no public ping
	pong, err := l.client.DangerousInternals().SendIQAsync(ctx, whatsmeow.DangerousInfoQuery{
		Namespace: "w:p", Type: "get", To: types.ServerJID,
	})
	if err != nil {
		return nil, fmt.Errorf("ping: %w", err)
	}
	select {
	case answer := <-pong:
		if answer == nil || answer.Tag != "iq" {
			return nil, rpc.Errorf(rpc.NotConnected, "the connection ended during the ping")
		}
	case <-ctx.Done():
		return nil, fmt.Errorf("ping: %w", ctx.Err())
	}
	taken := time.Since(begun).Milliseconds()
	l.session.mu.Lock()
	defer l.session.mu.Unlock()
	return wire.With(l.session.backlog(), wire.Data{"round_trip_ms": taken}), nil
}
