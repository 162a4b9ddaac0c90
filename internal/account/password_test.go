package account_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

const (
	present = "a heron stands in the reeds"
	chosen  = "two herons fly over the lake"

	home, elsewhere = "192.0.2.1", "198.51.100.7"
)

func service(h *housetest.House) *account.Service {
	return &account.Service{SignIn: h.SignIn, Sessions: h.Sessions}
}

func withAnn(t testing.TB, h *housetest.House, settings ...string) (store.Tenant, identity.User) {
	t.Helper()
	acme := h.AddTenant(t, "acme", identity.Workspace, settings...)
	return acme, h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Name: "Ann Heron", Password: present})
}

func browserAt(source, id string) signin.From {
	return signin.From{Kind: identity.Browser, Peer: identity.Peer{Address: source, UserAgent: "tests"}, Source: source, Browser: id}
}

func programAt(source string) signin.From {
	return signin.From{Kind: identity.Program, Peer: identity.Peer{Address: source}, Source: source}
}

func signIn(t testing.TB, h *housetest.House, from signin.From, password string) (session.Grant, error) {
	t.Helper()
	out, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: password, From: from})
	return out.Grant, err
}

// enter is Ann signed in, with a session as the door would find it.
func enter(t testing.TB, h *housetest.House, from signin.From) session.Grant {
	t.Helper()
	g, err := signIn(t, h, from, present)
	if err != nil {
		t.Fatal(err)
	}
	if g.Live, err = h.Sessions.Check(t.Context(), g.AccessToken); err != nil {
		t.Fatal(err)
	}
	return g
}

// lives reports whether whatever carries a session is still taken.
func lives(t testing.TB, h *housetest.House, g session.Grant) bool {
	t.Helper()
	_, err := h.Sessions.Check(t.Context(), g.AccessToken)
	if g.Session.Kind == identity.Browser {
		_, cookie := h.Sessions.CheckCookie(t.Context(), string(g.Cookie))
		err = errors.Join(err, cookie)
	}
	if err != nil && !errors.Is(err, session.ErrEnded) {
		t.Fatal(err)
	}
	return err == nil
}

// A changed password keeps this session and ends all others; the old one opens
// nothing any more.
//
// Proves: P9, Q4
func TestChangePassword(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		here, there, program := enter(t, h, browserAt(home, "bro_here")), enter(t, h, browserAt(elsewhere, "bro_there")), enter(t, h, programAt(elsewhere))
		after, err := service(h).ChangePassword(t.Context(), here.Live, account.PasswordChange{Current: present, New: chosen, From: browserAt(home, "bro_here")})
		if err != nil {
			t.Fatal(err)
		}
		if !lives(t, h, after) || after.Cookie == here.Cookie {
			t.Error("this browser is signed out, or carries the cookie it had")
		}
		for name, g := range map[string]session.Grant{"the cookie from before": here, "another browser": there, "a program": program} {
			if lives(t, h, g) {
				t.Errorf("%s is still taken", name)
			}
		}
		if _, err := h.Sessions.Refresh(t.Context(), string(program.Refresh), true, identity.Peer{}); !errors.Is(err, session.ErrEnded) {
			t.Errorf("the program's refresh token: %v, want %v", err, session.ErrEnded)
		}
		list, err := acme.Sessions(t.Context(), ann.ID, h.Clock.Now())
		if err != nil || len(list) != 1 || list[0].ID != after.Session.ID {
			t.Errorf("%d sessions are left, want this one (%v)", len(list), err)
		}
		for password, want := range map[string]error{present: policy.ErrRefused, chosen: nil} {
			if _, err := signIn(t, h, programAt(home), password); !errors.Is(err, want) {
				t.Errorf("signing in afterwards: %v, want %v", err, want)
			}
		}
		told(t, h, acme, ann, after)
	})
}

// told wants the change in the audit trail, and a letter on its way.
func told(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User, after session.Grant) {
	t.Helper()
	events := housetest.Events(t, acme, identity.EventPasswordChange)
	if len(events) != 1 || events[0].Actor != ann.ID || events[0].Session != after.Session.ID || events[0].Detail["sessions_ended"] != "2" {
		t.Errorf("events of the change: %+v", events)
	}
	if letters := changeLetters(t, acme); len(letters) != 1 || letters[0].User != ann.ID || letters[0].To != "ann@acme.test" {
		t.Errorf("letters: %+v, want one of the change", letters)
	}
}

