package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

const (
	us    = time.Microsecond
	grace = 10 * time.Second
	idle  = 4 * time.Hour
)

// renew asks as a program does that renews in the background.
func renew(tenant store.Tenant, presented int64, now time.Time) (store.Refreshed, error) {
	return tenant.RefreshSession(context.Background(), store.Refresh{Session: "ses_p", Presented: presented, Now: now, Grace: now.Add(-grace)})
}

// signedIn is a tenant with Ann's session, a program's, open since noon.
func signedIn(t *testing.T, s *store.Store, slug string) store.Tenant {
	t.Helper()
	tenant := storetest.AddTenant(t, s, slug, identity.Workspace)
	change(t, tenant, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.AddUser(ctx, ann(), aHash); err != nil {
			return err
		}
		return tx.AddSession(ctx, aSession("ses_p", identity.Program))
	})
	return tenant
}

// A refresh asks at a time, with a generation, for an answer: the generation
// of the newest token, or 0 for problem.NotFound.
type ask struct {
	after     time.Duration // since noon
	presented int64
	answer    int64
}

// Proves: W10, 2.7
func TestRefresh(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for slug, row := range map[string]struct {
			name string
			asks []ask
		}{
			"next":    {"the newest token moves the session on", []ask{{0, 0, 1}, {us, 1, 2}, {2 * us, 2, 3}}},
			"lost":    {"an answer lost is given again, an hour later too", []ask{{0, 0, 1}, {time.Hour, 0, 1}, {2 * time.Hour, 0, 1}, {2*time.Hour + us, 1, 2}}},
			"within":  {"a token before the last is answered up to the end of the grace time", []ask{{0, 0, 1}, {0, 1, 2}, {grace, 0, 2}}},
			"after":   {"and not after", []ask{{0, 0, 1}, {0, 1, 2}, {grace + us, 0, 0}}},
			"no-more": {"asking within the grace time does not lengthen it", []ask{{0, 0, 1}, {0, 1, 2}, {grace, 0, 2}, {grace + us, 0, 0}}},
			"again":   {"asking again does not lengthen it either", []ask{{0, 0, 1}, {0, 1, 2}, {grace, 1, 2}, {grace + us, 0, 0}}},
			"older":   {"two before the last is refused at once", []ask{{0, 0, 1}, {0, 1, 2}, {0, 2, 3}, {0, 0, 0}, {0, 1, 3}}},
			"future":  {"a token that was never given is refused", []ask{{0, 1, 0}, {0, 2, 0}, {0, 0, 1}}},
			"alive":   {"alive to the last microsecond of the idle time", []ask{{idle - us, 0, 1}}},
			"idle":    {"and ended with it", []ask{{idle, 0, 0}}},
			"moves":   {"renewing without a person does not move the idle end", []ask{{idle - us, 0, 1}, {idle, 1, 0}}},
		} {
			tenant := signedIn(t, s, slug)
			for i, a := range row.asks {
				got, err := renew(tenant, a.presented, noon.Add(a.after))
				if got.Generation != a.answer || (a.answer == 0) != isNotFound(err) || a.answer != 0 && err != nil {
					t.Errorf("%s: ask %d: generation %d (%v), want %d", row.name, i+1, got.Generation, err, a.answer)
				}
			}
		}
	})
}

// Proves: W10, 2.7
func TestTenRefreshesAtOnceGetOneAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant := signedIn(t, s, "acme")
		for round := range int64(10) {
			var wait sync.WaitGroup
			for range 10 {
				wait.Go(func() {
					if got, err := renew(tenant, round, noon); err != nil || got.Generation != round+1 {
						t.Errorf("round %d: generation %d (%v), want %d", round, got.Generation, err, round+1)
					}
				})
			}
			wait.Wait()
		}
	})
}

// Whatever ends a session, its refresh token gets nothing more, and an hour
// later neither.
//
// Proves: W10, W13, 2.7, G1
func TestWhatEndsASessionEndsItsRefresh(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for slug, row := range map[string]struct {
			name string
			end  func(ctx context.Context, tx *store.Tx) error
		}{
			"out": {"signed out", func(ctx context.Context, tx *store.Tx) error { return tx.EndSession(ctx, "ses_p", noon) }},
			"own": {"ended by its user", func(ctx context.Context, tx *store.Tx) error { return tx.EndUserSession(ctx, "usr_ann", "ses_p", noon) }},
			"others": {"ended with all the user's", func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.EndSessions(ctx, "usr_ann", "", noon)
				return err
			}},
			"all": {"ended with all the tenant's", func(ctx context.Context, tx *store.Tx) error { _, err := tx.EndAllSessions(ctx, noon); return err }},
			"off": {"its user deactivated", func(ctx context.Context, tx *store.Tx) error {
				return tx.SetStatus(ctx, "usr_ann", identity.Deactivated)
			}},
			"changed": {"its password changed", func(ctx context.Context, tx *store.Tx) error { return tx.SetPassword(ctx, "usr_ann", 0, aHash, false) }},
			"gone":    {"its user deleted", func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, ann()) }},
			"suspended": {"its tenant suspended", func(ctx context.Context, tx *store.Tx) error {
				return tx.Set(ctx, identity.Tenant{Status: identity.TenantSuspended})
			}},
		} {
			tenant := signedIn(t, s, slug)
			if _, err := tenant.LiveSession(t.Context(), "ses_p", noon); err != nil {
				t.Errorf("%s: before: %v", row.name, err)
			}
			change(t, tenant, row.end)
			for _, now := range []time.Time{noon, noon.Add(time.Hour)} {
				if got, err := renew(tenant, 0, now); !isNotFound(err) {
					t.Errorf("%s: refreshed to %d (%v)", row.name, got.Generation, err)
				}
				if _, err := tenant.LiveSession(t.Context(), "ses_p", now); !isNotFound(err) {
					t.Errorf("%s: lives on (%v)", row.name, err)
				}
			}
		}
	})
}

