package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

type mailItem struct {
	ID, Kind, To, State, Answer string
}

func mailsOf(r reply) (items []mailItem, next string) {
	r.t.Helper()
	var page struct {
		Items []mailItem
		Next  string `json:"next_cursor"`
	}
	if err := json.Unmarshal(r.Body.Bytes(), &page); err != nil {
		r.t.Fatalf("%v in %s", err, r.Body)
	}
	return page.Items, page.Next
}

// Proves: Q7, 4.7
func TestMails(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, other := h.AddTenant(t, "acme", identity.Workspace), h.AddTenant(t, "other", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Role: identity.Admin, Password: rightPassword})
		bob := h.AddUser(t, acme, housetest.Person{Email: "bob@acme.test", Role: identity.Manager, Password: rightPassword})
		theirs := h.AddUser(t, other, housetest.Person{Email: "cid@other.test", Password: rightPassword})
		enqueue := func(in store.Tenant, user identity.UserID, task identity.Task, d store.Delivery) {
			t.Helper()
			task.Kind, task.User = identity.LetterPasswordChanged, user
			err := in.Tx(t.Context(), func(tx *store.Tx) error {
				err := tx.Enqueue(context.Background(), task)
				if d.State == "" {
					return err
				}
				return errors.Join(err, tx.SetLetter(context.Background(), task, d))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		enqueue(other, theirs.ID, identity.Task{At: h.Clock.Now()}, store.Delivery{})
		foreign, err := other.Letters(t.Context(), identity.Letter{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			task := identity.Task{ID: identity.TaskIDFrom([16]byte{byte(200 - i)}), At: h.Clock.Now().Add(time.Duration(i/2) * time.Second), Data: map[string]string{"at": "a secret"}}
			d := store.Delivery{}
			if i == 4 {
				d = store.Delivery{State: identity.LetterFailed, Answer: "550 no such user", To: "bob@acme.test", Dead: true, At: h.Clock.Now()}
			}
			enqueue(acme, bob.ID, task, d)
		}
		c := caller{t, handlerOf(h)}
		mine := bearer(signInAnn(c))
		var seen []mailItem
		for cursor, pages := "", 0; pages < 4; pages++ {
			r := c.send("GET", "/api/v1/mails?limit=2&cursor="+cursor, "", mine...).want(200, "")
			if strings.Contains(r.Body.String(), "secret") || strings.Contains(r.Body.String(), "other.test") {
				t.Errorf("the list says too much: %s", r.Body)
			}
			items, next := mailsOf(r)
			seen = append(seen, items...)
			if cursor = next; next == "" {
				break
			}
		}
		if len(seen) != 5 || seen[0] != (mailItem{seen[0].ID, "password_changed", "bob@acme.test", "failed", "550 no such user"}) || seen[1].State != "queued" || seen[1].To != "bob@acme.test" {
			t.Errorf("the mails are %v", seen)
		}
		distinct := map[string]bool{}
		for _, m := range seen {
			distinct[m.ID] = true
		}
		if len(distinct) != 5 {
			t.Errorf("a mail is listed twice or left out: %v", seen)
		}
		for _, query := range []string{"limit=0", "limit=x", "cursor=x", "cursor=" + string(foreign[0].ID), "cursor=tsk_" + fmt.Sprintf("%032d", 1)} {
			c.send("GET", "/api/v1/mails?"+query, "", mine...).want(422, "invalid_page")
		}
		for query, want := range map[string]int{"state=failed": 1, "state=sent": 0, "q=BOB%40": 5, "q=ann": 0, "user=" + string(bob.ID): 5, "user=" + string(theirs.ID): 0} {
			if items, _ := mailsOf(c.send("GET", "/api/v1/mails?"+query, "", mine...).want(200, "")); len(items) != want {
				t.Errorf("%s: %d letters, want %d", query, len(items), want)
			}
		}
		for _, query := range []string{"state=none", "q=%00"} {
			c.send("GET", "/api/v1/mails?"+query, "", mine...).want(422, "invalid_filter")
		}
		c.send("GET", "/api/v1/mails", "").want(401, "sign_in_required")
		manager := c.send("POST", "/api/v1/sessions", `{"tenant":"acme","email":"bob@acme.test","password":"`+rightPassword+`"}`).want(201, "")
		c.send("GET", "/api/v1/mails", "", bearer(manager)...).want(403, "denied")
		if !strings.Contains(manager.Body.String(), `"mail_trouble":{"kind":"refused","answer":"550 no such user"`) {
			t.Errorf("the user does not tell of the dead address: %s", manager.Body)
		}
	})
}
