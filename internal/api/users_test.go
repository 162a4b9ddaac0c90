package api_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// office is a tenant with somebody of each role, and their bearers.
func office(t *testing.T, h *housetest.House, c caller) (people map[string]identity.User, bearers map[string][]string) {
	t.Helper()
	acme := h.AddTenant(t, "acme", identity.Workspace)
	people, bearers = map[string]identity.User{}, map[string][]string{}
	for _, role := range []string{identity.Admin, identity.Manager, identity.Member} {
		people[role] = h.AddUser(t, acme, housetest.Person{Email: role + "@x.test", Name: "The " + role, Role: role, Password: rightPassword})
		bearers[role] = c.bearer(`{"tenant":"acme","email":"` + role + `@x.test","password":"` + rightPassword + `"}`)
	}
	return people, bearers
}

// ids are the users of a list, by their names.
func (r reply) names() (list []string) {
	r.t.Helper()
	var body struct {
		Items []struct{ Name string }
	}
	if err := json.Unmarshal(r.Body.Bytes(), &body); err != nil {
		r.t.Fatal(err)
	}
	for _, one := range body.Items {
		list = append(list, one.Name)
	}
	return list
}

// Proves: G2, 5.2, 5.7
func TestUsersByAPI(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		c := caller{t, handlerOf(h)}
		_, bearers := office(t, h, c)
		boss := bearers[identity.Admin]
		made := c.send("POST", "/api/v1/users", `{"name":"Zoe","email":"zoe@x.test","role":"user","initial_password":"`+chosenWords+`"}`, boss...).want(201, "")
		id := made.field("id")
		if made.field("status") != "active" || strings.Contains(made.Body.String(), chosenWords) {
			t.Errorf("made %s", made.Body)
		}
		c.send("POST", "/api/v1/sessions", `{"tenant":"acme","email":"zoe@x.test","password":"`+chosenWords+`"}`).want(403, "password_change_required")
		slip := c.send("POST", "/api/v1/users", `{"name":"Sly","email":"sly@x.test","role":"user","make_initial_password":true}`, boss...).want(201, "")
		var one struct {
			Slip struct{ Password, Username string } `json:"initial_password"`
		}
		if err := json.Unmarshal(slip.Body.Bytes(), &one); err != nil || one.Slip.Username != "sly@x.test" {
			t.Fatalf("%v %s", err, slip.Body)
		}
		c.send("POST", "/api/v1/sessions", `{"tenant":"acme","email":"sly@x.test","password":"`+one.Slip.Password+`"}`).want(403, "password_change_required")
		if invited := c.send("POST", "/api/v1/users", `{"email":"ivy@x.test","role":"manager"}`, boss...).want(201, ""); invited.field("status") != "invited" {
			t.Errorf("invited %s", invited.Body)
		}
		if letters := h.Work(t); len(letters) != 1 {
			t.Errorf("%d letters", len(letters))
		}
		c.send("POST", "/api/v1/users", `{"name":"Zoe","email":"ZOE@x.test","role":"user","initial_password":"`+chosenWords+`"}`, boss...).want(409, "user_exists")

		var names []string
		cursor := ""
		for {
			page := c.send("GET", "/api/v1/users?limit=2&cursor="+url.QueryEscape(cursor), "", boss...).want(200, "")
			names = append(names, page.names()...)
			if cursor = page.field("next_cursor"); cursor == "" {
				break
			}
		}
		if got := strings.Join(names, ","); got != ",Sly,The admin,The manager,The user,Zoe" {
			t.Errorf("page by page: %s", got)
		}
		for query, want := range map[string]string{
			"q=ZO": "Zoe", "q=sly@": "Sly", "role=manager": "The manager,", "status=invited": "", "q=the&role=user&sort=created_at": "The user",
			"limit=1&sort=created_at": "", "limit=1&sort=last_sign_in_at": "The user", "q=nobody": "",
		} {
			got := strings.Join(c.send("GET", "/api/v1/users?"+query, "", boss...).want(200, "").names(), ",")
			if got != want && query != "role=manager" || query == "role=manager" && got != ",The manager" {
				t.Errorf("%s lists %q, want %q", query, got, want)
			}
		}
		if u := c.send("PATCH", "/api/v1/users/"+id, `{"name":"Zoë","role":"manager"}`, boss...).want(200, ""); u.field("name") != "Zoë" || u.field("role") != "manager" {
			t.Errorf("changed %s", u.Body)
		}
		c.send("POST", "/api/v1/users/"+id+"/deactivate", "", boss...).want(204, "")
		if u := c.send("GET", "/api/v1/users/"+id, "", boss...).want(200, ""); u.field("status") != "deactivated" {
			t.Errorf("%s", u.Body)
		}
		c.send("POST", "/api/v1/users/"+id+"/reactivate", "", boss...).want(204, "")
		c.send("DELETE", "/api/v1/users/"+id, "", boss...).want(204, "")
		c.send("GET", "/api/v1/users/"+id, "", boss...).want(404, "not_found")
		c.send("DELETE", "/api/v1/users/"+id, "", boss...).want(404, "not_found")
	})
}

