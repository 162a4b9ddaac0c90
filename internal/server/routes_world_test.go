package server_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/server"
	"github.com/vestibule-id/vestibule/internal/store"
)

// The visitors of the route table: nobody, one of each role, and a program with
// an operator token. Two roles are the tenants' own: a reader may see
// everything and change nothing; a trainee may do everything, but ranks below
// everybody.
var visitors = []string{"nobody", identity.Member, identity.Manager, identity.Admin, "reader", "trainee", "operator"}

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
	about  string // what is made is what this route asks for; "": everything

	schema                map[string][]string // columns, by table
	operator              *person             // has nothing but a token
	own, other, suspended *home
}

// A home is a tenant of the world.
type home struct {
	scope  store.Tenant
	row    identity.Tenant
	people map[string]*person // by name: their role's, mostly
	open   bool               // it is there
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
	invitee    identity.UserID
	links      map[identity.LinkPurpose]string
}

// The two who are there beside the visitors.
const (
	colleague = "colleague" // of the lowest role
	superior  = "superior"  // of the highest
)

func newWorld(t *testing.T, h *housetest.House, s *server.Server, log *strings.Builder) *world {
	w := &world{House: h, server: s, log: log, hash: housetest.Params.Hash(housetest.Password(t, right), nil)}
	keeper := &operator.Service{Store: h.Store, Now: h.Clock.Now}
	_, token, err := keeper.CreateToken(t.Context(), "Sign-up", 0)
	must(t, err)
	w.operator = &person{bearer: string(token), cookie: string(token)}
	w.begin(t, "")
	return w
}

// furnish makes a tenant, where nobody lives yet.
func (w *world) furnish(t *testing.T, status identity.TenantStatus) *home {
	t.Helper()
	w.n++
	h := &home{scope: w.Store.Tenant(identity.NewTenantID()), people: map[string]*person{}}
	h.row = identity.Tenant{ID: h.scope.ID(), Slug: fmt.Sprintf("home-%d", w.n), Name: "Home", Style: identity.Workspace, Status: status}
	h.row.Policy.PasswordChanges, h.row.Policy.Logo = "web+api", "0123456789abcdef"
	return h
}

// moveIn adds the people of these names to a tenant who are not there yet, and
// with the first of them the tenant itself.
func (w *world) moveIn(t *testing.T, h *home, names ...string) {
	t.Helper()
	missing := slices.DeleteFunc(names, func(name string) bool { return h.people[name] != nil || rolesOf[name] == "" })
	if len(missing) == 0 {
		return
	}
	must(t, h.scope.Tx(t.Context(), func(tx *store.Tx) error {
		if err := w.open(t, tx, h); err != nil {
			return err
		}
		for _, name := range missing {
			p, err := w.settle(t, tx, h, name, rolesOf[name])
			if err != nil {
				return err
			}
			h.people[name] = p
		}
		return nil
	}))
	h.open = true
}

// rolesOf are the roles of people by their names.
var rolesOf = map[string]string{identity.Member: identity.Member, identity.Manager: identity.Manager, identity.Admin: identity.Admin,
	"reader": "reader", "trainee": "trainee", colleague: identity.Member, superior: identity.Admin}

// needs reports whether something belongs to what a route is about.
func (w *world) needs(word string) bool { return w.about == "" || strings.Contains(w.about, word) }

// begin makes room for requests of a route.
func (w *world) begin(t *testing.T, pattern string) {
	w.about = pattern
	w.own, w.other, w.suspended = w.furnish(t, identity.TenantActive), w.furnish(t, identity.TenantActive), w.furnish(t, identity.TenantSuspended)
}

// person is somebody in a tenant; nil for nobody.
func (w *world) person(t *testing.T, h *home, name string) *person {
	t.Helper()
	w.moveIn(t, h, name)
	return h.people[name]
}

// open adds the tenant itself.
func (w *world) open(t *testing.T, tx *store.Tx, h *home) error {
	if h.open {
		return nil
	}
	if err := tx.Add(t.Context(), h.row); err != nil {
		return err
	}
	for _, role := range append(ownRoles(), identity.Role{Name: h.spareRole(), Title: "Held by nobody", Rank: 1}) {
		if err := tx.AddRole(t.Context(), role); err != nil {
			return err
		}
	}
	return tx.SetLogo(t.Context(), store.Logo{Fingerprint: h.row.Policy.Logo, Picture: []byte("picture")})
}

// settle adds somebody to a tenant.
func (w *world) settle(t *testing.T, tx *store.Tx, h *home, name, role string) (*person, error) {
	ctx, now := t.Context(), w.Clock.Now()
	p := &person{links: map[identity.LinkPurpose]string{}}
	p.user = identity.User{ID: identity.NewUserID(), Name: "Name of " + name, Email: housetest.Email(t, name+"@"+h.row.Slug+".test"),
		Role: role, Status: identity.Active, CreatedAt: now, HasPassword: true}
	if err := tx.AddUser(ctx, p.user, w.hash); err != nil {
		return nil, err
	}
	if err := w.signIn(t, tx, h, p); err != nil {
		return nil, err
	}
	for purpose, word := range map[identity.LinkPurpose]string{identity.ResetLink: "reset", identity.UndoLink: "undo", identity.AddressLink: "address"} {
		if w.needs(word) || w.needs("email") {
			if err := w.link(t, tx, p, purpose, p.user.ID); err != nil {
				return nil, err
			}
		}
	}
	if w.needs("invitation") {
		return p, w.invite(t, tx, h, p, name)
	}
	return p, nil
}

// signIn gives somebody sessions.
func (w *world) signIn(t *testing.T, tx *store.Tx, h *home, p *person) error {
	program := w.needs(" /api/")
	for kind, needed := range map[identity.SessionKind]bool{identity.Browser: w.about == "" || !program, identity.Program: program, "": w.needs("/sessions")} {
		if !needed {
			continue
		}
		s := w.Sessions.Make(h.row, p.user, cmp.Or(kind, identity.Browser), identity.Peer{}, w.Clock.Now())
		if err := tx.AddSession(t.Context(), s); err != nil {
			return err
		}
		switch kind {
		case identity.Program:
			g, err := w.server.Sessions.Grant(store.Live{Session: s, User: p.user, Tenant: h.row}, w.Clock.Now())
			if err != nil {
				return err
			}
			p.bearer, p.refresh = g.AccessToken, string(g.Refresh)
		case identity.Browser:
			p.cookie, p.formToken = string(tx.Keys().SessionToken(h.row.ID, s.ID)), string(tx.Keys().FormToken(h.row.ID, p.user.ID, s.ID))
		default:
			p.spare = s.ID
		}
	}
	return nil
}

// link adds a link of somebody's; who it is of has its token.
func (w *world) link(t *testing.T, tx *store.Tx, p *person, purpose identity.LinkPurpose, of identity.UserID) error {
	l := identity.Link{ID: identity.NewLinkID(), Purpose: purpose, User: of, MadeBy: p.user.ID, Data: "former-" + p.user.Email.Folded,
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
	p.invitation, p.invitee = identity.NewInvitationID(), u.ID
	return tx.AddInvitation(t.Context(), identity.Invitation{ID: p.invitation, User: u.ID, Email: u.Email, Role: u.Role,
		InvitedBy: p.user.ID, CreatedAt: now, Link: identity.Link{ID: id}})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
