package api_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

const chosenWords = "violet lantern ember"

// bearer signs somebody in.
func (c caller) bearer(body string) []string {
	c.t.Helper()
	return []string{"Authorization", "Bearer " + c.send("POST", "/api/v1/sessions", body).want(201, "").field("access_token")}
}

// Proves: W3, P6, Q1, Q2, Q6, 4.2, 4.3
func TestResetByAPI(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: rightPassword})
		c := caller{t, handlerOf(h)}
		answers := map[string]bool{}
		for _, body := range []string{
			`{"tenant":"acme","email":"ann@acme.test"}`, `{"tenant":"acme","email":"nobody@acme.test"}`, `{"tenant":"none","email":"ann@acme.test"}`,
			`{"email":"ann@acme.test"}`, `{"username":"201-acme"}`, `{"tenant":"acme","username":"201"}`,
		} {
			answers[c.send("POST", "/api/v1/password-resets", body).want(202, "").Body.String()] = true
		}
		if len(answers) != 1 {
			t.Errorf("%d different answers", len(answers))
		}
		letters := h.Work(t)
		if len(letters) != 1 {
			t.Fatalf("%d letters, want 1", len(letters))
		}
		redeem := func(token, password string) reply {
			return c.send("POST", "/api/v1/password-resets/redeem", `{"token":"`+token+`","new_password":"`+password+`"}`)
		}
		token := letters[0].Token()
		redeem(token, chosenWords).want(403, "password_changes_web_only")
		h.SetTenant(t, acme, "password-changes=web+api")
		redeem(token, "short").want(422, "password_refused")
		redeem(token[:40]+string(token[40]^1)+token[41:], chosenWords).want(410, "link_invalid")
		redeem(token, chosenWords).want(204, "")
		redeem(token, chosenWords+"!").want(410, "link_invalid")
		c.bearer(`{"tenant":"acme","email":"ann@acme.test","password":"` + chosenWords + `"}`)
	})
}

// Proves: 4.2
func TestResetByAPIOfWhatIsNoAddress(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	acme := h.AddTenant(t, "acme", identity.Workspace)
	h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: rightPassword})
	c := caller{t, handlerOf(h)}
	for _, row := range []struct {
		name, body, code string
		status           int
	}{
		{"a list", `{"tenant":"acme","email":["ann@acme.test","eve@evil.test"]}`, "invalid_body", 422},
		{"twice", `{"tenant":"acme","email":"ann@acme.test","email":"eve@evil.test"}`, "invalid_body", 422},
		{"in capitals too", `{"tenant":"acme","email":"ann@acme.test","Email":"eve@evil.test"}`, "invalid_body", 422},
		{"another field", `{"tenant":"acme","email":"ann@acme.test","to":"eve@evil.test"}`, "invalid_body", 422},
		{"two in one", `{"tenant":"acme","email":"ann@acme.test,eve@evil.test"}`, "invalid_address", 422},
		{"a line break", `{"tenant":"acme","email":"ann@acme.test\r\nBcc: eve@evil.test"}`, "invalid_address", 422},
		{"a Kelvin sign", `{"tenant":"acme","email":"\u212aim@acme.test"}`, "invalid_address", 422},
		{"both ways", `{"username":"201-acme","email":"ann@acme.test"}`, "invalid_body", 422},
		{"nothing", `{}`, "invalid_body", 422},
		{"null", `{"email":null}`, "invalid_body", 422},
		{"long", `{"email":"` + strings.Repeat("a", 400) + `@acme.test"}`, "invalid_body", 422},
		{"huge", `{"email":"` + strings.Repeat("a", 10<<20) + `@acme.test"}`, "body_too_large", 413},
	} {
		t.Run(row.name, func(t *testing.T) {
			caller{t, c.handler}.send("POST", "/api/v1/password-resets", row.body).want(row.status, row.code)
		})
	}
	if letters := h.Work(t); len(letters) != 0 {
		t.Errorf("%d letters", len(letters))
	}
	for range 20 {
		c.send("POST", "/api/v1/password-resets", `{"email":"nobody@x.test"}`).want(202, "")
	}
	if r := c.send("POST", "/api/v1/password-resets", `{"email":"nobody@x.test"}`).want(429, "too_many_attempts"); r.Header().Get("Retry-After") != "3600" {
		t.Errorf("Retry-After %q", r.Header().Get("Retry-After"))
	}
}

// Proves: Q5, P7, 4.5
func TestWhatAdministratorsDoByAPI(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, twin := h.AddTenant(t, "acme", identity.Workspace), h.AddTenant(t, "twin", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "boss@x.test", Role: identity.Admin, Password: rightPassword})
		ann := h.AddUser(t, acme, housetest.Person{Email: "ann@x.test", Password: rightPassword})
		stranger := h.AddUser(t, twin, housetest.Person{Email: "ann@x.test", Password: rightPassword})
		c := caller{t, handlerOf(h)}
		boss := c.bearer(`{"tenant":"acme","email":"boss@x.test","password":"` + rightPassword + `"}`)
		hers := c.bearer(`{"tenant":"acme","email":"ann@x.test","password":"` + rightPassword + `"}`)
		for _, act := range []string{"password-reset", "initial-password", "unlock"} {
			c.send("POST", "/api/v1/users/"+string(stranger.ID)+"/"+act, "", boss...).want(404, "not_found")
			c.send("POST", "/api/v1/users/"+string(stranger.ID)+"/"+act, "", hers...).want(403, "denied")
			c.send("POST", "/api/v1/users/"+string(ann.ID)+"/"+act, "").want(401, "sign_in_required")
		}
		c.send("POST", "/api/v1/users/"+string(ann.ID)+"/password-reset", "", boss...).want(204, "")
		if letters := h.Work(t); len(letters) != 1 || letters[0].User != ann.ID {
			t.Errorf("letters %v", letters)
		}
		c.send("POST", "/api/v1/users/"+string(ann.ID)+"/unlock", "", boss...).want(204, "")
		slip := c.send("POST", "/api/v1/users/"+string(ann.ID)+"/initial-password", "", boss...).want(200, "")
		if slip.field("sign_in") != housetest.Issuer+"/t/acme/login" || slip.field("username") != "ann@x.test" || slip.field("expires_at") == "" {
			t.Errorf("slip %s", slip.Body)
		}
		c.send("GET", "/api/v1/sessions/current", "", hers...).want(401, "session_ended")
		c.send("POST", "/api/v1/sessions", `{"tenant":"acme","email":"ann@x.test","password":"`+slip.field("password")+`"}`).want(403, "password_change_required")
		h.Clock.Advance(7 * 24 * time.Hour)
		c.send("POST", "/api/v1/sessions", `{"tenant":"acme","email":"ann@x.test","password":"`+slip.field("password")+`"}`).want(401, "invalid_credentials")
	})
}