// Proves: G2, G5, 5.2
func TestSessionsOfAUserByAPI(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		c := caller{t, handlerOf(h)}
		people, bearers := office(t, h, c)
		boss, hers := bearers[identity.Admin], bearers[identity.Member]
		path := "/api/v1/users/" + string(people[identity.Member].ID) + "/sessions"
		if list := c.send("GET", path, "", boss...).want(200, ""); strings.Count(list.Body.String(), `"id":"ses_`) != 1 || strings.Contains(list.Body.String(), `"current":true`) {
			t.Errorf("%s", list.Body)
		}
		c.send("DELETE", path, "", boss...).want(204, "")
		c.send("GET", "/api/v1/sessions/current", "", hers...).want(401, "session_ended")
		c.send("DELETE", path, "", boss...).want(204, "")

		own := "/api/v1/users/" + string(people[identity.Admin].ID) + "/sessions"
		other := c.bearer(`{"tenant":"acme","email":"admin@x.test","password":"` + rightPassword + `"}`)
		c.send("DELETE", own, "", boss...).want(204, "")
		c.send("GET", "/api/v1/sessions/current", "", other...).want(401, "session_ended")
		c.send("GET", "/api/v1/sessions/current", "", boss...).want(200, "")
	})
}

// Every act on a user, by every role, on one's own people, on those above, and
// on another tenant's, who might as well not exist.
//
// Proves: G2, G3, W2, 5.2
func TestWhoMayDoWhatByAPI(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	c := caller{t, handlerOf(h)}
	people, bearers := office(t, h, c)
	twin := h.AddTenant(t, "twin", identity.Workspace)
	stranger := h.AddUser(t, twin, housetest.Person{Email: "user@x.test", Password: rightPassword})
	read := []string{identity.Admin, identity.Manager}
	for _, act := range []struct {
		method, path, body string
		may                []string
	}{
		{"GET", "", "", read},
		{"GET", "/sessions", "", read},
		{"PATCH", "", `{"name":"Eve"}`, read},
		{"POST", "/deactivate", "", read},
		{"POST", "/reactivate", "", read},
		{"DELETE", "/sessions", "", read},
		{"DELETE", "", "", []string{identity.Admin}},
	} {
		for role, bearer := range bearers {
			may := strings.Contains(strings.Join(act.may, " "), role)
			for whose, id := range map[string]identity.UserID{"nobody's": "usr_00000000000000000000000000000000", "a stranger's": stranger.ID} {
				r := c.send(act.method, "/api/v1/users/"+string(id)+act.path, act.body, bearer...)
				if r.Code != map[bool]int{true: 404, false: 403}[may] {
					t.Errorf("%s %s of %s by %s: %d", act.method, act.path, whose, role, r.Code)
				}
			}
		}
		if act.method != "GET" { // rank: nobody acts on somebody above
			r := c.send(act.method, "/api/v1/users/"+string(people[identity.Admin].ID)+act.path, act.body, bearers[identity.Manager]...)
			r.want(403, "denied")
		}
		c.send(act.method, "/api/v1/users/"+string(stranger.ID)+act.path, act.body).want(401, "sign_in_required")
	}
	c.send("POST", "/api/v1/users", `{"name":"Eve","email":"eve@x.test","role":"admin","initial_password":"`+chosenWords+`"}`, bearers[identity.Manager]...).want(403, "denied")
	c.send("POST", "/api/v1/users", `{"email":"eve@x.test","role":"admin"}`, bearers[identity.Manager]...).want(403, "denied")
	c.send("PATCH", "/api/v1/users/"+string(people[identity.Member].ID), `{"role":"admin"}`, bearers[identity.Manager]...).want(403, "denied")
	c.send("POST", "/api/v1/users", `{"name":"Eve","email":"eve@x.test","role":"user"}`, bearers[identity.Member]...).want(403, "denied")
	for _, last := range []struct{ method, path, body string }{{"POST", "/deactivate", ""}, {"DELETE", "", ""}, {"PATCH", "", `{"role":"user"}`}} {
		c.send(last.method, "/api/v1/users/"+string(people[identity.Admin].ID)+last.path, last.body, bearers[identity.Admin]...).want(409, "last_admin")
	}
	if users, err := twin.Users(t.Context(), "", 9); err != nil || len(users) != 1 || users[0] != stranger {
		t.Errorf("the stranger is now %+v, %v", users, err)
	}
}

