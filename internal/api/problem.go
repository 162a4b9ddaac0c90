package api

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/problem"
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
	WriteProblemWith(w, requestID, err, nil)
}

// WriteProblemWith adds members of the problem's own (RFC 9457, section 3.2),
// such as change_token. They cannot replace the members above.
func WriteProblemWith(w http.ResponseWriter, requestID string, err error, members map[string]any) {
	p := problem.Of(err)
	if p == nil {
		p, members = errInternal, nil
	}
	status := front.Status(p.Kind)
	body := maps.Clone(members)
	if body == nil {
		body = map[string]any{}
	}
	delete(body, "errors")
	body["type"] = problemTypes + p.Code
	body["title"] = declared(p).Message
	body["status"] = status
	body["detail"] = p.Message
	body["code"] = p.Code
	body["instance"] = requestID
	if len(p.Fields) > 0 {
		body["errors"] = wrongFields(p.Fields)
	}
	text, marshalErr := json.Marshal(body)
	if marshalErr != nil { // a member that is no JSON is our mistake
		WriteProblem(w, requestID, marshalErr)
		return
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

type wrongField struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

func wrongFields(fields []problem.Field) []wrongField {
	list := make([]wrongField, len(fields))
	for i, f := range fields {
		list[i] = wrongField(f)
	}
	return list
}
