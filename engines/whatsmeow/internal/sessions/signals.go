package sessions

import (
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/engines/whatsmeow/internal/wire"
)

// signalled says what happened to the connection; false for events of another sort.
func (l *link) signalled(evt any) bool {
	switch e := evt.(type) {
	case *events.Connected:
		l.connected()
	case *events.OfflineSyncCompleted:
		go l.offlineDone(e.Count)
	case *events.KeepAliveTimeout:
		l.say("keepalive_timeout", wire.Data{"errors": e.ErrorCount, "last_success_at": wire.Millis(e.LastSuccess)})
	case *events.KeepAliveRestored:
		l.say("keepalive_restored", nil)
	case *events.StreamError:
		l.say("stream_error", wire.Data{"code": e.Code, "text": e.Raw.String()})
	case *events.Disconnected:
		l.finish("disconnected", wire.Data{"expected": l.isAnnounced.Load()}, errNetwork)
	case *events.StreamReplaced:
		l.finish("replaced", nil, errNetwork)
	case *events.LoggedOut:
		l.loggedOut(e)
	case *events.TemporaryBan:
		l.finish("temporary_ban", wire.Data{
			"code": int(e.Code), "text": e.Code.String(), "expires_ms": e.Expire.Milliseconds(),
		}, errNetwork)
	case *events.ClientOutdated:
		l.finish("client_outdated", nil, errNetwork)
		go l.session.host.Network.Refresh(l.session.host.life)
	case *events.ConnectFailure:
		l.finish("connect_failure", wire.Data{"code": int(e.Reason), "text": e.Message}, errNetwork)
	case *events.PushNameSetting:
		l.change(func(s *session) { s.who.pushName = e.Action.GetName() }) // it comes after the login
		return false
	default:
		return l.pairs(evt)
	}
	return true
}

func (l *link) pairs(evt any) bool {
	switch e := evt.(type) {
	case *events.QR:
		l.offer(e.Codes)
	case *events.PairSuccess:
		defer l.setDone()
		l.change(func(s *session) { s.who = identity{jid: e.ID, lid: e.LID, platform: e.Platform} })
		l.say("paired", wire.Data{"jid": e.ID, "lid": e.LID, "platform": e.Platform, "business_name": e.BusinessName})
	case *events.ManualLoginReconnect:
		<-l.linked.Done() // the library tells of the pairing in another goroutine
		l.finish("restart_asked", nil, errNetwork)
	case *events.PairError:
		defer l.setDone()
		l.finish("pair_failed", wire.Data{"error": e.Error.Error()}, errNetwork)
	case *events.QRScannedWithoutMultidevice:
		l.say("scanned_without_multidevice", nil)
	case *events.PairPasskeyRequest:
		l.say("passkey_request", wire.Data{"public_key": e.PublicKey})
	case *events.PairPasskeyConfirmation:
		l.say("passkey_confirmation", wire.Data{"code": e.Code, "skip_handoff": e.SkipHandoffUX})
	case *events.PairPasskeyError:
		l.say("passkey_failed", wire.Data{"error": e.Error.Error()})
	default:
		return false
	}
	return true
}

func (l *link) connected() {
	who := identityOf(l.client.Store)
	l.change(func(s *session) {
		s.who = who
		s.become(connected)
	})
	l.say("connected", who.data())
	l.setLoggedIn()
}

// offlineDone follows connected: the library tells of the login in another goroutine, and may do so later.
func (l *link) offlineDone(count int) {
	<-l.loggedIn.Done()
	if l.ctx.Err() == nil {
		l.say("offline_done", wire.Data{"count": count})
	}
}

// loggedOut deletes the credentials itself: the library does it at the same time, with a context that ends here.
func (l *link) loggedOut(e *events.LoggedOut) {
	if l.isUnlinking.Load() {
		return
	}
	if err := l.session.host.Store.Forget(l.session.host.life, l.session.name); err != nil {
		l.log.Error("the credentials of an unlinked device stay", "error", err)
	}
	l.change(func(s *session) { s.who = identity{} })
	l.finish("logged_out",
		wire.Data{"on_connect": e.OnConnect, "code": int(e.Reason), "text": e.Reason.String()}, errNetwork)
}

// offer passes the QR codes on, with the times that WhatsApp gives them.
func (l *link) offer(codes []string) {
	first := 20_000
	if len(codes) == 6 {
		first = 60_000
	}
	l.change(func(s *session) { s.become(pairing) })
	if !l.byCode {
		l.say("pair_codes", wire.Data{"codes": codes, "first_ms": first, "next_ms": 20_000})
	}
	l.setReady()
}

// bind runs before the library stores a new device: one that belongs to no session would be lost.
func (l *link) bind(jid types.JID, _, _ string) bool {
	err := l.session.host.Store.Bind(l.ctx, l.session.name, jid)
	if err != nil {
		l.log.Error("the pairing is refused", "error", err)
	}
	return err == nil
}