// Proves: W10, W11, P4, 2.7
func TestTheTimesOfASession(t *testing.T) {
	absolute := 12 * time.Hour
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for slug, row := range map[string]struct {
			name  string
			ask   store.Refresh
			after time.Duration
			live  bool
		}{
			"abs-before": {"before the absolute end, kept alive", store.Refresh{}, absolute - us, true},
			"abs":        {"at the absolute end, kept alive", store.Refresh{}, absolute, false},
			"idle-in":    {"as long as the tenant's present idle time allows", store.Refresh{IdleSince: noon.Add(-us)}, time.Hour, true},
			"idle-over":  {"not longer, whatever it was promised", store.Refresh{IdleSince: noon}, time.Hour, false},
			"born-in":    {"as long as the tenant's present lifetime allows", store.Refresh{BornSince: noon.Add(-us)}, time.Hour, true},
			"born-over":  {"nor longer than that", store.Refresh{BornSince: noon}, time.Hour, false},
		} {
			tenant := signedIn(t, s, slug)
			if row.after > idle { // somebody was there at the last moment
				change(t, tenant, func(ctx context.Context, tx *store.Tx) error {
					at := noon.Add(idle - us)
					return tx.Touch(ctx, "ses_p", at, noon.Add(absolute+time.Hour))
				})
			}
			row.ask.Session, row.ask.Now = "ses_p", noon.Add(row.after)
			if _, err := tenant.RefreshSession(t.Context(), row.ask); (err == nil) != row.live || !row.live && !isNotFound(err) {
				t.Errorf("%s: %v, want alive %v", row.name, err, row.live)
			}
		}
	})
}

// What somebody did after a session's end is none of the session's, however
// late it is written: nothing brings one back that has ended by time.
//
// Proves: P4, W11, 2.7
func TestNoInteractionAfterTheEnd(t *testing.T) {
	absolute := 12 * time.Hour
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for slug, row := range map[string]struct {
			name    string
			before  time.Duration // an interaction that keeps the session from idling
			at      time.Duration
			written bool
		}{
			"idle-in":  {"in the last microsecond of the idle time", 0, idle - us, true},
			"idle":     {"at the idle end", 0, idle, false},
			"idle-out": {"after it", 0, idle + time.Hour, false},
			"abs-in":   {"in the last microsecond of all", idle - us, absolute - us, true},
			"abs":      {"at the absolute end", idle - us, absolute, false},
			"abs-out":  {"after it", idle - us, absolute + time.Minute, false},
		} {
			tenant := signedIn(t, s, slug)
			for _, at := range []time.Duration{row.before, row.at} {
				change(t, tenant, func(ctx context.Context, tx *store.Tx) error {
					return tx.Touch(ctx, "ses_p", noon.Add(at), noon.Add(at+absolute))
				})
			}
			live, err := tenant.LiveSession(t.Context(), "ses_p", noon)
			if err != nil {
				t.Fatal(err)
			}
			want := row.before
			if row.written {
				want = row.at
			}
			if got := live.Session.InteractedAt.Sub(noon); got != want {
				t.Errorf("%s: the row says %s, want %s", row.name, got, want)
			}
			_, err = tenant.LiveSession(t.Context(), "ses_p", noon.Add(row.at))
			if (err == nil) != row.written || err != nil && !isNotFound(err) {
				t.Errorf("%s: %v, want alive %v", row.name, err, row.written)
			}
		}
	})
}

