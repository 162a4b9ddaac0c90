package web

import (
	"errors"
	"net/http"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

type undoPage struct {
	frame
	Action string
	Former string // the address to go back to: whoever is here has it
}

// showUndo asks whether a change of address is to be taken back. It spends
// nothing.
func (p *Pages) showUndo(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	_, token := flow(r)
	o, err := p.Recovery.OpenUndo(r.Context(), token)
	if errors.Is(err, policy.ErrLink) {
		return p.showGone(w, r, v, identity.UndoLink, token)
	} else if err != nil {
		return err
	}
	v.Page = localPath(r.URL.Path)
	return render(w, http.StatusOK, undoPage{frame: p.door("Change of address", v, o.Tenant), Action: r.URL.Path, Former: o.Link.Data})
}

// undo takes the change back, and leads to where a password can be reset: who
// did not change the address has reason to.
func (p *Pages) undo(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	cookie, token := flow(r)
	o, err := p.Recovery.Undo(r.Context(), token, visitFrom(r, v))
	if errors.Is(err, policy.ErrLink) {
		return p.showGone(w, r, v, identity.UndoLink, token)
	} else if err != nil {
		return err
	}
	return leaveFlow(w, r, cookie, "/t/"+o.Tenant.Slug+"/forgot-password?notice=address-restored")
}
