package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/api"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/secret"
)

const tenantsAddress = "/api/v1/operator/tenants"

// operatorToken makes a token and the header that carries it.
func operatorToken(t *testing.T, h *housetest.House) []string {
	t.Helper()
	keeper := &operator.Service{Store: h.Store, Now: h.Clock.Now}
	_, token, err := keeper.CreateToken(t.Context(), "Sign-up", 0)
	if err != nil {
		t.Fatal(err)
	}
	return []string{"Authorization", "Bearer " + string(token)}
}

// A product's own sign-up: one call, and the first administrator gets a letter
// that lets them in.
//
// Proves: G1, 5.6
func TestATenantByOneCall(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		c, token := caller{t, handlerOf(h)}, operatorToken(t, h)
		made := c.send("POST", tenantsAddress, `{"slug":"acme","name":"Acme","settings":{"idle-timeout":"30m","language":"id"},
			"administrator":{"email":"Ann@Acme.test","name":"Ann"}}`, token...).want(201, "")
		var answer struct {
			Slug, Style, Status string
			SignIn              string `json:"sign_in"`
			Settings            map[string]string
			Invitation          struct{ Email, Role, State string }
		}
		if err := json.Unmarshal(made.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		if answer.Slug != "acme" || answer.Style != "workspace" || answer.Status != "active" || answer.Settings["idle-timeout"] != "30m" ||
			answer.SignIn != housetest.Issuer+"/t/acme/login" || answer.Invitation.Role != "admin" || answer.Invitation.State != "pending" {
			t.Errorf("made %s", made.Body)
		}
		letters := h.Work(t)
		if len(letters) != 1 || letters[0].Kind != identity.LetterInvitation {
			t.Fatalf("letters %+v", letters)
		}
		link := h.Store.Keys().LinkToken(identity.InvitationLink, letters[0].Tenant.ID(), letters[0].Link)
		c.send("POST", "/api/v1/invitations/accept", `{"token":"`+string(link)+`","name":"Ann","new_password":"`+newPassword+`"}`).want(200, "")
		signIn := func() reply {
			return c.send("POST", "/api/v1/sessions", `{"tenant":"acme","email":"ann@acme.test","password":"`+newPassword+`"}`)
		}
		ann := bearer(signIn().want(201, ""))
		c.send("GET", "/api/v1/users", "", ann...).want(200, "")

		c.send("POST", tenantsAddress+"/acme/suspend", "", token...).want(200, "")
		c.send("GET", "/api/v1/users", "", ann...).want(401, "session_ended")
		signIn().want(403, "tenant_suspended")
		if r := c.send("GET", tenantsAddress+"/acme", "", token...).want(200, ""); r.field("status") != "suspended" {
			t.Errorf("shown %s", r.Body)
		}
		c.send("POST", tenantsAddress+"/acme/resume", "", token...).want(200, "")
		c.send("GET", "/api/v1/users", "", ann...).want(200, "")

		r := c.send("PATCH", tenantsAddress+"/acme", `{"settings":{"name":"Acme Corporation","idle-timeout":""}}`, token...).want(200, "")
		if r.field("name") != "Acme Corporation" || strings.Contains(r.Body.String(), "30m") {
			t.Errorf("changed %s", r.Body)
		}
		for _, confirm := range []string{"", "?confirm=", "?confirm=other"} {
			c.send("DELETE", tenantsAddress+"/acme"+confirm, "", token...).want(422, "slug_not_confirmed")
		}
		c.send("DELETE", tenantsAddress+"/acme?confirm=acme&confirm=acme", "", token...).want(422, "invalid_query")
		c.send("GET", "/api/v1/users", "", ann...).want(200, "")
		c.send("DELETE", tenantsAddress+"/acme?confirm=acme", "", token...).want(204, "")
		c.send("GET", "/api/v1/users", "", ann...).want(401, "session_ended")
		c.send("GET", tenantsAddress+"/acme", "", token...).want(404, "unknown_tenant")
		signIn().want(401, "invalid_credentials")
	})
}

