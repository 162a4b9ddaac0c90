package signin_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// meanwhile runs the second while the first, a sign-in, is at the slow hash.
func meanwhile(t *testing.T, h *housetest.House, first, second func()) {
	t.Helper()
	open := closeGate(t, h)
	var signing sync.WaitGroup
	signing.Go(first)
	for h.SignIn.Gate.Waiting() == 0 {
		time.Sleep(time.Millisecond)
	}
	second()
	open()
	signing.Wait()
}

// Whoever takes a person's right to be here wins against that person's
// sign-in, whichever is first: no session is left, not even one that would
// come back to life when the person is let in again.
//
// Proves: 2.5, 2.7
func TestRaceAgainstSignIn(t *testing.T) {
	for _, test := range []struct {
		name string
		take func(t *testing.T, tx *store.Tx, ann identity.User) error
		back func(t *testing.T, tx *store.Tx, ann identity.User) error
	}{
		{"deactivation",
			func(t *testing.T, tx *store.Tx, ann identity.User) error {
				return tx.SetStatus(t.Context(), ann.ID, identity.Deactivated)
			},
			func(t *testing.T, tx *store.Tx, ann identity.User) error {
				return tx.SetStatus(t.Context(), ann.ID, identity.Active)
			}},
		{"another password",
			func(t *testing.T, tx *store.Tx, ann identity.User) error {
				return tx.SetPassword(t.Context(), ann.ID, ann.Credential, housetest.Params.Hash(housetest.Password(t, right), nil), false)
			},
			func(*testing.T, *store.Tx, identity.User) error { return nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				acme, ann := withAnn(t, h)
				second := h.Node(t)
				for round := range housetest.Rounds() {
					ann = housetest.User(t, acme, ann.ID)
					var out signin.Outcome
					var opened, taken error
					run := func(first, second func()) { housetest.AtOnce(20*time.Millisecond, first, second) }
					if round == 0 {
						run = func(first, second func()) { meanwhile(t, h, first, second) }
					}
					run(func() {
						out, opened = h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: right, From: from(home)})
					}, func() {
						taken = second.Store.Tenant(acme.ID()).Tx(t.Context(), func(tx *store.Tx) error {
							if err := test.take(t, tx, ann); err != nil {
								return err
							}
							_, err := tx.EndSessions(t.Context(), ann.ID, "", h.Clock.Now())
							return err
						})
					})
					if taken != nil || opened != nil && problem.Of(opened) == nil {
						t.Fatalf("round %d: %v, %v", round, taken, opened)
					}
					if err := acme.Tx(t.Context(), func(tx *store.Tx) error { return test.back(t, tx, ann) }); err != nil {
						t.Fatal(err)
					}
					left(t, h, acme, ann, out)
					h.Clock.Advance(time.Hour) // tries that were refused are forgotten
				}
			})
		})
	}
}

// left wants nothing to be left of a sign-in. A session opened after the
// password had changed lives by the new one, which is as it should be.
func left(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User, out signin.Outcome) {
	t.Helper()
	if out.AccessToken != "" && out.User.Credential == housetest.User(t, acme, ann.ID).Credential && out.User.Credential != ann.Credential {
		return
	}
	list, err := acme.Sessions(t.Context(), ann.ID, h.Clock.Now())
	if err != nil || len(list) > 0 {
		t.Fatalf("%d sessions are left (%v)", len(list), err)
	}
	if out.AccessToken == "" {
		return
	}
	if _, err := h.Sessions.Check(t.Context(), out.AccessToken); !errors.Is(err, session.ErrEnded) {
		t.Fatalf("its access token: %v, want %v", err, session.ErrEnded)
	}
	if _, err := h.Sessions.Refresh(t.Context(), string(out.Refresh), true, identity.Peer{}); !errors.Is(err, session.ErrEnded) {
		t.Fatalf("its refresh token: %v, want %v", err, session.ErrEnded)
	}
}

// Proves: P1, 2.5
func TestRaceOfTwoChangesWithOneToken(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		second := h.Node(t)
		for round := range housetest.Rounds() {
			ann = housetest.User(t, acme, ann.ID)
			setPassword(t, acme, ann, right, true)
			token := string(mustChange(t, h))
			passwords := []string{"the first own password", "the second own password"}
			var errs [2]error
			try := func(node *housetest.House, i int) func() {
				return func() {
					_, errs[i] = node.SignIn.ChangeInitial(t.Context(), token, passwords[i], from(home))
				}
			}
			housetest.AtOnce(5*time.Millisecond, try(h, 0), try(second, 1))
			winner := 0
			if errs[0] != nil {
				winner = 1
			}
			if errs[winner] != nil || !errors.Is(errs[1-winner], signin.ErrStepOver) {
				t.Fatalf("round %d: %v and %v, want one to win", round, errs[0], errs[1])
			}
			for i, want := range map[int]error{winner: nil, 1 - winner: policy.ErrRefused} {
				if err := tryAt(t, h, home, "", passwords[i]); !errors.Is(err, want) {
					t.Fatalf("round %d: %v, want %v", round, err, want)
				}
			}
			if list, err := acme.Sessions(t.Context(), ann.ID, h.Clock.Now()); err != nil || len(list) != 2 {
				t.Fatalf("round %d: %d sessions, want that of the change and that of the sign-in (%v)", round, len(list), err)
			}
			h.Clock.Advance(time.Hour)
		}
	})
}
