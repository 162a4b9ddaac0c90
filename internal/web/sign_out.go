package web

import (
	"errors"
	"net/http"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/problem"
)

type signOutPage struct{ frame }

// askSignOut asks first: an address that signs out when it is opened could be
// an image on somebody else's page.
func (p *Pages) askSignOut(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	if !v.Actor.SignedIn() {
		http.Redirect(w, r, p.signInAddress(r), http.StatusSeeOther)
		return nil
	}
	pg := signOutPage{p.room("Sign out", v)}
	pg.Leaving = true
	return render(w, http.StatusOK, pg)
}

// signOut ends the session on the server and leaves nothing in the browser but
// what names nobody. Clear-Site-Data asks for the cache only: its "cookies"
// would take those of neighbouring hosts along.
func (p *Pages) signOut(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	to := p.signInAddress(r)
	nobody, err := p.nobody(r, v)
	if err != nil {
		return err
	}
	if !nobody {
		if !p.ofPerson(f, v) {
			return ErrForeignForm
		}
		err := p.Sessions.SignOut(r.Context(), v.Live, v.Peer)
		if err != nil && !errors.Is(err, problem.NotFound) { // ended meanwhile, which is as well
			return err
		}
	}
	front.ClearPerson(w, r)
	w.Header().Set("Clear-Site-Data", `"cache"`)
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
