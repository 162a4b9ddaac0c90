// Package housetest builds a house for tests: a store with a signing key, the
// services that sign people in and keep their sessions, and a clock that tests
// set. Tenants and users are made through the store.
//
//	h := housetest.New(t, address)      the first node
//	second := h.Node(t)                 another one: same database, same clock
//	acme := h.AddTenant(t, "acme", identity.Workspace, "sign-in-wait=1m")
//	ann := h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: "right"})
package housetest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Params are the cheapest hashes within the bounds.
var Params = secret.Params{Memory: 8192, Time: 1, Threads: 1}

// Issuer is the public address of the house.
const Issuer = "https://door.test"

// Product is the product's name, which no password may be.
const Product = "Vestibule"

// Morning is when every house opens.
var Morning = time.Date(2030, 1, 2, 9, 0, 0, 0, time.UTC)

// A House is one node of an installation.
type House struct {
	Address  string
	Store    *store.Store
	Sessions *session.Service
	SignIn   *signin.Service
	Clock    *Clock
}

// Each runs test once per database, in a fresh house each time.
func Each(t *testing.T, test func(t *testing.T, h *House)) {
	t.Helper()
	storetest.EachAddress(t, func(t *testing.T, address string) { test(t, New(t, address)) })
}

// New opens the house at an address made by storetest, and makes the first
// signing key.
func New(t testing.TB, address string) *House {
	t.Helper()
	h := open(t, address, &Clock{now: Morning})
	h.AddKey(t, Morning)
	h.load(t)
	return h
}

// Node opens another node over the same database, under the same clock.
func (h *House) Node(t testing.TB) *House {
	t.Helper()
	other := open(t, h.Address, h.Clock)
	other.load(t)
	return other
}

// open opens a node; there is room for a crowd at its gate.
func open(t testing.TB, address string, clock *Clock) *House {
	s := storetest.Open(t, address)
	sessions := &session.Service{
		Store: s, Ring: &session.Ring{Store: s}, Operator: policy.Defaults(), Issuer: Issuer, Now: clock.Now,
	}
	signIn := &signin.Service{
		Store: s, Sessions: sessions, Gate: secret.NewGate(2, 1000, time.Minute), Params: Params, Product: Product, Now: clock.Now,
	}
	return &House{Address: address, Store: s, Sessions: sessions, SignIn: signIn, Clock: clock}
}

func (h *House) load(t testing.TB) {
	t.Helper()
	if err := h.Sessions.Ring.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// AddKey adds a signing key that signs from active on. Nodes notice when they
// load their ring.
func (h *House) AddKey(t testing.TB, active time.Time) secret.SigningKey {
	t.Helper()
	key := secret.NewSigningKey(h.Clock.Now())
	key.ActiveFrom = active
	change(t, h.Store.Nowhere(), func(tx *store.Tx) error {
		return tx.AddSigningKey(t.Context(), store.SigningKey{
			ID: key.ID, Private: key.MarshalPrivate(), Public: key.PublicJWK(), CreatedAt: key.CreatedAt, ActiveFrom: active,
		})
	})
	return key
}

// AddTenant adds a tenant with settings "key=value".
func (h *House) AddTenant(t testing.TB, slug string, style identity.Style, settings ...string) store.Tenant {
	t.Helper()
	tenant := storetest.AddTenant(t, h.Store, slug, style)
	h.SetTenant(t, tenant, settings...)
	return tenant
}

// SetTenant changes settings "key=value" of a tenant, as another node would:
// this one notices within a second.
func (h *House) SetTenant(t testing.TB, tenant store.Tenant, settings ...string) {
	t.Helper()
	h.editTenant(t, tenant, func(row *identity.Tenant) {
		for _, setting := range settings {
			key, value, _ := strings.Cut(setting, "=")
			if err := policy.Set(row, key, value); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// SetTenantStatus suspends or resumes a tenant, as another node would.
func (h *House) SetTenantStatus(t testing.TB, tenant store.Tenant, status identity.TenantStatus) {
	t.Helper()
	h.editTenant(t, tenant, func(row *identity.Tenant) { row.Status = status })
}

func (h *House) editTenant(t testing.TB, tenant store.Tenant, edit func(row *identity.Tenant)) {
	t.Helper()
	row, err := tenant.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	edit(&row)
	change(t, h.Store.Tenant(tenant.ID()), func(tx *store.Tx) error { return tx.Set(t.Context(), row) })
}

// A Person is a user to be added. What is left out is filled in: the role is
// the least one and the status active.
type Person struct {
	Email      string
	Extension  string
	Name       string
	Role       string
	Status     identity.UserStatus
	Password   string      // hashed as our own; none when empty
	Hash       secret.Hash // instead of Password: one that another system made
	MustChange bool
}

// AddUser adds a user.
func (h *House) AddUser(t testing.TB, tenant store.Tenant, p Person) identity.User {
	t.Helper()
	u := identity.User{
		ID: identity.NewUserID(), Extension: p.Extension, Name: p.Name, Role: p.Role, Status: p.Status,
		MustChange: p.MustChange, CreatedAt: h.Clock.Now(), HasPassword: p.Password != "" || p.Hash != "",
	}
	if p.Email != "" {
		u.Email = Email(t, p.Email)
	}
	if u.Role == "" {
		u.Role = identity.Member
	}
	if u.Status == "" {
		u.Status = identity.Active
	}
	hash := p.Hash
	if p.Password != "" {
		row, err := tenant.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		hash = Params.Hash(Password(t, p.Password), signin.Salt(tenant, row.Style, u))
	}
	change(t, h.Store.Tenant(tenant.ID()), func(tx *store.Tx) error { return tx.AddUser(t.Context(), u, hash) })
	return u
}

// Email folds an address.
func Email(t testing.TB, typed string) identity.EmailAddress {
	t.Helper()
	address, err := identity.ParseEmail(typed)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// Password is what somebody types.
func Password(t testing.TB, typed string) secret.Password {
	t.Helper()
	password, err := secret.NewPassword(typed)
	if err != nil {
		t.Fatal(err)
	}
	return password
}

func change(t testing.TB, tenant store.Tenant, change func(tx *store.Tx) error) {
	t.Helper()
	if err := tenant.Tx(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

// A Clock stands still until it is moved. All nodes of an installation read
// the same one.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set sets the clock.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }
