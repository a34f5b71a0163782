package sessions

import (
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strconv"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types/events"

	"recado/engines/whatsmeow/internal/rpc"
	"recado/engines/whatsmeow/internal/wire"
)

// handle is the library's event handler: true lets it confirm the event to the network. It would take a panic for true.
func (l *link) handle(evt any) (isHandled bool) {
	defer func() {
		if cause := recover(); cause != nil {
			l.log.Error("an event was not handled: panic", "event", fmt.Sprintf("%T", evt), "cause", fmt.Sprint(cause),
				"stack", string(debug.Stack()))
			isHandled = false
		}
	}()
	switch evt := evt.(type) {
	case *events.Message:
		return wire.IsPeer(evt) || l.ask("message", wire.Message(evt, l.isOffline(evt.Info.ID)))
	case *events.UndecryptableMessage:
		return l.ask("undecryptable", wire.Undecryptable(evt))
	case *events.Receipt:
		return l.ask("receipt", wire.Receipt(evt))
	case *events.GroupInfo, *events.JoinedGroup:
		return l.ask("notice", wire.Notice(evt))
	}
	if l.signalled(evt) {
		return true
	}
	return l.ask("notice", wire.Notice(evt)) || l.lose()
}

// lose ends the connection after an event that the library confirms whatever the handler says: the network keeps it only
// if the socket is closed first.
func (l *link) lose() bool {
	l.cancel(errNotHandled)
	l.finish("disconnected", wire.Data{"expected": false}, errNotHandled)
	return false
}

func (l *link) isOffline(id string) bool {
	node := l.queue.Message(id)
	return node != nil && node.Attrs["offline"] != nil
}

// ask puts an event to Recado and waits: true means stored for good.
func (l *link) ask(kind string, data wire.Data) bool {
	s := l.session
	select {
	case s.slots <- struct{}{}:
	case <-l.ctx.Done():
		return false
	}
	settle, err := l.pose(kind, data)
	if err != nil {
		<-s.slots
		l.log.Error("an event cannot be passed on", "type", kind, "error", err)
		return false
	}
	if earlyAck {
		go settle()
		return true
	}
	return settle()
}

// pose sends the event, in a file when a frame cannot hold it; settle waits for the answer.
func (l *link) pose(kind string, data wire.Data) (settle func() bool, err error) {
	s := l.session
	body, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	field, file := "data", ""
	if len(body)+len(s.name)+2*rpc.Overhead > s.host.FrameBytes {
		if file, err = s.host.Files.Write("event-", body); err != nil {
			return nil, err
		}
		field, body = "file", []byte(strconv.Quote(file))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link != l {
		s.host.Files.Remove(file)
		return nil, errClosed
	}
	name, _ := json.Marshal(s.name)
	wait := s.host.Peer.Ask("event", fmt.Appendf(nil, `{"session":%s,"fence":%d,"type":%q,%q:%s}`, name, s.fence, kind, field, body))
	s.lastAsk++
	id := s.lastAsk
	s.asked[id] = s.host.Now()
	return func() bool {
		err := wait(l.ctx)
		s.mu.Lock()
		delete(s.asked, id)
		s.mu.Unlock()
		<-s.slots
		if err != nil {
			s.host.Files.Remove(file)
			l.log.Warn("an event was not handled", "type", kind, "error", err)
		}
		return err == nil
	}, nil
}

// received hears what the library does not tell: that the network will close, and why.
func (l *link) received(node *waBinary.Node) {
	l.queue.Received(node)
	switch ag := node.AttrGetter(); node.Tag {
	case "xmlstreamend":
		l.isAnnounced.Store(true)
	case "stream:error":
		l.isAnnounced.Store(true)
		if ag.OptionalString("code") == "503" {
			l.say("stream_error", wire.Data{"code": "503", "text": ""})
		}
	case "failure":
		l.isAnnounced.Store(true)
		if reason := ag.OptionalInt("reason"); reason == 500 || reason == 503 {
			l.say("connect_failure", wire.Data{"code": reason, "text": ag.OptionalString("message")})
		}
	}
}

// sending saves what the library is about to confirm as an invalid protobuf.
func (l *link) sending(node *waBinary.Node) {
	if node.Tag == "ack" && fmt.Sprint(node.Attrs["error"]) == "491" {
		l.save(fmt.Sprint(node.Attrs["id"]), "protobuf", l.buffer.newest.Load())
	}
	l.queue.Sending(node)
}

func (l *link) panicked(id string) { l.save(id, "panic", nil) }

// save tells Recado of a message that comes as no event. When it is not taken, the link ends before the confirmation.
func (l *link) save(id, reason string, kept *plaintext) {
	node := l.queue.Message(id)
	if node == nil {
		return
	}
	//lint:ignore SA1019 nothing else parses the stanza
	info, err := l.client.DangerousInternals().ParseMessageInfo(node)
	switch {
	case err != nil:
		l.log.Error("a message is lost", "id", id, "reason", reason, "error", err)
	case kept == nil:
		lost := &events.UndecryptableMessage{Info: *info, DecryptFailMode: events.DecryptFailMode(reason)}
		_ = l.ask("undecryptable", wire.Undecryptable(lost)) || l.lose()
	case l.ask("message", wire.Unread(*info, kept.content(), l.isOffline(id))):
		_ = l.buffer.ClearBufferedEventPlaintext(l.ctx, kept.hash)
	default:
		l.lose()
	}
}
