package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

const newPassword = "violet lantern ember"

func bearer(r reply) []string {
	return []string{"Authorization", "Bearer " + r.field("access_token")}
}

func signInAnn(c caller) reply {
	return c.send("POST", "/api/v1/sessions", `{"tenant":"acme","email":"ann@acme.test","password":"`+rightPassword+`"}`).want(201, "")
}

func passwords(current, chosen string) string {
	return `{"current_password":"` + current + `","new_password":"` + chosen + `"}`
}

// Proves: P9, Q6
func TestChangeMyPassword(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: rightPassword})
		c := caller{t, handlerOf(h)}
		mine, other := signInAnn(c), signInAnn(c)
		change := func(body string) reply { return c.send("PUT", "/api/v1/me/password", body, bearer(mine)...) }
		change(passwords(rightPassword, newPassword)).want(403, "password_changes_web_only")
		change(passwords("wrong", newPassword)).want(403, "password_changes_web_only")
		h.SetTenant(t, acme, "password-changes=web+api")
		h.Clock.Advance(2 * time.Second)
		for _, row := range []struct {
			name, body string
			status     int
			code, says string
		}{
			{"a wrong current password", passwords("wrong", newPassword), 422, "wrong_current_password", "body.current_password"},
			{"an empty one", passwords("", newPassword), 422, "invalid_password_text", "body.current_password"},
			{"a new one that is too short", passwords(rightPassword, "short"), 422, "password_refused", "body.new_password"},
			{"the same again", passwords(rightPassword, rightPassword), 422, "password_refused", "body.new_password"},
			{"none at all", `{}`, 422, "invalid_password_text", "body.current_password"},
			{"a field of another call", `{"current_password":"x","new_password":"y","role":"admin"}`, 422, "invalid_body", "body.role"},
			{"a name in capitals", `{"Current_Password":"x","new_password":"y"}`, 422, "invalid_body", "current_password"},
			{"the session of somebody else", `{"current_password":"x","new_password":"y","user_id":"usr_x"}`, 422, "invalid_body", "body.user_id"},
			{"no JSON", `x`, 400, "invalid_json", ""},
		} {
			r := change(row.body)
			r.want(row.status, row.code)
			if !strings.Contains(r.Body.String(), row.says) || strings.Contains(r.Body.String(), rightPassword) {
				t.Errorf("%s: %s", row.name, r.Body)
			}
		}
		change(passwords(rightPassword, newPassword)).want(204, "")
		c.send("GET", "/api/v1/me", "", bearer(mine)...).want(200, "")
		c.send("GET", "/api/v1/me", "", bearer(other)...).want(401, "session_ended")
		c.send("POST", "/api/v1/sessions/refresh", `{"refresh_token":"`+mine.field("refresh_token")+`"}`).want(200, "")
		c.send("POST", "/api/v1/sessions/refresh", `{"refresh_token":"`+other.field("refresh_token")+`"}`).want(401, "session_ended")
		c.send("POST", "/api/v1/sessions", `{"tenant":"acme","email":"ann@acme.test","password":"`+rightPassword+`"}`).want(401, "invalid_credentials")
	})
}

// Proves: P5, Q6
func TestGuessingMyPassword(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace, "password-changes=web+api")
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: rightPassword})
		c := caller{t, handlerOf(h)}
		stolen := bearer(signInAnn(c))
		for range 5 {
			c.send("PUT", "/api/v1/me/password", passwords("a guess", newPassword), stolen...).want(422, "wrong_current_password")
		}
		if r := c.send("PUT", "/api/v1/me/password", passwords(rightPassword, newPassword), stolen...).want(429, "too_many_attempts"); r.Header().Get("Retry-After") != "900" {
			t.Errorf("Retry-After %q, want 900", r.Header().Get("Retry-After"))
		}
	})
}

// Proves: G5
func TestMyProfile(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Name: "Ann", Password: rightPassword})
		c := caller{t, handlerOf(h)}
		mine := bearer(signInAnn(c))
		if r := c.send("GET", "/api/v1/me", "", mine...).want(200, ""); r.field("name") != "Ann" || r.field("email") != "ann@acme.test" || r.field("role") != identity.Member {
			t.Errorf("me: %s", r.Body)
		}
		if r := c.send("PATCH", "/api/v1/me", `{"name":" Ann E. Heron "}`, mine...).want(200, ""); r.field("name") != "Ann E. Heron" {
			t.Errorf("changed: %s", r.Body)
		}
		c.send("PATCH", "/api/v1/me", `{}`, mine...).want(200, "")
		if r := c.send("GET", "/api/v1/me", "", mine...); r.field("name") != "Ann E. Heron" {
			t.Errorf("me, afterwards: %s", r.Body)
		}
		if r := c.send("PATCH", "/api/v1/me", `{"name":""}`, mine...).want(422, "invalid_name"); !strings.Contains(r.Body.String(), "body.name") {
			t.Errorf("the field is not named: %s", r.Body)
		}
		for _, column := range []string{"id", "email", "extension", "role", "Role", "status", "tenant_id", "must_change", "credential", "password", "NAME"} {
			c.send("PATCH", "/api/v1/me", `{"name":"Eve","`+column+`":"admin"}`, mine...).want(422, "invalid_body")
		}
		c.send("PATCH", "/api/v1/me", `{"name":null}`, mine...).want(200, "")
		if r := c.send("GET", "/api/v1/me", "", mine...); r.field("name") != "Ann E. Heron" || r.field("role") != identity.Member {
			t.Errorf("me, in the end: %s", r.Body)
		}
	})
}

