package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/once"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// onceField is what a form has whose answer shows something once: another value
// each time the form is shown, so that a form that was filled in anew is another
// one, and one that is only sent again, by a reload, is not.
const onceField = "once"

// Once is a value for that field.
func (f frame) Once() string { return secret.NewTokenID() }

type slipPage struct {
	frame
	admin.Slip
	SignInAt string
	Back     string
}

func (p *Pages) giveInitial(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	err := p.slipOnce(w, r, v, f, func(t store.Tenant) (admin.Slip, error) {
		return p.Admin.GiveInitial(r.Context(), t, v.Actor, identity.UserID(r.PathValue("id")), v.Peer)
	})
	if again(err) != nil {
		return p.done(w, r, v, "", err)
	}
	return err
}

// slipOnce makes a password and shows what is handed over to a user, once:
// nothing keeps it. The same form sent again makes none but leads to the user,
// where it is told how to make another.
func (p *Pages) slipOnce(w http.ResponseWriter, r *http.Request, v *front.Visit, f form, hand func(store.Tenant) (admin.Slip, error)) error {
	if f[onceField] == "" {
		slip, err := hand(p.office(v))
		if err != nil {
			return err
		}
		return p.showSlip(w, v, slip)
	}
	sent := url.Values{}
	for name, text := range f {
		sent.Set(name, text)
	}
	var slip admin.Slip
	service := &once.Service{Now: p.Sessions.Now}
	request := once.Request{Actor: string(v.Actor.User), Key: sent.Encode(), What: r.Method + " " + r.URL.Path, Attempt: v.Peer.RequestID}
	answer, before, err := service.Do(r.Context(), p.office(v), request, func(o store.Once) (once.Answer, error) {
		var err error
		slip, err = hand(p.office(v).Once(o))
		return once.Answer{Status: http.StatusOK, Body: []byte(slip.User.ID)}, err
	})
	switch {
	case before:
		return turned(w, r, usersPath+"/"+string(answer.Body), "shown")
	case answer.Status == 0:
		return err
	}
	return errors.Join(p.showSlip(w, v, slip), err) // that it could not be remembered is told in the log
}

func (p *Pages) showSlip(w http.ResponseWriter, v *front.Visit, slip admin.Slip) error {
	v.Page = usersPath + "/" + string(slip.User.ID)
	return render(w, http.StatusOK, slipPage{frame: p.room("Initial password", v), Slip: slip, Back: v.Page,
		SignInAt: p.Sessions.Issuer + "/t/" + slip.Tenant.Slug + "/login"})
}
