// Package api is the JSON API under /api/v1: it reads bodies and queries strictly, calls
// the use cases, and writes JSON or an RFC 9457 problem. It decides nothing.
//
// routes.go is the table of calls; openapi.go describes the same table to
// programs, package manual shows it to people. Callers carry their session as
// "Authorization: Bearer".
package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// API holds what its calls need.
type API struct {
	SignIn   *signin.Service
	Sessions *session.Service
	Product  string // shown in the description
	Version  string

	Recovery    *recovery.Service
	Invitations *enroll.Invitations
	Account     *account.Service
	Admin       *admin.Service
	Audit       *audit.Service
	Operator    *operator.Service

	current currentAnswers
}

// Who finds the session behind "Authorization: Bearer" (RFC 6750, section
// 2.1). No other carrier is looked at.
func (a *API) Who(r *http.Request) (live store.Live, ok bool, err error) {
	header := r.Header.Values("Authorization")
	if len(header) == 0 {
		return live, false, nil
	}
	scheme, token, _ := strings.Cut(header[0], " ")
	if len(header) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return live, true, session.ErrEnded
	}
	live, err = a.Sessions.Check(r.Context(), strings.TrimSpace(token))
	return live, true, err
}

// Refuse shows an error as a problem.
func (a *API) Refuse(w http.ResponseWriter, r *http.Request, v *front.Visit, err error) {
	if with, ok := errors.AsType[*members](err); ok {
		writeProblem(w, v.Peer.RequestID, err, with.more)
		return
	}
	WriteProblem(w, v.Peer.RequestID, err)
}

// members is a problem with what it carries beyond RFC 9457's own.
type members struct {
	error
	more problemAnswer
}

func (m *members) Unwrap() error { return m.error }

func with(err error, more problemAnswer) error { return &members{err, more} }
