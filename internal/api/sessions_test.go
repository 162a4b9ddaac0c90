package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/api"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// caller speaks to an API as programs do.
type caller struct {
	t       *testing.T
	handler http.Handler
}

type reply struct {
	*httptest.ResponseRecorder
	t *testing.T
}

func (c caller) send(method, path, body string, headers ...string) reply {
	r := httptest.NewRequest(method, housetest.Issuer+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	if err := api.Fits(r.Pattern, w.Code, w.Header(), w.Body.Bytes()); err != nil {
		c.t.Errorf("%s %d %s is not as described: %v", r.Pattern, w.Code, w.Body, err)
	}
	return reply{w, c.t}
}

func (r reply) field(name string) string {
	r.t.Helper()
	var body map[string]any
	if err := json.Unmarshal(r.Body.Bytes(), &body); err != nil {
		r.t.Fatalf("%v in %s", err, r.Body)
	}
	text, _ := body[name].(string)
	return text
}

func (r reply) want(status int, code string) reply {
	r.t.Helper()
	if r.Code != status || code != "" && r.field("code") != code {
		r.t.Errorf("got %d %s, want %d %s", r.Code, r.Body, status, code)
	}
	return r
}

// Every way in which a body can be wrong, and the answer that says so.
//
// Proves: 2.5
func TestBadInputIsNamed(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: rightPassword})
		c := caller{t, handlerOf(h)}
		const fine = `"tenant":"acme","email":"ann@acme.test"`
		for _, row := range []struct {
			name, body, kind string
			status           int
			code, says       string
		}{
			{"no JSON", `tenant=acme`, "", 400, "invalid_json", ""},
			{"trailing data", `{} {}`, "", 400, "invalid_json", ""},
			{"a form", `tenant=acme`, "application/x-www-form-urlencoded", 415, "wrong_content_type", ""},
			{"no content type", `{` + fine + `}`, " ", 415, "wrong_content_type", ""},
			{"a duplicate name", `{"tenant":"acme",` + fine + `,"password":"x"}`, "", 422, "invalid_body", "body.tenant"},
			{"a case variant", `{` + fine + `,"Password":"x"}`, "", 422, "invalid_body", "Password"},
			{"an unknown name", `{` + fine + `,"password":"x","role":"admin"}`, "", 422, "invalid_body", "role"},
			{"an array for a string", `{"tenant":"acme","email":["ann@acme.test","eve@x.test"],"password":"x"}`, "", 422, "invalid_body", "body.email"},
			{"no password", `{` + fine + `}`, "", 422, "invalid_body", "body.password"},
			{"no name at all", `{"password":"x"}`, "", 422, "invalid_body", "body.email"},
			{"two styles at once", `{` + fine + `,"username":"201","password":"x"}`, "", 422, "invalid_body", "body.email"},
			{"a password over 1,024 bytes", `{` + fine + `,"password":"` + strings.Repeat("p", 1025) + `"}`, "", 422, "invalid_password_text", "1024"},
			{"a password that is not UTF-8", `{` + fine + ",\"password\":\"a\xffb\"}", "", 400, "invalid_json", ""},
			{"a body over 64 KB", `{"email":"` + strings.Repeat("e", 70<<10) + `"}`, "", 413, "body_too_large", ""},
			{"an e-mail of 10 KB", `{"tenant":"acme","email":"` + strings.Repeat("e", 10<<10) + `@x.test","password":"x"}`, "", 422, "invalid_body", "body.email"},
			{"an address that is none", `{"tenant":"acme","email":"nobody","password":"x"}`, "", 401, "invalid_credentials", ""},
			{"an unknown tenant", `{"tenant":"nowhere","email":"ann@acme.test","password":"x"}`, "", 401, "invalid_credentials", ""},
			{"an unknown user", `{"tenant":"acme","email":"eve@acme.test","password":"x"}`, "", 401, "invalid_credentials", ""},
			{"a made-up choice", `{"choice_token":"cho_x","tenant":"acme"}`, "", 401, "sign_in_again", ""},
		} {
			t.Run(row.name, func(t *testing.T) {
				headers := []string{}
				if row.kind != "" {
					headers = append(headers, "Content-Type", strings.TrimSpace(row.kind))
				}
				r := caller{t, c.handler}.send("POST", "/api/v1/sessions", row.body, headers...).want(row.status, row.code)
				if !strings.Contains(r.Body.String(), row.says) {
					t.Errorf("the answer does not name %s: %s", row.says, r.Body)
				}
				if strings.Contains(r.Body.String(), "pppp") {
					t.Errorf("the answer repeats a value: %s", r.Body)
				}
				if kind := r.Header().Get("Content-Type"); kind != "application/problem+json" {
					t.Errorf("content type %q", kind)
				}
			})
		}
	})
}