// A person's refresh is an interaction; one in the background is not.
//
// Proves: P4, W11
func TestOnlyAPersonMovesTheIdleEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant := signedIn(t, s, "acme")
		now := noon.Add(time.Hour)
		background, err := renew(tenant, 0, now)
		if err != nil || !background.IdleEnd.Equal(noon.Add(idle)) || !background.InteractedAt.Equal(noon) {
			t.Errorf("in the background: idle end %s, interacted %s (%v)", background.IdleEnd, background.InteractedAt, err)
		}
		person, err := tenant.RefreshSession(t.Context(), store.Refresh{Session: "ses_p", Presented: 1, Now: now, IdleEnd: now.Add(idle)})
		if err != nil || !person.IdleEnd.Equal(now.Add(idle)) || !person.InteractedAt.Equal(now) {
			t.Errorf("by a person: idle end %s, interacted %s (%v)", person.IdleEnd, person.InteractedAt, err)
		}
		change(t, tenant, func(ctx context.Context, tx *store.Tx) error { // written late, and older
			return tx.Touch(ctx, "ses_p", noon.Add(time.Minute), noon.Add(time.Minute+idle))
		})
		if live, err := tenant.LiveSession(t.Context(), "ses_p", now); err != nil || !live.Session.IdleEnd.Equal(now.Add(idle)) {
			t.Errorf("an older interaction moved the idle end to %s (%v)", live.Session.IdleEnd, err)
		}
	})
}

// Proves: W10
func TestBrowsersHaveNoRefreshTokens(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant := signedIn(t, s, "acme")
		change(t, tenant, func(ctx context.Context, tx *store.Tx) error {
			return tx.AddSession(ctx, aSession("ses_b", identity.Browser))
		})
		if _, err := tenant.RefreshSession(t.Context(), store.Refresh{Session: "ses_b", Now: noon}); !isNotFound(err) {
			t.Errorf("a browser's session was refreshed (%v)", err)
		}
	})
}

// Whoever presents an outdated token is told from whoever presents nonsense:
// the first has a copy of somebody's token.
//
// Proves: W10, 2.7
func TestReplaysAreSeen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant := signedIn(t, s, "acme")
		for presented := range int64(2) {
			if _, err := renew(tenant, presented, noon); err != nil {
				t.Fatal(err)
			}
		}
		for presented, outdated := range map[int64]bool{0: true, 1: false, 2: false, 3: false} {
			err := tenant.Tx(t.Context(), func(tx *store.Tx) error {
				_, err := tx.ReplayedBy(t.Context(), "ses_p", presented)
				return err
			})
			if (err == nil) != outdated || err != nil && !isNotFound(err) {
				t.Errorf("generation %d: %v, want outdated %v", presented, err, outdated)
			}
		}
	})
}

// Signing out wins against whatever renews at the same moment.
//
// Proves: W13, 2.7
func TestSignOutAgainstRefresh(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant := storetest.AddTenant(t, s, "acme", identity.Workspace)
		change(t, tenant, func(ctx context.Context, tx *store.Tx) error { return tx.AddUser(ctx, ann(), aHash) })
		for round := range 50 {
			session := aSession(identity.NewSessionID(), identity.Program)
			change(t, tenant, func(ctx context.Context, tx *store.Tx) error { return tx.AddSession(ctx, session) })
			ask := store.Refresh{Session: session.ID, Now: noon, IdleEnd: noon.Add(idle)}
			var race sync.WaitGroup
			for range 3 {
				race.Go(func() {
					if _, err := tenant.RefreshSession(context.Background(), ask); err != nil && !isNotFound(err) {
						t.Error(err)
					}
				})
			}
			race.Go(func() {
				if err := tenant.Tx(context.Background(), func(tx *store.Tx) error { return tx.EndSession(context.Background(), session.ID, noon) }); err != nil {
					t.Error(err)
				}
			})
			race.Wait()
			for presented := range int64(2) {
				ask.Presented = presented
				if _, err := tenant.RefreshSession(t.Context(), ask); !isNotFound(err) {
					t.Fatalf("round %d: generation %d is refreshed after the session has ended (%v)", round, presented, err)
				}
			}
		}
	})
}

// A deactivation wins against a sign-in at the same moment: afterwards there
// is no live session, whoever came first.
//
// Proves: 2.5, 2.7
func TestDeactivationAgainstSignIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant := storetest.AddTenant(t, s, "acme", identity.Workspace)
		for range 20 {
			user := identity.User{ID: identity.NewUserID(), Role: identity.Member, Status: identity.Active}
			change(t, tenant, func(ctx context.Context, tx *store.Tx) error { return tx.AddUser(ctx, user, aHash) })
			var race sync.WaitGroup
			ctx := context.Background()
			race.Go(func() {
				err := tenant.Tx(ctx, func(tx *store.Tx) error {
					if err := tx.SignIn(ctx, user.ID, 0, noon); err != nil {
						return err
					}
					session := aSession(identity.NewSessionID(), identity.Program)
					session.UserID = user.ID
					return tx.AddSession(ctx, session)
				})
				if err != nil && !isNotFound(err) {
					t.Error(err)
				}
			})
			race.Go(func() {
				err := tenant.Tx(ctx, func(tx *store.Tx) error {
					if err := tx.SetStatus(ctx, user.ID, identity.Deactivated); err != nil {
						return err
					}
					_, err := tx.EndSessions(ctx, user.ID, "", noon)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
			race.Wait()
			if list, err := tenant.Sessions(ctx, user.ID, noon); err != nil || len(list) != 0 {
				t.Fatalf("%d sessions are open after a deactivation (%v)", len(list), err)
			}
		}
	})
}
