package web_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

// write enqueues a letter and, where the delivery has a state, what came of it.
func write(t *testing.T, s *site, in store.Tenant, task identity.Task, d store.Delivery) {
	t.Helper()
	task.At, d.At = s.Clock.Now(), s.Clock.Now()
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

func letterNumber(n int) identity.TaskID { return identity.TaskIDFrom([16]byte{byte(n)}) }

// Proves: Q7, 5.2
func TestMailPage(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		acme, ann, boss, manager := bureau(t, s, identity.Workspace)
		other := s.AddTenant(t, "other", identity.Workspace)
		them := s.AddUser(t, other, housetest.Person{Email: "zoe@other.test"})
		boss.get("/home").expect(200, `<a href="/admin/mail">Mail</a>`)
		boss.get("/admin/mail").expect(200, "No letter has been written in the last 30 days.")

		write(t, s, other, identity.Task{Kind: identity.LetterReset, User: them.ID}, store.Delivery{})
		write(t, s, acme, identity.Task{ID: letterNumber(1), Kind: identity.LetterPasswordChanged, User: ann.ID, Data: map[string]string{"at": "a secret"}},
			store.Delivery{State: identity.LetterFailed, Answer: "550 <b>no such user</b>", To: "ann@acme.test", Dead: true})
		write(t, s, acme, identity.Task{ID: letterNumber(2), Kind: identity.LetterReset, User: ann.ID}, store.Delivery{})
		write(t, s, acme, identity.Task{ID: letterNumber(3), Kind: identity.LetterInvitation}, store.Delivery{State: identity.LetterSent, To: "gone@acme.test"})

		boss.get("/admin/mail").expect(200, "550 <b>no such user</b>", "Notice of a changed password", "Link to a new password", "gone@acme.test",
			"Nobody has tried to send it yet.", `<a href="/admin/users/`+string(ann.ID)+`">ann@acme.test</a>`).lacks("a secret", "other.test")
		if strings.Contains(boss.body, "<b>no such") {
			t.Error("the answer of a mail server is not shown as text")
		}
		boss.get("/admin/mail?state=failed").expect(200, "550").lacks("Link to a new password", "gone@acme.test")
		boss.get("/admin/mail?q=GONE@").expect(200, "gone@acme.test").lacks("ann@acme.test")
		boss.get("/admin/mail?q=ann").expect(200, "Link to a new password", "550").lacks("gone@acme.test") // one has not been sent anywhere yet
		boss.get("/admin/mail?user="+string(ann.ID)).expect(200, "Show all", "550").lacks("gone@acme.test")
		boss.get("/admin/mail?user="+string(them.ID)).expect(200, "Nothing fits.")
		boss.get("/admin/mail?state=none").expect(422, "A state is queued, sent,")
		boss.get("/admin/mail?q=%00").expect(422, "This cannot be searched for.")
		boss.get("/admin/mail?cursor=tsk_00000000000000000000000000000000").expect(200, "gone@acme.test")
		boss.get("/admin/users/"+string(ann.ID)).expect(200, "the mail server refused it", `href="/admin/mail?user=`+string(ann.ID)+`"`)

		manager.get("/admin/mail").expect(403, "Do you need more access?")
		manager.get("/admin/users/" + string(ann.ID)).lacks("/admin/mail")
		manager.get("/home").lacks("/admin/mail")
	})
}

// Proves: Q7, 5.2
func TestMailPages(t *testing.T) {
	s := sqlite(t)
	acme, ann, boss, _ := bureau(t, s, identity.Workspace)
	for i := range 101 {
		write(t, s, acme, identity.Task{ID: letterNumber(i + 1), Kind: identity.LetterReset, User: ann.ID}, store.Delivery{State: identity.LetterSent, To: fmt.Sprintf("a%d@acme.test", i)})
		s.Clock.Advance(time.Second)
	}
	seen := map[string]bool{}
	page, pages := "/admin/mail?state=sent", 0
	for ; page != "" && pages < 9; pages++ {
		boss.get(page).expect(200)
		for i := range 101 {
			if to := fmt.Sprintf(">a%d@acme.test<", i); strings.Contains(boss.body, to) {
				if seen[to] {
					t.Errorf("%s is there twice", to)
				}
				seen[to] = true
			}
		}
		page = ""
		if next := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(boss.body); next != nil {
			page = html.UnescapeString(next[1])
		}
	}
	if len(seen) != 101 || pages != 3 {
		t.Errorf("%d letters on %d pages", len(seen), pages)
	}
}
