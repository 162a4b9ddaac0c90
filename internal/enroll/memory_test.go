package enroll_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// long says whether this run is the long one, "make soak".
func long() bool { return os.Getenv("VESTIBULE_SOAK") == "1" }

// peak is how many bytes more do has on the heap, at most, than there were.
func peak(do func()) (most uint64) {
	defer debug.SetGCPercent(debug.SetGCPercent(25)) // what is kept, not what may be
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		do()
	}()
	for {
		runtime.ReadMemStats(&now)
		if now.HeapAlloc > before.HeapAlloc {
			most = max(most, now.HeapAlloc-before.HeapAlloc)
		}
		select {
		case <-ended:
			return most
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// A file is never held in memory, whatever is in it: about 30 bytes a line
// are, to tell that somebody stands in it twice.
//
// Proves: 2.4
func TestMemoryIsBounded(t *testing.T) {
	const mb = 1 << 20
	size, users := int64(8*mb), 10_000
	switch {
	case long():
		size, users = 100*mb, 850_000 // 100 MB both
	case housetest.Race: // "make test" runs it once more without
		size, users = mb, 1000
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for i, row := range []struct {
			name  string
			text  io.Reader
			o     enroll.Options
			bound uint64
			err   error
		}{
			{"no newline", endless("n", size), enroll.Options{}, 4 * mb, enroll.ErrHeader},
			{"one long line", io.MultiReader(strings.NewReader(header+"\n"), endless("n", size)), enroll.Options{}, 4 * mb, enroll.ErrRefused},
			{"an open quotation mark", io.MultiReader(strings.NewReader(header+"\n\""), endless("n\n", size)), enroll.Options{}, 4 * mb, enroll.ErrRefused},
			{"blank lines", io.MultiReader(strings.NewReader(header), endless("\n", size)), enroll.Options{}, 4 * mb, nil},
			{"wrong lines", io.MultiReader(strings.NewReader(header+"\n"), endless("n\n", size/8)), partial, 8 * mb, nil},
			{"people", generated(t, users), enroll.Options{}, 24*mb + 64*uint64(users), nil},
		} {
			t.Run(row.name, func(t *testing.T) {
				tenant := storetest.AddTenant(t, s, fmt.Sprintf("acme%d", i), identity.Workspace)
				most := peak(func() {
					r, err := svc.Import(t.Context(), tenant, operator, row.text, row.o, identity.Peer{})
					if !errors.Is(err, row.err) || err == nil && row.name == "people" && r.Imported != users {
						t.Errorf("%d of %d, %v", r.Imported, r.Read, err)
					}
				})
				t.Logf("%.1f MB", float64(most)/mb)
				if most > row.bound {
					t.Errorf("%d MB on the heap, more than %d", most/mb, row.bound/mb)
				}
			})
		}
	})
}

// endless repeats a text up to size bytes.
func endless(text string, size int64) io.Reader {
	return io.LimitReader(&repeating{text: text}, size)
}

type repeating struct {
	text string
	at   int
}

func (r *repeating) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.text[r.at%len(r.text)]
		r.at++
	}
	return len(p), nil
}
