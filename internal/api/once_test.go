package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/api"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

func withKey(key string, headers []string) []string {
	return append(slices.Clone(headers), "Idempotency-Key", key)
}

// Sent again, also in quotation marks, each call answers word for word what it
// answered, and does nothing more.
//
// Proves: 5.7
func TestTheSameKeyAnswersTheSame(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: rightPassword, Role: identity.Admin})
		eve := h.AddUser(t, acme, housetest.Person{Email: "eve@acme.test", Password: rightPassword})
		c, token := caller{t, handlerOf(h)}, operatorToken(t, h)
		ann := bearer(signInAnn(c))
		invitation := c.send("POST", "/api/v1/invitations", `{"email":"fay@acme.test","role":"user"}`, ann...).want(201, "").field("id")
		for path, body := range map[string]string{
			"/api/v1/users":       `{"name":"Bob","email":"bob@acme.test","role":"user","make_initial_password":true}`,
			"/api/v1/invitations": `{"email":"cid@acme.test","role":"user"}`,
			"/api/v1/users/" + string(eve.ID) + "/initial-password": "",
			"/api/v1/users/" + string(eve.ID) + "/password-reset":   "",
			"/api/v1/me/email": `{"email":"ann.lee@acme.test","current_password":"` + rightPassword + `"}`,
			"/api/v1/invitations/" + invitation + "/link":   "",
			"/api/v1/invitations/" + invitation + "/resend": "",
			"/api/v1/roles": `{"name":"desk","title":"Front desk","rank":5,"permissions":["users.read"]}`,
			tenantsAddress:  `{"slug":"new","name":"New","administrator":{"email":"dan@x.test"}}`,
		} {
			who := ann
			if path == tenantsAddress {
				who = token
			}
			key := strings.ReplaceAll(path, "/", ".")
			h.Work(t)
			first := c.send("POST", path, body, withKey(key, who)...)
			if first.Code >= 300 || first.Header().Get("Idempotency-Replayed") != "" {
				t.Errorf("%s: %d %s", path, first.Code, first.Body)
			}
			h.Work(t)
			before := happened(t, acme)
			again := c.send("POST", path, body, withKey(`"`+key+`"`, who)...)
			if again.Code != first.Code || again.Body.String() != first.Body.String() || again.Header().Get("Idempotency-Replayed") != "true" ||
				again.Header().Get("Content-Type") != first.Header().Get("Content-Type") {
				t.Errorf("%s, again: %d %s, at first %d %s", path, again.Code, again.Body, first.Code, first.Body)
			}
			if letters := h.Work(t); len(letters) != 0 || happened(t, acme) != before {
				t.Errorf("%s, again: %d letters, %d events more", path, len(letters), happened(t, acme)-before)
			}
			c.send("POST", path, `{"name":"Other"}`, withKey(key, who)...).want(422, "idempotency_key_reused")
			c.send("POST", path+"?", body, withKey(key, who)...).want(422, "idempotency_key_reused")
		}
	})
}

func happened(t *testing.T, tenant store.Tenant) int {
	t.Helper()
	list, err := tenant.Events(t.Context(), "", 200)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// A key is its sender's: another person's, another tenant's and another
// token's are other keys, and who may no longer ask is not answered.
//
// Proves: 5.7, W2
func TestKeysBelongToTheirSender(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		c := caller{t, handlerOf(h)}
		people := map[string][]string{}
		var users []identity.User
		for _, slug := range []string{"acme", "twin"} {
			tenant := h.AddTenant(t, slug, identity.Workspace)
			for _, name := range []string{"ann", "bob"} {
				users = append(users, h.AddUser(t, tenant, housetest.Person{Email: name + "@x.test", Password: rightPassword, Role: identity.Admin}))
				r := c.send("POST", "/api/v1/sessions", `{"tenant":"`+slug+`","email":"`+name+`@x.test","password":"`+rightPassword+`"}`).want(201, "")
				people[slug+" "+name] = withKey("one", bearer(r))
			}
		}
		const body = `{"name":"Cid","email":"cid@x.test","role":"user","make_initial_password":true}`
		first := c.send("POST", "/api/v1/users", body, people["acme ann"]...).want(201, "")
		c.send("POST", "/api/v1/users", body, people["acme bob"]...).want(409, "user_exists")
		if r := c.send("POST", "/api/v1/users", body, people["twin ann"]...).want(201, ""); r.field("id") == first.field("id") {
			t.Error("another tenant's answer")
		}
		c.send("PATCH", "/api/v1/users/"+string(users[0].ID), `{"role":"user"}`, people["acme bob"]...).want(200, "")
		c.send("POST", "/api/v1/users", body, people["acme ann"]...).want(403, "denied")
		c.send("POST", "/api/v1/users", body, "Idempotency-Key", "one").want(401, "sign_in_required")

		sent := `{"slug":"new","name":"New"}`
		one, other := withKey("one", operatorToken(t, h)), withKey("one", operatorToken(t, h))
		c.send("POST", tenantsAddress, sent, one...).want(201, "")
		c.send("POST", tenantsAddress, sent, other...).want(409, "slug_taken")
		c.send("POST", tenantsAddress, sent, one...).want(201, "")
	})
}

