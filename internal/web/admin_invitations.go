package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

const (
	invitationsPath = "/admin/invitations"
	pageInvitations = 50  // on one page of the list
	maxInvitees     = 100 // at once
)

func (p *Pages) invitationRoutes() []front.Route {
	write := front.Can(policy.InvitationsWrite)
	return []front.Route{
		front.Get(invitationsPath, front.Can(policy.InvitationsRead), p.opened(p.invitations)),
		front.Post(invitationsPath, write, p.sent(p.invite)).Like("POST /api/v1/invitations"),
		front.Post("/admin/invitations/{id}/resend", write, p.sent(p.resendInvitation)).Like("POST /api/v1/invitations/{id}/resend"),
		front.Post("/admin/invitations/{id}/revoke", write, p.sent(p.revokeInvitation)).Like("DELETE /api/v1/invitations/{id}"),
		front.Post("/admin/invitations/{id}/link", front.Can(policy.InvitationsLink), p.sent(p.showInvitationLink)).Like("POST /api/v1/invitations/{id}/link"),
	}
}

type invitationsPage struct {
	frame
	Invitations []listedInvitation
	Next, First string
	Roles       []choiceOfRole
	RoleSays    string
	Lines       string        // what is yet to be invited, as typed
	Refused     []refusedLine // why
	Link        string        // shown once; may be empty
	LinkFor     string
	Done        string
	Problem     string

	MayInvite, MayLink bool
}

// A listedInvitation is a line of the list.
type listedInvitation struct {
	identity.Invitation
	RoleTitle string
	State     identity.InvitationState
	Open      bool // it can be accepted, or mailed again so that it can be
	May       bool // the visitor may give its role
}

// A refusedLine is why somebody was not invited.
type refusedLine struct{ Text, Why string }

// ByExtension reports whether people here are invited with an extension.
func (pg invitationsPage) ByExtension() bool { return pg.Tenant.Style == identity.Extension }

func (p *Pages) invitations(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	v.Page = settledPage(r, "n")
	pg, err := p.invitationsPage(r, v)
	if err != nil {
		return err
	}
	typed, err := p.refill(r, v, &pg.frame)
	if err != nil {
		return err
	}
	if pg.Lines = typed["lines"]; typed.has("role") {
		choose(pg.Roles, typed["role"])
	}
	switch n, err := strconv.Atoi(only(r.URL.Query(), "n")); only(r.URL.Query(), doneName) {
	case "invited":
		if pg.Done = "The invitation was mailed."; err == nil && n > 1 {
			pg.Done = strconv.Itoa(n) + " invitations were mailed."
		}
	case "resent":
		pg.Done = "The invitation was mailed again."
	case "revoked":
		pg.Done = "The invitation was revoked."
	}
	return render(w, http.StatusOK, pg)
}

// invitationsPage is the list from where the address says; one it cannot begin
// at is the first.
// Rows are how many lines one sees of those that stay: all of a few.
func (pg invitationsPage) Rows() int { return min(max(4, len(pg.Refused)+1), 12) }

func (p *Pages) invitationsPage(r *http.Request, v *front.Visit) (pg invitationsPage, err error) {
	roles, err := p.Admin.RolesSeen(r.Context(), p.office(v), v.Actor)
	if err != nil {
		return pg, err
	}
	pg = invitationsPage{frame: p.room("Invitations", v), Roles: givable(v, roles, ""),
		MayInvite: allowed(v, policy.InvitationsWrite), MayLink: allowed(v, policy.InvitationsLink)}
	choose(pg.Roles, identity.Member)
	cursor := only(r.URL.Query(), "cursor")
	if _, bad := identity.Bytes(cursor); bad != nil {
		cursor = ""
	}
	list, err := p.Invitations.List(r.Context(), p.office(v), v.Actor, identity.InvitationID(cursor), pageInvitations+1)
	if err != nil {
		return pg, err
	}
	if len(list) > pageInvitations {
		list = list[:pageInvitations]
		pg.Next = invitationsPath + "?cursor=" + string(list[pageInvitations-1].ID)
	}
	if cursor != "" {
		pg.First = invitationsPath
	}
	for _, i := range list {
		state := p.Invitations.State(i)
		pg.Invitations = append(pg.Invitations, listedInvitation{Invitation: i, State: state,
			Open:      state != identity.InvitationAccepted && state != identity.InvitationRevoked,
			RoleTitle: roles.Title(i.Role), May: policy.MayGive(v.Actor, roles.Named(i.Role)) == nil})
	}
	return pg, nil
}

