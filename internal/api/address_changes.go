package api

import (
	"net/http"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/recovery"
)

func (a *API) addressCalls() []call {
	linked := bodyProblems(policy.ErrLink, policy.ErrSuspended, recovery.ErrAddressTaken)
	return []call{
		{front.Post("/api/v1/address-changes/confirm", front.Anyone, a.confirmAddress), "Confirm a new address of one's own with the link that was mailed to it", confirmAddressBody{}, nil, http.StatusNoContent, linked},
		{front.Post("/api/v1/address-changes/undo", front.Anyone, a.undoAddress), "Take a change of one's address back with the link that was mailed to the former one", undoAddressBody{}, nil, http.StatusNoContent, linked},
	}
}

type confirmAddressBody struct {
	Token string `json:"token" doc:"From the link in the mail: adr_…"`
}

func (a *API) confirmAddress(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b confirmAddressBody
	if err := Read(r, &b); err != nil {
		return err
	}
	_, err := a.Recovery.ConfirmAddress(r.Context(), b.Token, asking(v))
	return done(w, err)
}

type undoAddressBody struct {
	Token string `json:"token" doc:"From the link in the mail: und_…"`
}

func (a *API) undoAddress(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b undoAddressBody
	if err := Read(r, &b); err != nil {
		return err
	}
	_, err := a.Recovery.Undo(r.Context(), b.Token, asking(v))
	return done(w, err)
}
