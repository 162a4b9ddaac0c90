package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// A keyedCall is a request with an Idempotency-Key and what came of it.
type keyedCall struct {
	path, key, bearer, body string

	status int // of the first try; 0: no answer
	answer string
}

// send is one try; replayed says that the answer is one of before.
func (c *keyedCall) send(h *house) (status int, code, answer string, replayed bool) {
	r, err := http.NewRequest("POST", h.url+c.path, strings.NewReader(c.body))
	if err != nil {
		h.Error(err)
		return 0, "", "", false
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", c.key)
	r.Header.Set("Authorization", "Bearer "+c.bearer)
	res, err := client.Do(r)
	if err != nil {
		return 0, "", "", false
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, "", "", false
	}
	var told struct{ Code string }
	_ = json.Unmarshal(text, &told)
	return res.StatusCode, told.Code, string(text), res.Header.Get("Idempotency-Replayed") == "true"
}

// A server is killed while it makes users and tenants. Asked again with the
// same keys it makes those that are missing, answers for the others as at first,
// and makes nothing twice: a second user or tenant of a name would be refused,
// and nothing is.
//
// Proves: 5.7, G1
func TestSoakKilledOnce(t *testing.T) {
	rounds := 2
	if housetest.Long() {
		rounds = 11
	}
	for _, database := range storetest.Databases() {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, database)
			out, err := h.command("operator", "token", "create", "--name", "Sign-up").Output()
			if err != nil {
				t.Fatal(err)
			}
			h.start(0)
			came := map[string]int{}
			for n := range rounds {
				h.killedOnce(n, strings.TrimSpace(string(out)), came)
			}
			t.Log(came)
		})
	}
}

func (h *house) killedOnce(n int, token string, came map[string]int) {
	h.Helper()
	var calls []*keyedCall
	for i := range 6 {
		calls = append(calls,
			&keyedCall{path: "/api/v1/users", key: fmt.Sprintf("user-%d-%d", n, i), bearer: h.bearer,
				body: fmt.Sprintf(`{"name":"Somebody","email":"once%dx%d@acme.test","role":"user","make_initial_password":true}`, n, i)},
			&keyedCall{path: "/api/v1/operator/tenants", key: fmt.Sprintf("tenant-%d-%d", n, i), bearer: token,
				body: fmt.Sprintf(`{"slug":"once-%d-%d","name":"Once","administrator":{"email":"a@x.test"}}`, n, i)})
	}
	var all sync.WaitGroup
	answered := make(chan bool, len(calls))
	for _, c := range calls {
		all.Go(func() {
			c.status, _, c.answer, _ = c.send(h)
			answered <- true
		})
	}
	for range 1 + n*5%11 { // then others are at every point of theirs
		<-answered
	}
	h.killWithin(3 * time.Millisecond)
	all.Wait()
	h.start(2 * time.Minute) // later than anybody's turn
	for _, c := range calls {
		if strings.HasSuffix(c.path, "/users") {
			c.bearer = h.bearer
		}
		status, code, answer, replayed := c.send(h)
		switch {
		case c.status == http.StatusCreated && (!replayed || answer != c.answer):
			h.Errorf("%s was answered with %s and then with %d %s", c.key, c.answer, status, answer)
		case c.status != 0 && c.status != http.StatusCreated:
			h.Errorf("%s at first: %d %s", c.key, c.status, c.answer)
		case code == "answer_lost" && c.status == 0:
			came["done, the answer lost"]++
		case status != http.StatusCreated:
			h.Errorf("%s again: %d %s", c.key, status, answer)
		case replayed:
			came["answered as before"]++
		default:
			came["done now"]++
		}
	}
}
