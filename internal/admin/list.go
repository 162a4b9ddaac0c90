package admin

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrFilter says that a list was asked for that cannot be.
var ErrFilter = problem.New(problem.Invalid, "invalid_filter", "The list cannot be filtered, sorted or continued like that.")

// A Filter says which users are listed, as typed. The zero value is all of
// them, by name.
type Filter struct {
	Search string // part of a name or address, or the beginning of an extension
	Role   string
	Status string
	Sort   string // a store.UserSort
	Cursor string // the Next of the page before
	Limit  int    // must be positive
}

// A UserPage is a piece of the list of users.
type UserPage struct {
	Users []identity.User
	Next  string // where the next one begins; "" when this is the last
}

// List lists users. Errors are policy's, and ErrFilter with the field that is
// wrong.
func (s *Service) List(ctx context.Context, t store.Tenant, actor identity.Actor, f Filter) (p UserPage, err error) {
	defer problem.Wrap(&err, "list users")
	if err := policy.Allow(actor, policy.UsersRead); err != nil {
		return p, err
	}
	q, err := f.query()
	if err != nil {
		return p, err
	}
	q.Limit = f.Limit + 1
	if p.Users, err = t.FindUsers(ctx, q); err != nil {
		return p, err
	}
	if len(p.Users) > f.Limit {
		p.Users = p.Users[:f.Limit]
		p.Next = cursorAfter(q.Sort, p.Users[f.Limit-1])
	}
	return p, nil
}

// Count counts the users of each status, and who waits.
func (s *Service) Count(ctx context.Context, t store.Tenant, actor identity.Actor) (n store.UserCounts, err error) {
	if err := policy.Allow(actor, policy.UsersRead); err != nil {
		return n, err
	}
	return t.CountUsers(ctx, s.Now())
}

// The longest text that is searched for, in bytes: more than any name has.
const maxSearch = 320

func (f Filter) query() (q store.UserQuery, err error) {
	wrong := func(field, message string) (store.UserQuery, error) {
		return store.UserQuery{}, ErrFilter.In(problem.Field{Location: "query." + field, Message: message})
	}
	readable := func(text string) bool {
		return len(text) <= maxSearch && utf8.ValidString(text) && !strings.ContainsRune(text, 0)
	}
	q = store.UserQuery{Search: identity.FoldSearch(strings.TrimSpace(f.Search)), Role: f.Role,
		Status: identity.UserStatus(f.Status), Sort: store.UserSort(f.Sort)}
	switch q.Status {
	case "", identity.Active, identity.Invited, identity.Deactivated:
	default:
		return wrong("status", "A status is invited, active or deactivated.")
	}
	switch q.Sort {
	case "":
		q.Sort = store.ByName
	case store.ByName, store.ByAge, store.BySeen:
	default:
		return wrong("sort", "The list is sorted by name, created_at or last_sign_in_at.")
	}
	if !readable(f.Search) {
		return wrong("q", "This cannot be searched for.")
	}
	if !readable(f.Role) {
		return wrong("role", "This is no role.")
	}
	if f.Cursor != "" {
		if q.After, err = userAt(q.Sort, f.Cursor); err != nil {
			return wrong("cursor", "This is no next_cursor of this list.")
		}
	}
	return q, nil
}

// cursorAfter is the place behind a user: it holds what the list is sorted by,
// so that the list goes on also when the user is gone.
func cursorAfter(sort store.UserSort, u identity.User) string {
	key := ""
	switch sort {
	case store.ByName:
		key = u.Name
	case store.BySeen:
		if !u.LastSignIn.IsZero() {
			key = strconv.FormatInt(u.LastSignIn.UnixMicro(), 10)
		}
	}
	return base64.RawURLEncoding.EncodeToString([]byte(string(sort) + "\n" + string(u.ID) + "\n" + key))
}

func userAt(sort store.UserSort, cursor string) (u identity.User, err error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	parts := strings.SplitN(string(text), "\n", 3)
	if err != nil || len(parts) != 3 || parts[0] != string(sort) || !utf8.Valid(text) || strings.ContainsRune(string(text), 0) {
		return u, ErrFilter
	}
	u = identity.User{ID: identity.UserID(parts[1]), Name: parts[2]}
	if u.ID == "" {
		return u, ErrFilter
	}
	if sort == store.BySeen && parts[2] != "" {
		micros, err := strconv.ParseInt(parts[2], 10, 64)
		if err != nil {
			return u, ErrFilter
		}
		u.LastSignIn = time.UnixMicro(micros)
	}
	return u, nil
}
