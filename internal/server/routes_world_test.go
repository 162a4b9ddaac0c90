package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/server"
	"github.com/vestibule-id/vestibule/internal/store"
)

// The visitors of the route table: nobody, and one of each role. Two roles are
// the tenants' own: a reader may see everything and change nothing; a trainee
// may do everything, but ranks below everybody.
var visitors = []string{"nobody", identity.Member, identity.Manager, identity.Admin, "reader", "trainee"}

func ownRoles() (list []identity.Role) {
	everything, reading := policy.BuiltIn(identity.Admin).Permissions, []policy.Permission{}
	for p := range everything.All() {
		if strings.HasSuffix(p, ".read") {
			reading = append(reading, policy.Permission(p))
		}
	}
	reader := identity.Role{Name: "reader", Title: "Reader", Rank: 60, Permissions: policy.SetOf(reading...), CreatedAt: housetest.Morning, ChangedAt: housetest.Morning}
	trainee := reader
	trainee.Name, trainee.Title, trainee.Rank, trainee.Permissions = "trainee", "Trainee", 5, everything
	return []identity.Role{reader, trainee}
}

// A world is three tenants alike, one of them suspended, each with a visitor of
// each role and two more people. What somebody changed is never used again:
// furnish makes another tenant in its place.
type world struct {
	*housetest.House
	server *server.Server
	log    *strings.Builder
	hash   secret.Hash
	n      int

	own, other, suspended *home
}

// A home is a tenant of the world.
type home struct {
	scope  store.Tenant
	row    identity.Tenant
	people map[string]*person
}

// spareRole is a role of the tenant alone that nobody holds.
func (h *home) spareRole() string { return "spare-" + h.row.Slug }

// A person has a session in a browser, one of a program and a spare one, has
// invited somebody, and has letters with links.
type person struct {
	user       identity.User
	cookie     string
	bearer     string
	formToken  string
	refresh    string
	spare      identity.SessionID
	invitation identity.InvitationID
	links      map[identity.LinkPurpose]string
}

// The two who are there beside the visitors.
const (
	colleague = "colleague" // of the lowest role
	superior  = "superior"  // of the highest
)

func newWorld(t *testing.T, h *housetest.House, s *server.Server, log *strings.Builder) *world {
	w := &world{House: h, server: s, log: log, hash: housetest.Params.Hash(housetest.Password(t, right), nil)}
	w.own, w.other, w.suspended = w.furnish(t, identity.TenantActive), w.furnish(t, identity.TenantActive), w.furnish(t, identity.TenantSuspended)
	return w
}

// furnish makes a tenant with its people.
func (w *world) furnish(t *testing.T, status identity.TenantStatus) *home {
	t.Helper()
	w.n++
	h := &home{scope: w.Store.Tenant(identity.NewTenantID()), people: map[string]*person{}}
	h.row = identity.Tenant{ID: h.scope.ID(), Slug: fmt.Sprintf("home-%d", w.n), Name: "Home", Style: identity.Workspace, Status: identity.TenantActive}
	h.row.Policy.PasswordChanges = "web+api"
	h.row.Policy.Logo = "0123456789abcdef"
	must(t, h.scope.Tx(t.Context(), func(tx *store.Tx) error {
		if err := tx.Add(t.Context(), h.row); err != nil {
			return err
		}
		if err := tx.SetLogo(t.Context(), store.Logo{Fingerprint: h.row.Policy.Logo, Picture: []byte("picture")}); err != nil {
			return err
		}
		for _, role := range append(ownRoles(), identity.Role{Name: h.spareRole(), Title: "Held by nobody", Rank: 1}) {
			if err := tx.AddRole(t.Context(), role); err != nil {
				return err
			}
		}
		for name, role := range map[string]string{identity.Member: identity.Member, identity.Manager: identity.Manager, identity.Admin: identity.Admin,
			"reader": "reader", "trainee": "trainee", colleague: identity.Member, superior: identity.Admin} {
			p, err := w.settle(t, tx, h, name, role)
			if err != nil {
				return err
			}
			h.people[name] = p
		}
		h.row.Status = status
		return tx.Set(t.Context(), h.row)
	}))
	return h
}

