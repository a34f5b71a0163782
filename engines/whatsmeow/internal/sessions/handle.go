package sessions

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/engines/whatsmeow/internal/rpc"
	"recado/engines/whatsmeow/internal/wire"
)

// handle is the library's event handler. True lets the library confirm the event to the network; the library itself
// would take a panic for true.
func (l *link) handle(evt any) (handled bool) {
	if !l.enter() {
		return false
	}
	defer l.busy.Done()
	defer func() {
		if cause := recover(); cause != nil {
			l.log.Error("an event was not handled: panic", "event", fmt.Sprintf("%T", evt), "cause", fmt.Sprint(cause),
				"stack", string(debug.Stack()))
			handled = false
		}
	}()
	switch evt := evt.(type) {
	case *events.Message:
		return wire.IsPeer(evt) || l.ask("message", wire.FromMessage(evt, l.isOffline(evt.Info.ID)))
	case *events.UndecryptableMessage:
		return l.ask("undecryptable", wire.FromUndecryptable(evt))
	case *events.Receipt:
		return l.ask("receipt", wire.FromReceipt(evt))
	}
	if l.signalled(evt) {
		return true
	}
	handled = l.ask("notice", wire.FromEvent(evt))
	if !handled && confirmedAnyway(evt) {
		l.lose()
	}
	return handled
}

// confirmedAnyway is true for events whose stanza the library acknowledges although the handler said false.
func confirmedAnyway(evt any) bool {
	switch evt.(type) {
	case *events.CallOffer, *events.CallOfferNotice, *events.CallRelayLatency, *events.CallAccept,
		*events.CallPreAccept, *events.CallTransport, *events.CallTerminate, *events.CallReject, *events.UnknownCallEvent,
		*events.Picture, *events.UserAbout, *events.MediaRetry, *events.NotifyAccountReachoutTimelock,
		*events.NewsletterJoin, *events.NewsletterLeave, *events.NewsletterMuteChange, *events.NewsletterLiveUpdate:
		return true
	default:
		return false
	}
}

func (l *link) isOffline(id string) bool {
	node := l.queue.Message(id)
	if node == nil {
		return false
	}
	_, offline := node.Attrs["offline"]
	return offline
}

// ask puts an event to Recado and waits for its answer: true means stored for good.
func (l *link) ask(kind string, data any) bool {
	body, err := rpc.Marshal(data)
	if err != nil {
		l.log.Error("an event cannot be encoded", "type", kind, "error", err)
		return false
	}
	select {
	case l.session.slots <- struct{}{}:
	case <-l.ctx.Done():
		return false
	}
	question, file, err := l.pose(kind, body)
	if err != nil {
		<-l.session.slots
		l.log.Error("an event cannot be passed on", "type", kind, "error", err)
		return false
	}
	if earlyAck {
		go l.await(question, kind, file)
		return true
	}
	return l.await(question, kind, file)
}

func (l *link) await(question *rpc.Question, kind, file string) bool {
	since := l.session.ask()
	err := question.Wait(l.ctx)
	l.session.answered(since)
	<-l.session.slots
	if err == nil {
		return true
	}
	if file != "" {
		l.session.host.Files.Remove(file)
	}
	l.log.Warn("an event was not handled", "type", kind, "error", err)
	return false
}

// pose writes the request; data too long for a frame goes into a file.
func (l *link) pose(kind string, data []byte) (*rpc.Question, string, error) {
	host := l.session.host
	head, err := rpc.Marshal(struct {
		target
		Type string `json:"type"`
	}{target{l.session.name, l.session.holder()}, kind})
	if err != nil {
		return nil, "", err
	}
	file := ""
	field := `,"data":`
	if len(head)+len(field)+len(data)+rpc.Overhead > host.About.FrameBytes {
		if file, err = host.Files.Write("event-", data); err != nil {
			return nil, "", err
		}
		field, data = `,"file":`, []byte(strconv.Quote(file))
	}
	params := slices.Concat(head[:len(head)-1], []byte(field), data, []byte("}"))
	return host.Peer.Ask("event", params), file, nil
}

// Received, Sending and Panicked make the link the ear of the library's log.
func (l *link) Received(node *waBinary.Node) {
	l.queue.Received(node)
	code := func(name string) string { return fmt.Sprint(node.Attrs[name]) }
	switch {
	case node.Tag == "xmlstreamend":
		l.announced.Store(true)
	case node.Tag == "stream:error":
		l.announced.Store(true)
		if code("code") == "503" {
			l.say("stream_error", map[string]any{"code": "503", "text": ""}, nil)
		}
	case node.Tag == "failure":
		l.announced.Store(true)
		if reason := code("reason"); reason == "500" || reason == "503" {
			number := node.AttrGetter().Int("reason")
			l.say("connect_failure", map[string]any{"code": number, "text": node.AttrGetter().OptionalString("message")}, nil)
		}
	}
}

// Sending saves what the library is about to confirm with "invalid protobuf".
func (l *link) Sending(node *waBinary.Node) {
	if node.Tag == "ack" && fmt.Sprint(node.Attrs["error"]) == "491" {
		id, _ := node.Attrs["id"].(string)
		l.save(id, "protobuf")
	}
	l.queue.Sending(node)
}

// Panicked reports a message that is lost: the library confirms it now.
func (l *link) Panicked(id string) { l.save(id, "panic") }

// save tells Recado of a message that will not come as an event. When Recado does not take it, the link ends before
// the confirmation is written.
func (l *link) save(id, reason string) {
	if !l.enter() {
		return
	}
	defer l.busy.Done()
	node := l.queue.Message(id)
	if node == nil {
		l.log.Error("a message is lost", "id", id, "reason", reason)
		return
	}
	//lint:ignore SA1019 the library parses the stanza, and no event will carry what it found
	info, err := l.client.DangerousInternals().ParseMessageInfo(node)
	if err != nil {
		l.log.Error("a message is lost", "id", id, "reason", reason, "error", err)
		return
	}
	if !l.tell(info, reason) {
		l.lose()
	}
}

func (l *link) tell(info *types.MessageInfo, reason string) bool {
	kept := l.buffer.newest()
	if kept == nil || reason != "protobuf" {
		return l.ask("undecryptable", wire.FromUndecryptable(&events.UndecryptableMessage{
			Info: *info, DecryptFailMode: events.DecryptFailMode(reason),
		}))
	}
	if !l.ask("message", wire.FromBytes(*info, kept.content(), l.isOffline(info.ID))) {
		return false
	}
	if err := l.buffer.ClearBufferedEventPlaintext(l.ctx, kept.hash); err != nil {
		l.log.Warn("a stored message stays in the buffer", "error", err)
	}
	return true
}
