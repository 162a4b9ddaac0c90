package api

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/once"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrKey answers an Idempotency-Key that cannot be one.
var ErrKey = problem.New(problem.BadRequest, "invalid_idempotency_key", "An Idempotency-Key is one header of 1 to 255 visible ASCII characters, in quotation marks or without.")

const (
	keyHeader      = "Idempotency-Key"
	replayedHeader = "Idempotency-Replayed"
	maxKey         = 255
)

// onceToo are the calls that take a key although they do not answer 201: what
// they show is shown once, or somebody else gets a letter. What they change must
// be changed through tenantOfVisit, or for Visit.Once, in one transaction.
var onceToo = []string{
	"POST /api/v1/users/{id}/initial-password", "POST /api/v1/users/{id}/password-reset",
	"POST /api/v1/invitations/{id}/link", "POST /api/v1/invitations/{id}/resend", "POST /api/v1/users/{id}/invitation",
	"POST /api/v1/me/email",
}

// keyed reports whether a call takes an Idempotency-Key: whatever creates
// something does, unless nobody is known to have asked.
func (c call) keyed() bool {
	return c.Guard.Check(front.Nobody) != nil && (c.Status == http.StatusCreated || slices.Contains(onceToo, c.Pattern))
}

// withKeys makes the calls that create do so once for each key.
func (a *API) withKeys(calls []call) []call {
	for i, c := range calls {
		if c.keyed() {
			calls[i].Handle = a.once(c.Handle)
			calls[i].Problems = append(slices.Clip(c.Problems), ErrKey, once.ErrOther, once.ErrLost, store.ErrTurnOver)
		}
	}
	return calls
}

// once carries a request with an Idempotency-Key out once; one without is as it
// is.
func (a *API) once(do front.Handler) front.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
		key, given, err := keyIn(r.Header)
		if err != nil || !given {
			if err == nil {
				err = do(w, r, v)
			}
			return err
		}
		body, err := io.ReadAll(io.LimitReader(r.Body, front.MaxBody+1))
		if err != nil || len(body) > front.MaxBody {
			return front.ErrTooLarge
		}
		service := &once.Service{Now: a.Sessions.Now}
		answer, replayed, err := service.Do(r.Context(), a.keyTenant(v), requestOf(r, v, key, body), func(o store.Once) (once.Answer, error) {
			v.Once = &o
			r.Body = io.NopCloser(bytes.NewReader(body))
			held := heldAnswer{header: http.Header{}}
			err := do(&held, r, v)
			return once.Answer{Status: held.status, Body: held.body.Bytes()}, err
		})
		if answer.Status == 0 {
			return err
		}
		if replayed {
			w.Header().Set(replayedHeader, "true")
		}
		if len(answer.Body) == 0 {
			w.WriteHeader(answer.Status)
		} else {
			send(w, answer.Status, "application/json", answer.Body)
		}
		return err // that it could not be kept is told in the log
	}
}

// requestOf says whose request it is and what it asks for.
func requestOf(r *http.Request, v *front.Visit, key string, body []byte) once.Request {
	request := once.Request{Actor: string(v.Actor.User), Key: key, What: r.Method + " " + r.URL.RequestURI(), Body: body, Attempt: v.Peer.RequestID}
	if v.Actor.Operator {
		request.Actor, request.About = string(v.Actor.Token), string(identity.NewTenantID())
	}
	return request
}

// keyIn reads the header as a string of RFC 8941, section 3.3.3, as the draft
// has it, or as the bare text most programs send.
func keyIn(h http.Header) (key string, given bool, err error) {
	values := h.Values(keyHeader)
	if len(values) == 0 {
		return "", false, nil
	}
	key = strings.TrimSpace(values[0])
	if inner, quoted := strings.CutPrefix(key, `"`); quoted {
		key, quoted = strings.CutSuffix(inner, `"`)
		if !quoted {
			return "", true, ErrKey
		}
	}
	odd := strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' })
	if len(values) > 1 || key == "" || len(key) > maxKey || odd {
		return "", true, ErrKey
	}
	return key, true, nil
}

// A heldAnswer is an answer that is kept before it is shown.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *heldAnswer) Header() http.Header { return h.header }

func (h *heldAnswer) WriteHeader(status int) { h.status = status }

func (h *heldAnswer) Write(text []byte) (int, error) { return h.body.Write(text) }
