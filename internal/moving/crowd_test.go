package moving

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

func sqlite(t testing.TB) string { return storetest.Address(t, "sqlite") }

func addressOf(i int) string { return fmt.Sprintf("person%d@example.test", i) }

// aUser is a user's row, with what matters filled in.
func aUser(users store.Sheet, i int, hash secret.Hash) []any {
	row := make([]any, len(users.Columns))
	for c, kind := range users.Kinds {
		row[c] = map[store.ColumnKind]any{store.TextColumn: "", store.NumberColumn: int64(0), store.TimeColumn: int64(0)}[kind]
	}
	for column, value := range map[string]any{"id": string(identity.NewUserID()), "email": addressOf(i), "name": fmt.Sprintf("Person Number %d", i),
		"role": identity.Member, "status": string(identity.Active), "password": string(hash), "lot": secret.NewLot(), "created_at": int64(1_800_000_000_000_000)} {
		row[users.At(column)] = value
	}
	return row
}

// crowded makes a tenant of so many users, every one with the password right,
// and so many events.
func crowded(t testing.TB, h *housetest.House, slug string, users, events int) store.Tenant {
	t.Helper()
	hash := housetest.Params.Hash(housetest.Password(t, right), nil)
	tenant := h.Store.Tenant(identity.NewTenantID())
	tx(t, tenant, func(tx *store.Tx) error {
		return tx.Enter(t.Context(), identity.Tenant{ID: tenant.ID(), Name: slug, Style: identity.Workspace, Status: identity.TenantActive}, h.Clock.Now())
	})
	sheet := store.Sheets()[2]
	for i := 0; i < users; i += piece {
		var rows [][]any
		for n := i; n < min(i+piece, users); n++ {
			rows = append(rows, aUser(sheet, n, hash))
		}
		packed := tenant.Pack(sheet, rows)
		tx(t, tenant, func(tx *store.Tx) error { return tx.CarryIn(t.Context(), packed, h.Clock.Now()) })
	}
	trail := audit.Succeed(tenant, 0, nil)
	for i := 0; i < events; i += piece {
		var lines []store.ChainLine
		for range min(piece, events-i) {
			l := store.ChainLine{Detail: `{"a":"b"}`, Event: identity.Event{ID: identity.NewEventID(), Kind: identity.EventLoginSuccess, Result: identity.EventOK,
				Peer: identity.Peer{Address: "192.0.2.1", UserAgent: "Browser"}, At: h.Clock.Now()}}
			trail.Place(&l)
			lines = append(lines, l)
		}
		tx(t, tenant, func(tx *store.Tx) error { return tx.CarryEventsIn(t.Context(), lines, h.Clock.Now()) })
	}
	tx(t, tenant, func(tx *store.Tx) error {
		if head := trail.Head(); head.Place > 0 {
			if err := tx.CarryHeadIn(t.Context(), head); err != nil {
				return err
			}
		}
		return tx.Arrive(t.Context(), slug, identity.Workspace)
	})
	return tenant
}

// oneMore is the last line's counts with one event more.
func oneMore(line string) string {
	var last endLine
	if err := json.Unmarshal([]byte(line), &last); err != nil {
		panic(err)
	}
	last.End.Events++
	last.End.Rows++
	text, err := json.Marshal(last.End)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// rowsAre is how the last line tells how many rows there are.
func rowsAre(lines []string) string {
	n := 0
	for _, line := range lines {
		if strings.HasPrefix(line, "[") {
			n++
		}
	}
	return fmt.Sprintf(`"rows":%d}`, n)
}

// 50,000 users come into an installation where others sign in meanwhile, and
// sign in there with their old passwords. How many stay in memory at once does
// not depend on how many there are.
//
// Proves: G1, 5.6
func TestACrowdMoves(t *testing.T) {
	for _, row := range []struct {
		from, to      string
		users, events int
	}{
		{"sqlite", "postgres", 50_000, 10_000},
		{"postgres", "sqlite", 5_000, 5_000},
	} {
		if all := storetest.Databases(); !slices.Contains(all, row.from) || !slices.Contains(all, row.to) {
			row.from, row.to, row.users, row.events = "sqlite", "sqlite", 5_000, 5_000 // where there is one only
		}
		if housetest.Race {
			row.users, row.events = row.users/10, row.events/10
		}
		t.Run(row.from+" to "+row.to, func(t *testing.T) {
			from, to := housetest.New(t, storetest.Address(t, row.from)), housetest.New(t, storetest.Address(t, row.to))
			crowded(t, from, "acme", row.users, row.events)
			other := to.AddTenant(t, "other", identity.Workspace, "source-attempts=1000000")
			to.AddUser(t, other, housetest.Person{Email: "ann@x.test", Password: right})
			path := filepath.Join(t.TempDir(), "acme.export")
			begin := time.Now()
			if _, err := service(from).ExportFile(t.Context(), "acme", path, passphrase(t, words), nil); err != nil {
				t.Fatal(err)
			}
			t.Logf("exported in %v", time.Since(begin).Round(time.Millisecond))
			moveBesideOthers(t, to, path, row.users)
			for i := 0; i < row.users; i += row.users / 7 {
				if err := signsIn(t, to, "acme", addressOf(i)); err != nil {
					t.Errorf("user %d: %v", i, err)
				}
			}
		})
	}
}

// moveBesideOthers imports a file while somebody signs in again and again.
func moveBesideOthers(t *testing.T, to *housetest.House, path string, users int) {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	ended := make(chan struct{})
	var others sync.WaitGroup
	var signIns int
	var longest time.Duration
	others.Go(func() {
		for {
			select {
			case <-ended:
				return
			default:
			}
			begin := time.Now()
			if err := signsIn(t, to, "other", "ann@x.test"); err != nil {
				t.Error(err)
				return
			}
			signIns++
			longest = max(longest, time.Since(begin))
		}
	})
	most := uint64(0)
	begin := time.Now()
	in, err := service(to).Import(t.Context(), file, passphrase(t, words), Options{Progress: func(int64, int64) {
		var m runtime.MemStats
		if runtime.ReadMemStats(&m); m.HeapAlloc > most {
			most = m.HeapAlloc
		}
	}})
	close(ended)
	others.Wait()
	if err != nil || in.Users != users {
		t.Fatalf("%+v, %v", in, err)
	}
	t.Logf("%d users in %v, beside %d sign-ins, the slowest of which took %v; %d MB at most", users, time.Since(begin).Round(time.Millisecond), signIns, longest.Round(time.Millisecond), most>>20)
	if signIns == 0 { // how long they take is judged by the eye: the machine may be busy
		t.Error("nobody signed in beside it")
	}
	if most > 100<<20 {
		t.Errorf("%d MB of memory", most>>20)
	}
}
