package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/mail/mailtest"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// afterLease is later than the lease of whatever a killed server had begun.
const afterLease = 3 * time.Minute

// moments are where a server is killed while a letter leaves. twice says that
// the mail server has the letter although nobody knows, so it must come again.
var moments = []struct {
	name  string
	twice bool
	kill  func(h *house, act func())
}{
	// Of a reset the request is committed then, and the link by whoever starts
	// next; where the mail server stalls the link is there already.
	{"after the link's commit", false, func(h *house, act func()) {
		h.wire.set(true, nil)
		act()
		h.kill()
	}},
	{"while the mail server stalls", false, func(h *house, act func()) {
		h.wire.set(true, nil)
		act()
		h.calls()
		h.killWithin(20 * time.Millisecond)
	}},
	{"while the mail server rejects", false, func(h *house, act func()) {
		h.wire.set(false, nil)
		h.sink.Behave(mailtest.RejectRecipient(451))
		act()
		h.calls()
		h.killWithin(50 * time.Millisecond)
	}},
	{"while the mail server drops", true, func(h *house, act func()) {
		n := len(h.sink.Mails())
		h.wire.set(false, nil)
		h.sink.Behave(mailtest.Behaviour{Drop: true})
		act()
		h.sink.Wait(h.T, n+1)
		h.killWithin(5 * time.Millisecond)
	}},
	{"after DATA", true, func(h *house, act func()) {
		n, stall := len(h.sink.Mails()), make(chan struct{})
		h.wire.set(false, nil)
		h.sink.Behave(mailtest.Behaviour{Stall: stall})
		act()
		h.sink.Wait(h.T, n+1)
		h.kill()
		close(stall)
	}},
	{"after 250", true, func(h *house, act func()) { h.killAfter250(act, func(func()) {}) }},
	{"before the state is written", false, func(h *house, act func()) {
		h.killAfter250(act, func(pass func()) {
			pass()
			time.Sleep(rand.N(2 * time.Millisecond))
		})
	}},
}

func (h *house) killWithin(most time.Duration) {
	time.Sleep(rand.N(most))
	h.kill()
}

func (h *house) calls() {
	h.Helper()
	select {
	case <-h.wire.called:
	case <-time.After(time.Minute):
		h.Fatalf("nobody asks the mail server:\n%s", h.log)
	}
}

// killAfter250 kills when the mail server has taken the letter, and its answer
// has come as far as on says.
func (h *house) killAfter250(act func(), on func(pass func())) {
	h.Helper()
	process, taken := h.process.Process, make(chan struct{}, 8)
	h.wire.set(false, func(pass func()) {
		on(pass)
		_ = process.Kill()
		taken <- struct{}{}
	})
	act()
	select {
	case <-taken:
	case <-time.After(time.Minute):
		h.Fatalf("no letter has been taken:\n%s", h.log)
	}
	h.kill()
}

// A server is killed at every point of a letter's way and in the midst of
// resets and acceptances. What it has acknowledged holds, every letter leaves
// with the same link and Message-ID, none after its link has expired, and no
// link works twice.
//
// Proves: 4.1, 4.3, 4.4, 4.7
func TestSoakKilled(t *testing.T) {
	rounds := 3
	if housetest.Long() {
		rounds = 20
	} else if len(storetest.Databases()) == 1 {
		rounds = 1 // "make check"
	}
	for _, database := range storetest.Databases() {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, database)
			for n := range rounds {
				h.addUser(person("reset", n), "user")
				h.addUser(person("late", n), "user")
				for i := range moments {
					if i%2 == n%2 {
						h.addUser(person(fmt.Sprint("forgot", i, "x"), n), "user")
					}
				}
			}
			h.start(0)
			for n := range rounds {
				for i, moment := range moments {
					h.T = t
					ok := t.Run(fmt.Sprint(moment.name, " ", n), func(t *testing.T) { h.T = t; h.letterRound(i, n) })
					if h.T = t; !ok {
						return
					}
				}
				h.killedReset(n)
				h.killedAcceptance(n)
				h.expiredMeanwhile(n)
			}
			h.compare()
		})
	}
}

