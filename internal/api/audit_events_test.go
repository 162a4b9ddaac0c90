package api_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

func eventsOf(t *testing.T, r reply) (kinds []string, next string) {
	t.Helper()
	var page struct {
		Items []audit.Entry
		Next  string `json:"next_cursor"`
	}
	if err := json.Unmarshal(r.Body.Bytes(), &page); err != nil {
		t.Fatalf("%v in %s", err, r.Body)
	}
	for _, e := range page.Items {
		kinds = append(kinds, e.Kind)
	}
	return kinds, page.Next
}

// Proves: G4, 5.4
func TestAuditEvents(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, other := h.AddTenant(t, "acme", identity.Workspace), h.AddTenant(t, "other", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Name: "Ann", Email: "ann@acme.test", Role: identity.Admin, Password: rightPassword})
		h.AddUser(t, acme, housetest.Person{Email: "bob@acme.test", Role: identity.Manager, Password: rightPassword})
		err := other.Tx(t.Context(), func(tx *store.Tx) error {
			return tx.AddEvent(context.Background(), identity.Event{Kind: "of another tenant", At: h.Clock.Now()})
		})
		if err != nil {
			t.Fatal(err)
		}
		c := caller{t, handlerOf(h)}
		mine := bearer(signInAnn(c))
		c.send("POST", "/api/v1/sessions", `{"tenant":"acme","email":"ann@acme.test","password":"quite another one"}`).want(401, "")
		theirs := bearer(c.send("POST", "/api/v1/sessions", `{"tenant":"acme","email":"bob@acme.test","password":"`+rightPassword+`"}`).want(201, ""))

		var seen []string
		for cursor, pages := "", 0; pages < 9; pages++ {
			kinds, next := eventsOf(t, c.send("GET", "/api/v1/audit-events?limit=1&cursor="+cursor, "", mine...).want(200, ""))
			seen = append(seen, kinds...)
			if cursor = next; next == "" {
				break
			}
		}
		if strings.Join(seen, " ") != "authn_login_success authn_login_fail authn_login_success" {
			t.Errorf("the trail is %v", seen)
		}
		failed := c.send("GET", "/api/v1/audit-events?q=ann&result=invalid_credentials", "", mine...).want(200, "")
		if kinds, _ := eventsOf(t, failed); len(kinds) != 1 || !strings.Contains(failed.Body.String(), `"user_name":"Ann"`) {
			t.Errorf("filtered: %s", failed.Body)
		}
		for query, code := range map[string]string{"limit=0": "invalid_page", "cursor=x": "invalid_page", "from=x": "invalid_filter", "kind=a&kind=b": "invalid_query"} {
			c.send("GET", "/api/v1/audit-events?"+query, "", mine...).want(422, code)
		}

		file := c.send("POST", "/api/v1/audit-events/export", `{"format":"csv","kind":"authn_login_fail"}`, mine...).want(200, "")
		if lines := strings.Split(strings.TrimSpace(file.Body.String()), "\n"); len(lines) != 2 || !strings.HasPrefix(file.Header().Get("Content-Type"), "text/csv") ||
			file.Header().Get("Content-Disposition") != `attachment; filename="audit-events.csv"` {
			t.Errorf("the file is %v %s", file.Header(), file.Body)
		}
		c.send("POST", "/api/v1/audit-events/export", `{"format":"xml"}`, mine...).want(422, "")
		c.send("POST", "/api/v1/audit-events/export", `{"format":"csv","from":"x"}`, mine...).want(422, "invalid_filter")

		for method, path := range map[string]string{"GET": "", "POST": "/export"} {
			c.send(method, "/api/v1/audit-events"+path, `{"format":"csv"}`, theirs...).want(403, "denied")
		}
		c.send("POST", "/api/v1/audit-events/erasures", `{"user_id":"usr_x"}`, theirs...).want(403, "denied")
		c.send("POST", "/api/v1/audit-events/erasures", `{"user_id":"usr_x"}`, mine...).want(404, "")
		bob, err := acme.UserByEmail(t.Context(), "bob@acme.test")
		if err != nil {
			t.Fatal(err)
		}
		erased := c.send("POST", "/api/v1/audit-events/erasures", `{"user_id":"`+string(bob.ID)+`"}`, mine...).want(200, "")
		if strings.TrimSpace(erased.Body.String()) != `{"events":1}` {
			t.Errorf("erased %s", erased.Body)
		}
		for _, e := range housetest.Events(t, acme, identity.EventLoginSuccess) {
			if e.User == bob.ID && e.Peer != (identity.Peer{RequestID: e.Peer.RequestID}) {
				t.Errorf("left of the person: %+v", e.Peer)
			}
		}
	})
}
