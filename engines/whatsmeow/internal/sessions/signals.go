package sessions

import (
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/engines/whatsmeow/internal/wire"
)

type fields = map[string]any

// signalled says what happened to the connection; false for events of another sort.
func (l *link) signalled(evt any) bool {
	switch evt := evt.(type) {
	case *events.Connected:
		l.connected()
	case *events.OfflineSyncCompleted:
		l.say("offline_done", fields{"count": evt.Count}, nil)
	case *events.KeepAliveTimeout:
		l.say("keepalive_timeout", fields{"errors": evt.ErrorCount, "last_success_at": wire.Millis(evt.LastSuccess)}, nil)
	case *events.KeepAliveRestored:
		l.say("keepalive_restored", nil, nil)
	case *events.StreamError:
		l.say("stream_error", fields{"code": evt.Code, "text": firstChild(evt)}, nil)
	case *events.Disconnected:
		l.finish("disconnected", fields{"expected": l.announced.Load()})
	case *events.ManualLoginReconnect:
		l.restart()
	case *events.StreamReplaced:
		l.finish("replaced", nil)
	case *events.LoggedOut:
		l.loggedOut(evt)
	case *events.TemporaryBan:
		l.finish("temporary_ban", fields{
			"code": int(evt.Code), "text": evt.Code.String(), "expires_ms": evt.Expire.Milliseconds(),
		})
	case *events.ClientOutdated:
		l.finish("client_outdated", nil)
		go l.session.host.Version.Refresh(l.session.host.ctx)
	case *events.ConnectFailure:
		l.finish("connect_failure", fields{"code": int(evt.Reason), "text": evt.Message})
	case *events.PushNameSetting:
		l.rename(evt)
		return false
	default:
		return l.pairingSignalled(evt)
	}
	return true
}

func firstChild(evt *events.StreamError) string {
	if evt.Raw == nil {
		return ""
	}
	for _, child := range evt.Raw.GetChildren() {
		return child.Tag
	}
	return ""
}

func (l *link) pairingSignalled(evt any) bool {
	switch evt := evt.(type) {
	case *events.QR:
		l.offer(evt.Codes)
	case *events.PairSuccess:
		l.paired(evt)
	case *events.PairError:
		defer close(l.linked)
		l.finish("pair_failed", fields{"error": evt.Error.Error()})
	case *events.QRScannedWithoutMultidevice:
		l.say("scanned_without_multidevice", nil, nil)
	case *events.PairPasskeyRequest:
		l.say("passkey_request", fields{"public_key": evt.PublicKey}, nil)
	case *events.PairPasskeyConfirmation:
		l.say("passkey_confirmation", fields{"code": evt.Code, "skip_handoff": evt.SkipHandoffUX}, nil)
	case *events.PairPasskeyError:
		l.say("passkey_failed", fields{"error": evt.Error.Error()}, nil)
	default:
		return false
	}
	return true
}

func (l *link) connected() {
	who := identityOf(l.client.Store)
	l.say("connected", who, func(s *session) {
		s.who = who
		s.become(Connected)
	})
}

// rename keeps the account's own name, which comes after the login.
func (l *link) rename(evt *events.PushNameSetting) {
	l.session.mu.Lock()
	defer l.session.mu.Unlock()
	if l.session.link == l {
		l.session.who.PushName = evt.Action.GetName()
	}
}

// loggedOut deletes the credentials itself: the library does it at the same time, with a context that ends here.
func (l *link) loggedOut(evt *events.LoggedOut) {
	if l.unlinking.Load() {
		return
	}
	host := l.session.host
	if err := host.store.Forget(host.ctx, l.session.name); err != nil {
		l.log.Error("the credentials of an unlinked device could not be deleted", "error", err)
	}
	said := l.say("logged_out",
		fields{"on_connect": evt.OnConnect, "code": int(evt.Reason), "text": evt.Reason.String()},
		func(s *session) {
			s.who = identity{}
			s.become(Idle)
		})
	if said {
		l.end(errNetwork)
	}
}

// offer passes the QR codes on, with the times that WhatsApp gives them.
func (l *link) offer(codes []string) {
	first := int64(20_000)
	if len(codes) == 6 {
		first = 60_000
	}
	kind, data := "pair_codes", fields{"codes": codes, "first_ms": first, "next_ms": 20_000}
	l.session.mu.Lock()
	if l.session.link == l && !l.ended {
		l.session.become(Pairing)
	}
	l.session.mu.Unlock()
	if !l.byCode {
		l.say(kind, data, nil)
	}
	l.offered.Do(func() { close(l.ready) })
}

// restart waits for the library's other goroutine to tell of the pairing: the network asks for the restart right after.
func (l *link) restart() {
	select {
	case <-l.linked:
	case <-l.ctx.Done():
	}
	l.finish("restart_asked", nil)
}

func (l *link) paired(evt *events.PairSuccess) {
	defer close(l.linked)
	l.say("paired", fields{
		"jid": wire.JID(evt.ID), "lid": wire.JID(evt.LID), "platform": evt.Platform, "business_name": evt.BusinessName,
	}, func(s *session) {
		s.who = identity{JID: wire.JID(evt.ID), LID: wire.JID(evt.LID), Platform: evt.Platform}
	})
}

// bind runs before the library stores a new device: a device without a session would be lost.
func (l *link) bind(jid types.JID, _, _ string) bool {
	if err := l.session.host.store.Bind(l.ctx, l.session.name, jid); err != nil {
		l.log.Error("pairing refused", "error", err)
		return false
	}
	return true
}
