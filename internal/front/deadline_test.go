package front

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A request's context ends like one of package context, however late somebody
// begins to wait for it.
//
// Proves: 2.8
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := within(t.Context(), time.Now().Add(time.Second))
		defer d.stop()
		if until, ok := d.Deadline(); !ok || time.Until(until) != time.Second {
			t.Errorf("ends at %v, %v", until, ok)
		}
		child, cancel := context.WithTimeout(d, time.Hour)
		defer cancel()
		time.Sleep(time.Second - time.Nanosecond)
		if d.Err() != nil || child.Err() != nil {
			t.Errorf("ended before its time: %v, %v", d.Err(), child.Err())
		}
		time.Sleep(time.Nanosecond)
		<-child.Done()
		if !errors.Is(d.Err(), context.DeadlineExceeded) || !errors.Is(child.Err(), context.DeadlineExceeded) {
			t.Errorf("%v, %v, want a deadline that is exceeded", d.Err(), child.Err())
		}
	})
	synctest.Test(t, func(t *testing.T) {
		unasked := within(t.Context(), time.Now().Add(time.Second))
		defer unasked.stop()
		time.Sleep(time.Second)
		if err := unasked.Err(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want a deadline that is exceeded although nobody waited", err)
		}
		<-unasked.Done()
	})
	parent, leave := context.WithCancel(t.Context())
	d := within(parent, time.Now().Add(time.Hour))
	waited := within(parent, time.Now().Add(time.Hour))
	done := waited.Done()
	leave()
	if <-done; !errors.Is(d.Err(), context.Canceled) || !errors.Is(waited.Err(), context.Canceled) {
		t.Errorf("%v, %v after the caller left", d.Err(), waited.Err())
	}
	stopped := within(t.Context(), time.Now().Add(time.Hour))
	done = stopped.Done()
	stopped.stop()
	if <-done; !errors.Is(stopped.Err(), context.Canceled) {
		t.Error("a stopped context goes on")
	}
}
