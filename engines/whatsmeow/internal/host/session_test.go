package host

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// claims says whether an open under that fence would be let through.
func (s *session) claims(fence int64) bool {
	return s.mayOpen(call{Session: s.name, Fence: fence, LeaseMS: 1}) == nil
}

func TestANewerFenceReplacesTheOlderHolder(t *testing.T) {
	r := newRig(t)
	s := r.opened("a", time.Minute)
	if !s.claims(9) {
		t.Fatal("refused")
	}
	if _, kind, data := r.call("close", `{"session":"a","fence":7}`); kind != "stale_fence" || data["fence"] != int64(9) {
		t.Fatalf("the older holder got %q %v", kind, data)
	}
	if _, kind, _ := r.call("close", `{"session":"a","fence":9}`); kind != "" {
		t.Fatal(kind)
	}
}

func TestACallWithAnotherFenceIsRefusedAndChangesNothing(t *testing.T) {
	r := newRig(t)
	l := r.online("a")
	for _, method := range []string{"close", "forget", "pair_qr", "send", "probe", "logout", "pair_passkey"} {
		for _, fence := range []int{6, 8} {
			_, kind, data := r.call(method, fmt.Sprintf(`{"session":"a","fence":%d}`, fence))
			if kind != "stale_fence" || data["fence"] != int64(7) {
				t.Errorf("%s with %d: %q %v", method, fence, kind, data)
			}
		}
	}
	if _, kind, _ := r.call("open", `{"session":"a","fence":6,"lease_ms":1000}`); kind != "stale_fence" {
		t.Errorf("open: %q", kind)
	}
	if left := l.snapshot().LeaseLeftMS; l.ctx.Err() != nil || left < 50_000 {
		t.Fatalf("the session is gone, or its lease changed: %d", left)
	}
}

func TestAnOlderFenceIsRefusedAlsoAfterTheSessionWasClosed(t *testing.T) {
	r := newRig(t)
	s := r.opened("a", time.Minute)
	r.call("close", `{"session":"a","fence":7}`)
	if _, kind, _ := r.call("close", `{"session":"a","fence":7}`); kind != "unknown_session" {
		t.Fatal(kind)
	}
	if _, kind, _ := r.call("forget", `{"session":"a","fence":6}`); kind != "stale_fence" {
		t.Fatal(kind)
	}
	if s.claims(6) || !s.claims(7) {
		t.Fatal("the wrong fence was taken")
	}
}

func TestOpenNeedsASessionAndALease(t *testing.T) {
	r := newRig(t)
	for _, params := range []string{`{"session":"a","fence":1}`, `{"fence":1,"lease_ms":1000}`} {
		if _, kind, _ := r.call("open", params); kind != "invalid_params" {
			t.Errorf("%s: %q", params, kind)
		}
	}
}

func TestALeaseThatNobodyRenewsClosesItsSession(t *testing.T) {
	r := newRig(t)
	synctest.Test(t, func(t *testing.T) {
		renewed, silent := r.opened("renewed", 10*time.Second), r.opened("silent", 10*time.Second)
		time.Sleep(9 * time.Second)
		got, _, _ := r.call("heartbeat", `{"sessions":{"renewed":7,"silent":6,"other":1},"lease_ms":10000}`)
		if fmt.Sprint(got) != "map[renewed:[renewed] stale:[silent] unknown:[other]]" {
			t.Errorf("got %v", got)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if silent.isOpen() || !renewed.isOpen() || renewed.snapshot().LeaseLeftMS != 8_000 {
			t.Errorf("left %d", renewed.snapshot().LeaseLeftMS)
		}
		renewed.shut()
		time.Sleep(time.Minute)
	})
	if p := paramsOf(r.next()); p["session"] != "silent" || p["data"].(map[string]any)["cause"] != leaseExpired {
		t.Fatalf("got %v", p)
	}
}
