package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/session"
)

// keptName is in the address of a page that shows a kept form.
const keptName = "kept"

// keptNote stands above a form that is shown again.
const keptNote = "You were signed out before this was sent, so nothing has been changed yet. Look through it and send it again."

// showAgain leads to the page a form stands on, filled in as it was sent.
func (p *Pages) showAgain(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	page, err := p.keep(r.Context(), session.OwnerOf(v.Live), f)
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
	owner, err := p.Sessions.Owner(r.Context(), front.ReadCookie(r, front.SessionCookie))
	if errors.Is(err, session.ErrEnded) {
		return localPath(f[formPageField]), nil
	} else if err != nil {
		return "", err
	}
	if theirs, _ := p.Sessions.Store.Keys().FormOf(f[formTokenField], owner.Tenant, owner.User, owner.Session); !theirs {
		return localPath(f[formPageField]), nil
	}
	return p.keep(r.Context(), owner, f)
}

// keep keeps what somebody sent and says where they see it again; "" when the
// form does not say where it stands.
func (p *Pages) keep(ctx context.Context, o session.Owner, f form) (page string, err error) {
	at, err := url.Parse(localPath(f[formPageField]))
	if err != nil || at.Path == "" {
		return "", nil
	}
	delete(f, formPageField)
	id, err := p.Sessions.KeepForm(ctx, o, at.Path, f)
	query := at.Query()
	query.Set(keptName, string(id))
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
	fields, err := p.Sessions.KeptForm(r.Context(), v.Live, r.URL.Path, identity.KeptFormID(id))
	if len(fields) > 0 {
		fr.Note = keptNote
	}
	return fields, err
}
