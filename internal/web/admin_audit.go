package web

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

const (
	auditPath  = "/admin/audit"
	pageEvents = 50 // on one page of the list
)

func (p *Pages) auditRoutes() []front.Route {
	return []front.Route{
		front.Get(auditPath, front.Can(policy.AuditRead), p.opened(p.trail)),
		front.Post("/admin/audit/export", front.Can(policy.AuditExport), p.sent(p.exportTrail)).Like("POST /api/v1/audit-events/export"),
		front.Post("/admin/audit/erase", front.Can(policy.UsersDelete), p.sent(p.erasePerson)).Like("POST /api/v1/audit-events/erasures"),
	}
}

type auditPage struct {
	frame
	Filter  audit.Filter
	Wrong   map[string]string // what is wrong with a filter, by its name
	Events  []trailLine
	Who     string // whom the filter is about; may be empty
	Next    string // the address of the next page; "" on the last
	First   string // of the first; "" on it
	Done    string // what was done; may be empty
	Problem string // what could not be; may be empty

	MayExport, MayErase bool
}

// A trailLine is a line of the list.
type trailLine struct {
	store.TrailEvent
	Device string
	Facts  []string // the details, name by name
}

// On is what the one it is about is called, By who acted.
func (l trailLine) On() string { return personOf(l.UserName, string(l.User)) }

// By is what the one who acted is called.
func (l trailLine) By() string {
	if l.Actor == "" && l.Detail["by"] == "operator" {
		return "the operator"
	}
	return personOf(l.ActorName, string(l.Actor))
}

func personOf(name, id string) string {
	if name != "" || id == "" {
		return name
	}
	return "somebody deleted"
}

// Results are the choices of the filter: what there mostly is, and what the
// address asks for.
func (pg auditPage) Results() (list []chosenWord) {
	codes := []string{identity.EventOK, policy.ErrRefused.Code, policy.ErrWait.Code}
	if chosen := pg.Filter.Result; chosen != "" && !slices.Contains(codes, chosen) {
		codes = append(codes, chosen)
	}
	for _, code := range codes {
		list = append(list, chosenWord{Value: code, Text: howItWent(code), Chosen: code == pg.Filter.Result})
	}
	return list
}

// Backwards reports whether the last day asked for is before the first one, so
// that nothing can fit.
func (pg auditPage) Backwards() bool {
	days := len(pg.Filter.From) == len(time.DateOnly) && len(pg.Filter.To) == len(time.DateOnly)
	return days && pg.Filter.To < pg.Filter.From
}

// Fields are the filter, for the forms that act on what it finds.
func (pg auditPage) Fields() map[string]string {
	fields := map[string]string{}
	for name, value := range filterFields(&pg.Filter) {
		if *value != "" {
			fields[name] = *value
		}
	}
	return fields
}

// filterFields are the names of a filter's fields in addresses and forms.
func filterFields(f *audit.Filter) map[string]*string {
	return map[string]*string{"q": &f.Search, "kind": &f.Kind, "result": &f.Result, "user": &f.User,
		"address": &f.Address, "from": &f.From, "to": &f.To}
}

func (p *Pages) trail(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	v.Page = settledPage(r, "events")
	pg := p.auditPage(v)
	query := r.URL.Query()
	for name, to := range filterFields(&pg.Filter) {
		*to = only(query, name)
	}
	status := http.StatusOK
	switch err := p.fillTrail(r, v, &pg, only(query, "cursor")); {
	case again(err) != nil:
		status = front.Status(again(err).Kind)
		for _, field := range again(err).Fields {
			pg.Wrong[field.Location[len("query."):]] = field.Message
		}
	case err != nil:
		return err
	}
	if _, err := p.refill(r, v, &pg.frame); err != nil {
		return err
	}
	if n, err := strconv.Atoi(only(query, "events")); err == nil && only(query, doneName) == "erased" {
		pg.Done = "Address, browser and details were taken out of " + strconv.Itoa(n) + " events."
	}
	return render(w, status, pg)
}

func (p *Pages) auditPage(v *front.Visit) auditPage {
	return auditPage{frame: p.room("Audit", v), Filter: audit.Filter{Zone: p.zone(v)}, Wrong: map[string]string{},
		MayExport: allowed(v, policy.AuditExport), MayErase: allowed(v, policy.UsersDelete)}
}

func (p *Pages) fillTrail(r *http.Request, v *front.Visit, pg *auditPage, cursor string) error {
	if _, err := identity.Bytes(identity.EventID(cursor)); err != nil {
		cursor = "" // a made-up place is the beginning
	}
	list, err := p.Audit.List(r.Context(), p.office(v), v.Actor, pg.Filter, identity.EventID(cursor), pageEvents+1)
	if err != nil {
		return err
	}
	if len(list) > pageEvents {
		list = list[:pageEvents]
		pg.Next = pg.address(string(list[pageEvents-1].ID))
	}
	if cursor != "" {
		pg.First = pg.address("")
	}
	for _, e := range list {
		line := trailLine{TrailEvent: e, Device: account.Device(e.Peer.UserAgent)}
		for _, name := range slices.Sorted(maps.Keys(e.Detail)) {
			line.Facts = append(line.Facts, name+": "+e.Detail[name])
		}
		pg.Events = append(pg.Events, line)
		switch pg.Filter.User {
		case "":
		case string(e.User):
			pg.Who = line.On()
		case string(e.Actor):
			pg.Who = line.By()
		}
	}
	return nil
}

// address is where the same list is, from a place on.
func (pg auditPage) address(cursor string) string {
	query := url.Values{}
	for name, value := range pg.Fields() {
		query.Set(name, value)
	}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	if len(query) == 0 {
		return auditPath
	}
	return auditPath + "?" + query.Encode()
}

func (p *Pages) exportTrail(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	wanted := audit.Wanted{Filter: audit.Filter{Zone: p.zone(v)}, Format: f["format"]}
	for name, to := range filterFields(&wanted.Filter) {
		*to = f[name]
	}
	media, name := wanted.File()
	return front.Download(w, r, name, media, func(ctx context.Context, out io.Writer) error {
		_, err := p.Audit.Export(ctx, p.office(v), v.Actor, wanted, out, v.Peer)
		return err
	})
}

func (p *Pages) erasePerson(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	n, err := p.Audit.Erase(r.Context(), p.office(v), v.Actor, identity.UserID(f["user_id"]), v.Peer)
	if about := problem.Of(err); about != nil && about.Kind == problem.Denied {
		pg := p.auditPage(v)
		pg.Filter.User = f["user_id"]
		if err := p.fillTrail(r, v, &pg, ""); err != nil {
			return err
		}
		pg.Problem = about.Message
		return render(w, front.Status(about.Kind), pg)
	} else if err != nil {
		return err
	}
	return turned(w, r, auditPage{Filter: audit.Filter{User: f["user_id"]}}.address(""), "erased", "events", strconv.Itoa(n))
}
