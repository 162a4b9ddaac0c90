package audit_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

var operator = identity.Actor{Operator: true}

// raw opens a test's database past the store, for PostgreSQL as the superuser
// no policy binds.
func raw(t testing.TB, h *housetest.House) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", h.Address
	if path, ok := store.SQLitePath(h.Address); ok {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func tamper(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func service(h *housetest.House) *audit.Service {
	return &audit.Service{Store: h.Store, Now: h.Clock.Now, Operator: policy.Defaults()}
}

func seal(t testing.TB, h *housetest.House) {
	t.Helper()
	if err := (&audit.Sealer{Store: h.Store}).Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// add writes n events evt_<from>… of a user, in transactions of up to 100.
func add(t testing.TB, h *housetest.House, tenant store.Tenant, from, n int) {
	t.Helper()
	for first := from; first < from+n; first += 100 {
		err := tenant.Tx(t.Context(), func(tx *store.Tx) error {
			for i := first; i < min(first+100, from+n); i++ {
				err := tx.AddEvent(t.Context(), identity.Event{
					ID: identity.EventID(fmt.Sprintf("evt_%06d", i)), Kind: identity.EventLoginSuccess, Result: identity.EventOK,
					User: "usr_1", Session: "ses_1", Peer: identity.Peer{Address: "192.0.2.1", UserAgent: "Browser", RequestID: "req"},
					Detail: map[string]string{"style": "workspace"}, At: h.Clock.Now(),
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func verify(t testing.TB, h *housetest.House, tenant store.Tenant, expected ...audit.Head) audit.Report {
	t.Helper()
	r, err := service(h).Verify(t.Context(), tenant, expected...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantHolds(t testing.TB, r audit.Report, place int64) {
	t.Helper()
	if r.Break != nil || r.Head.Place != place {
		t.Fatalf("the chain ends at %d, %+v; want it to hold up to %d", r.Head.Place, r.Break, place)
	}
}

// Proves: G4, 5.4
func TestAnUntouchedChainHolds(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		other := h.AddTenant(t, "other", identity.Workspace)
		wantHolds(t, verify(t, h, acme), 0)
		add(t, h, acme, 0, 950) // more than one piece
		add(t, h, other, 0, 3)  // under the same ids
		seal(t, h)
		seal(t, h)
		first := verify(t, h, acme)
		wantHolds(t, first, 950)
		wantHolds(t, verify(t, h, other), 3)
		add(t, h, acme, 950, 10)
		wantHolds(t, verify(t, h, acme), 950) // what waits is no break
		seal(t, h)
		wantHolds(t, verify(t, h, acme, first.Head), 960)
	})
}

// Each row changes the database as somebody might who can write all of it but
// does not have the key.
//
// Proves: G4, 5.4
func TestTamperingIsFound(t *testing.T) {
	const of = ` WHERE tenant_id = 'TENANT' AND `
	for _, row := range []struct {
		name   string
		tamper []string
		place  int64 // of the first broken line
	}{
		{"another result", []string{`UPDATE events SET result = 'refused'` + of + `id = 'evt_000006'`}, 7},
		{"another user", []string{`UPDATE events SET user_id = 'usr_2'` + of + `id = 'evt_000006'`}, 7},
		{"another kind", []string{`UPDATE events SET kind = 'session_logout'` + of + `id = 'evt_000006'`}, 7},
		{"another time", []string{`UPDATE events SET at = at + 1` + of + `id = 'evt_000006'`}, 7},
		{"another address", []string{`UPDATE events SET address = '192.0.2.2'` + of + `id = 'evt_000006'`}, 7},
		{"another detail", []string{`UPDATE events SET detail = '{}'` + of + `id = 'evt_000006'`}, 7},
		{"an event taken out", []string{`DELETE FROM events` + of + `id = 'evt_000006'`}, 7},
		{"its place too", []string{`DELETE FROM chain` + of + `event_id = 'evt_000006'`}, 7},
		{"and the rest moved up", []string{`DELETE FROM chain` + of + `place = 7`, `UPDATE chain SET place = -place` + of + `place > 7`,
			`UPDATE chain SET place = -place - 1` + of + `place < 0`, `UPDATE chain_heads SET place = 19` + of + `place = 20`}, 7},
		{"two places exchanged", []string{`UPDATE chain SET place = 99` + of + `place = 7`, `UPDATE chain SET place = 7` + of + `place = 8`, `UPDATE chain SET place = 8` + of + `place = 99`}, 7},
		{"an event put in beside the chain", []string{`INSERT INTO events (tenant_id, id, kind, result, user_id, actor_id, session_id, address, user_agent, request_id, detail, at) VALUES ('TENANT', 'evt_9', 'k', 'ok', '', '', '', '', '', '', '{}', 1)`}, 0},
		{"an event put in with a place", []string{`INSERT INTO events (tenant_id, id, kind, result, user_id, actor_id, session_id, address, user_agent, request_id, detail, at) VALUES ('TENANT', 'evt_9', 'k', 'ok', '', '', '', '', '', '', '{}', 1)`,
			`INSERT INTO chain (tenant_id, place, event_id, mac, salt, personal, erased) SELECT tenant_id, 21, 'evt_9', mac, salt, personal, erased FROM chain` + of + `place = 20`, `UPDATE chain_heads SET place = 21` + of + `place = 20`}, 21},
		{"an event taken out before it was sealed", []string{`INSERT INTO unsealed (tenant_id, event_id) VALUES ('TENANT', 'evt_9')`}, 0},
		{"a mac changed", []string{`UPDATE chain SET mac = salt` + of + `place = 20`, `UPDATE chain_heads SET mac = (SELECT salt FROM chain` + of + `place = 20)` + of + `place = 20`}, 20},
		{"the end cut off", []string{`DELETE FROM chain` + of + `place > 15`}, 16},
		{"the end cut off and the head turned back half", []string{`DELETE FROM chain` + of + `place > 15`, `UPDATE chain_heads SET place = 15` + of + `place = 20`}, 15},
		{"the head gone", []string{`DELETE FROM chain_heads` + of + `place = 20`}, 1},
		{"the head turned back", []string{`UPDATE chain_heads SET place = 15, mac = (SELECT mac FROM chain` + of + `place = 15)` + of + `place = 20`}, 16},
		{"the beginning cut off", []string{`DELETE FROM chain` + of + `place <= 5`}, 1},
		{"the beginning moved", []string{`UPDATE chain_heads SET base_place = 5, base_mac = (SELECT mac FROM chain` + of + `place = 5)` + of + `place = 20`, `DELETE FROM chain` + of + `place <= 5`}, 5},
		{"parts erased without the key", []string{`UPDATE events SET address = '', user_agent = '', detail = '{}'` + of + `id = 'evt_000006'`, `UPDATE chain SET salt = '', personal = mac, erased = mac` + of + `place = 7`}, 7},
		{"another tenant's event and place", []string{`DELETE FROM chain` + of + `place = 7`, `UPDATE chain SET tenant_id = 'TENANT' WHERE tenant_id = 'OTHER' AND place = 7`, `UPDATE events SET tenant_id = 'TENANT' WHERE tenant_id = 'OTHER' AND id = 'evt_000006'`}, 7},
	} {
		t.Run(row.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				acme, other := h.AddTenant(t, "acme", identity.Workspace), h.AddTenant(t, "other", identity.Workspace)
				add(t, h, acme, 0, 20)
				add(t, h, other, 0, 20)
				seal(t, h)
				for _, statement := range row.tamper {
					tamper(t, raw(t, h), strings.NewReplacer("TENANT", string(acme.ID()), "OTHER", string(other.ID())).Replace(statement))
				}
				if r := verify(t, h, acme); r.Break == nil || r.Break.Place != row.place {
					t.Errorf("the report is %+v, want a break at %d", r.Break, row.place)
				} else if len(r.Break.Why) < 10 {
					t.Errorf("nobody understands %q", r.Break.Why)
				}
			})
		})
	}
}

// Two histories cannot be mixed: what stood at a place once does not fit
// behind other events.
//
// Proves: G4, 5.4
func TestAPlaceOfAnEarlierHistoryIsFound(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		add(t, h, acme, 0, 20)
		seal(t, h)
		tamper(t, raw(t, h), `CREATE TABLE kept_chain AS SELECT * FROM chain WHERE place = 18`, `CREATE TABLE kept_events AS SELECT * FROM events WHERE id = 'evt_000017'`,
			`DELETE FROM chain WHERE place > 15`, `UPDATE chain_heads SET place = 15, mac = (SELECT mac FROM chain c WHERE c.place = 15 AND c.tenant_id = chain_heads.tenant_id) WHERE place = 20`)
		add(t, h, acme, 20, 9)
		seal(t, h)
		wantHolds(t, verify(t, h, acme), 24)
		tamper(t, raw(t, h), `DELETE FROM chain WHERE place = 18`, `INSERT INTO events SELECT * FROM kept_events`, `INSERT INTO chain SELECT * FROM kept_chain`)
		if r := verify(t, h, acme); r.Break == nil || r.Break.Place != 18 {
			t.Errorf("the report is %+v", r.Break)
		}
	})
}

// Who has written down a head sees that the end was cut off behind it, however
// well.
//
// Proves: G4, 5.4
func TestACutEndIsFoundByItsHead(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		add(t, h, acme, 0, 20)
		seal(t, h)
		noted := verify(t, h, acme).Head
		read, err := audit.ParseHead(noted.String())
		if err != nil {
			t.Fatal(err)
		}
		tamper(t, raw(t, h), `DELETE FROM chain WHERE place > 15`, `UPDATE chain_heads SET place = 15, mac = (SELECT mac FROM chain c WHERE c.place = 15 AND c.tenant_id = chain_heads.tenant_id) WHERE place = 20`)
		wantHolds(t, verify(t, h, acme), 15) // which is why heads are noted elsewhere
		if r := verify(t, h, acme, read); r.Break == nil || r.Break.Place != 16 {
			t.Errorf("with the head: %+v", r.Break)
		}
		add(t, h, acme, 20, 9) // written over with others
		seal(t, h)
		if r := verify(t, h, acme, read); r.Break == nil || r.Break.Place != 20 {
			t.Errorf("with the head, after others: %+v", r.Break)
		}
	})
}

func TestHeadsThatAreNone(t *testing.T) {
	for _, text := range []string{"", "x", "ten_1:1:", "ten_00000000000000000000000000000000:1:ab", "ten_00000000000000000000000000000000:-1:", "ten_00000000000000000000000000000000:1"} {
		if _, err := audit.ParseHead(text); !errors.Is(err, audit.ErrHead) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Proves: G4, 5.4
func TestManyWritersAndTwoSealersMakeOneChain(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		nodes := []*housetest.House{h}
		if _, embedded := store.SQLitePath(h.Address); !embedded {
			nodes = append(nodes, h.Node(t))
		}
		ctx, stop := context.WithCancel(t.Context())
		var sealing, writing sync.WaitGroup
		for _, node := range append(nodes, nodes[0]) {
			sealing.Go(func() {
				for ctx.Err() == nil {
					if err := (&audit.Sealer{Store: node.Store}).Seal(ctx); err != nil && ctx.Err() == nil {
						t.Error(err)
					}
				}
			})
		}
		for i := range 1000 {
			writing.Go(func() {
				err := nodes[i%len(nodes)].Store.Tenant(acme.ID()).Tx(t.Context(), func(tx *store.Tx) error {
					return tx.AddEvent(t.Context(), identity.Event{Kind: identity.EventLoginFail, Result: "refused", At: h.Clock.Now()})
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		writing.Wait()
		stop()
		sealing.Wait()
		seal(t, h)
		wantHolds(t, verify(t, h, acme), 1000)
	})
}

// Proves: G4, 5.4
func TestErasingAPersonKeepsTheChain(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		ann := h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Role: identity.Admin, Password: "a long password"})
		bob := h.AddUser(t, acme, housetest.Person{Email: "bob@acme.test", Role: identity.Member, Password: "a long password"})
		write := func(e identity.Event) {
			t.Helper()
			e.Result, e.At = identity.EventOK, h.Clock.Now()
			e.Peer = identity.Peer{Address: "192.0.2.1", UserAgent: "Browser", RequestID: "req"}
			e.Detail = map[string]string{"from": "somewhere"}
			if err := acme.Tx(t.Context(), func(tx *store.Tx) error { return tx.AddEvent(t.Context(), e) }); err != nil {
				t.Fatal(err)
			}
		}
		write(identity.Event{Kind: "by ann", User: ann.ID, Actor: ann.ID})
		seal(t, h)
		write(identity.Event{Kind: "by bob", User: bob.ID, Actor: bob.ID})
		write(identity.Event{Kind: "at the door", User: bob.ID})
		write(identity.Event{Kind: "by ann on bob", User: bob.ID, Actor: ann.ID})
		seal(t, h)
		noted := verify(t, h, acme).Head

		trail := service(h)
		if _, err := trail.Erase(t.Context(), acme, identity.Actor{User: bob.ID, Role: policy.BuiltIn(identity.Member)}, bob.ID, identity.Peer{}); !errors.Is(err, policy.ErrDenied) {
			t.Errorf("a user erases: %v", err)
		}
		if n, err := trail.Erase(t.Context(), acme, operator, bob.ID, identity.Peer{}); err != nil || n != 2 {
			t.Fatalf("erased %d (%v), want 2", n, err)
		}
		seal(t, h)
		r := verify(t, h, acme, noted)
		if r.Break != nil || r.Erased != 2 {
			t.Errorf("the report is %+v, %+v", r, r.Break)
		}
		for _, e := range housetest.Events(t, acme, "by ann", "by bob", "at the door", "by ann on bob") {
			gone := e.Peer.Address == "" && e.Peer.UserAgent == "" && len(e.Detail) == 0
			if want := e.Kind == "by bob" || e.Kind == "at the door"; gone != want {
				t.Errorf("%s: erased %v, want %v", e.Kind, gone, want)
			}
		}
		if len(housetest.Events(t, acme, identity.EventPersonErased)) != 1 {
			t.Error("nothing tells that somebody was erased")
		}
		if _, err := trail.Erase(t.Context(), acme, operator, "usr_nobody", identity.Peer{}); !errors.Is(err, problem.NotFound) {
			t.Errorf("nobody erased: %v", err)
		}
		tamper(t, raw(t, h), `UPDATE events SET address = '203.0.113.9' WHERE kind = 'by bob'`)
		if r := verify(t, h, acme); r.Break == nil {
			t.Error("another address was written where one was erased, and nobody noticed")
		}
	})
}

// Proves: G4, 5.4
func TestOldEventsAreGivenUpAndTheChainHolds(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace, "audit-retention=240h")
		forever := h.AddTenant(t, "forever", identity.Workspace)
		add(t, h, acme, 0, 700)
		add(t, h, forever, 0, 5)
		seal(t, h)
		early := verify(t, h, acme).Head
		h.Clock.Advance(9 * 24 * time.Hour)
		add(t, h, acme, 700, 5)
		seal(t, h)
		late := verify(t, h, acme).Head
		for _, row := range []struct {
			pass time.Duration
			left int
		}{{0, 705}, {25 * time.Hour, 5}, {0, 5}} {
			h.Clock.Advance(row.pass)
			for _, tenant := range []store.Tenant{acme, forever} {
				if err := service(h).Retire(t.Context(), tenant); err != nil {
					t.Fatal(err)
				}
			}
			wantHolds(t, verify(t, h, acme, early, late), 705)
			if n := len(housetest.Events(t, acme)); n != row.left {
				t.Errorf("%d events are left, want %d", n, row.left)
			}
		}
		add(t, h, acme, 705, 2)
		seal(t, h)
		wantHolds(t, verify(t, h, acme, late), 707)
		wantHolds(t, verify(t, h, forever), 5)
		if len(housetest.Events(t, forever)) != 5 {
			t.Error("another tenant's events were given up")
		}
	})
}

// Within a second of its commit an event has its place, and the heads go to
// the log.
//
// Proves: G4, 5.4
func TestTheSealerRuns(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		var log bytes.Buffer
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			(&audit.Sealer{Store: h.Store, Log: slog.New(slog.NewTextHandler(&log, nil))}).Run(ctx)
		}()
		add(t, h, acme, 0, 3)
		for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			if r := verify(t, h, acme); r.Head.Place == 3 {
				break
			} else if time.Since(began) > time.Minute {
				t.Fatalf("after a minute the chain ends at %d", r.Head.Place)
			}
		}
		stop()
		<-ended
		if head := verify(t, h, acme).Head.String(); !strings.Contains(log.String(), head) {
			t.Errorf("the log has not the head %s: %s", head, &log)
		}
	})
}