// settle adds somebody to a tenant.
func (w *world) settle(t *testing.T, tx *store.Tx, h *home, name, role string) (*person, error) {
	ctx, now, keys := t.Context(), w.Clock.Now(), w.Store.Keys()
	p := &person{links: map[identity.LinkPurpose]string{}}
	p.user = identity.User{ID: identity.NewUserID(), Name: "Name of " + name, Email: housetest.Email(t, name+"@"+h.row.Slug+".test"),
		Role: role, Status: identity.Active, CreatedAt: now, HasPassword: true}
	if err := tx.AddUser(ctx, p.user, w.hash); err != nil {
		return nil, err
	}
	for _, kind := range []identity.SessionKind{identity.Browser, identity.Program, ""} {
		s := w.Sessions.Make(h.row, p.user, max(kind, identity.Browser), identity.Peer{}, now)
		if err := tx.AddSession(ctx, s); err != nil {
			return nil, err
		}
		g, err := w.server.Sessions.Grant(store.Live{Session: s, User: p.user, Tenant: h.row}, now)
		switch {
		case err != nil:
			return nil, err
		case kind == identity.Program:
			p.bearer, p.refresh = g.AccessToken, string(g.Refresh)
		case kind == identity.Browser:
			p.cookie, p.formToken = string(g.Cookie), string(keys.FormToken(h.row.ID, p.user.ID, s.ID))
		default:
			p.spare = s.ID
		}
	}
	for _, purpose := range []identity.LinkPurpose{identity.ResetLink, identity.UndoLink} {
		if err := w.link(t, tx, p, purpose, p.user.ID); err != nil {
			return nil, err
		}
	}
	return p, w.invite(t, tx, h, p, name)
}

// link adds a link of somebody's; who it is of has its token.
func (w *world) link(t *testing.T, tx *store.Tx, p *person, purpose identity.LinkPurpose, of identity.UserID) error {
	l := identity.Link{ID: identity.NewLinkID(), Purpose: purpose, User: of, MadeBy: p.user.ID, Data: "former@home.test",
		CreatedAt: w.Clock.Now(), ExpiresAt: w.Clock.Now().Add(time.Hour)}
	p.links[purpose] = string(w.Store.Keys().LinkToken(purpose, tx.ID(), l.ID))
	return tx.ReplaceLink(t.Context(), l)
}

