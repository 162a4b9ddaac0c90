package account_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/store"
)

// reset gives Ann her first password again and takes everything else back.
func reset(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User) {
	t.Helper()
	h.Clock.Advance(time.Hour)
	now := housetest.User(t, acme, ann.ID)
	err := acme.Tx(t.Context(), func(tx *store.Tx) error {
		if err := tx.SetPassword(t.Context(), ann.ID, now.Credential, housetest.Params.Hash(housetest.Password(t, present), nil), false); err != nil {
			return err
		}
		_, err := tx.EndSessions(t.Context(), ann.ID, "", h.Clock.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Sessions.Forget(acme.ID())
}

// Of two changes at once one wins; the other's session is over.
//
// Proves: P9
func TestRaceOfTwoChanges(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		nodes := []*housetest.House{h, h.Node(t)}
		passwords := []string{"the first own password", "the second own password"}
		for round := range housetest.Rounds() {
			reset(t, h, acme, ann)
			sessions := []session.Grant{enter(t, h, browserAt(home, "bro_one")), enter(t, h, browserAt(elsewhere, "bro_two"))}
			var after [2]session.Grant
			var errs [2]error
			change := func(i int) func() {
				return func() {
					from := browserAt(home, "bro_one")
					if i == 1 {
						from = browserAt(elsewhere, "bro_two")
					}
					after[i], errs[i] = service(nodes[i]).ChangePassword(t.Context(), sessions[i].Live,
						account.PasswordChange{Current: present, New: passwords[i], From: from})
				}
			}
			housetest.AtOnce(5*time.Millisecond, change(0), change(1))
			winner := 0
			if errs[0] != nil {
				winner = 1
			}
			if errs[winner] != nil || !errors.Is(errs[1-winner], session.ErrEnded) {
				t.Fatalf("round %d: %v and %v, want one to win", round, errs[0], errs[1])
			}
			if !lives(t, nodes[winner], after[winner]) {
				t.Fatalf("round %d: the winner is signed out", round)
			}
			list, err := acme.Sessions(t.Context(), ann.ID, h.Clock.Now())
			if err != nil || len(list) != 1 {
				t.Fatalf("round %d: %d sessions, want the winner's (%v)", round, len(list), err)
			}
			for i, want := range map[int]error{winner: nil, 1 - winner: policy.ErrRefused} {
				if _, err := signIn(t, h, programAt("203.0.113.9"), passwords[i]); !errors.Is(err, want) {
					t.Fatalf("round %d: %v, want %v", round, err, want)
				}
			}
		}
	})
}

// Whoever signs in with the old password while it is changed has no session
// when both are done.
//
// Proves: P9
func TestRaceOfAChangeAgainstASignIn(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		second := h.Node(t)
		for round := range housetest.Rounds() {
			reset(t, h, acme, ann)
			here := enter(t, h, browserAt(home, "bro_here"))
			var after, thief session.Grant
			var changed, opened error
			housetest.AtOnce(20*time.Millisecond, func() {
				after, changed = service(h).ChangePassword(t.Context(), here.Live, account.PasswordChange{Current: present, New: chosen, From: browserAt(home, "bro_here")})
			}, func() {
				thief, opened = signIn(t, second, programAt(elsewhere), present)
			})
			if changed != nil || opened != nil && !errors.Is(opened, policy.ErrRefused) {
				t.Fatalf("round %d: %v, %v", round, changed, opened)
			}
			if opened == nil && lives(t, h, thief) || !lives(t, h, after) {
				t.Fatalf("round %d: the old password's session lives, or the one of the change does not", round)
			}
		}
	})
}

// Whoever takes a person's right to be here, or this very session, wins against
// their change: nothing has changed then, and no session comes back to life when
// the person is let in again.
//
// Proves: P9, 2.7
func TestRaceOfAChangeAgainstItsEnd(t *testing.T) {
	for _, test := range []struct {
		name       string
		take, back func(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User, here session.Grant) error
	}{
		{"deactivation", func(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User, _ session.Grant) error {
			return acme.Tx(t.Context(), func(tx *store.Tx) error {
				if err := tx.SetStatus(t.Context(), ann.ID, identity.Deactivated); err != nil {
					return err
				}
				_, err := tx.EndSessions(t.Context(), ann.ID, "", h.Clock.Now())
				return err
			})
		}, func(t *testing.T, _ *housetest.House, acme store.Tenant, ann identity.User, _ session.Grant) error {
			return acme.Tx(t.Context(), func(tx *store.Tx) error { return tx.SetStatus(t.Context(), ann.ID, identity.Active) })
		}},
		{"the end of the session", func(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User, here session.Grant) error {
			return acme.Tx(t.Context(), func(tx *store.Tx) error {
				_, err := tx.EndSessions(t.Context(), ann.ID, "", h.Clock.Now())
				return err
			})
		}, func(*testing.T, *housetest.House, store.Tenant, identity.User, session.Grant) error { return nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				acme, ann := withAnn(t, h)
				for round := range housetest.Rounds() {
					reset(t, h, acme, ann)
					from := browserAt(home, "bro_here")
					if round%2 == 1 {
						from = programAt(home)
						h.SetTenant(t, acme, "password-changes=web+api")
					}
					here := enter(t, h, from)
					var after session.Grant
					var changed, taken error
					housetest.AtOnce(20*time.Millisecond, func() {
						after, changed = service(h).ChangePassword(t.Context(), here.Live, account.PasswordChange{Current: present, New: chosen, From: from})
					}, func() { taken = test.take(t, h, acme, ann, here) })
					if taken != nil || changed != nil && !errors.Is(changed, session.ErrEnded) {
						t.Fatalf("round %d: %v, %v", round, taken, changed)
					}
					if err := test.back(t, h, acme, ann, here); err != nil {
						t.Fatal(err)
					}
					h.Sessions.Forget(acme.ID())
					if changed == nil && lives(t, h, after) {
						t.Fatalf("round %d: the session of the change lives on", round)
					}
					if list, err := acme.Sessions(t.Context(), ann.ID, h.Clock.Now()); err != nil || len(list) > 0 {
						t.Fatalf("round %d: %d sessions are left (%v)", round, len(list), err)
					}
				}
			})
		})
	}
}
