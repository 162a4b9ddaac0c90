package api

import (
	"net/http"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// resendTo mails a user's invitation, again or for the first time: somebody from
// a file without a password hash has none yet.
func (a *API) resendTo(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	i, _, err := a.Invitations.ResendTo(r.Context(), a.tenantOfVisit(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer)
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, a.invitationOf(i))
}
