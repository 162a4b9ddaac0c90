package recovery_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

const (
	old   = "correct horse"
	fresh = "violet lantern ember"
)

var home = recovery.From{Peer: identity.Peer{Address: "192.0.2.1", UserAgent: "test"}, Source: "192.0.2.1"}

// ask asks for a link and does the work that follows.
func ask(t *testing.T, h *housetest.House, w recovery.Wish) []housetest.Letter {
	t.Helper()
	if err := h.Recovery().Ask(t.Context(), w, home); err != nil {
		t.Fatal(err)
	}
	return h.Work(t)
}

// token is the one link that a wish brings.
func token(t *testing.T, h *housetest.House, w recovery.Wish) string {
	t.Helper()
	letters := kind(ask(t, h, w), identity.LetterReset)
	if len(letters) != 1 {
		t.Fatalf("%d letters, want 1", len(letters))
	}
	return letters[0].Token()
}

func kind(letters []housetest.Letter, kind string) []housetest.Letter {
	return slices.DeleteFunc(letters, func(l housetest.Letter) bool { return l.Kind != kind })
}

func redeem(t *testing.T, h *housetest.House, token, password string) error {
	t.Helper()
	_, err := h.Recovery().Redeem(t.Context(), recovery.Reset{Token: token, Password: password, From: home})
	return err
}

// signsIn reports whether a password opens a session.
func signsIn(t *testing.T, h *housetest.House, try signin.Try, password string) bool {
	t.Helper()
	try.Password = password
	try.From = signin.From{Kind: identity.Program, Peer: home.Peer, Source: "198.51.100.1"}
	_, err := h.SignIn.SignIn(t.Context(), try)
	if err != nil && problem.Of(err) == nil {
		t.Fatal(err)
	}
	return err == nil
}

func wants(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// sign in as Ann of Acme, who has a session and a wait.
func annOf(t *testing.T, h *housetest.House) (store.Tenant, identity.User) {
	t.Helper()
	acme := h.AddTenant(t, "acme", identity.Workspace)
	return acme, h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Name: "Ann Archer", Password: old})
}

var annsWish = recovery.Wish{Tenant: "acme", Email: "ann@acme.test"}
