package signin_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// inside is Ann, signed in, on a fresh session.
func inside(t testing.TB, h *housetest.House, acme store.Tenant) store.Live {
	t.Helper()
	out, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: right, From: from(home)})
	if err != nil {
		t.Fatal(err)
	}
	live, err := acme.LiveSession(t.Context(), out.Session.ID, h.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return live
}

func verify(t testing.TB, h *housetest.House, live store.Live, source, browser, password string) (signin.Proof, error) {
	t.Helper()
	f := from(source)
	f.Browser = browser
	return h.SignIn.Verify(t.Context(), signin.Question{Live: live, Password: password, From: f, Failed: "question_failed"})
}

// Whoever has somebody's session guesses their password no faster than at the
// door: the tries are the same ones.
//
// Proves: P9, 2.6
func TestVerifyCountsLikeSigningIn(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		live := inside(t, h, acme)
		for range 3 {
			if _, err := verify(t, h, live, home, "", "wrong"); !errors.Is(err, signin.ErrNotCurrent) {
				t.Fatalf("a wrong password: %v", err)
			}
		}
		fails(t, h, 2, home, "")
		if _, err := verify(t, h, live, home, "", right); !errors.Is(err, policy.ErrWait) {
			t.Errorf("the right password after five tries: %v, want %v", err, policy.ErrWait)
		}
		waits(t, h, home, "", 15*time.Minute)
		if _, err := verify(t, h, live, elsewhere, "", right); err != nil {
			t.Errorf("from another place: %v", err)
		}
		for _, e := range housetest.Events(t, acme, "question_failed") {
			if e.User != ann.ID || e.Actor != ann.ID || e.Session != live.Session.ID || e.Result != "wrong_current_password" {
				t.Errorf("the event %+v does not say whose session it was", e)
			}
		}
		if n := len(housetest.Events(t, acme, "question_failed")); n != 3 {
			t.Errorf("%d events, want 3", n)
		}
	})
}

// Strangers who fill the lanes of a user do not keep them from their own
// settings in a browser that is known.
//
// Proves: P5, P9
func TestVerifyInAKnownBrowser(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := withAnn(t, h)
		enters(t, h, home, "bro_known")
		live := inside(t, h, acme)
		fails(t, h, 5, home, "")
		if _, err := verify(t, h, live, home, "bro_known", right); err != nil {
			t.Errorf("the known browser: %v", err)
		}
		if _, err := verify(t, h, live, home, "bro_other", right); !errors.Is(err, policy.ErrWait) {
			t.Errorf("another browser: %v, want %v", err, policy.ErrWait)
		}
	})
}

// A hundred guesses at once get five answers, as at the door.
//
// Proves: P5, P9
func TestVerifyParallelGuesses(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := withAnn(t, h)
		nodes := []*housetest.House{h, h.Node(t)}
		live := inside(t, h, acme)
		looked := housetest.LookedAt(t, 100, func(i int) error {
			_, err := verify(t, nodes[i%2], live, home, "", fmt.Sprintf("guess %d", i))
			return err
		})
		if looked != 5 {
			t.Errorf("%d guesses were looked at, want 5", looked)
		}
	})
}

// Proves: P9
func TestVerifyWantsALiveUser(t *testing.T) {
	for _, test := range []struct {
		name     string
		password string
		change   func(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User)
		err      error
	}{
		{"nothing has changed", right, func(*testing.T, *housetest.House, store.Tenant, identity.User) {}, nil},
		{"nothing typed", "", func(*testing.T, *housetest.House, store.Tenant, identity.User) {}, secret.ErrPasswordText},
		{"another password by now", right, func(t *testing.T, _ *housetest.House, acme store.Tenant, ann identity.User) {
			setPassword(t, acme, ann, right, false)
		}, session.ErrEnded},
		{"deactivated", right, func(t *testing.T, _ *housetest.House, acme store.Tenant, ann identity.User) {
			housetest.SetStatus(t, acme, ann.ID, identity.Deactivated)
		}, session.ErrEnded},
		{"deleted", right, func(t *testing.T, _ *housetest.House, acme store.Tenant, ann identity.User) {
			housetest.Delete(t, acme, ann.ID)
		}, session.ErrEnded},
		{"suspended", right, func(t *testing.T, h *housetest.House, acme store.Tenant, _ identity.User) {
			h.SetTenantStatus(t, acme, identity.TenantSuspended)
		}, policy.ErrSuspended},
	} {
		t.Run(test.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				acme, ann := withAnn(t, h)
				live := inside(t, h, acme)
				test.change(t, h, acme, ann)
				if _, err := verify(t, h, live, home, "", test.password); !errors.Is(err, test.err) {
					t.Errorf("%v, want %v", err, test.err)
				}
			})
		})
	}
}

// Proves: P9
func TestAcceptedProof(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		live := inside(t, h, acme)
		fails(t, h, 4, home, "")
		proof, err := verify(t, h, live, home, "bro_new", right)
		if err != nil {
			t.Fatal(err)
		}
		if err := acme.Tx(t.Context(), func(tx *store.Tx) error { return proof.Accept(t.Context(), tx) }); err != nil {
			t.Fatal(err)
		}
		known, err := acme.KnownBrowser(t.Context(), ann.ID, acme.Keys().BrowserHash("bro_new"))
		if err != nil || !known {
			t.Errorf("the browser is known: %v (%v)", known, err)
		}
		fails(t, h, 4, home, "") // there are five tries again
		enters(t, h, home, "")
	})
}
