package admin

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// A MailFilter says which letters are listed, as typed. The zero value is all
// of them but for Limit.
type MailFilter struct {
	Search string // part of the address
	State  string // an identity.LetterState
	User   string // the id of whom it is about
	Cursor string // the Next of the page before
	Limit  int    // must be positive
}

// A MailPage is a piece of the list of letters.
type MailPage struct {
	Letters []identity.Letter
	Next    string // where the next one begins; "" when this is the last
}

// letterStates are the states one can ask for.
var letterStates = []identity.LetterState{identity.LetterQueued, identity.LetterSent, identity.LetterDeferred,
	identity.LetterFailed, identity.LetterBounced, identity.LetterExpired}

// Mails lists what became of the tenant's letters, newest first. Errors are
// policy's, ErrFilter with the field that is wrong, and problem.NotFound for a
// cursor that is no letter of this tenant, or no more.
func (s *Service) Mails(ctx context.Context, t store.Tenant, actor identity.Actor, f MailFilter) (p MailPage, err error) {
	defer problem.Wrap(&err, "list letters")
	if err := policy.Allow(actor, policy.MailsRead); err != nil {
		return p, err
	}
	q, err := f.query()
	if err != nil {
		return p, err
	}
	if f.Cursor != "" {
		if q.Before, err = t.Letter(ctx, identity.TaskID(f.Cursor)); err != nil {
			return p, err
		}
	}
	if p.Letters, err = t.FindLetters(ctx, q); err != nil {
		return p, err
	}
	if len(p.Letters) > f.Limit {
		p.Letters = p.Letters[:f.Limit]
		p.Next = string(p.Letters[f.Limit-1].ID)
	}
	return p, nil
}

func (f MailFilter) query() (q store.LetterQuery, err error) {
	wrong := func(field, message string) (store.LetterQuery, error) {
		return store.LetterQuery{}, ErrFilter.In(problem.Field{Location: "query." + field, Message: message})
	}
	for field, text := range map[string]string{"q": f.Search, "user": f.User, "cursor": f.Cursor} {
		if len(text) > maxSearch || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return wrong(field, "This cannot be searched for.")
		}
	}
	q = store.LetterQuery{Search: identity.FoldSearch(strings.TrimSpace(f.Search)), State: identity.LetterState(f.State),
		User: identity.UserID(f.User), Limit: f.Limit + 1}
	if q.State != "" && !slices.Contains(letterStates, q.State) {
		return wrong("state", "A state is queued, sent, deferred, failed, bounced or expired.")
	}
	return q, nil
}
