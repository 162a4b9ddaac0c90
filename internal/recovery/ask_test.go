package recovery_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Who gets a letter, by what was typed. Everybody gets the same answer.
//
// Proves: W3, P6, P7, Q1, Q2, W2, 4.2
func TestWhoGetsALetter(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		twin := h.AddTenant(t, "twin", identity.Workspace)
		phone := h.AddTenant(t, "phone-co", identity.Extension)
		crm, desk := h.AddTenant(t, "crm", identity.Email), h.AddTenant(t, "desk", identity.Email)
		shut := h.AddTenant(t, "shut", identity.Email)
		for _, tenant := range []store.Tenant{acme, twin, crm, desk, shut} {
			h.AddUser(t, tenant, housetest.Person{Email: "Ann@X.test", Password: old})
			h.AddUser(t, tenant, housetest.Person{Email: "off@x.test", Password: old, Status: identity.Deactivated})
			h.AddUser(t, tenant, housetest.Person{Email: "new@x.test", Status: identity.Invited})
		}
		h.AddUser(t, phone, housetest.Person{Extension: "201", Email: "eve@x.test", Password: old})
		h.AddUser(t, phone, housetest.Person{Extension: "202", Password: old})
		h.SetTenantStatus(t, shut, identity.TenantSuspended)
		for _, row := range []struct {
			name string
			wish recovery.Wish
			to   []string // slugs
		}{
			{"slug and address", recovery.Wish{Tenant: " ACME", Email: "ann@x.test "}, []string{"acme"}},
			{"another spelling of the domain", recovery.Wish{Tenant: "acme", Email: "ann@X.TEST"}, []string{"acme"}},
			{"the address alone, in every tenant of that style", recovery.Wish{Email: "ann@x.test"}, []string{"crm", "desk"}},
			{"a tenant of the e-mail style by its slug", recovery.Wish{Tenant: "crm", Email: "ann@x.test"}, []string{"crm"}},
			{"an extension with its code", recovery.Wish{Username: "201-phone-co"}, []string{"phone-co"}},
			{"an extension within its tenant", recovery.Wish{Tenant: "phone-co", Username: "201"}, []string{"phone-co"}},
			{"an extension without an address", recovery.Wish{Username: "202-phone-co"}, nil},
			{"an extension of another tenant", recovery.Wish{Tenant: "acme", Username: "201-phone-co"}, nil},
			{"an address where people have extensions", recovery.Wish{Tenant: "phone-co", Email: "eve@x.test"}, nil},
			{"nobody", recovery.Wish{Tenant: "acme", Email: "nobody@x.test"}, nil},
			{"no such tenant", recovery.Wish{Tenant: "none", Email: "ann@x.test"}, nil},
			{"deactivated", recovery.Wish{Tenant: "acme", Email: "off@x.test"}, nil},
			{"invited", recovery.Wish{Tenant: "acme", Email: "new@x.test"}, nil},
			{"suspended", recovery.Wish{Tenant: "shut", Email: "ann@x.test"}, nil},
			{"a dotted twin", recovery.Wish{Tenant: "acme", Email: "a.nn@x.test"}, nil},
		} {
			h.Clock.Advance(time.Hour)
			var to []string
			for _, letter := range ask(t, h, row.wish) {
				tenant, err := letter.Tenant.Get(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				to = append(to, tenant.Slug)
				if letter.Kind != identity.LetterReset || len(letter.Data) != 0 {
					t.Errorf("%s: %s with %v; the address is the account's own", row.name, letter.Kind, letter.Data)
				}
			}
			if !sameSet(to, row.to) {
				t.Errorf("%s: letters in %v, want %v", row.name, to, row.to)
			}
		}
	})
}

func sameSet(a, b []string) bool {
	count := map[string]int{}
	for _, x := range a {
		count[x]++
	}
	for _, x := range b {
		count[x]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// Proves: 4.2
func TestWhatIsNoAddressAtAll(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		annOf(t, h)
		for _, row := range []struct {
			name string
			wish recovery.Wish
		}{
			{"nothing", recovery.Wish{}},
			{"no @", recovery.Wish{Tenant: "acme", Email: "ann"}},
			{"two addresses", recovery.Wish{Tenant: "acme", Email: "ann@acme.test, eve@evil.test"}},
			{"two addresses, a blank between", recovery.Wish{Tenant: "acme", Email: "ann@acme.test eve@evil.test"}},
			{"two @", recovery.Wish{Tenant: "acme", Email: "ann@acme.test@evil.test"}},
			{"a name around it", recovery.Wish{Tenant: "acme", Email: "Ann <ann@acme.test>"}},
			{"a header behind it", recovery.Wish{Tenant: "acme", Email: "ann@acme.test\r\nBcc: eve@evil.test"}},
			{"long s for s", recovery.Wish{Tenant: "acme", Email: "ann@acme.te\u017ft"}},
			{"a letter like an a", recovery.Wish{Tenant: "acme", Email: "\u0430nn@acme.test"}},
			{"no slug", recovery.Wish{Tenant: "acme/..", Email: "ann@acme.test"}},
			{"digits without a tenant", recovery.Wish{Username: "201"}},
			{"no extension", recovery.Wish{Username: "ann-acme"}},
			{"huge", recovery.Wish{Tenant: "acme", Email: strings.Repeat("a", 10<<20) + "@acme.test"}},
		} {
			wants(t, row.name, h.Recovery().Ask(t.Context(), row.wish, home), recovery.ErrAddress)
		}
		if letters := h.Work(t); len(letters) != 0 {
			t.Errorf("%d letters", len(letters))
		}
	})
}

