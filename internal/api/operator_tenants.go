package api

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// operatorCalls are what a program with an operator token does with tenants,
// such as a product's own sign-up.
func (a *API) operatorCalls() []call {
	who := []*problem.Problem{policy.ErrOperator, policy.ErrWait}
	one := append(who[:2:2], operator.ErrNoTenant)
	const tenants, tenant = "/api/v1/operator/tenants", "/api/v1/operator/tenants/{slug}"
	return []call{
		{front.Get(tenants, front.Operators, a.listTenants), "The tenants, by their slugs", pageQuery{}, tenantsAnswer{}, http.StatusOK, append(who[:2:2], ErrPage)},
		{front.Post(tenants, front.Operators, a.makeTenant), "Create a tenant, with its first administrator invited by mail", newTenantBody{}, keptTenantAnswer{}, http.StatusCreated,
			append(bodyProblems(identity.ErrSlug, operator.ErrSlugTaken, operator.ErrMadeGone, operator.ErrTenant, policy.ErrKey, policy.ErrValue, enroll.ErrInvitee), who...)},
		{front.Get(tenant, front.Operators, a.showTenant), "A tenant", nil, keptTenantAnswer{}, http.StatusOK, one},
		{front.Patch(tenant, front.Operators, a.changeTenant), "Change a tenant's settings, all of them or none", settingsBody{}, keptTenantAnswer{}, http.StatusOK,
			append(bodyProblems(operator.ErrTenant, policy.ErrKey, policy.ErrValue, policy.ErrStyleShuts), one...)},
		{front.Delete(tenant, front.Operators, a.dismissTenant), "Delete a tenant with all that is in it, for good", confirmQuery{}, nil, http.StatusNoContent,
			append(one[:3:3], operator.ErrConfirm)},
		{front.Post(tenant+"/suspend", front.Operators, a.suspendTenant), "Keep a tenant's people out; nothing is lost", nil, keptTenantAnswer{}, http.StatusOK, one},
		{front.Post(tenant+"/resume", front.Operators, a.resumeTenant), "Let a suspended tenant's people in again", nil, keptTenantAnswer{}, http.StatusOK, one},
	}
}

// Operate finds the operator token behind "Authorization: Bearer". A request
// without any has not tried.
func (a *API) Operate(r *http.Request, from identity.Peer) (actor identity.Actor, err error) {
	header := r.Header.Values("Authorization")
	if len(header) == 0 || a.Operator == nil {
		return actor, policy.ErrOperator
	}
	scheme, token, _ := strings.Cut(header[0], " ")
	if len(header) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return actor, policy.ErrOperator
	}
	t, err := a.Operator.Authenticate(r.Context(), strings.TrimSpace(token), front.Source(from.Address), from)
	if err != nil {
		return actor, err
	}
	return identity.Actor{Operator: true, Token: t.ID}, nil
}

type newTenantBody struct {
	Slug     string            `json:"slug" doc:"2 to 40 of a-z, 0-9 and inner hyphens; it never changes."`
	Name     string            `json:"name"`
	Style    string            `json:"style,omitempty" enum:"workspace,extension,email" doc:"How its people name themselves; workspace where it is left out."`
	Settings map[string]string `json:"settings,omitempty" doc:"By their keys, as in “tenant set”."`

	Administrator *newAdministratorBody `json:"administrator,omitempty" doc:"Gets an invitation by mail. Without any, nobody can sign in yet."`
}

type newAdministratorBody struct {
	Email     string `json:"email"`
	Name      string `json:"name,omitempty"`
	Extension string `json:"extension,omitempty" doc:"Needed in the extension style."`
}

type keptTenantAnswer struct {
	ID        string            `json:"id"`
	Slug      string            `json:"slug"`
	Name      string            `json:"name"`
	Style     string            `json:"style"`
	Status    string            `json:"status" enum:"active,suspended"`
	CreatedAt time.Time         `json:"created_at"`
	Settings  map[string]string `json:"settings" doc:"What the tenant chose."`
	SignIn    string            `json:"sign_in" doc:"The address of the tenant's sign-in page."`

	Invitation *invitationAnswer `json:"invitation,omitempty" doc:"Of the first administrator, where one was invited."`
}

type tenantsAnswer struct {
	Items      []keptTenantAnswer `json:"items"`
	NextCursor string             `json:"next_cursor"`
}

func (a *API) keptTenantOf(t identity.Tenant) keptTenantAnswer {
	answer := keptTenantAnswer{ID: string(t.ID), Slug: t.Slug, Name: t.Name, Style: string(t.Style), Status: string(t.Status), CreatedAt: t.CreatedAt,
		Settings: policy.Chosen(t), SignIn: a.Sessions.Issuer + "/t/" + t.Slug + "/login"}
	delete(answer.Settings, "logo") // is no setting
	return answer
}

