package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/signin"
)

// The address of a problem's code (RFC 9457, section 3.1.1) leads to its page.
const problemTypes = "https://github.com/vestibule-id/vestibule/blob/main/docs/reference/problems.md#"

// What an accident looks like from outside; its cause is in the log.
var errInternal = problem.New("", "internal", "Something went wrong on our side.")

// WriteProblem answers with err as application/problem+json (RFC 9457): type,
// title, status, detail, code, instance (the request's id) and, where fields are
// wrong, errors of location and message. An error that is no problem is shown as
// 500 "internal" and says nothing of itself. Retry-After is in whole seconds.
func WriteProblem(w http.ResponseWriter, requestID string, err error) {
	writeProblem(w, requestID, err, problemAnswer{})
}

// A problemAnswer is what every problem says, the first five by RFC 9457.
type problemAnswer struct {
	_ struct{} `additionalProperties:"true"` // RFC 9457, section 3.2: what is new is passed over

	Type     string         `json:"type" format:"uri" doc:"Leads to the code in the list of problems."`
	Title    string         `json:"title"`
	Status   int            `json:"status"`
	Detail   string         `json:"detail" doc:"What people may read."`
	Instance string         `json:"instance" doc:"The request's id, as in the log."`
	Code     string         `json:"code" doc:"What programs go by; it never changes."`
	Errors   []problemField `json:"errors,omitempty" doc:"What of the request is wrong."`

	// The members of single problems (RFC 9457, section 3.2).
	ChangeToken string          `json:"change_token,omitempty" doc:"Of password_change_required: goes to /api/v1/me/initial-password."`
	ChoiceToken string          `json:"choice_token,omitempty" doc:"Of tenant_choice_required: goes to /api/v1/sessions with the chosen tenant."`
	Choices     []signin.Choice `json:"choices,omitempty" doc:"Of tenant_choice_required: the tenants there are to choose from."`
	Report      *importAnswer   `json:"report,omitempty" doc:"Of import_refused: which lines are wrong."`
}

type problemField struct {
	Location string `json:"location" doc:"body.email, query.limit"`
	Message  string `json:"message"`
}

// writeProblem adds the members of a problem's own that body has.
func writeProblem(w http.ResponseWriter, requestID string, err error, body problemAnswer) {
	p := problem.Of(err)
	if p == nil {
		p, body = errInternal, problemAnswer{}
	}
	status := front.Status(p.Kind)
	body.Type, body.Title, body.Status, body.Detail = problemTypes+p.Code, declared(p).Message, status, p.Message
	body.Instance, body.Code, body.Errors = requestID, p.Code, nil
	for _, f := range p.Fields {
		body.Errors = append(body.Errors, problemField(f))
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // the type is ours
	}
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((p.RetryAfter+time.Second-1)/time.Second), 10))
	}
	if status == http.StatusUnauthorized { // RFC 9110, section 15.5.2, wants it
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	send(w, status, "application/problem+json", append(text, '\n'))
}

// declared is what p looks like without what this one case added.
func declared(p *problem.Problem) *problem.Problem {
	if parent, ok := errors.AsType[*problem.Problem](errors.Unwrap(p)); ok {
		return parent
	}
	return p
}