// Proves: 4.2, 4.4
func TestLinksBeginWithThePublicAddress(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	acme := h.AddTenant(t, "acme", identity.Workspace)
	h.AddUser(t, acme, housetest.Person{Email: "boss@x.test", Role: identity.Admin, Password: rightPassword})
	c := caller{t, handlerOf(h)}
	boss := c.bearer(`{"tenant":"acme","email":"boss@x.test","password":"` + rightPassword + `"}`)
	made := c.send("POST", "/api/v1/invitations", `{"email":"bob@x.test","role":"user"}`, boss...).want(201, "")
	r := httptest.NewRequest("POST", "https://evil.test/api/v1/invitations/"+made.field("id")+"/link", nil)
	for name, value := range map[string]string{boss[0]: boss[1], "X-Forwarded-Host": "evil.test", "Forwarded": "host=evil.test", "X-Forwarded-Proto": "http"} {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	if link := (reply{w, t}).want(200, "").field("link"); !strings.HasPrefix(link, housetest.Issuer+"/") {
		t.Errorf("link %s", link)
	}
}

// Proves: W7, W8, 4.4
func TestInvitationsByAPI(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "boss@x.test", Role: identity.Admin, Password: rightPassword})
		h.AddUser(t, acme, housetest.Person{Email: "mona@x.test", Role: identity.Manager, Password: rightPassword})
		c := caller{t, handlerOf(h)}
		boss := c.bearer(`{"tenant":"acme","email":"boss@x.test","password":"` + rightPassword + `"}`)
		mona := c.bearer(`{"tenant":"acme","email":"mona@x.test","password":"` + rightPassword + `"}`)
		invite := func(body string, who []string) reply { return c.send("POST", "/api/v1/invitations", body, who...) }
		invite(`{"email":"bob@x.test","role":"admin"}`, mona).want(403, "denied")
		invite(`{"email":"bob@x.test","role":"owner"}`, mona).want(422, "invalid_user")
		invite(`{"email":"bob@x.test","role":"user","status":"active"}`, mona).want(422, "invalid_body")
		made := invite(`{"email":"bob@x.test","role":"user"}`, mona).want(201, "")
		if strings.Contains(made.Body.String(), "inv_") || made.field("state") != "pending" || made.field("role") != "user" {
			t.Errorf("made %s", made.Body)
		}
		invite(`{"email":"BOB@x.test","role":"user"}`, mona).want(409, "user_exists")
		path := "/api/v1/invitations/" + made.field("id")
		c.send("POST", path+"/link", "", mona...).want(403, "denied")
		link := c.send("POST", path+"/link", "", boss...).want(200, "").field("link")
		if !strings.HasPrefix(link, housetest.Issuer+"/invitation?token=inv_") {
			t.Errorf("link %s", link)
		}
		if list := c.send("GET", "/api/v1/invitations?limit=1", "", mona...).want(200, "").Body.String(); !strings.Contains(list, "bob@x.test") || strings.Contains(list, "inv_") {
			t.Errorf("list %s", list)
		}
		c.send("GET", "/api/v1/invitations?limit=0", "", mona...).want(422, "invalid_page")
		c.send("GET", "/api/v1/invitations?cursor=x", "", mona...).want(422, "invalid_page")
		h.Work(t)
		c.send("POST", path+"/resend", "", boss...).want(200, "")
		letters := h.Work(t)
		if len(letters) != 1 {
			t.Fatalf("letters %v", letters)
		}
		accept := func(body string) reply { return c.send("POST", "/api/v1/invitations/accept", body) }
		_, token, _ := strings.Cut(link, "token=")
		accept(`{"token":"`+letters[0].Token()+`","name":"Bob","new_password":"`+chosenWords+`","role":"admin"}`).want(422, "invalid_body")
		accept(`{"token":"`+letters[0].Token()+`","name":"","new_password":"`+chosenWords+`"}`).want(422, "invalid_user")
		accept(`{"token":"`+letters[0].Token()+`","name":"Bob","new_password":"short"}`).want(422, "password_refused")
		if letters[0].Token() != token {
			t.Error("a living link is replaced")
		}
		done := accept(`{"token":"`+token+`","name":"Bob","new_password":"`+chosenWords+`"}`).want(200, "")
		if done.field("sign_in") != housetest.Issuer+"/t/acme/login" {
			t.Errorf("done %s", done.Body)
		}
		accept(`{"token":"`+token+`","name":"Bob","new_password":"`+chosenWords+`"}`).want(410, "link_invalid")
		c.send("DELETE", path, "", mona...).want(409, "invitation_over")
		c.bearer(`{"tenant":"acme","email":"bob@x.test","password":"` + chosenWords + `"}`)
	})
}
