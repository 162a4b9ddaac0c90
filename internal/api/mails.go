package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/session"
)

func (a *API) mailCalls() []call {
	inside := []*problem.Problem{policy.ErrSignIn, session.ErrEnded, policy.ErrDenied, ErrPage, admin.ErrFilter}
	return []call{
		{front.Get("/api/v1/mails", front.Can(policy.MailsRead), a.listMails), "What became of the tenant's letters, newest first", mailsQuery{}, mailsAnswer{}, http.StatusOK, inside},
	}
}

// mailAnswer is a letter without what it says: a link in it would be good for
// whoever reads this.
type mailAnswer struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind" enum:"reset,invitation,password_changed,address_changed,address_confirm,address_undo,new_browser,token_reuse"`
	User      string     `json:"user_id"`
	To        string     `json:"to" doc:"Where it was last sent; before that, the user's address."`
	State     string     `json:"state" enum:"queued,sent,deferred,failed,bounced,expired"`
	Answer    string     `json:"answer" doc:"What the mail server said last."`
	Tries     int64      `json:"tries"`
	CreatedAt time.Time  `json:"created_at"`
	ChangedAt time.Time  `json:"changed_at" doc:"When the state was last written."`
	ExpiresAt *time.Time `json:"expires_at" doc:"It is not sent from then on; null: no such time."`
}

type mailsAnswer struct {
	Items      []mailAnswer `json:"items"`
	NextCursor string       `json:"next_cursor"`
}

func mailOf(l identity.Letter) mailAnswer {
	answer := mailAnswer{ID: string(l.ID), Kind: l.Kind, User: string(l.User), To: l.To, State: string(l.State),
		Answer: l.Answer, Tries: l.Tries, CreatedAt: l.CreatedAt, ChangedAt: l.ChangedAt}
	if !l.Expires.IsZero() {
		answer.ExpiresAt = &l.Expires
	}
	return answer
}

type mailsQuery struct {
	pageQuery
	Search string `query:"q" doc:"A part of an address."`
	State  string `query:"state" enum:"queued,sent,deferred,failed,bounced,expired" doc:"Only letters of which this became; empty: any."`
	User   string `query:"user" doc:"The id of a user: only letters to them."`
}

func (a *API) listMails(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	query := queryOf[mailsQuery](r)
	cursor, err := query.id()
	if err != nil {
		return err
	}
	f := admin.MailFilter{Cursor: cursor, Limit: query.Limit, Search: query.Search, State: query.State, User: query.User}
	list, err := a.Admin.Mails(r.Context(), a.tenantOfVisit(v), v.Actor, f)
	if errors.Is(err, problem.NotFound) {
		return errCursor()
	} else if err != nil {
		return err
	}
	answer := mailsAnswer{Items: []mailAnswer{}, NextCursor: list.Next}
	for _, l := range list.Letters {
		answer.Items = append(answer.Items, mailOf(l))
	}
	return Write(w, http.StatusOK, answer)
}
