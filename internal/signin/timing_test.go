package signin_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// pairs is how many tries of each kind are compared, and planted a difference
// that they must show: a fraction of what the hash alone takes.
func pairs() (n int, planted time.Duration) {
	switch {
	case housetest.Long():
		return 1000, 5 * housetest.Visible()
	case housetest.Race:
		return 40, 5 * housetest.Visible()
	}
	return 100, 20 * housetest.Visible()
}

// What a try costs does not tell strangers who is there.
//
// Proves: 2.5
func TestTimingTellsNobody(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		timingHouse(t, h)
		nobody := signin.Try{Tenant: "acme", Email: "nobody@acme.test"}
		for _, test := range []struct {
			name       string
			known, not signin.Try
		}{
			{"workspace", signin.Try{Tenant: "acme", Email: "ann@acme.test"}, nobody},
			{"deactivated, the password is right", signin.Try{Tenant: "acme", Email: "off@acme.test", Password: right}, nobody},
			{"invited", signin.Try{Tenant: "acme", Email: "new@acme.test"}, nobody},
			{"imported", signin.Try{Username: "201-old"}, signin.Try{Username: "202-old"}},
			{"extension", signin.Try{Username: "201-phone"}, signin.Try{Username: "202-phone"}},
			{"e-mail alone", signin.Try{Email: "quinn@crm.test"}, signin.Try{Email: "nobody@crm.test"}},
			{"e-mail alone, known in another style", signin.Try{Email: "ann@acme.test"}, signin.Try{Email: "nobody@crm.test"}},
		} {
			t.Run(test.name, func(t *testing.T) {
				n, _ := pairs()
				var tries housetest.Paired
				tries.More(n, refusal(t, h, test.known), refusal(t, h, test.not))
				shift, apart := tries.Apart()
				t.Logf("median difference %s", shift)
				if apart {
					t.Errorf("known and unknown differ by %s", shift)
				}
			})
		}
	})
}

// The test above can fail: a real difference is seen, on a busy machine in more
// pairs than on a quiet one.
//
// Proves: 2.5
func TestTimingIsSeen(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	timingHouse(t, h)
	known := refusal(t, h, signin.Try{Tenant: "acme", Email: "ann@acme.test"})
	unknown := refusal(t, h, signin.Try{Tenant: "acme", Email: "nobody@acme.test"})
	n, planted := pairs()
	slower := func() {
		known()
		for begin := time.Now(); time.Since(begin) < planted; { // sleeping is too coarse
		}
	}
	var tries housetest.Paired
	for range 20 {
		tries.More(n, slower, unknown)
		shift, apart := tries.Apart()
		t.Logf("%d pairs: median difference %s", len(tries), shift)
		if apart && shift > 0 {
			return
		}
	}
	t.Errorf("a difference of %s was not seen in %d pairs", planted, len(tries))
}

// timingHouse is a house where nobody ever waits.
func timingHouse(t *testing.T, h *housetest.House) {
	t.Helper()
	h.Sessions.Operator.SignInAttempts = 1 << 30
	h.Sessions.Operator.StrangerAttempts = 1 << 30
	h.Sessions.Operator.SourceAttempts = 1 << 30
	acme := h.AddTenant(t, "acme", identity.Workspace)
	h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: right})
	h.AddUser(t, acme, housetest.Person{Email: "zoe@acme.test", Password: right})
	h.AddUser(t, acme, housetest.Person{Email: "off@acme.test", Password: right, Status: identity.Deactivated})
	h.AddUser(t, acme, housetest.Person{Email: "new@acme.test", Status: identity.Invited})
	old := h.AddTenant(t, "old", identity.Extension)
	phone := h.AddTenant(t, "phone", identity.Extension)
	crm := h.AddTenant(t, "crm", identity.Email)
	h.AddUser(t, old, housetest.Person{Extension: "201", Hash: foreign(t, right)})
	h.AddUser(t, old, housetest.Person{Extension: "301", Hash: foreign(t, right)})
	h.AddUser(t, phone, housetest.Person{Extension: "201", Password: right})
	h.AddUser(t, phone, housetest.Person{Extension: "301", Password: right})
	h.AddUser(t, crm, housetest.Person{Email: "quinn@crm.test", Password: right})
}

// refusal is a try that must be refused.
func refusal(t *testing.T, h *housetest.House, try signin.Try) func() {
	try.From = from(home)
	if try.Password == "" {
		try.Password = "wrong"
	}
	return func() {
		if _, err := h.SignIn.SignIn(t.Context(), try); !errors.Is(err, policy.ErrRefused) {
			t.Fatalf("%v, want %v", err, policy.ErrRefused)
		}
	}
}