// invite invites everybody the form has a line for. Who cannot be invited stays
// in the form, with the reason; the others are.
func (p *Pages) invite(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	invited, refused, left := 0, []refusedLine(nil), []string(nil)
	for _, m := range identity.ReadMailboxes(f["lines"], v.Live.Tenant.Style) {
		err := m.Err
		if invited+len(refused) >= maxInvitees {
			err = enroll.ErrInvitee.Because("At most %d people are invited at once.", maxInvitees)
		}
		if err == nil {
			who := enroll.Invitee{Email: m.Email, Extension: m.Extension, Name: m.Name, Role: f["role"]}
			_, err = p.Invitations.Invite(r.Context(), p.office(v), v.Actor, who, false, v.Peer)
		}
		about := again(err)
		switch {
		case err == nil:
			invited++
			continue
		case about == nil:
			return err
		}
		refused, left = append(refused, refusedLine{m.Line, sentence(about)}), append(left, m.Line)
	}
	if invited > 0 && len(refused) == 0 {
		return turned(w, r, invitationsPath, "invited", "n", strconv.Itoa(invited))
	}
	v.Page = invitationsPath
	pg, err := p.invitationsPage(r, v)
	if err != nil {
		return err
	}
	pg.Lines, pg.Refused = strings.Join(left, "\n"), refused
	choose(pg.Roles, f["role"])
	status := http.StatusUnprocessableEntity
	switch {
	case len(refused) == 0:
		pg.Problem = "Write at least one address."
	case invited > 0:
		status, pg.Done = http.StatusOK, strconv.Itoa(invited)+" invited. The others stay below, with the reason."
	}
	return render(w, status, pg)
}

func (p *Pages) resendInvitation(w http.ResponseWriter, r *http.Request, v *front.Visit, _ form) error {
	_, err := p.Invitations.Resend(r.Context(), p.office(v), v.Actor, identity.InvitationID(r.PathValue("id")), v.Peer)
	return p.doneInviting(w, r, v, "resent", err)
}

func (p *Pages) revokeInvitation(w http.ResponseWriter, r *http.Request, v *front.Visit, _ form) error {
	err := p.Invitations.Revoke(r.Context(), p.office(v), v.Actor, identity.InvitationID(r.PathValue("id")), v.Peer)
	return p.doneInviting(w, r, v, "revoked", err)
}

func (p *Pages) showInvitationLink(w http.ResponseWriter, r *http.Request, v *front.Visit, _ form) error {
	i, token, err := p.Invitations.Link(r.Context(), p.office(v), v.Actor, identity.InvitationID(r.PathValue("id")), v.Peer)
	if err != nil {
		return p.doneInviting(w, r, v, "", err)
	}
	v.Page = invitationsPath
	pg, err := p.invitationsPage(r, v)
	if err != nil {
		return err
	}
	pg.Link, pg.LinkFor = policy.LinkAddress(p.Sessions.Issuer, identity.InvitationLink, string(token)), i.Email.Typed
	return render(w, http.StatusOK, pg)
}

func (p *Pages) doneInviting(w http.ResponseWriter, r *http.Request, v *front.Visit, what string, err error) error {
	about := again(err)
	switch {
	case err == nil:
		return turned(w, r, invitationsPath, what)
	case about == nil:
		return err
	}
	v.Page = invitationsPath
	pg, err := p.invitationsPage(r, v)
	if err != nil {
		return err
	}
	pg.Problem = sentence(about)
	retryAfter(w, about)
	return render(w, front.Status(about.Kind), pg)
}