// Proves: G1, 5.6
func TestTenantsThatCannotBeMade(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		h.AddTenant(t, "taken", identity.Workspace)
		c, token := caller{t, handlerOf(h)}, operatorToken(t, h)
		for _, row := range []struct {
			name, body string
			status     int
			code       string
			says       []string
		}{
			{"a slug that is taken", `{"slug":"taken","name":"Acme"}`, 409, "slug_taken", nil},
			{"a slug that is none", `{"slug":"a_b","name":"Acme"}`, 422, "invalid_slug", nil},
			{"no name", `{"slug":"acme","name":""}`, 422, "invalid_setting", []string{"body.name"}},
			{"another style", `{"slug":"acme","name":"Acme","style":"fax"}`, 422, "invalid_setting", []string{"body.style"}},
			{"a setting there is not", `{"slug":"acme","name":"Acme","settings":{"colour":"red"}}`, 422, "unknown_setting", nil},
			{"a value that will not do", `{"slug":"acme","name":"Acme","settings":{"idle-timeout":"ages"}}`, 422, "invalid_setting", []string{"body.settings.idle-timeout"}},
			{"CSS in the colour", `{"slug":"acme","name":"Acme","settings":{"accent":"red;}"}}`, 422, "invalid_setting", []string{"body.settings.accent"}},
			{"an administrator without an address", `{"slug":"acme","name":"Acme","administrator":{"email":""}}`, 422, "invalid_user", []string{"body.administrator.email"}},
			{"without an extension", `{"slug":"acme","name":"Acme","style":"extension","administrator":{"email":"a@x.test"}}`, 422, "invalid_user", []string{"body.administrator.extension"}},
			{"several at once", `{"slug":"a_b","name":"","style":"fax","settings":{"accent":"red;","colour":"red"},"administrator":{"email":"nobody"}}`, 422, "invalid_tenant",
				[]string{`{"location":"body.slug"`, `{"location":"body.name"`, `{"location":"body.style"`, `{"location":"body.settings.accent"`, `{"location":"body.settings.colour"`, `{"location":"body.administrator.email"`}},
			{"a column of the table", `{"slug":"acme","name":"Acme","status":"suspended"}`, 422, "invalid_body", []string{"body.status"}},
			{"the id", `{"slug":"acme","name":"Acme","id":"ten_00000000000000000000000000000001"}`, 422, "invalid_body", []string{"body.id"}},
			{"a role", `{"slug":"acme","name":"Acme","administrator":{"email":"a@x.test","role":"user"}}`, 422, "invalid_body", []string{"body.administrator.role"}},
		} {
			r := c.send("POST", tenantsAddress, row.body, token...).want(row.status, row.code)
			for _, says := range row.says {
				if !strings.Contains(r.Body.String(), says) {
					t.Errorf("%s: %s", row.name, r.Body)
				}
			}
		}
		c.send("GET", tenantsAddress+"/acme", "", token...).want(404, "unknown_tenant")
		for _, slug := range []string{"a_b", "nobody", "%00", "ten_00000000000000000000000000000000"} {
			for method, path := range map[string]string{"GET": "", "DELETE": "?confirm=" + slug, "POST": "/suspend"} {
				c.send(method, tenantsAddress+"/"+slug+path, "", token...).want(404, "unknown_tenant")
			}
		}
		c.send("PATCH", tenantsAddress+"/taken", `{"settings":{"accent":"x"}}`, token...).want(422, "invalid_setting")
		if letters := h.Work(t); len(letters) != 0 {
			t.Errorf("letters %+v", letters)
		}
	})
}