// changeLetters are those that tell of a changed password.
func changeLetters(t *testing.T, acme store.Tenant) (list []identity.Letter) {
	t.Helper()
	all, err := acme.Letters(t.Context(), identity.Letter{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		if "letter."+l.Kind == identity.LetterPasswordChanged {
			list = append(list, l)
		}
	}
	return list
}

// A program keeps the session it has, where its tenant lets programs change
// passwords at all.
//
// Proves: P9, Q6
func TestChangePasswordByProgram(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := withAnn(t, h)
		here, there := enter(t, h, programAt(home)), enter(t, h, browserAt(elsewhere, "bro_there"))
		change := account.PasswordChange{Current: present, New: chosen, From: programAt(home)}
		if _, err := service(h).ChangePassword(t.Context(), here.Live, change); !errors.Is(err, policy.ErrWebOnly) {
			t.Fatalf("by default: %v, want %v", err, policy.ErrWebOnly)
		}
		h.SetTenant(t, acme, "password-changes=web+api")
		h.Clock.Advance(2 * time.Second)
		live, err := h.Sessions.Check(t.Context(), here.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := service(h).ChangePassword(t.Context(), live, change); err != nil {
			t.Fatal(err)
		}
		if !lives(t, h, here) || lives(t, h, there) {
			t.Errorf("afterwards the program lives: %v, the browser: %v", lives(t, h, here), lives(t, h, there))
		}
		if _, err := h.Sessions.Refresh(t.Context(), string(here.Refresh), true, identity.Peer{}); err != nil {
			t.Errorf("its refresh token: %v", err)
		}
	})
}

// Proves: P8, P9, W6
func TestChangePasswordRefuses(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		here, there := enter(t, h, browserAt(home, "bro_here")), enter(t, h, programAt(elsewhere))
		for _, test := range []struct {
			name, current, chosen string
			err                   error
			field                 string
		}{
			{"a wrong current password", "wrong", chosen, signin.ErrNotCurrent, "body.current_password"},
			{"the current password missing", "", chosen, secret.ErrPasswordText, "body.current_password"},
			{"the new one missing", present, "", secret.ErrPasswordText, "body.new_password"},
			{"too long for a password", present, strings.Repeat("x", 1025), secret.ErrPasswordText, "body.new_password"},
			{"too short", present, "short", policy.ErrPassword, "body.new_password"},
			{"one of the commonest", present, "password", policy.ErrPassword, "body.new_password"},
			{"her own name", present, "annheron1", policy.ErrPassword, "body.new_password"},
			{"the same again", present, present, account.ErrSame, "body.new_password"},
		} {
			_, err := service(h).ChangePassword(t.Context(), here.Live, account.PasswordChange{Current: test.current, New: test.chosen, From: browserAt(home, "bro_here")})
			if !errors.Is(err, test.err) || len(problem.Of(err).Fields) == 0 || problem.Of(err).Fields[0].Location != test.field {
				t.Errorf("%s: %v about %v, want %v about %s", test.name, err, problem.Of(err), test.err, test.field)
			}
		}
		if !lives(t, h, here) || !lives(t, h, there) || housetest.User(t, acme, ann.ID).Credential != ann.Credential {
			t.Error("a refused change changed something")
		}
		if n := len(housetest.Events(t, acme, identity.EventPasswordChangeFail)); n != 1 {
			t.Errorf("%d events of a wrong current password, want 1", n)
		}
		if letters := changeLetters(t, acme); len(letters) > 0 {
			t.Errorf("%d letters about nothing", len(letters))
		}
	})
}

// Whoever has a stolen session guesses the current password five times, however
// many guesses come at once and whichever node they reach, and then waits; the
// right one among the later ones is not found.
//
// Proves: P5, P9
func TestGuessingTheCurrentPassword(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := withAnn(t, h)
		stolen := enter(t, h, browserAt(home, "bro_here"))
		nodes := []*housetest.House{h, h.Node(t)}
		looked := housetest.LookedAt(t, 60, func(i int) error {
			_, err := service(nodes[i%2]).ChangePassword(t.Context(), stolen.Live, account.PasswordChange{
				Current: fmt.Sprintf("guess number %d", i), New: chosen, From: browserAt(elsewhere, "bro_thief"),
			})
			return err
		})
		if looked != 5 {
			t.Errorf("%d guesses were looked at, want 5", looked)
		}
		thief := account.PasswordChange{Current: present, New: chosen, From: browserAt(elsewhere, "bro_thief")}
		if _, err := service(h).ChangePassword(t.Context(), stolen.Live, thief); !errors.Is(err, policy.ErrWait) {
			t.Errorf("the right one during the wait: %v, want %v", err, policy.ErrWait)
		}
		if n := len(housetest.Events(t, acme, identity.EventPasswordChangeFail)); n != 5 {
			t.Errorf("%d events, want 5", n)
		}
		owner := account.PasswordChange{Current: present, New: chosen, From: browserAt(home, "bro_here")}
		if _, err := service(h).ChangePassword(t.Context(), stolen.Live, owner); err != nil {
			t.Errorf("Ann herself, in her own browser: %v", err)
		}
	})
}

