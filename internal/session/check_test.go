package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Proves: W13, 2.7
func TestSignOut(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		second := h.Node(t)
		for _, kind := range []identity.SessionKind{identity.Program, identity.Browser} {
			g := enter(t, h, kind)
			alive(t, h, g.AccessToken, true)
			alive(t, second, g.AccessToken, true)
			if err := h.Sessions.SignOut(t.Context(), g.Live, peer); err != nil {
				t.Fatal(err)
			}
			alive(t, h, g.AccessToken, false)
			h.Clock.Advance(time.Second)
			alive(t, second, g.AccessToken, false)
			for _, node := range []*housetest.House{h, second} {
				if kind == identity.Program {
					lives(t, node, g.Refresh, false)
				} else if _, err := node.Sessions.CheckCookie(t.Context(), string(g.Cookie)); !errors.Is(err, session.ErrEnded) {
					t.Errorf("the cookie: %v, want %v", err, session.ErrEnded)
				}
			}
			events := housetest.Events(t, acme, identity.EventSessionLogout)
			if last := events[len(events)-1]; last.User != ann.ID || last.Session != g.Session.ID || last.Peer != peer {
				t.Errorf("event %+v, want Ann's", last)
			}
		}
	})
}

// What ends or changes on one node holds on every other one within a second,
// without a word between them; this node is told.
//
// Proves: W13, G1, 2.7
func TestHoldsWithinASecond(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(t *testing.T, h *housetest.House, acme store.Tenant, g session.Grant)
	}{
		{"signed out", func(t *testing.T, h *housetest.House, _ store.Tenant, g session.Grant) {
			if err := h.Sessions.SignOut(t.Context(), g.Live, peer); err != nil {
				t.Fatal(err)
			}
		}},
		{"deactivated", func(t *testing.T, _ *housetest.House, acme store.Tenant, g session.Grant) {
			housetest.SetStatus(t, acme, g.User.ID, identity.Deactivated)
		}},
		{"deleted", func(t *testing.T, _ *housetest.House, acme store.Tenant, g session.Grant) {
			housetest.Delete(t, acme, g.User.ID)
		}},
		{"suspended", func(t *testing.T, h *housetest.House, acme store.Tenant, _ session.Grant) {
			h.SetTenantStatus(t, acme, identity.TenantSuspended)
		}},
		{"another password", func(t *testing.T, _ *housetest.House, acme store.Tenant, g session.Grant) {
			err := acme.Tx(t.Context(), func(tx *store.Tx) error {
				return tx.SetPassword(t.Context(), g.User.ID, g.User.Credential, housetest.Params.Hash(housetest.Password(t, "another"), nil), false)
			})
			if err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				acme, _ := withAnn(t, h)
				second := h.Node(t)
				g := enter(t, h, identity.Program)
				alive(t, h, g.AccessToken, true)
				alive(t, second, g.AccessToken, true)
				test.change(t, h, acme, g)
				h.Sessions.Forget(acme.ID())
				alive(t, h, g.AccessToken, false)
				h.Clock.Advance(time.Second - time.Microsecond)
				alive(t, second, g.AccessToken, true) // else every check would read the row
				h.Clock.Advance(time.Microsecond)
				alive(t, second, g.AccessToken, false)
				lives(t, h, g.Refresh, false)
				lives(t, second, g.Refresh, false)
			})
		})
	}
}

// A suspension ends nothing for good.
//
// Proves: G1, 2.7
func TestResumedTenant(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := withAnn(t, h)
		g := enter(t, h, identity.Program)
		h.SetTenantStatus(t, acme, identity.TenantSuspended)
		lives(t, h, g.Refresh, false)
		h.SetTenantStatus(t, acme, identity.TenantActive)
		lives(t, h, g.Refresh, true)
	})
}

// What somebody may do is decided from rows: a new role holds within a second,
// and what a token says of roles is nobody's business here.
//
// Proves: G3, 2.7
func TestClaimsAreNotBelieved(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		bea := h.AddUser(t, acme, housetest.Person{Email: "bea@acme.test", Password: right, Role: identity.Admin})
		key := h.AddKey(t, housetest.Morning)
		if err := h.Sessions.Ring.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		g := enter(t, h, identity.Program)
		role := func(token, want string) {
			t.Helper()
			live, err := h.Sessions.Check(t.Context(), token)
			if err != nil || live.User.ID != ann.ID || live.User.Role != want || live.Tenant.Slug != "acme" {
				t.Errorf("%v: user %s, role %q in %q; want Ann with role %q in acme", err, live.User.ID, live.User.Role, live.Tenant.Slug, want)
			}
		}
		claims := forge(g)
		claims.Roles, claims.Permissions, claims.Tenant, claims.Email = []string{identity.Admin}, []string{"users.delete"}, "twin", "bea@acme.test"
		forged := signed(t, key, claims)
		role(forged, identity.Member)
		role(forged, identity.Member) // also when the token is remembered
		claims.Subject = bea.ID
		alive(t, h, signed(t, key, claims), false)

		housetest.SetRole(t, acme, ann.ID, identity.Manager)
		role(g.AccessToken, identity.Member)
		h.Clock.Advance(time.Second)
		role(g.AccessToken, identity.Manager)
	})
}