// Proves: 2.5, 2.7, W9, W13
func TestSessionFromSignInToSignOut(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Name: "Ann", Password: rightPassword, Role: identity.Manager})
		h.AddUser(t, acme, housetest.Person{Email: "bob@acme.test", Password: rightPassword})
		c := caller{t, handlerOf(h)}
		signIn := func(email string) reply {
			return c.send("POST", "/api/v1/sessions", `{"tenant":"ACME ","email":" `+email+`","password":"`+rightPassword+`"}`).want(201, "")
		}
		first, second, other := signIn("Ann@Acme.test"), signIn("ann@acme.test"), signIn("bob@acme.test")
		bearer := func(r reply) []string { return []string{"Authorization", "Bearer " + r.field("access_token")} }

		current := c.send("GET", "/api/v1/sessions/current", "", bearer(first)...).want(200, "")
		for _, text := range []string{`"ann@acme.test"`, `"Ann"`, `"manager"`, `"users.write"`, `"acme"`} {
			if !strings.Contains(strings.ToLower(current.Body.String()), strings.ToLower(text)) {
				t.Errorf("%s is missing in %s", text, current.Body)
			}
		}
		list := c.send("GET", "/api/v1/sessions", "", bearer(first)...).want(200, "")
		if n := strings.Count(list.Body.String(), `"id"`); n != 2 {
			t.Errorf("%d sessions in the list, want 2: %s", n, list.Body)
		}
		var theirs struct{ Session struct{ ID string } }
		if err := json.Unmarshal(other.Body.Bytes(), &theirs); err != nil {
			t.Fatal(err)
		}
		c.send("DELETE", "/api/v1/sessions/"+theirs.Session.ID, "", bearer(first)...).want(404, "not_found")
		c.send("GET", "/api/v1/sessions/current", "", bearer(other)...).want(200, "")

		c.send("DELETE", "/api/v1/sessions", "", bearer(first)...).want(204, "")
		c.send("GET", "/api/v1/sessions/current", "", bearer(second)...).want(401, "session_ended")
		c.send("POST", "/api/v1/sessions/refresh", `{"refresh_token":"`+second.field("refresh_token")+`"}`).want(401, "session_ended")
		c.send("GET", "/api/v1/sessions/current", "", bearer(first)...).want(200, "")

		c.send("DELETE", "/api/v1/sessions/current", "", bearer(first)...).want(204, "")
		c.send("GET", "/api/v1/sessions/current", "", bearer(first)...).want(401, "session_ended")
		c.send("POST", "/api/v1/sessions/refresh", `{"refresh_token":"`+first.field("refresh_token")+`"}`).want(401, "session_ended")
		c.send("GET", "/api/v1/sessions/current", "", bearer(other)...).want(200, "")
	})
}

// Proves: 2.6, P5
func TestTheWaitIsAnsweredWithItsTime(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: rightPassword})
		c := caller{t, handlerOf(h)}
		try := func(password string) reply {
			return c.send("POST", "/api/v1/sessions", `{"tenant":"acme","email":"ann@acme.test","password":"`+password+`"}`)
		}
		for range 5 {
			try("a guess").want(401, "invalid_credentials")
		}
		h.Clock.Advance(time.Minute)
		if r := try(rightPassword).want(429, "too_many_attempts"); r.Header().Get("Retry-After") != "840" {
			t.Errorf("Retry-After %q, want 840", r.Header().Get("Retry-After"))
		}
		h.Clock.Advance(14 * time.Minute)
		try(rightPassword).want(201, "")
	})
}

