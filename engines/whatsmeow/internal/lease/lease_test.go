package lease

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

type clock struct{ at time.Time }

func book() (*Book, *clock) {
	c := &clock{time.Unix(1_800_000_000, 0)}
	return NewBook(func() time.Time { return c.at }), c
}

func isStale(err error, current int64) bool {
	var stale *StaleError
	return errors.As(err, &stale) && stale.Current == current
}

func TestANewerFenceReplacesTheOlderHolder(t *testing.T) {
	b, _ := book()
	for _, fence := range []int64{3, 5} {
		if err := b.Hold("a", fence, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Check("a", 3); !isStale(err, 5) {
		t.Fatalf("the older holder got %v", err)
	}
	if err := b.Check("a", 5); err != nil {
		t.Fatal(err)
	}
}

func TestAFenceThatWasNeverDrawnIsStaleToo(t *testing.T) {
	b, _ := book()
	_ = b.Hold("a", 3, time.Minute)
	if err := b.Check("a", 4); !isStale(err, 3) {
		t.Fatalf("got %v", err)
	}
}

func TestAnOlderFenceIsRefusedAlsoAfterTheSessionWasClosed(t *testing.T) {
	b, _ := book()
	_ = b.Hold("a", 3, time.Minute)
	b.Release("a")
	if err := b.Check("a", 3); !errors.Is(err, ErrUnknown) {
		t.Fatalf("got %v", err)
	}
	if err := b.Hold("a", 2, time.Minute); !isStale(err, 3) {
		t.Fatalf("got %v", err)
	}
	if err := b.Hold("a", 3, time.Minute); err != nil {
		t.Fatal(err)
	}
}

func TestAStaleCallChangesNothing(t *testing.T) {
	b, _ := book()
	_ = b.Hold("a", 3, time.Minute)
	_ = b.Hold("a", 2, time.Hour)
	if left := b.Left("a"); left != time.Minute {
		t.Fatalf("left %s", left)
	}
}

func TestALeaseRunsOutUnlessItIsRenewed(t *testing.T) {
	b, c := book()
	_ = b.Hold("renewed", 1, 10*time.Second)
	_ = b.Hold("silent", 1, 10*time.Second)
	c.at = c.at.Add(9 * time.Second)
	got := b.Renew(map[string]int64{"renewed": 1, "silent": 2, "other": 1}, 10*time.Second)
	want := Renewal{Renewed: []string{"renewed"}, Stale: []string{"silent"}, Unknown: []string{"other"}}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v", got)
	}
	c.at = c.at.Add(time.Second)
	if b.Left("silent") > 0 || b.Left("renewed") != 9*time.Second {
		t.Fatalf("left %s and %s", b.Left("silent"), b.Left("renewed"))
	}
}