func person(what string, n int) string { return fmt.Sprintf("%s%d@acme.test", what, n) }

// letterRound kills the server while a letter is under way; afterwards it
// leaves, and its link works once.
func (h *house) letterRound(i, n int) {
	moment, to, kind := moments[i], person(fmt.Sprint("invited", i, "x"), n), "invitation"
	act := func() { h.invite(to) }
	if i%2 == n%2 {
		to, kind = person(fmt.Sprint("forgot", i, "x"), n), "reset"
		act = func() { h.forgot(to) }
	}
	h.settled()
	moment.kill(h, act)
	h.again(afterLease)
	h.settled()
	mails := h.mailsTo(to)
	if len(mails) == 0 || moment.twice && len(mails) < 2 {
		h.Fatalf("%d mails have come to %s", len(mails), to)
	}
	h.usedOnce(kind, tokenOf(h.T, mails[0]), to, 0)
}

// again starts the server behind a mail server that is well.
func (h *house) again(later time.Duration) {
	h.Helper()
	h.wire.set(false, nil)
	h.sink.Behave(mailtest.Behaviour{})
	h.start(later)
}

func (h *house) invite(to string) {
	h.Helper()
	h.must(http.StatusCreated, "POST", "/api/v1/invitations", body{"email": to, "role": "user", "name": "Somebody"})
}

func (h *house) forgot(to string) {
	h.Helper()
	h.must(http.StatusAccepted, "POST", "/api/v1/password-resets", body{"tenant": "acme", "email": to})
}

func tokenOf(t *testing.T, m mailtest.Mail) string {
	t.Helper()
	u, err := url.Parse(m.Link(t))
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("token")
}

// use uses a link; true: it worked, and that has been acknowledged.
func (h *house) use(kind, token, password string) (acknowledged bool, status int) {
	path, what := "/api/v1/password-resets/redeem", body{"token": token, "new_password": password}
	if kind == "invitation" {
		path = "/api/v1/invitations/accept"
		what["name"] = "Somebody"
	}
	status, _ = h.ask("POST", path, what)
	return status == http.StatusOK || status == http.StatusNoContent, status
}

func (h *house) signsIn(email, password string) bool {
	h.Helper()
	status, answer := h.ask("POST", "/api/v1/sessions", signIn(email, password))
	if status != http.StatusCreated && status != http.StatusUnauthorized {
		h.Fatalf("sign-in of %s: %d %s", email, status, answer)
	}
	return status == http.StatusCreated
}

// usedOnce finds a link that has worked so many times, and leaves it used
// once, by the password that was set then.
func (h *house) usedOnce(kind, token, email string, times int) {
	h.Helper()
	for try := times; try < 2; try++ {
		want := try == 0
		if ok, status := h.use(kind, token, fmt.Sprint("quiet meadow ", try)); ok != want || !ok && status != http.StatusGone {
			h.Fatalf("%s: use %d of the link for %s is answered with %d", kind, try+1, email, status)
		}
	}
	if h.signsIn(email, "quiet meadow 1") {
		h.Errorf("%s: the second use of the link for %s has set a password", kind, email)
	}
	if times == 0 && !h.signsIn(email, "quiet meadow 0") {
		h.Errorf("%s: what the link for %s did is lost", kind, email)
	}
}

// midUse kills the server at any moment while a link is used, and reports
// whether the act was acknowledged.
func (h *house) midUse(kind, token string) bool {
	answered := make(chan bool, 1)
	go func() {
		ok, _ := h.use(kind, token, "gentle lantern 7")
		answered <- ok
	}()
	time.Sleep(rand.N(60 * time.Millisecond))
	h.kill()
	return <-answered
}

