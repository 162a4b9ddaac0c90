package api_test

import (
	"encoding/json"
	"testing"

	"github.com/vestibule-id/vestibule/internal/api"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Real problems with members of their own fit what is said of them: send
// compares every answer with the description.
//
// Proves: 2.5, 2.8
func TestMembersOfProblemsAreDescribed(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	for _, slug := range []string{"kontak", "kontor"} {
		h.AddUser(t, h.AddTenant(t, slug, identity.Email), housetest.Person{Email: "ann@x.test", Password: rightPassword})
	}
	c := caller{t, handlerOf(h)}
	_, bearers := office(t, h, c)
	boss := bearers[identity.Admin]
	made := `{"name":"Zoe","email":"zoe@x.test","role":"user","initial_password":"` + chosenWords + `"}`
	c.send("POST", "/api/v1/users", made, boss...).want(201, "")
	for _, row := range []struct {
		call, body string
		status     int
		code       string
		members    []string
	}{
		{"/api/v1/sessions", `{"email":"ann@x.test","password":"` + rightPassword + `"}`, 409, "tenant_choice_required", []string{"choice_token", "choices"}},
		{"/api/v1/sessions", `{"tenant":"acme","email":"zoe@x.test","password":"` + chosenWords + `"}`, 403, "password_change_required", []string{"change_token"}},
		{"/api/v1/sessions", `{"tenant":"acme","email":7}`, 422, "invalid_body", []string{"errors"}},
		{"/api/v1/sessions", `{"tenant":"acme","email":"zoe@x.test","password":"a guess"}`, 401, "invalid_credentials", nil},
		{"/api/v1/users", made, 409, "user_exists", []string{"errors"}},
	} {
		r := c.send("POST", row.call, row.body, boss...).want(row.status, row.code)
		var got map[string]json.RawMessage
		if err := json.Unmarshal(r.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if len(got) != 6+len(row.members) {
			t.Errorf("%s has %d members: %s", row.code, len(got), r.Body)
		}
		for _, name := range row.members {
			if got[name] == nil {
				t.Errorf("%s lacks %s: %s", row.code, name, r.Body)
			}
		}
	}
	body := []byte(`{"type":"x","title":"x","status":403,"detail":"x","instance":"x","code":"x","other_token":"x"}`)
	header := c.send("GET", "/api/v1/me", "").want(401, "").Header()
	if api.Fits("GET /api/v1/me", 401, header, body) == nil {
		t.Error("a member that is not described is taken")
	}
}