// forge makes the claims of a grant again.
func forge(g session.Grant) secret.Claims {
	return secret.Claims{
		Issuer: housetest.Issuer, Audience: housetest.Issuer, Subject: g.User.ID, ID: secret.NewTokenID(),
		Expires: secret.NumericDateOf(g.ExpiresAt), IssuedAt: secret.NumericDateOf(g.Session.SignedInAt),
		AuthTime: secret.NumericDateOf(g.Session.SignedInAt), Session: g.Session.ID, TenantID: g.Tenant.ID, Tenant: g.Tenant.Slug,
	}
}

func signed(t *testing.T, key secret.SigningKey, c secret.Claims) string {
	t.Helper()
	token, err := secret.Sign(key, c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Proves: W9, 2.7
func TestForgedAccessTokens(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		_, _ = withAnn(t, h)
		twin := h.AddTenant(t, "twin", identity.Workspace)
		key := h.AddKey(t, housetest.Morning)
		g := enter(t, h, identity.Program)
		unknown := secret.NewSigningKey(housetest.Morning)
		stolen := unknown
		stolen.ID = key.ID
		for _, test := range []struct {
			name  string
			key   secret.SigningKey
			edit  func(c *secret.Claims)
			alive bool
		}{
			{"as ours", key, func(*secret.Claims) {}, true},
			{"by a key that is not ours", unknown, func(*secret.Claims) {}, false},
			{"by a key that pretends to be ours", stolen, func(*secret.Claims) {}, false},
			{"for another audience", key, func(c *secret.Claims) { c.Audience = "https://app.test" }, false},
			{"for no audience", key, func(c *secret.Claims) { c.Audience = "" }, false},
			{"by another issuer", key, func(c *secret.Claims) { c.Issuer = "https://elsewhere.test" }, false},
			{"over", key, func(c *secret.Claims) { c.Expires = secret.NumericDateOf(housetest.Morning) }, false},
			{"of another tenant", key, func(c *secret.Claims) { c.TenantID = twin.ID() }, false},
			{"of a session that never was", key, func(c *secret.Claims) { c.Session = identity.NewSessionID() }, false},
			{"of no session", key, func(c *secret.Claims) { c.Session = "" }, false},
			{"of nobody", key, func(c *secret.Claims) { c.Subject = "" }, false},
		} {
			claims := forge(g)
			test.edit(&claims)
			_, err := h.Sessions.Check(t.Context(), signed(t, test.key, claims))
			if test.alive && err != nil || !test.alive && !errors.Is(err, session.ErrEnded) {
				t.Errorf("%s: %v; want believed: %v", test.name, err, test.alive)
			}
		}
		for _, token := range []string{"", "x.y.z", g.AccessToken + "A", string(g.Refresh)} {
			alive(t, h, token, false)
		}
	})
}

// An end by time that is remembered is looked up before it is believed:
// somebody may have done something on another node.
//
// Proves: W10, P4, 2.7
func TestNeverEndsBeforeItsTime(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h, "idle-timeout=2m")
		second := h.Node(t)
		g := enter(t, h, identity.Program)
		h.Clock.Advance(2*time.Minute - 100*time.Millisecond)
		g = lives(t, second, g.Refresh, true)
		if _, err := h.Sessions.Refresh(t.Context(), string(g.Refresh), true, peer); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(200 * time.Millisecond)
		lives(t, second, g.Refresh, true)
		lives(t, h, g.Refresh, true)
	})
}

// A database that does not answer is an accident, and no reason to sign
// anybody out.
//
// Proves: W10
func TestAccidentEndsNothing(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		g := enter(t, h, identity.Program)
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := h.Sessions.Refresh(cancelled, string(g.Refresh), true, peer); err == nil || errors.Is(err, session.ErrEnded) {
			t.Errorf("refreshing: %v, want an accident", err)
		}
		if _, err := h.Node(t).Sessions.Check(cancelled, g.AccessToken); err == nil || errors.Is(err, session.ErrEnded) {
			t.Errorf("checking: %v, want an accident", err)
		}
		key := h.AddKey(t, housetest.Morning)
		if _, err := h.Sessions.Check(cancelled, signed(t, key, forge(g))); err == nil || errors.Is(err, session.ErrEnded) {
			t.Errorf("checking a token by a key that could not be looked up: %v, want an accident", err)
		}
		lives(t, h, g.Refresh, true)
	})
}

// Proves: W9, 2.7
func TestTokenTellsApplications(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		g := enter(t, h, identity.Program)
		v := secret.Verifier{Issuer: housetest.Issuer, Audience: housetest.Issuer, Key: published(t, h)}
		c, err := v.Verify(g.AccessToken, h.Clock.Now())
		if err != nil {
			t.Fatalf("with what is published: %v", err)
		}
		if c.Subject != ann.ID || c.TenantID != acme.ID() || c.Tenant != "acme" || c.Session != g.Session.ID ||
			len(c.Roles) != 1 || c.Roles[0] != identity.Member || len(c.Permissions) != 0 ||
			c.Email != "ann@acme.test" || c.AuthTime.Time() != housetest.Morning {
			t.Errorf("claims %+v, want Ann's", c)
		}
	})
}