// A living link is mailed again, three times an hour at most; the link itself
// is never touched by strangers.
//
// Proves: 4.1, 4.2
func TestAskingAgain(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		annOf(t, h)
		first := token(t, h, annsWish)
		sent := 1
		for range 10 {
			h.Clock.Advance(time.Minute)
			for _, letter := range ask(t, h, annsWish) {
				if sent++; letter.Token() != first {
					t.Error("another link while the first one lives")
				}
			}
		}
		if sent != policy.LettersAnHour {
			t.Errorf("%d letters, want %d", sent, policy.LettersAnHour)
		}
		h.Clock.Advance(49 * time.Minute) // 59 after the first: it lives, but no letter is due
		if letters := ask(t, h, annsWish); len(letters) != 0 {
			t.Errorf("%d letters within the hour", len(letters))
		}
		wants(t, "the first link", redeem(t, h, first, fresh), nil)
		h.Clock.Advance(time.Minute)
		if second := token(t, h, annsWish); second == first {
			t.Error("a used link is mailed again")
		}
	})
}

// A worker that dies after the letter, and before it says so, sends no second
// one.
//
// Proves: 4.2
func TestHandlingTwice(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		crm, desk := h.AddTenant(t, "crm", identity.Email), h.AddTenant(t, "desk", identity.Email)
		h.AddUser(t, crm, housetest.Person{Email: "ann@x.test", Password: old})
		h.AddUser(t, desk, housetest.Person{Email: "ann@x.test", Password: old})
		if err := h.Recovery().Ask(t.Context(), recovery.Wish{Email: "ann@x.test"}, home); err != nil {
			t.Fatal(err)
		}
		var request identity.Task
		nowhere := h.Store.Nowhere()
		err := nowhere.Tx(t.Context(), func(tx *store.Tx) error {
			list, err := tx.ClaimTasks(t.Context(), false, h.Clock.Now(), h.Clock.Now().Add(time.Minute), 9)
			if len(list) == 1 {
				request = list[0]
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			wants(t, "handle", h.Recovery().Handle(t.Context(), nowhere, request), nil)
		}
		if letters := h.Work(t); len(letters) != 2 {
			t.Errorf("%d letters, want one for each account", len(letters))
		}
	})
}

// Sources that ask too often wait; nobody else does.
//
// Proves: 4.2
func TestSourcesWait(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		annOf(t, h)
		for i := range 20 {
			wants(t, "asking", h.Recovery().Ask(t.Context(), recovery.Wish{Email: "u" + strconv.Itoa(i) + "@x.test"}, home), nil)
		}
		err := h.Recovery().Ask(t.Context(), annsWish, home)
		wants(t, "the 21st", err, policy.ErrWait)
		if p := problem.Of(err); p == nil || p.RetryAfter != time.Hour {
			t.Errorf("wait %v, want an hour", p)
		}
		away := home
		away.Source = "198.51.100.7"
		wants(t, "from elsewhere", h.Recovery().Ask(t.Context(), annsWish, away), nil)
		h.Clock.Advance(time.Hour)
		wants(t, "an hour later", h.Recovery().Ask(t.Context(), annsWish, home), nil)
	})
}

// Who asks sets nothing off but a request: who is meant, and whether mail can
// be sent, is found out where nobody waits.
//
// Proves: 4.2
func TestAskingLeavesTheSameForEverybody(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := annOf(t, h)
		for i, email := range []string{"ann@acme.test", "nobody@acme.test"} {
			wants(t, email, h.Recovery().Ask(t.Context(), recovery.Wish{Tenant: "acme", Email: email}, home), nil)
			if letters, err := h.Store.DueTenants(t.Context(), true, h.Clock.Now(), 9); err != nil || len(letters) != 0 {
				t.Errorf("%s: a letter is written while somebody waits (%v)", email, err)
			}
			events := housetest.Events(t, acme)
			if len(events) != i+1 || events[i].Kind != identity.EventResetRequested || events[i].User != "" {
				t.Errorf("%s: events %v", email, events)
			}
		}
	})
}