// Proves: G1, 5.6
func TestTenantsAreListedInPages(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		for _, slug := range []string{"cc", "aa", "bb"} {
			h.AddTenant(t, slug, identity.Workspace)
		}
		c, token := caller{t, handlerOf(h)}, operatorToken(t, h)
		var seen []string
		cursor := ""
		for range 3 {
			r := c.send("GET", tenantsAddress+"?limit=2&cursor="+cursor, "", token...).want(200, "")
			var page struct {
				Items []struct{ Slug string }
			}
			if err := json.Unmarshal(r.Body.Bytes(), &page); err != nil {
				t.Fatal(err)
			}
			for _, one := range page.Items {
				seen = append(seen, one.Slug)
			}
			if cursor = r.field("next_cursor"); cursor == "" {
				break
			}
		}
		if strings.Join(seen, " ") != "aa bb cc" {
			t.Errorf("seen %v", seen)
		}
		for _, query := range []string{"?limit=0", "?limit=201", "?cursor=A_B"} {
			c.send("GET", tenantsAddress+query, "", token...).want(422, "invalid_page")
		}
	})
}

// An operator token is no session and a session no operator token, whatever
// carries it; nothing else lets in.
//
// Proves: G1, 5.6
func TestOperatorTokensOpenNothingElse(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: rightPassword, Role: identity.Admin})
		c, token := caller{t, handlerOf(h)}, operatorToken(t, h)
		ann := signInAnn(c)
		secretPart := strings.TrimPrefix(token[1], "Bearer ")
		for _, route := range (&api.API{SignIn: h.SignIn, Sessions: h.Sessions}).Routes() {
			method, path, _ := strings.Cut(route.Pattern, " ")
			path = strings.ReplaceAll(strings.ReplaceAll(path, "{slug}", "acme"), "{id}", "usr_00000000000000000000000000000000")
			switch {
			case route.Guard.ForOperators():
				for name, headers := range map[string][]string{
					"nothing":               nil,
					"an access token":       bearer(ann),
					"a refresh token":       {"Authorization", "Bearer " + ann.field("refresh_token")},
					"a cookie":              {"Cookie", "__Host-session=" + secretPart, "Origin", housetest.Issuer},
					"a password":            {"Authorization", "Basic " + secretPart},
					"the token as a cookie": {"Cookie", "Authorization=Bearer " + secretPart, "Origin", housetest.Issuer},
				} {
					if r := c.send(method, path, "", headers...); r.Code != 401 || r.field("code") != "operator_token_required" {
						t.Errorf("%s with %s: %d %s", route.Pattern, name, r.Code, r.Body)
					}
				}
				c.send(method, path+"?operator_token="+secretPart, "").want(401, "operator_token_required")
			case !open[route.Pattern]:
				c.send(method, path, "", token...).want(401, "session_ended")
			}
		}
		if r := c.send("GET", tenantsAddress+"/acme", "", token...).want(200, ""); r.Header().Get("Access-Control-Allow-Origin") != "" || len(r.Result().Cookies()) != 0 {
			t.Errorf("headers %v", r.Header())
		}
		if row, err := acme.Get(t.Context()); err != nil || row.Status != identity.TenantActive {
			t.Errorf("acme is %+v, %v", row, err)
		}
	})
}

// Proves: 5.6
func TestGuessedOperatorTokensWait(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		c, token := caller{t, handlerOf(h)}, operatorToken(t, h)
		for range 20 {
			c.send("GET", tenantsAddress, "", "Authorization", "Bearer "+string(secret.NewOperatorToken(identity.NewOperatorTokenID()))).want(401, "operator_token_required")
		}
		r := c.send("GET", tenantsAddress, "", token...).want(http.StatusTooManyRequests, "too_many_attempts")
		if r.Header().Get("Retry-After") != "900" {
			t.Errorf("Retry-After %q", r.Header().Get("Retry-After"))
		}
		h.Clock.Advance(15 * time.Minute)
		c.send("GET", tenantsAddress, "", token...).want(200, "")
	})
}
