package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"go.mau.fi/whatsmeow/types/events"

	"recado/engines/whatsmeow/internal/rpc"
)

// heard is the library's event handler: true lets it confirm the event to the network. It would take a panic for true.
func (l *link) heard(evt any) (isHandled bool) {
	defer func() {
		if cause := recover(); cause != nil {
			l.log.Error("an event was not handled: panic", "event", fmt.Sprintf("%T", evt), "cause", fmt.Sprint(cause),
				"stack", string(debug.Stack()))
			isHandled = false
		}
	}()
	switch evt := evt.(type) {
	case *events.Message:
		if offer := historyOffer(evt); offer != nil {
			return l.ask("history_notice", noticeOfHistory(evt.Info.ID, offer))
		}
		return isPeer(evt) || l.ask("message", messageData(evt, l.isOffline(evt.Info.ID)))
	case *events.UndecryptableMessage:
		return l.ask("undecryptable", undecryptableData(evt))
	case *events.Receipt:
		return l.ask("receipt", receiptData(evt))
	case *events.GroupInfo, *events.JoinedGroup, *events.ChatPresence, *events.Presence:
		return l.ask("notice", noticeData(evt))
	}
	return l.signalled(evt) || l.ask("notice", noticeData(evt)) || l.lose()
}

// lose ends the connection after an event that the library confirms whatever the handler says: the network keeps it only
// if the socket is closed first.
func (l *link) lose() bool {
	l.cancel(errEnded)
	l.finish("disconnected", object{"expected": false})
	return false
}

type event struct {
	Session string          `json:"session"`
	Fence   int64           `json:"fence"`
	Type    string          `json:"type"`
	Data    json.RawMessage `json:"data,omitempty"`
	File    string          `json:"file,omitempty"`
}

// ask puts an event to Recado and waits: true means stored for good.
func (l *link) ask(kind string, data object) bool { return l.settle(kind, data) == nil }

func (l *link) settle(kind string, data object) error {
	wait, err := l.put(kind, data)
	if err == nil {
		err = wait()
	}
	return err
}

// put says an event. What it returns waits for the answer: nil means stored for good.
func (l *link) put(kind string, data object) (wait func() error, err error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.ctx.Done():
		return nil, context.Cause(l.ctx)
	}
	e := event{Session: l.name, Type: kind}
	var answer func() error
	if e.Data, err = json.Marshal(data); err == nil {
		answer, err = l.tell(&e)
	}
	if errors.Is(err, rpc.ErrTooLong) {
		content := e.Data
		e.Data = nil
		if e.File, err = l.keep("event-", content); err == nil {
			answer, err = l.tell(&e)
		}
	}
	settled := func(err error) error {
		<-l.slots
		if err != nil {
			l.log.Warn("an event was not handled", "type", kind, "error", err)
			_ = l.files.Remove(e.File)
		}
		return err
	}
	if err != nil {
		return nil, settled(err)
	}
	return func() error { return settled(answer()) }, nil
}

func (l *link) tell(e *event) (wait func() error, err error) {
	var answer func(context.Context) error
	begun := time.Now()
	isPresent := l.change(func(s *session) {
		e.Fence = s.fence
		if answer, err = s.peer.Ask("event", e); err == nil {
			l.asked = append(l.asked, begun)
		}
	})
	if !isPresent {
		return nil, errClosed
	}
	return func() error {
		err := answer(l.ctx)
		l.mu.Lock()
		defer l.mu.Unlock()
		first := slices.Index(l.asked, begun)
		l.asked = slices.Delete(l.asked, first, first+1)
		return err
	}, err
}
