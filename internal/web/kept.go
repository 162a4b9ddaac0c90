package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// keptTime is how long a form that came too late waits for its person.
const keptTime = time.Hour

// keptName is in the address of a page that shows a kept form.
const keptName = "kept"

// keptNote stands above a form that is shown again.
const keptNote = "You were signed out before this was sent, so nothing has been changed yet. Look through it and send it again."

// showAgain leads to the page a form stands on, filled in as it was sent.
func (p *Pages) showAgain(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	page, err := p.keep(r.Context(), v.Live.Tenant.ID, v.Live.User.ID, f)
	if err != nil {
		return err
	}
	if page == "" {
		return errEarlierForm
	}
	http.Redirect(w, r, page, http.StatusSeeOther)
	return nil
}

// returnTo is where somebody goes on who must sign in first: to the page they
// asked for, or to the one whose form they sent, filled in as it was sent if it
// was theirs.
func (p *Pages) returnTo(w http.ResponseWriter, r *http.Request) (string, error) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return localPath(r.URL.RequestURI()), nil
	}
	f, err := readForm(w, r)
	if err != nil {
		return "", nil // not even a form: nothing to come back to
	}
	page := localPath(f[formPageField])
	keys := p.Sessions.Store.Keys()
	tenant, session, err := keys.ReadSessionToken(front.ReadCookie(r, front.SessionCookie))
	if err != nil {
		return page, nil
	}
	user, err := p.Sessions.Store.Tenant(tenant).SessionOwner(r.Context(), session)
	if errors.Is(err, problem.NotFound) {
		return page, nil
	} else if err != nil {
		return "", err
	}
	if theirs, _ := keys.FormOf(f[formTokenField], tenant, user, session); !theirs {
		return page, nil
	}
	return p.keep(r.Context(), tenant, user, f)
}

// keep keeps what somebody sent and says where they see it again; "" when the
// form does not say where it stands. Passwords are not kept, nor is what only
// the page itself may put in.
func (p *Pages) keep(ctx context.Context, tenant identity.TenantID, user identity.UserID, f form) (page string, err error) {
	at, err := url.Parse(localPath(f[formPageField]))
	if err != nil || at.Path == "" {
		return "", nil
	}
	kept := identity.KeptForm{
		ID: identity.NewKeptFormID(), User: user, Page: at.Path, Fields: map[string]string{}, ExpiresAt: p.Sessions.Now().Add(keptTime),
	}
	for name, value := range f {
		if name != formTokenField && name != formPageField && !strings.HasSuffix(name, "password") && !strings.HasSuffix(name, "token") {
			kept.Fields[name] = value
		}
	}
	err = p.Sessions.Store.Tenant(tenant).Tx(ctx, func(tx *store.Tx) error { return tx.KeepForm(ctx, kept) })
	query := at.Query()
	query.Set(keptName, string(kept.ID))
	at.RawQuery = query.Encode()
	return at.String(), err
}

// refill is what the person of a visit sent from this page after their session
// had ended, for the page to fill its form with, and says so above it. It is
// empty when there is nothing.
func (p *Pages) refill(r *http.Request, v *front.Visit, fr *frame) (form, error) {
	id := only(r.URL.Query(), keptName)
	if id == "" {
		return form{}, nil
	}
	kept, err := p.Sessions.Store.Tenant(v.Live.Tenant.ID).KeptForm(r.Context(), v.Live.User.ID, identity.KeptFormID(id), p.Sessions.Now())
	if errors.Is(err, problem.NotFound) || err == nil && kept.Page != r.URL.Path {
		return form{}, nil
	} else if err != nil {
		return nil, err
	}
	fr.Note = keptNote
	return form(kept.Fields), nil
}
