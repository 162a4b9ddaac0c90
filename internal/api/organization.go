package api

import (
	"io"
	"net/http"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/session"
)

// organizationCalls are about the tenant itself.
func (a *API) organizationCalls() []call {
	may := []*problem.Problem{policy.ErrSignIn, session.ErrEnded, policy.ErrDenied}
	write := front.Can(policy.OrganizationWrite)
	return []call{
		{front.Get("/api/v1/organization", front.Can(policy.OrganizationRead), a.organization), "What the organization chose, what holds for it, and why", nil, organizationAnswer{}, http.StatusOK, may},
		{front.Patch("/api/v1/organization", write, a.changeOrganization), "Change settings, all of them or none", settingsBody{}, organizationAnswer{}, http.StatusOK,
			append(bodyProblems(policy.ErrTenant, policy.ErrKey, policy.ErrValue, policy.ErrFloor, policy.ErrStyleShuts), may...)},
		{front.Put("/api/v1/organization/logo", write, a.setLogo), "Set the logo: the body is a PNG, JPEG or WebP picture of at most 1 MB and 4096 pixels a side", nil, organizationAnswer{}, http.StatusOK,
			append(may[:3:3], admin.ErrLogo, front.ErrContentType)},
		{front.Delete("/api/v1/organization/logo", write, a.dropLogo), "Take the logo away", nil, nil, http.StatusNoContent, may},
	}
}

type settingsBody struct {
	Settings map[string]string `json:"settings" doc:"By their keys, as in “tenant set”; an empty value takes a choice back."`
}

type organizationAnswer struct {
	ID        string            `json:"id"`
	Slug      string            `json:"slug"`
	Settings  map[string]string `json:"settings" doc:"What the organization chose."`
	Effective map[string]string `json:"effective" doc:"What holds for it."`
	Defaults  map[string]string `json:"defaults" doc:"What holds where it chooses nothing."`
	Floors    map[string]string `json:"floors" doc:"What the operator allows nothing laxer than."`
	Logo      string            `json:"logo,omitempty" doc:"The path of the picture."`
}

func (a *API) organizationOf(t identity.Tenant) organizationAnswer {
	operator := a.Admin.Operator
	holds := t
	holds.Policy = policy.Effective(operator, t.Policy)
	answer := organizationAnswer{
		ID: string(t.ID), Slug: t.Slug, Settings: policy.Chosen(t), Effective: policy.Chosen(holds),
		Defaults: policy.Chosen(identity.Tenant{Policy: operator}), Floors: map[string]string{}, Logo: policy.LogoPath(t),
	}
	if operator.Floor != nil {
		answer.Floors = policy.Chosen(identity.Tenant{Policy: *operator.Floor})
	}
	answer.Effective["landing"] = policy.Landing(holds)
	for _, shown := range []map[string]string{answer.Settings, answer.Effective} {
		delete(shown, "logo") // is no setting
	}
	return answer
}

func (a *API) organization(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	t, err := a.Admin.Organization(r.Context(), a.tenantOfVisit(v), v.Actor)
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, a.organizationOf(t))
}

func (a *API) changeOrganization(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b settingsBody
	if err := Read(r, &b); err != nil {
		return err
	}
	t, err := a.Admin.SetOrganization(r.Context(), a.tenantOfVisit(v), v.Actor, b.Settings, v.Peer)
	if err != nil {
		return located(err, inSettings)
	}
	return Write(w, http.StatusOK, a.organizationOf(t))
}

// pictureTypes are what a logo may be sent as; what it is, the picture tells.
var pictureTypes = map[string]bool{"image/png": true, "image/jpeg": true, "image/webp": true, "application/octet-stream": true}

func (a *API) setLogo(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	if !pictureTypes[r.Header.Get("Content-Type")] || r.Header.Get("Content-Encoding") != "" {
		return front.ErrContentType.Because("A logo is sent as image/png, image/jpeg or image/webp.")
	}
	sent, err := io.ReadAll(io.LimitReader(r.Body, admin.MaxLogo+1))
	if err != nil {
		return admin.ErrLogo.Because("The picture did not arrive whole.")
	}
	t, err := a.Admin.SetLogo(r.Context(), a.tenantOfVisit(v), v.Actor, sent, v.Peer)
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, a.organizationOf(t))
}

func (a *API) dropLogo(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	_, err := a.Admin.DropLogo(r.Context(), a.tenantOfVisit(v), v.Actor, v.Peer)
	return done(w, err)
}
