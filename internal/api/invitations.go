package api

import (
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
)

func (a *API) invitationCalls() []call {
	read, write, link := front.Can(policy.InvitationsRead), front.Can(policy.InvitationsWrite), front.Can(policy.InvitationsLink)
	inside := []*problem.Problem{policy.ErrSignIn, session.ErrEnded, policy.ErrDenied}
	acted := append(inside[:3:3], problem.NotFound, enroll.ErrInvitationOver)
	accepted := bodyProblems(policy.ErrLink, policy.ErrSuspended, enroll.ErrInvitee, policy.ErrPassword, secret.ErrPasswordText, secret.ErrBusy)
	return []call{
		{front.Get("/api/v1/invitations", read, a.listInvitations), "The tenant's invitations, newest first", pageQuery{}, invitationsAnswer{}, http.StatusOK, append(inside[:3:3], ErrPage)},
		{front.Post("/api/v1/invitations", write, a.invite), "Invite somebody by mail", inviteBody{}, invitationAnswer{}, http.StatusCreated,
			append(bodyProblems(enroll.ErrInvitee, enroll.ErrTaken, policy.ErrNoRole, policy.ErrLetters), inside...)},
		{front.Post("/api/v1/invitations/{id}/link", link, a.invitationLink), "Make a new link, kill the old one, show it once", nil, invitationLinkAnswer{}, http.StatusOK, acted},
		{front.Post("/api/v1/invitations/{id}/resend", write, a.resendInvitation), "Mail an invitation again", nil, invitationAnswer{}, http.StatusOK, append(acted[:5:5], enroll.ErrNoLetter, policy.ErrLetters)},
		{front.Post("/api/v1/users/{id}/invitation", write, a.resendTo), "Mail an invited user's invitation again, or the first one where there was none", nil, invitationAnswer{}, http.StatusOK,
			append(inside[:3:3], problem.NotFound, enroll.ErrNotInvited, enroll.ErrNoLetter, policy.ErrLetters)},
		{front.Delete("/api/v1/invitations/{id}", write, a.revokeInvitation), "Revoke an invitation", nil, nil, http.StatusNoContent, acted},
		{front.Post("/api/v1/invitations/accept", front.Anyone, a.acceptInvitation), "Accept an invitation with its link", acceptBody{}, acceptedAnswer{}, http.StatusOK, accepted},
	}
}

type inviteBody struct {
	Email     string `json:"email"`
	Role      string `json:"role" doc:"At most the inviter's own, in rank and permissions."`
	Name      string `json:"name,omitempty"`
	Extension string `json:"extension,omitempty" doc:"Needed in the extension style."`
}

type invitationAnswer struct {
	ID        string     `json:"id"`
	Email     string     `json:"email"`
	Role      string     `json:"role"`
	State     string     `json:"state" enum:"pending,opened,accepted,expired,revoked"`
	User      string     `json:"user_id"`
	InvitedBy string     `json:"invited_by" doc:"A user's id; empty for an operator."`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"`
}

type invitationsAnswer struct {
	Items      []invitationAnswer `json:"items"`
	NextCursor string             `json:"next_cursor"`
}

type invitationLinkAnswer struct {
	Link      string    `json:"link" doc:"Shown once. Whoever has it can become the user."`
	ExpiresAt time.Time `json:"expires_at"`
}

func (a *API) invitationOf(i identity.Invitation) invitationAnswer {
	answer := invitationAnswer{ID: string(i.ID), Email: i.Email.Typed, Role: i.Role, State: string(a.Invitations.State(i)),
		User: string(i.User), InvitedBy: string(i.InvitedBy), CreatedAt: i.CreatedAt}
	if !i.Link.ExpiresAt.IsZero() {
		answer.ExpiresAt = &i.Link.ExpiresAt
	}
	return answer
}

func (a *API) invite(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b inviteBody
	if err := Read(r, &b); err != nil {
		return err
	}
	wanted := enroll.Invitee{Email: b.Email, Extension: b.Extension, Name: b.Name, Role: b.Role}
	i, err := a.Invitations.Invite(r.Context(), a.tenantOfVisit(v), v.Actor, wanted, false, v.Peer)
	if err != nil {
		return err
	}
	return Write(w, http.StatusCreated, a.invitationOf(i))
}

func (a *API) listInvitations(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	query := queryOf[pageQuery](r)
	cursor, err := query.id()
	if err != nil {
		return err
	}
	list, err := a.Invitations.List(r.Context(), a.tenantOfVisit(v), v.Actor, identity.InvitationID(cursor), query.Limit+1)
	if err != nil {
		return err
	}
	answer := invitationsAnswer{Items: []invitationAnswer{}}
	if limit := query.Limit; len(list) > limit {
		list = list[:limit]
		answer.NextCursor = string(list[limit-1].ID)
	}
	for _, i := range list {
		answer.Items = append(answer.Items, a.invitationOf(i))
	}
	return Write(w, http.StatusOK, answer)
}

func (a *API) invitationLink(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	i, token, err := a.Invitations.Link(r.Context(), a.tenantOfVisit(v), v.Actor, identity.InvitationID(r.PathValue("id")), v.Peer)
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, invitationLinkAnswer{
		Link: policy.LinkAddress(a.Sessions.Issuer, identity.InvitationLink, string(token)), ExpiresAt: i.Link.ExpiresAt,
	})
}

func (a *API) resendInvitation(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	i, err := a.Invitations.Resend(r.Context(), a.tenantOfVisit(v), v.Actor, identity.InvitationID(r.PathValue("id")), v.Peer)
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, a.invitationOf(i))
}

func (a *API) revokeInvitation(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	return done(w, a.Invitations.Revoke(r.Context(), a.tenantOfVisit(v), v.Actor, identity.InvitationID(r.PathValue("id")), v.Peer))
}

// acceptBody has no role: that is the inviter's.
type acceptBody struct {
	Token       string `json:"token" doc:"From the link in the mail: inv_…"`
	Name        string `json:"name"`
	NewPassword string `json:"new_password"`
}

type acceptedAnswer struct {
	Tenant tenantAnswer `json:"tenant"`
	SignIn string       `json:"sign_in" doc:"The address of the tenant's sign-in page."`
}

func (a *API) acceptInvitation(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b acceptBody
	if err := Read(r, &b); err != nil {
		return err
	}
	o, err := a.Invitations.Accept(r.Context(), enroll.Acceptance{Token: b.Token, Name: b.Name, Password: b.NewPassword, Peer: v.Peer})
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, acceptedAnswer{Tenant: tenantOf(o.Tenant), SignIn: a.Sessions.Issuer + "/t/" + o.Tenant.Slug + "/login"})
}
