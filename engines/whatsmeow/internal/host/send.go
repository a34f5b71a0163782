package host

import (
	"context"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/encoding/protojson"

	"recado/engines/whatsmeow/internal/rpc"
)

const prepareLimit = 30 * time.Second

func (l *link) send(ctx context.Context, c call) (any, error) {
	to, err := types.ParseJID(c.To)
	if err != nil || to.User == "" || c.ID == "" {
		return nil, rpc.Errorf(rpc.InvalidParams, "send needs an id and a JID, not %q", c.To)
	}
	content, err := l.content(c, c.Message)
	if err != nil {
		return nil, err
	}
	message := &waE2E.Message{}
	if err := protojson.Unmarshal(content, message); err != nil {
		return nil, rpc.Errorf(rpc.InvalidMessage, "the message is no protojson of waE2E.Message: %v", err)
	}
	ctx, cancel := context.WithTimeout(ctx, prepareLimit+c.timeout())
	defer cancel()
	ctx, giveTurn := l.ratchets.outgoing(ctx)
	defer giveTurn()
	sent, err := l.client.SendMessage(ctx, to, message, whatsmeow.SendRequestExtra{ID: c.ID, Timeout: c.timeout()})
	if err != nil {
		return nil, err
	}
	if to.Server == types.DefaultUserServer { // the library sends to the LID
		if lid, err := l.client.Store.LIDs.GetLIDForPN(ctx, to); err == nil && !lid.IsEmpty() {
			to = lid
		}
	}
	return object{"id": sent.ID, "sent_at": millis(sent.Timestamp), "to": to, "sender": sent.Sender}, nil
}

func (l *link) resolve(ctx context.Context, c call) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()
	found, err := l.client.IsOnWhatsApp(ctx, c.Phones)
	if err != nil {
		return nil, err
	}
	users := []object{}
	for _, phone := range c.Phones {
		user := object{"query": phone, "registered": false, "jid": nil, "lid": nil}
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
	return object{"users": users}, nil
}

// probe proves the connection by a round trip of its own: nothing that waits in the session can hold it up.
func (l *link) probe(ctx context.Context, c call) (any, error) {
	begun := time.Now()
	//lint:ignore SA1019 the library has no public ping
	_, err := l.client.DangerousInternals().SendIQ(ctx, whatsmeow.DangerousInfoQuery{
		Namespace: "w:p", Type: "get", To: types.ServerJID, Timeout: c.timeout(), NoRetry: true,
	})
	if err != nil {
		return nil, err
	}
	taken := time.Since(begun).Milliseconds()
	l.mu.Lock()
	defer l.mu.Unlock()
	return struct {
		RoundTripMS int64 `json:"round_trip_ms"`
		backlog
	}{taken, l.backlog()}, nil
}
