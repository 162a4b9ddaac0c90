package api

import (
	"context"
	"io"
	"net/http"

	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/session"
)

func (a *API) auditCalls() []call {
	inside := []*problem.Problem{policy.ErrSignIn, session.ErrEnded, policy.ErrDenied}
	return []call{
		{front.Get("/api/v1/audit-events", front.Can(policy.AuditRead), a.listEvents), "The tenant's audit trail, newest first", eventsQuery{}, eventsAnswer{}, http.StatusOK,
			append(inside[:3:3], ErrPage, audit.ErrFilter)},
		{front.Post("/api/v1/audit-events/export", front.Can(policy.AuditExport), a.exportEvents), "The trail as a file, CSV or JSON lines", exportBody{}, nil, http.StatusOK,
			append(bodyProblems(audit.ErrFilter, audit.ErrFormat), inside...)},
		{front.Post("/api/v1/audit-events/erasures", front.Can(policy.UsersDelete), a.erasePerson), "Take address, browser and details of a person out of the trail; the chain holds", erasureBody{}, erasedAnswer{}, http.StatusOK,
			append(bodyProblems(problem.NotFound), inside...)},
	}
}

type eventsAnswer struct {
	Items      []audit.Entry `json:"items"`
	NextCursor string        `json:"next_cursor"`
}

type eventsQuery struct {
	pageQuery
	Search  string `query:"q" doc:"A part of a name, an e-mail address, a kind or a detail; the beginning of an IP address; an id."`
	Kind    string `query:"kind" doc:"One of docs/reference/events.md."`
	Result  string `query:"result" doc:"ok, or the code of a problem."`
	User    string `query:"user" doc:"An id: on whom, or by whom."`
	Address string `query:"address" doc:"An IP address."`
	From    string `query:"from" doc:"A time (RFC 3339) or a day in UTC."`
	To      string `query:"to" doc:"Before that time, or up to the end of that day."`
}

func (a *API) listEvents(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	query := queryOf[eventsQuery](r)
	cursor, err := query.id()
	if err != nil {
		return err
	}
	f := audit.Filter{Search: query.Search, Kind: query.Kind, Result: query.Result, User: query.User, Address: query.Address, From: query.From, To: query.To}
	list, err := a.Audit.List(r.Context(), a.tenantOfVisit(v), v.Actor, f, identity.EventID(cursor), query.Limit+1)
	if err != nil {
		return err
	}
	answer := eventsAnswer{Items: []audit.Entry{}}
	if limit := query.Limit; len(list) > limit {
		list = list[:limit]
		answer.NextCursor = string(list[limit-1].ID)
	}
	for _, e := range list {
		answer.Items = append(answer.Items, audit.EntryOf(e))
	}
	return Write(w, http.StatusOK, answer)
}

type exportBody struct {
	Format  string `json:"format" enum:"csv,jsonl"`
	Search  string `json:"q,omitempty" doc:"A part of a name, an e-mail address, a kind or a detail; the beginning of an IP address; an id."`
	Kind    string `json:"kind,omitempty"`
	Result  string `json:"result,omitempty"`
	User    string `json:"user,omitempty" doc:"An id: on whom, or by whom."`
	Address string `json:"address,omitempty"`
	From    string `json:"from,omitempty" doc:"A time (RFC 3339) or a day."`
	To      string `json:"to,omitempty" doc:"Before that time, or up to the end of that day."`
}

func (a *API) exportEvents(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b exportBody
	if err := Read(r, &b); err != nil {
		return err
	}
	wanted := audit.Wanted{Format: b.Format, Filter: audit.Filter{Search: b.Search, Kind: b.Kind, Result: b.Result, User: b.User, Address: b.Address, From: b.From, To: b.To}}
	media, name := wanted.File()
	return front.Download(w, r, name, media, func(ctx context.Context, out io.Writer) error {
		_, err := a.Audit.Export(ctx, a.tenantOfVisit(v), v.Actor, wanted, out, v.Peer)
		return err
	})
}

type erasureBody struct {
	User string `json:"user_id" doc:"The user may be deleted already."`
}

type erasedAnswer struct {
	Events int `json:"events" doc:"How many events it was."`
}

func (a *API) erasePerson(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b erasureBody
	if err := Read(r, &b); err != nil {
		return err
	}
	n, err := a.Audit.Erase(r.Context(), a.tenantOfVisit(v), v.Actor, identity.UserID(b.User), v.Peer)
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, erasedAnswer{Events: n})
}