// Proves: 5.7
func TestOfManyWithOneKeyOneCreates(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: rightPassword, Role: identity.Admin})
		c, token := caller{t, handlerOf(h)}, operatorToken(t, h)
		ann := bearer(signInAnn(c))
		for _, sent := range []struct {
			path, body string
			who        []string
		}{
			{"/api/v1/invitations", `{"email":"bob@acme.test","role":"user"}`, withKey("k", ann)},
			{tenantsAddress, `{"slug":"new","name":"New"}`, withKey("k", token)},
		} {
			var created atomic.Int64
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					switch r := c.send("POST", sent.path, sent.body, sent.who...); {
					case r.Code == 201:
						if r.Header().Get("Idempotency-Replayed") == "" {
							created.Add(1)
						}
					case r.Code != 409 || r.field("code") != "request_under_way" || r.Header().Get("Retry-After") == "":
						t.Errorf("%s: %d %s", sent.path, r.Code, r.Body)
					}
				})
			}
			all.Wait()
			if created.Load() != 1 {
				t.Errorf("%s: %d created", sent.path, created.Load())
			}
		}
	})
}

// What was refused has made nothing: the same may be asked again under its key,
// something else may not.
//
// Proves: 5.7
func TestARefusalFreesItsKey(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: rightPassword, Role: identity.Admin})
		bob := h.AddUser(t, acme, housetest.Person{Email: "bob@acme.test"})
		c := caller{t, handlerOf(h)}
		ann := withKey("k", bearer(signInAnn(c)))
		invite := func(email string) reply {
			return c.send("POST", "/api/v1/invitations", `{"email":"`+email+`","role":"user"}`, ann...)
		}
		invite("bob@acme.test").want(409, "user_exists")
		invite("cid@acme.test").want(422, "idempotency_key_reused")
		c.send("DELETE", "/api/v1/users/"+string(bob.ID), "", ann...).want(204, "")
		invite("bob@acme.test").want(201, "")
		h.Clock.Advance(24 * time.Hour)
		ann = withKey("k", bearer(signInAnn(c)))
		invite("cid@acme.test").want(201, "")
	})
}

// Proves: 5.7
func TestWhatIsAKey(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	acme := h.AddTenant(t, "acme", identity.Workspace)
	h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: rightPassword, Role: identity.Admin})
	c := caller{t, handlerOf(h)}
	ann := bearer(signInAnn(c))
	for name, key := range map[string]string{
		"empty": "", "empty in quotation marks": `""`, "half in quotation marks": `"k`, "a blank inside": "a b", "an escape": `"a\"b"`,
		"a list": `"a","b"`, "too long": strings.Repeat("k", 256), "no ASCII": "schlüssel",
	} {
		if r := c.send("POST", "/api/v1/users", `{"role":"user"}`, withKey(key, ann)...); r.Code != 400 || r.field("code") != "invalid_idempotency_key" {
			t.Errorf("%s: %d %s", name, r.Code, r.Body)
		}
	}
	for name, key := range map[string]string{"a UUID": "8e03978e-40d5-43e8-bc93-6894a57f9324", "the longest": strings.Repeat("k", 255), "signs": "a:b/c=="} {
		if r := c.send("POST", "/api/v1/users", `{"role":"nobody"}`, withKey(key, ann)...); r.Code != 422 || r.field("code") != "invalid_user" {
			t.Errorf("%s: %d %s", name, r.Code, r.Body)
		}
	}
}

// repeatable are the calls of people that take no key, for what they do can be
// done again.
var repeatable = map[string]string{
	"POST /api/v1/users/{id}/deactivate":           "again changes nothing",
	"POST /api/v1/users/{id}/reactivate":           "again changes nothing",
	"POST /api/v1/users/{id}/unlock":               "again changes nothing",
	"POST /api/v1/users/import":                    "all or nothing, and the second finds the names taken",
	"POST /api/v1/users/export":                    "reads",
	"POST /api/v1/me/email/resend":                 "mails the link again; one is alive",
	"POST /api/v1/audit-events/export":             "reads",
	"POST /api/v1/audit-events/erasures":           "again finds nobody to erase",
	"POST /api/v1/operator/tenants/{slug}/suspend": "again changes nothing",
	"POST /api/v1/operator/tenants/{slug}/resume":  "again changes nothing",
}

// A call that creates without taking a key fails here, and so does one of which
// nobody has said what doing it twice does.
//
// Proves: 5.7
func TestWhatCreatesTakesAKey(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	var description struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
			Responses  map[string]any
		}
	}
	if err := json.Unmarshal(caller{t, handlerOf(h)}.send("GET", "/api/v1/openapi.json", "").Body.Bytes(), &description); err != nil {
		t.Fatal(err)
	}
	for _, route := range (&api.API{SignIn: h.SignIn, Sessions: h.Sessions}).Routes() {
		method, path, _ := strings.Cut(route.Pattern, " ")
		call := description.Paths[path][strings.ToLower(method)]
		takes := false
		for _, p := range call.Parameters {
			takes = takes || p.Name == "Idempotency-Key" && p.In == "header"
		}
		known := route.Guard.Check(front.Nobody) != nil
		switch {
		case takes && (!known || repeatable[route.Pattern] != ""):
			t.Errorf("%s takes a key and need not", route.Pattern)
		case known && !takes && call.Responses["201"] != nil, known && !takes && method == http.MethodPost && repeatable[route.Pattern] == "":
			t.Errorf("%s takes no Idempotency-Key: answer 201, or add it to onceToo, or say in this test why it may be done twice", route.Pattern)
		}
	}
}