// Proves: G5, 5.1, 5.7
func TestMyLanguageAndTimeZone(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Name: "Ann", Password: rightPassword})
		c := caller{t, handlerOf(h)}
		mine := bearer(signInAnn(c))
		if r := c.send("PATCH", "/api/v1/me", `{"language":"id","time_zone":"Asia/Jakarta"}`, mine...).want(200, ""); r.field("language") != "id" || r.field("time_zone") != "Asia/Jakarta" {
			t.Errorf("changed: %s", r.Body)
		}
		c.send("PATCH", "/api/v1/me", `{"language":null,"time_zone":""}`, mine...).want(200, "")
		if r := c.send("GET", "/api/v1/me", "", mine...).want(200, ""); r.field("language") != "id" || r.field("time_zone") != "" || r.field("name") != "Ann" {
			t.Errorf("me: %s", r.Body)
		}
		c.send("PATCH", "/api/v1/me", `{"language":"tlh"}`, mine...).want(422, "invalid_language")
		if r := c.send("PATCH", "/api/v1/me", `{"time_zone":"Europe/Atlantis"}`, mine...).want(422, "invalid_time_zone"); strings.Contains(r.Body.String(), "Atlantis") {
			t.Errorf("what was sent is repeated: %s", r.Body)
		}
	})
}

// Proves: G6, 5.1, 5.7
func TestChangeMyAddress(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: rightPassword})
		c := caller{t, handlerOf(h)}
		mine := bearer(signInAnn(c))
		ask := func(email, password string) reply {
			return c.send("POST", "/api/v1/me/email", `{"email":"`+email+`","current_password":"`+password+`"}`, mine...)
		}
		ask("new@acme.test", "wrong").want(422, "wrong_current_password")
		ask("nowhere", rightPassword).want(422, "invalid_email")
		ask("ann@acme.test", rightPassword).want(422, "address_unchanged")
		c.send("POST", "/api/v1/me/email", `{"email":"new@acme.test","current_password":"x","role":"admin"}`, mine...).want(422, "invalid_body")
		c.send("POST", "/api/v1/me/email/resend", "", mine...).want(404, "no_address_change")
		c.send("DELETE", "/api/v1/me/email", "", mine...).want(404, "no_address_change")
		if r := c.send("GET", "/api/v1/me/email", "", mine...).want(200, ""); !strings.Contains(r.Body.String(), `"pending":null`) {
			t.Errorf("nothing waits: %s", r.Body)
		}
		ask("first@acme.test", rightPassword).want(202, "")
		c.send("DELETE", "/api/v1/me/email", "", mine...).want(204, "")
		if r := ask("new@acme.test", rightPassword).want(202, ""); r.field("email") != "new@acme.test" || r.field("expires_at") == "" {
			t.Errorf("asked: %s", r.Body)
		}
		c.send("POST", "/api/v1/me/email/resend", "", mine...).want(202, "")
		if r := ask("more@acme.test", rightPassword).want(429, "too_many_letters"); r.Header().Get("Retry-After") != "3600" {
			t.Errorf("Retry-After %q", r.Header().Get("Retry-After"))
		}
		if r := c.send("GET", "/api/v1/me/email", "", mine...).want(200, ""); r.field("email") != "ann@acme.test" || !strings.Contains(r.Body.String(), `"email":"new@acme.test"`) {
			t.Errorf("waiting: %s", r.Body)
		}
		confirm := func(token string) reply {
			return c.send("POST", "/api/v1/address-changes/confirm", `{"token":"`+token+`"}`)
		}
		confirm("adr_made-up").want(410, "link_invalid")
		letters := h.Work(t)
		confirm(letters[len(letters)-1].Token()).want(204, "")
		confirm(letters[len(letters)-1].Token()).want(410, "link_invalid")
		if r := c.send("GET", "/api/v1/me", "", mine...).want(200, ""); r.field("email") != "new@acme.test" {
			t.Errorf("me: %s", r.Body)
		}
	})
}