// Success opens what tries had closed: there are five again from this place.
//
// Proves: P5, P9
func TestChangeClearsTheLanes(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		here := enter(t, h, programAt(home))
		for range 4 {
			if _, err := signIn(t, h, programAt(home), "wrong"); !errors.Is(err, policy.ErrRefused) {
				t.Fatal(err)
			}
		}
		from := browserAt(home, "bro_new")
		if _, err := service(h).ChangePassword(t.Context(), here.Live, account.PasswordChange{Current: present, New: chosen, From: from}); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			if _, err := signIn(t, h, programAt(home), "wrong"); !errors.Is(err, policy.ErrRefused) {
				t.Fatal(err)
			}
		}
		if _, err := signIn(t, h, programAt(home), chosen); err != nil {
			t.Errorf("the fifth try: %v", err)
		}
		known, err := acme.KnownBrowser(t.Context(), ann.ID, acme.Keys().BrowserHash("bro_new"))
		if err != nil || !known {
			t.Errorf("the browser is known: %v (%v)", known, err)
		}
	})
}

// In the e-mail style the new password is hashed so that one computation still
// serves every tenant that knows the address.
//
// Proves: P9, Q4, 2.5
func TestChangeInTheEmailStyle(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		one, two := h.AddTenant(t, "one", identity.Email), h.AddTenant(t, "two", identity.Email)
		quinn := h.AddUser(t, one, housetest.Person{Email: "quinn@crm.test", Password: present})
		other := h.AddUser(t, two, housetest.Person{Email: "quinn@crm.test", Password: "quite another one"})
		out, err := h.SignIn.SignIn(t.Context(), signin.Try{Email: "quinn@crm.test", Password: present, From: browserAt(home, "bro_here")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := service(h).ChangePassword(t.Context(), out.Live, account.PasswordChange{Current: present, New: chosen, From: browserAt(home, "bro_here")}); err != nil {
			t.Fatal(err)
		}
		mine, theirs := secret.Hash(housetest.Hash(t, one, quinn.ID)), secret.Hash(housetest.Hash(t, two, other.ID))
		if !mine.SameWork(theirs) || !mine.Match(housetest.Password(t, chosen)) || theirs.Match(housetest.Password(t, chosen)) {
			t.Error("the salt is not the address's, or another tenant's password has changed")
		}
	})
}

// The session itself must still be alive when the password changes: whatever
// ended it while the hash was computed has won.
//
// Proves: P9, 2.7
func TestChangeNeedsTheSession(t *testing.T) {
	for _, test := range []struct {
		name string
		take func(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User, here session.Grant) error
		err  error
	}{
		{"it has been ended", func(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User, here session.Grant) error {
			return acme.Tx(t.Context(), func(tx *store.Tx) error {
				return tx.EndUserSession(t.Context(), ann.ID, here.Session.ID, h.Clock.Now())
			})
		}, session.ErrEnded},
		{"the person is deactivated", func(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User, _ session.Grant) error {
			housetest.SetStatus(t, acme, ann.ID, identity.Deactivated)
			return nil
		}, session.ErrEnded},
		{"the person is deleted", func(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User, _ session.Grant) error {
			housetest.Delete(t, acme, ann.ID)
			return nil
		}, session.ErrEnded},
		{"the tenant is suspended", func(t *testing.T, h *housetest.House, acme store.Tenant, _ identity.User, _ session.Grant) error {
			h.SetTenantStatus(t, acme, identity.TenantSuspended)
			return nil
		}, policy.ErrSuspended},
	} {
		t.Run(test.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				acme, ann := withAnn(t, h)
				here := enter(t, h, browserAt(home, "bro_here"))
				before := housetest.Hash(t, acme, ann.ID)
				if err := test.take(t, h, acme, ann, here); err != nil {
					t.Fatal(err)
				}
				_, err := service(h).ChangePassword(t.Context(), here.Live, account.PasswordChange{Current: present, New: chosen, From: browserAt(home, "bro_here")})
				if !errors.Is(err, test.err) {
					t.Errorf("%v, want %v", err, test.err)
				}
				if hash, err := acme.PasswordHash(t.Context(), ann.ID); err == nil && string(hash) != before {
					t.Error("the password has changed")
				}
			})
		})
	}
}