// Calls anybody may make. Adding one is a security review.
var open = map[string]bool{
	"POST /api/v1/sessions": true, "POST /api/v1/sessions/refresh": true, "POST /api/v1/me/initial-password": true,
	"POST /api/v1/password-resets": true, "POST /api/v1/password-resets/redeem": true, "POST /api/v1/invitations/accept": true, "POST /api/v1/address-changes/undo": true,
	"POST /api/v1/address-changes/confirm": true,
	"GET /api/v1/openapi.json":             true, "GET /.well-known/jwks.json": true,
	"GET /api/docs": true, "GET /api/docs/style.css": true,
}

// Every route keeps strangers out, carries the headers, refuses other methods
// and other sites, and is in the description.
//
// Proves: 2.5, 2.8
func TestEveryRoute(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		c := caller{t, handlerOf(h)}
		calls := &api.API{SignIn: h.SignIn, Sessions: h.Sessions, Product: "Vestibule"}
		description := c.send("GET", "/api/v1/openapi.json", "").want(200, "").Body.String()
		for _, route := range calls.Routes() {
			if strangers := route.Guard.Check(front.Nobody) == nil; strangers != open[route.Pattern] {
				t.Errorf("%s: open to strangers is %v, want %v", route.Pattern, strangers, open[route.Pattern])
			}
			method, path, _ := strings.Cut(route.Pattern, " ")
			r := c.send(method, path, "")
			if route.Guard.ForOperators() {
				r.want(401, "operator_token_required")
			} else if !open[route.Pattern] {
				r.want(401, "sign_in_required")
				c.send(method, path, "", "Authorization", "Bearer made.up.token").want(401, "session_ended")
				c.send(method, path, "", "Authorization", "Basic YW5uOmFubg==").want(401, "session_ended")
			}
			for _, header := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy",
				"Cross-Origin-Resource-Policy", "X-Frame-Options", "Strict-Transport-Security", "Cache-Control", "X-Request-Id"} {
				if r.Header().Get(header) == "" {
					t.Errorf("%s: no %s", route.Pattern, header)
				}
			}
			if method != http.MethodGet {
				c.send(method, path, "", "Sec-Fetch-Site", "cross-site").want(403, "cross_origin")
				c.send(method, path, "", "Origin", "https://evil.test").want(403, "cross_origin")
			}
			c.send("OPTIONS", path, "").want(405, "method_not_allowed")
			if strings.HasPrefix(path, "/api/v1/") && path != "/api/v1/openapi.json" && !strings.Contains(description, `"`+path+`"`) {
				t.Errorf("%s is not in the description", path)
			}
		}
		c.send("GET", "/api/v1/nothing", "").want(404, "not_found")
	})
}

// Proves: 2.5, P1
func TestInitialPasswordIsReplacedByAPI(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		tenant := h.AddTenant(t, "wickedsprockets", identity.Extension)
		h.AddUser(t, tenant, housetest.Person{Extension: "201", Password: rightPassword, MustChange: true})
		c := caller{t, handlerOf(h)}
		signIn := func(password string) reply {
			return c.send("POST", "/api/v1/sessions", `{"username":"201-wickedsprockets","password":"`+password+`"}`)
		}
		token := signIn(rightPassword).want(403, "password_change_required").field("change_token")
		change := func(password string) reply {
			return c.send("POST", "/api/v1/me/initial-password", `{"change_token":"`+token+`","new_password":"`+password+`"}`)
		}
		change("short").want(422, "password_refused")
		change(rightPassword).want(422, "password_refused")
		change("wickedsprockets1").want(422, "password_refused")
		change("violet lantern ember").want(201, "")
		change("another lantern ember").want(401, "sign_in_again")
		signIn(rightPassword).want(401, "invalid_credentials")
		signIn("violet lantern ember").want(201, "")
	})
}