// What would let the caller become somebody who may more is refused.
//
// Proves: G3, 5.2, 5.3
func TestNobodyBecomesSomebodyWhoMayMoreByAPI(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	c := caller{t, handlerOf(h)}
	people, bearers := office(t, h, c)
	role := `{"name":"auditor","title":"Auditor","rank":20,"permissions":["audit.read"]}`
	c.send("POST", "/api/v1/roles", role, bearers[identity.Admin]...).want(201, "")
	user, manager := "/api/v1/users/"+string(people[identity.Member].ID), bearers[identity.Manager]
	c.send("PATCH", user, `{"role":"auditor"}`, bearers[identity.Admin]...).want(200, "")
	c.send("POST", user+"/initial-password", "", manager...).want(403, "denied")
	c.send("PATCH", user, `{"email":"manager+2@x.test"}`, manager...).want(403, "denied")
	c.send("PATCH", user, `{"name":"Other"}`, manager...).want(200, "")
	c.send("POST", user+"/initial-password", "", bearers[identity.Admin]...).want(200, "")
}

// Proves: 5.2
func TestBadInputAboutUsers(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	c := caller{t, handlerOf(h)}
	people, bearers := office(t, h, c)
	boss, path := bearers[identity.Admin], "/api/v1/users/"+string(people[identity.Member].ID)
	acme := h.Sessions.Store.Tenant(tenantID(t, h))
	before, err := acme.Users(t.Context(), "", 9)
	if err != nil {
		t.Fatal(err)
	}
	columns := []string{"tenant_id", "id", "email_folded", "name_folded", "status", "must_change", "password", "password_kind",
		"credential", "lot", "import_id", "last_sign_in_at", "created_at", "initial_until", "mail_trouble", "mail_answer", "mail_trouble_at"}
	for _, column := range columns {
		for _, name := range []string{column, strings.ToUpper(column), strings.ToUpper(column[:1]) + column[1:]} {
			c.send("PATCH", path, `{"`+name+`":"x"}`, boss...).want(422, "invalid_body")
			c.send("POST", "/api/v1/users", `{"name":"Eve","email":"eve@x.test","role":"user","`+name+`":"x"}`, boss...).want(422, "invalid_body")
		}
	}
	for _, name := range []string{"Email", "NAME", "Role", "EXTENSION"} {
		c.send("PATCH", path, `{"`+name+`":"x"}`, boss...).want(422, "invalid_body")
	}
	for _, row := range []struct{ name, query, code string }{
		{"a limit of nothing", "limit=0", "invalid_page"},
		{"no number", "limit=many", "invalid_page"},
		{"a limit twice", "limit=1&limit=2", "invalid_query"},
		{"a status there is not", "status=dead", "invalid_filter"},
		{"an order there is not", "sort=password", "invalid_filter"},
		{"statements", "sort=" + url.QueryEscape("name; DROP TABLE users"), "invalid_filter"},
		{"a cursor of ours for another order", "sort=created_at&cursor=bmFtZQp1c3JfMQo", "invalid_filter"},
		{"a made-up cursor", "cursor=!!", "invalid_filter"},
		{"an empty place", "cursor=" + "bmFtZQoKCg", "invalid_filter"},
		{"NUL", "q=%00", "invalid_filter"},
		{"not UTF-8", "q=%ff", "invalid_filter"},
		{"not UTF-8, a role", "role=%ff", "invalid_filter"},
		{"long", "q=" + strings.Repeat("a", 321), "invalid_filter"},
		{"twice", "q=a&q=b", "invalid_query"},
	} {
		t.Run(row.name, func(t *testing.T) {
			caller{t, c.handler}.send("GET", "/api/v1/users?"+row.query, "", boss...).want(422, row.code)
		})
	}
	c.send("GET", "/api/v1/users?q="+url.QueryEscape(`%_\'";--`), "", boss...).want(200, "")
	c.send("POST", "/api/v1/users", `{"name":"Eve","email":"eve@x.test","role":"user","initial_password":"x","make_initial_password":true}`, boss...).want(422, "invalid_body")
	c.send("POST", "/api/v1/users", `{"name":"Eve","email":"eve@x.test","role":"user","initial_password":"short"}`, boss...).want(422, "password_refused")
	c.send("POST", "/api/v1/users", `{"name":"Eve\u202e","email":"eve@x.test","role":"user","initial_password":"`+chosenWords+`"}`, boss...).want(422, "invalid_user")
	if after, err := acme.Users(t.Context(), "", 9); err != nil || len(after) != len(before) {
		t.Errorf("there are %d users now, %v", len(after), err)
	}
}

func tenantID(t *testing.T, h *housetest.House) identity.TenantID {
	t.Helper()
	row, err := h.Store.TenantBySlug(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	return row.ID
}