// invite adds somebody whom p has invited.
func (w *world) invite(t *testing.T, tx *store.Tx, h *home, p *person, name string) error {
	now := w.Clock.Now()
	u := identity.User{ID: identity.NewUserID(), Email: housetest.Email(t, "invitee-of-"+name+"@"+h.row.Slug+".test"),
		Role: p.user.Role, Status: identity.Invited, CreatedAt: now}
	if err := tx.AddUser(t.Context(), u, ""); err != nil {
		return err
	}
	if err := w.link(t, tx, p, identity.InvitationLink, u.ID); err != nil {
		return err
	}
	_, id, err := w.Store.Keys().ReadLinkToken(identity.InvitationLink, p.links[identity.InvitationLink])
	if err != nil {
		return err
	}
	p.invitation = identity.NewInvitationID()
	return tx.AddInvitation(t.Context(), identity.Invitation{ID: p.invitation, User: u.ID, Email: u.Email, Role: u.Role,
		InvitedBy: p.user.ID, CreatedAt: now, Link: identity.Link{ID: id}})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// An aim is what a request is about: by whom, and the values of its
// placeholders.
type aim struct {
	name   string
	by     *person // nil: nobody
	at     *home   // whose tenant it is about; what is changed there is made anew
	values map[string]string
}

// known are values that say who is meant where no object does.
func (w *world) known(by *person, at *home) map[string]string {
	if by == nil {
		by = at.people[colleague]
	}
	return map[string]string{"email": by.user.Email.Typed, "slug": at.row.Slug, "refresh": by.refresh, "new": fmt.Sprintf("new-%d@home.test", w.n),
		"reset": by.links[identity.ResetLink], "undo": by.links[identity.UndoLink], "invitation": by.links[identity.InvitationLink],
		"user": string(at.people[colleague].user.ID), "file": at.row.Policy.Logo + ".png", "number": "1"}
}

// aims are the columns of a route's rows.
func (w *world) aims(pattern, visitor string) (list []aim) {
	by, gone := w.own.people[visitor], w.suspended.people[visitor] // nil: nobody
	add := func(name string, by *person, at *home, object ...string) {
		a := aim{name, by, at, w.known(by, at)}
		for i := 0; i < len(object); i += 2 {
			a.values[object[i]] = object[i+1]
		}
		list = append(list, a)
	}
	me := by
	if me == nil {
		me = w.own.people[colleague]
	}
	about := func(object func(p *person) string, made string, names ...string) {
		for i, p := range []*person{me, w.own.people[colleague], w.own.people[superior], w.other.people[colleague]} {
			add(columns[i], by, w.own, pairs(object(p), names)...)
		}
		add(nobodys, by, w.own, pairs(made, names)...)
		add(columns[4], gone, w.suspended, pairs(object(w.suspended.people[colleague]), names)...)
	}
	switch {
	case strings.Contains(pattern, "/users/{id}"), strings.Contains(pattern, "/erase"), strings.Contains(pattern, "/erasures"):
		about(func(p *person) string { return string(p.user.ID) }, string(identity.NewUserID()), "id", "user")
	case strings.Contains(pattern, "/sessions/{id}"):
		about(func(p *person) string { return string(p.spare) }, string(identity.NewSessionID()), "id")
	case strings.Contains(pattern, "/invitations/{id}"):
		about(func(p *person) string { return string(p.invitation) }, string(identity.NewInvitationID()), "id")
	case strings.Contains(pattern, "/roles/{name}"):
		add("held by oneself", by, w.own, "name", me.user.Role)
		add("held by nobody", by, w.own, "name", w.own.spareRole())
		add("a built-in one", by, w.own, "name", identity.Member)
		add(columns[3], by, w.own, "name", w.other.spareRole())
		add(nobodys, by, w.own, "name", "spare-nobody")
		add(columns[4], gone, w.suspended, "name", w.suspended.spareRole())
	case strings.Contains(pattern, "{slug}"):
		add("of the own tenant", by, w.own)
		add("of another tenant", by, w.own, "slug", w.other.row.Slug)
		add("of a suspended tenant", gone, w.suspended)
		add("of no tenant", by, w.own, "slug", "nowhere")
	default:
		add("in the own tenant", by, w.own)
		add("in a suspended tenant", gone, w.suspended)
		if visitor == "nobody" && (strings.Contains(pattern, "{flow}") || strings.Contains(pattern, "password-resets/redeem") || strings.Contains(pattern, "invitations/accept") || strings.Contains(pattern, "undo")) {
			add("of a made-up link", nil, w.own, "reset", "rst_x", "undo", "und_x", "invitation", "inv_x")
		}
	}
	return list
}

// The columns of routes about one object. What is another tenant's must be
// answered exactly as what is nobody's.
var columns = []string{"one's own", "a colleague's", "a superior's", "another tenant's", "in a suspended tenant"}

const nobodys = "nobody's"

func pairs(value string, names []string) (list []string) {
	for _, name := range names {
		list = append(list, name, value)
	}
	return list
}

// filledIn puts the values in the places of a path ("{id}") or body ("{{id}}").
func (a aim) filledIn(text, open, shut string, escape func(string) string) string {
	for name, value := range a.values {
		text = strings.ReplaceAll(text, open+name+shut, escape(value))
	}
	return text
}

func plain(s string) string { return s }