// killedReset kills in the midst of a reset: all of it has happened, or none.
func (h *house) killedReset(n int) {
	h.Helper()
	email := person("reset", n)
	var granted struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.Unmarshal(h.must(http.StatusCreated, "POST", "/api/v1/sessions", signIn(email, password)), &granted); err != nil {
		h.Fatal(err)
	}
	h.forgot(email)
	h.arrives(email)
	token := tokenOf(h.T, h.mailsTo(email)[0])
	acknowledged := h.midUse("reset", token)
	h.again(afterLease)
	done := h.signsIn(email, "gentle lantern 7")
	if acknowledged && !done {
		h.Fatalf("the reset of %s was acknowledged, and is lost", email)
	}
	if before := h.signsIn(email, password); before == done {
		h.Errorf("%s: the reset is done: %v; the former password works: %v", email, done, before)
	}
	h.usedOnce("reset", token, email, count(done))
	if status, _ := h.ask("POST", "/api/v1/sessions/refresh", body{"refresh_token": granted.RefreshToken}); status != http.StatusUnauthorized {
		h.Errorf("%s: a session of before the reset is answered with %d", email, status)
	}
	told := 0
	for _, l := range h.settled() {
		if l.To == email && l.Kind == "password_changed" && l.State == "sent" {
			told++
		}
	}
	if told != 1 {
		h.Errorf("%s was told %d times of one reset", email, told)
	}
}

// killedAcceptance kills in the midst of an acceptance.
func (h *house) killedAcceptance(n int) {
	h.Helper()
	email := person("accepting", n)
	h.invite(email)
	h.arrives(email)
	token := tokenOf(h.T, h.mailsTo(email)[0])
	acknowledged := h.midUse("invitation", token)
	h.again(afterLease)
	done := h.signsIn(email, "gentle lantern 7")
	if acknowledged && !done {
		h.Fatalf("the acceptance of %s was acknowledged, and is lost", email)
	}
	h.usedOnce("invitation", token, email, count(done))
	h.settled()
}

// expiredMeanwhile kills with a letter under way and comes back when its link
// is over: it does not leave any more.
func (h *house) expiredMeanwhile(n int) {
	h.Helper()
	email := person("late", n)
	h.wire.set(true, nil)
	h.forgot(email)
	h.calls()
	h.kill()
	h.again(61 * time.Minute)
	found := false
	for _, l := range h.settled() {
		found = found || l.To == email && l.State == "expired"
	}
	if !found {
		h.Errorf("no letter to %s has expired: %v", email, h.letters())
	}
	if mails := h.mailsTo(email); len(mails) > 0 {
		h.Errorf("%d mails have come to %s after the link's end", len(mails), email)
	}
}

// arrives waits for the first mail to somebody.
func (h *house) arrives(email string) {
	h.Helper()
	for end := time.Now().Add(time.Minute); len(h.mailsTo(email)) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			h.Fatalf("no mail has come to %s:\n%s", email, h.log)
		}
	}
	h.settled()
}

func count(done bool) int {
	if done {
		return 1
	}
	return 0
}

// compare holds what the server says it has sent beside what has come: each
// letter under one Message-ID with one link, and none that was not.
func (h *house) compare() {
	h.Helper()
	type name struct{ to, kind string }
	sent, come := map[string]int{}, map[string]map[string]name{}
	for _, l := range h.settled() {
		if l.State == "sent" {
			sent[l.To]++
		}
	}
	for _, m := range h.sink.Mails() {
		link := ""
		if strings.Contains(m.Text, "token=") {
			link = m.Link(h.T)
		}
		if come[m.To] == nil {
			come[m.To] = map[string]name{}
		}
		if first, known := come[m.To][m.MessageID]; known && first != (name{m.Subject, link}) {
			h.Errorf("two mails to %s are named %s and differ", m.To, m.MessageID)
		}
		come[m.To][m.MessageID] = name{m.Subject, link}
	}
	for to, n := range sent {
		if len(come[to]) != n {
			h.Errorf("%d letters to %s are sent, %d have come", n, to, len(come[to]))
		}
	}
	for to := range come {
		if sent[to] == 0 {
			h.Errorf("a letter has come to %s that nobody sent", to)
		}
	}
	h.run("", "audit", "verify")
}
