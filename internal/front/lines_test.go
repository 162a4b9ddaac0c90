package front

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Lines arrive whole, in their order and soon; what is a warning arrives at
// once, with all that came before.
//
// Proves: 2.8
func TestLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out written
		lines := NewLines(&out)
		log := NewLogger(lines, slog.LevelInfo)
		log.Info("one")
		if out.String() != "" {
			t.Error("a line was written by itself")
		}
		time.Sleep(linesWait)
		synctest.Wait()
		if !strings.Contains(out.String(), `"msg":"one"`) {
			t.Error("a line waits for others to come")
		}
		log.Info("two")
		log.Warn("three")
		if text := out.String(); strings.Count(text, "\n") != 3 || strings.Index(text, "two") > strings.Index(text, "three") {
			t.Errorf("written at a warning:\n%s", text)
		}
		log.With("tenant", "acme").Warn("four")
		if !strings.Contains(out.String(), "four") {
			t.Error("a warning of a tenant waits")
		}
	})
}

// Nothing is lost or mixed when many write at a time.
//
// Proves: 2.8
func TestLinesOfMany(t *testing.T) {
	var out bytes.Buffer
	lines := NewLines(&out)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 500 {
				if _, err := lines.Write([]byte("0123456789\n")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := lines.Flush(); err != nil {
		t.Fatal(err)
	}
	if want := strings.Repeat("0123456789\n", 16*500); out.String() != want {
		t.Errorf("%d bytes came out, not %d", out.Len(), len(want))
	}
}

// written keeps what is written to it, by whatever goroutine.
type written struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (w *written) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(b)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.String()
}
