package api_test

import (
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// Proves: G3, 5.3, 5.7
func TestRolesByAPI(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		handler := handlerOf(h)
		c := caller{t, handler}
		people, bearers := office(t, h, c)
		boss, manager, member := bearers[identity.Admin], bearers[identity.Manager], bearers[identity.Member]
		const path = "/api/v1/roles"
		c.send("GET", path, "").want(401, "sign_in_required")
		c.send("GET", path, "", member...).want(403, "denied")
		c.send("POST", path, `{"name":"desk","title":"Desk","rank":5,"permissions":[]}`, manager...).want(403, "denied")
		for body, code := range map[string]string{
			`{"name":"desk","title":"Desk","rank":5}`:                                                "",
			`{"name":"desk2","title":"Desk2","rank":5,"permissions":["users.invent"]}`:               "invalid_role",
			`{"name":"desk2","title":"Desk2","rank":5,"permissions":["users.write"]}`:                "invalid_role",
			`{"name":"desk2","title":"D\u0435sk2","rank":5,"permissions":[]}`:                        "invalid_role",
			`{"name":"Desk2","title":"","rank":0,"permissions":[]}`:                                  "invalid_role",
			`{"name":"desk2","title":"Desk2","rank":5,"permissions":["users.read"],"tenant_id":"x"}`: "invalid_body",
			`{"name":"desk2","title":"Desk2","rank":"5","permissions":[]}`:                           "invalid_body",
			`{"name":"desk2","title":"Desk2","Rank":5,"rank":6,"permissions":[]}`:                    "invalid_body",
		} {
			if code == "" {
				continue
			}
			c.send("POST", path, body, boss...).want(422, code)
		}
		made := c.send("POST", path, `{"name":"desk","title":"Front Desk","rank":20,"permissions":["users.write","users.read"]}`, boss...).want(201, "").Body.String()
		if !strings.Contains(made, `"permissions":["users.read","users.write"]`) || !strings.Contains(made, `"built_in":false`) {
			t.Error(made)
		}
		c.send("POST", path, `{"name":"desk","title":"Other","rank":20,"permissions":[]}`, boss...).want(409, "role_exists")
		list := c.send("GET", path, "", manager...).want(200, "").Body.String()
		if strings.Index(list, `"name":"manager"`) > strings.Index(list, `"name":"desk"`) || strings.Index(list, `"name":"desk"`) > strings.Index(list, `"name":"user"`) {
			t.Errorf("the highest does not come first: %s", list)
		}

		// What is changed holds at once, for whoever has it.
		c.send("GET", "/api/v1/users", "", member...).want(403, "denied")
		c.send("PATCH", "/api/v1/users/"+string(people[identity.Member].ID), `{"role":"desk"}`, boss...).want(200, "")
		c.send("GET", "/api/v1/users", "", member...).want(200, "")
		if got := c.send("GET", "/api/v1/sessions/current", "", member...).want(200, "").Body.String(); !strings.Contains(got, `"permissions":["users.read","users.write"]`) {
			t.Error(got)
		}
		c.send("PATCH", path+"/desk", `{"permissions":["users.write"]}`, boss...).want(422, "invalid_role")
		c.send("PATCH", path+"/desk", `{"permissions":[]}`, boss...).want(200, "")
		c.send("GET", "/api/v1/users", "", member...).want(403, "denied")

		c.send("DELETE", path+"/desk", "", boss...).want(409, "role_in_use")
		c.send("PATCH", path+"/user", `{"rank":1}`, boss...).want(409, "builtin_role")
		c.send("PATCH", path+"/nobodys", `{"rank":1}`, boss...).want(404, "not_found")
		c.send("GET", path+"/%00", "", boss...).want(404, "not_found")
		c.send("PATCH", "/api/v1/users/"+string(people[identity.Member].ID), `{"role":"user"}`, boss...).want(200, "")
		c.send("DELETE", path+"/desk", "", boss...).want(204, "")
		c.send("PATCH", "/api/v1/users/"+string(people[identity.Member].ID), `{"role":"desk"}`, boss...).want(422, "invalid_user")

		if got := c.send("GET", "/api/v1/permissions", "", manager...).want(200, "").Body.String(); !strings.Contains(got, `{"name":"users.delete","words":"Delete users","needs":"users.read"}`) {
			t.Error(got)
		}
	})
}
