package host

import (
	"context"

	"go.mau.fi/whatsmeow/types/events"
)

// signalled says what happened to the connection; false for events of another sort.
func (l *link) signalled(evt any) bool {
	switch e := evt.(type) {
	case *events.Connected:
		who := identityOf(l.client.Store)
		l.change(func(s *session) {
			s.who = who
			s.become(connected)
		})
		l.say("connected", who)
		l.setReady()
	case *events.OfflineSyncCompleted:
		context.AfterFunc(l.ready, func() { // the library may tell of the login later
			if l.ctx.Err() == nil {
				l.say("offline_done", object{"count": e.Count})
			}
		})
	case *events.KeepAliveTimeout:
		l.say("keepalive_timeout", object{"errors": e.ErrorCount, "last_success_at": millis(e.LastSuccess)})
	case *events.KeepAliveRestored:
		l.say("keepalive_restored", nil)
	case *events.StreamError:
		l.say("stream_error", object{"code": e.Code, "text": e.Raw.String()})
	case *events.Disconnected:
		l.finish("disconnected", object{"expected": l.isAnnounced.Load()})
	case *events.StreamReplaced:
		l.finish("replaced", nil)
	case *events.LoggedOut:
		l.loggedOut(e)
	case *events.TemporaryBan:
		l.finish("temporary_ban", object{
			"code": int(e.Code), "text": e.Code.String(), "expires_ms": e.Expire.Milliseconds(),
		})
	case *events.ClientOutdated:
		go l.refreshVersion()
		l.finish("client_outdated", nil)
	case *events.ConnectFailure:
		l.finish("connect_failure", object{"code": int(e.Reason), "text": e.Message})
	case *events.QR:
		l.offer(e.Codes)
	case *events.PairSuccess:
		defer l.setPaired()
		l.change(func(s *session) { s.who = identityOf(l.client.Store) })
		l.say("paired", object{"jid": e.ID, "lid": e.LID, "platform": e.Platform, "business_name": e.BusinessName})
	case *events.PairError:
		defer l.setPaired()
		l.finish("pair_failed", object{"error": e.Error.Error()})
	case *events.ManualLoginReconnect:
		<-l.paired.Done() // the library tells of the pairing in another goroutine
		l.finish("restart_asked", nil)
	case *events.QRScannedWithoutMultidevice:
		l.say("scanned_without_multidevice", nil)
	case *events.PairPasskeyRequest:
		l.say("passkey_request", object{"public_key": e.PublicKey})
	case *events.PairPasskeyConfirmation:
		l.say("passkey_confirmation", object{"code": e.Code, "skip_handoff": e.SkipHandoffUX})
	case *events.PairPasskeyError:
		l.say("passkey_failed", object{"error": e.Error.Error()})
	default:
		return false
	}
	return true
}

// offer passes the QR codes on, with the times that WhatsApp gives them.
func (l *link) offer(codes []string) {
	first := 20_000
	if len(codes) == 6 {
		first = 60_000
	}
	l.change(func(s *session) { s.become(pairing) })
	if !l.byCode {
		l.say("pair_codes", object{"codes": codes, "first_ms": first, "next_ms": 20_000})
	}
	l.setReady()
}

// loggedOut deletes the credentials itself: the library does it at the same time, with a context that ends here.
func (l *link) loggedOut(e *events.LoggedOut) {
	if l.isUnlinking.Load() {
		return
	}
	if err := l.store.forget(l.life, l.name); err != nil {
		l.log.Error("the credentials of an unlinked device stay", "error", err)
	}
	l.change(func(s *session) { s.who = identity{} })
	l.finish("logged_out", object{"on_connect": e.OnConnect, "code": int(e.Reason), "text": e.Reason.String()})
}
