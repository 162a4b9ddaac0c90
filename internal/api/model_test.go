package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/api"
	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
)

// modelSteps is how many steps the model takes at least, on each database and
// through each door. With the race detector it takes a tenth of them and may miss
// situations; "make test" runs it once more without, to take them all.
const modelSteps = 10_000

// situations are what the walks must have come into, or they prove little.
var situations = []string{
	"a wait", "the right password during a wait", "a wait that has doubled", "a replayed token", "an answer asked for again",
	"a used token within the grace time", "a session ended by time", "a token ended before its session",
}

// A random walk over everything sign-in and sessions can do, by API on two
// nodes and by the use cases, beside a model in plain Go (model_house_test.go)
// that says what every step must answer.
//
// Proves: 2.5, 2.6, 2.7, W2, W10, W13, P4, P5
func TestModelOfTheDoor(t *testing.T) {
	wanted, checks := int64(modelSteps), "130"
	if housetest.Race {
		wanted, checks = modelSteps/10, "13"
	}
	for flagName, value := range map[string]string{"rapid.checks": checks, "rapid.steps": "100"} {
		if err := flag.Set(flagName, value); err != nil {
			t.Fatal(err)
		}
	}
	for name, open := range map[string]func(*housetest.House) door{"use cases": useCases, "http": overHTTP} {
		t.Run(name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				var steps, walks atomic.Int64
				w := &world{t: t, nodes: []*node{newNode(h, open), newNode(h.Node(t), open)}, open: open, house: h, lanes: map[string]*modelLane{}, seen: map[string]int{}}
				for steps.Load() < wanted || !housetest.Race && w.missing() != "" && steps.Load() < 5*modelSteps {
					rapid.Check(t, func(rt *rapid.T) {
						w.begin(int(walks.Add(1)))
						actions := w.actions()
						for name, act := range actions {
							actions[name] = func(rt *rapid.T) { steps.Add(1); act(rt) }
						}
						rt.Repeat(actions)
					})
				}
				t.Logf("%d steps in %d walks, through %v", steps.Load(), walks.Load(), w.seen)
				if situation := w.missing(); situation != "" && !housetest.Race {
					t.Errorf("no walk came into this situation: %s", situation)
				}
			})
		})
	}
}

// A door is a way to the use cases, with answers as the API has them.
type door interface {
	signIn(try signin.Try) answer
	refresh(token string, interaction bool) answer
	check(access string) answer
	signOut(access string) answer
}

type answer struct {
	status          int
	retryAfter      int
	access, refresh string
	expiresIn       int
	user            string
}

// node is one node of the installation with its door.
type node struct {
	house *housetest.House
	door  door
}

func newNode(h *housetest.House, open func(*housetest.House) door) *node {
	h.Sessions.Operator = rules
	h.SignIn.Params = secret.Params{Memory: 64, Time: 1, Threads: 1} // ten thousand steps, not ten thousand hashes
	return &node{house: h, door: open(h)}
}

// ---- by the use cases

type byUseCases struct{ h *housetest.House }

func useCases(h *housetest.House) door { return byUseCases{h} }

func (d byUseCases) signIn(try signin.Try) answer {
	out, err := d.h.SignIn.SignIn(bg, try)
	return d.granted(out.Grant, err, http.StatusCreated)
}

func (d byUseCases) refresh(token string, interaction bool) answer {
	g, err := d.h.Sessions.Refresh(bg, token, interaction, identity.Peer{})
	return d.granted(g, err, http.StatusOK)
}

func (d byUseCases) check(access string) answer {
	live, err := d.h.Sessions.Check(bg, access)
	return answer{status: statusOf(err, http.StatusOK), user: string(live.User.ID)}
}

func (d byUseCases) signOut(access string) answer {
	live, err := d.h.Sessions.Check(bg, access)
	if err == nil {
		err = d.h.Sessions.SignOut(bg, live, identity.Peer{})
	}
	return answer{status: statusOf(err, http.StatusNoContent)}
}

func (d byUseCases) granted(g session.Grant, err error, status int) answer {
	a := answer{status: statusOf(err, status), access: g.AccessToken, refresh: string(g.Refresh), user: string(g.User.ID)}
	if p := problem.Of(err); p != nil {
		a.retryAfter = int((p.RetryAfter + time.Second - 1) / time.Second)
	}
	if err == nil {
		a.expiresIn = int(g.ExpiresAt.Sub(d.h.Clock.Now()) / time.Second)
	}
	return a
}

func statusOf(err error, fine int) int {
	if err == nil {
		return fine
	}
	if p := problem.Of(err); p != nil {
		return front.Status(p.Kind)
	}
	return http.StatusInternalServerError
}

// ---- over HTTP

type byHTTP struct{ handler http.Handler }

func overHTTP(h *housetest.House) door { return byHTTP{handlerOf(h)} }

// handlerOf is the API of a house behind its door.
func handlerOf(h *housetest.House) http.Handler {
	calls := &api.API{SignIn: h.SignIn, Sessions: h.Sessions, Product: "Vestibule", Version: "test",
		Account:  &account.Service{SignIn: h.SignIn, Sessions: h.Sessions},
		Recovery: h.Recovery(), Invitations: h.Invitations(), Admin: h.Admin(),
		Operator: &operator.Service{Store: h.Store, Now: h.Clock.Now, Sessions: h.Sessions, Invitations: h.Invitations()},
		Audit:    &audit.Service{Store: h.Store, Now: h.Clock.Now, Operator: h.Sessions.Operator}}
	d := &front.Door{
		Origins: front.Origins{Public: housetest.Issuer}, Metrics: front.NewMetrics(), Log: slog.New(slog.DiscardHandler),
		Who: calls.Who, Operate: calls.Operate, Refuse: calls.Refuse,
	}
	mux := http.NewServeMux()
	d.Open(mux, "/api/", calls.Routes())
	return mux
}

func (d byHTTP) do(method, path, bearer, source string, body any) answer {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest(method, housetest.Issuer+path, bytes.NewReader(text))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	if source != "" {
		r.RemoteAddr = source + ":4711"
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	var got struct {
		Access    string `json:"access_token"`
		Refresh   string `json:"refresh_token"`
		ExpiresIn int    `json:"expires_in"`
		User      struct{ ID string }
	}
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			panic(fmt.Sprintf("%s %s: %v", method, path, err))
		}
	}
	retry, _ := strconv.Atoi(w.Header().Get("Retry-After"))
	return answer{w.Code, retry, got.Access, got.Refresh, got.ExpiresIn, got.User.ID}
}

func (d byHTTP) signIn(try signin.Try) answer {
	body := map[string]string{"password": try.Password}
	for name, value := range map[string]string{"tenant": try.Tenant, "email": try.Email, "username": try.Username} {
		if value != "" {
			body[name] = value
		}
	}
	return d.do("POST", "/api/v1/sessions", "", try.From.Source, body)
}

func (d byHTTP) refresh(token string, interaction bool) answer {
	return d.do("POST", "/api/v1/sessions/refresh", "", "", map[string]any{"refresh_token": token, "interaction": interaction})
}

func (d byHTTP) check(access string) answer {
	return d.do("GET", "/api/v1/sessions/current", access, "", nil)
}

func (d byHTTP) signOut(access string) answer {
	return d.do("DELETE", "/api/v1/sessions/current", access, "", nil)
}

// administer is the operator beside the nodes, as the command line is.
func administer(h *housetest.House) *admin.Service {
	return &admin.Service{Now: h.Clock.Now, Params: h.SignIn.Params}
}
