package audit

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrFilter refuses a filter that makes no sense.
var ErrFilter = problem.New(problem.Invalid, "invalid_filter", "Something about the filter is not right.")

// A Filter is what somebody looks for in the trail, as typed. Empty fields mean
// any.
type Filter struct {
	Search  string // a part of a name, an e-mail address, a kind or a detail; the beginning of an IP address; an id
	Kind    string
	Result  string
	User    string         // an id: on whom, or by whom
	Address string         // an IP address
	From    string         // RFC 3339 time, or a day (2026-11-22)
	To      string         // likewise: before that time, or up to the end of that day
	Zone    *time.Location // of the days; nil: UTC
}

// maxText is how long a filter may be.
const maxText = 320

// query makes sense of a filter.
func (f Filter) query() (q store.EventQuery, err error) {
	var wrong []problem.Field
	complain := func(name, message string) {
		wrong = append(wrong, problem.Field{Location: "query." + name, Message: message})
	}
	for name, text := range map[string]string{"q": f.Search, "kind": f.Kind, "result": f.Result, "user": f.User} {
		if len(text) > maxText || strings.ContainsRune(text, 0) {
			complain(name, "This is too long.")
		}
	}
	q = store.EventQuery{Search: identity.FoldSearch(strings.TrimSpace(f.Search)), Kind: f.Kind, Result: f.Result, User: identity.UserID(f.User)}
	if f.Address != "" {
		address, err := netip.ParseAddr(strings.TrimSpace(f.Address))
		if err != nil {
			complain("address", "This must be an IP address.")
		}
		q.Address = address.Unmap().String()
	}
	var ok bool
	if q.From, ok = f.moment(f.From, 0); !ok {
		complain("from", "This must be a day like 2026-11-22, or a time like 2026-11-22T04:36:00Z.")
	}
	if q.To, ok = f.moment(f.To, 1); !ok {
		complain("to", "This must be a day like 2026-11-22, or a time like 2026-11-22T04:36:00Z.")
	}
	if len(wrong) > 0 {
		return q, ErrFilter.Because("%s", wrong[0].Message).In(wrong...)
	}
	return q, nil
}

// moment reads a time, or the beginning of a day or of one so many days later.
// Years are those a database can hold.
func (f Filter) moment(text string, days int) (time.Time, bool) {
	if text = strings.TrimSpace(text); text == "" {
		return time.Time{}, true
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		zone := f.Zone
		if zone == nil {
			zone = time.UTC
		}
		if at, err = time.ParseInLocation(time.DateOnly, text, zone); err != nil {
			return at, false
		}
		at = at.AddDate(0, 0, days) // which need not have 24 hours
	}
	return at.UTC(), at.Year() >= 1970 && at.Year() < 10000
}

// List shows up to limit events that come before the given one, the newest
// first; the empty id begins with the newest. Errors are policy's and
// ErrFilter.
func (s *Service) List(ctx context.Context, t store.Tenant, actor identity.Actor, f Filter, before identity.EventID, limit int) (list []store.TrailEvent, err error) {
	defer problem.Wrap(&err, "list events")
	if err := policy.Allow(actor, policy.AuditRead); err != nil {
		return nil, err
	}
	q, err := f.query()
	if err != nil {
		return nil, err
	}
	q.Before, q.Limit = before, limit
	return t.FindEvents(ctx, q)
}