// operating is the operator's service for one request.
func (a *API) operating(v *front.Visit) *operator.Service { return a.Operator.For(v.Actor, v.Peer) }

func (a *API) listTenants(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	query := queryOf[pageQuery](r)
	if slug, err := identity.ParseSlug(query.Cursor); query.Cursor != "" && (err != nil || slug != query.Cursor) {
		return errCursor()
	}
	list, err := a.operating(v).Tenants(r.Context(), query.Cursor, query.Limit+1)
	if err != nil {
		return err
	}
	answer := tenantsAnswer{Items: []keptTenantAnswer{}}
	if limit := query.Limit; len(list) > limit {
		list = list[:limit]
		answer.NextCursor = list[limit-1].Slug
	}
	for _, t := range list {
		answer.Items = append(answer.Items, a.keptTenantOf(t))
	}
	return Write(w, http.StatusOK, answer)
}

func (a *API) makeTenant(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b newTenantBody
	if err := Read(r, &b); err != nil {
		return err
	}
	wanted := operator.NewTenant{Slug: b.Slug, Name: b.Name, Style: identity.Style(b.Style), Settings: settingsOf(b.Settings)}
	if b.Administrator != nil {
		wanted.Administrator = &enroll.Invitee{Email: b.Administrator.Email, Name: b.Administrator.Name, Extension: b.Administrator.Extension}
	}
	if v.Once != nil {
		wanted.ID = identity.TenantID(v.Once.About)
	}
	t, invited, err := a.operating(v).MakeTenant(r.Context(), wanted)
	if err != nil {
		return located(err, inNewTenant)
	}
	answer := a.keptTenantOf(t)
	if invited.ID != "" {
		shown := a.invitationOf(invited)
		answer.Invitation = &shown
	}
	return Write(w, http.StatusCreated, answer)
}

// settingsOf brings settings into one order, so that it does not change from
// request to request which of two wrong ones is named.
func settingsOf(chosen map[string]string) (list []operator.Setting) {
	for key, value := range chosen {
		list = append(list, operator.Setting{Key: key, Value: value})
	}
	slices.SortFunc(list, func(a, b operator.Setting) int { return strings.Compare(a.Key, b.Key) })
	return list
}

// located says where in the body the fields are that a use case knows by names
// of its own.
func located(err error, at func(name string) string) error {
	p := problem.Of(err)
	if p == nil || len(p.Fields) == 0 {
		return err
	}
	shown := *p
	shown.Fields = nil
	for _, f := range p.Fields {
		shown.Fields = append(shown.Fields, problem.Field{Location: at(f.Location), Message: f.Message})
	}
	return &shown
}

func inNewTenant(name string) string {
	inner, ofInvitee := strings.CutPrefix(name, "body.")
	switch {
	case ofInvitee:
		return "body.administrator." + inner
	case name == "slug" || name == "name" || name == "style":
		return "body." + name
	}
	return inSettings(name)
}

// inSettings leaves out a key that is not told.
func inSettings(key string) string { return strings.TrimSuffix("body.settings."+key, ".") }

func (a *API) showTenant(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	t, err := a.operating(v).Tenant(r.Context(), r.PathValue("slug"))
	return a.shownTenant(w, t, err)
}

func (a *API) changeTenant(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b settingsBody
	if err := Read(r, &b); err != nil {
		return err
	}
	t, err := a.operating(v).SetTenant(r.Context(), r.PathValue("slug"), settingsOf(b.Settings))
	return a.shownTenant(w, t, located(err, inSettings))
}

func (a *API) suspendTenant(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	t, err := a.operating(v).SuspendTenant(r.Context(), r.PathValue("slug"))
	return a.shownTenant(w, t, err)
}

func (a *API) resumeTenant(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	t, err := a.operating(v).ResumeTenant(r.Context(), r.PathValue("slug"))
	return a.shownTenant(w, t, err)
}

type confirmQuery struct {
	Confirm string `query:"confirm" required:"true" doc:"The tenant's slug once more."`
}

func (a *API) dismissTenant(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	confirmed := queryOf[confirmQuery](r).Confirm
	return done(w, unknownTenant(a.operating(v).DismissTenant(r.Context(), r.PathValue("slug"), confirmed)))
}

func (a *API) shownTenant(w http.ResponseWriter, t identity.Tenant, err error) error {
	if err := unknownTenant(err); err != nil {
		return err
	}
	return Write(w, http.StatusOK, a.keptTenantOf(t))
}

// unknownTenant answers an address with what can be no slug as one without a
// tenant behind it.
func unknownTenant(err error) error {
	if errors.Is(err, identity.ErrSlug) {
		return operator.ErrNoTenant
	}
	return err
}
