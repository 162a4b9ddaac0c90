package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/once"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// onceField is what a form has whose answer shows something once: another value
// each time the form is shown, so that a form that was filled in anew is another
// one, and one that is only sent again, by a reload, is not.
const onceField = "once"

// Once is a value for that field.
func (f frame) Once() string {
	if f.once != "" {
		return f.once
	}
	return secret.NewTokenID()
}

// sentAgain has the page's form be the one that was sent, where that is still
// under way: pressing again asks what became of it.
func (f *frame) sentAgain(sent form, about *problem.Problem) {
	if errors.Is(about, store.ErrTurnOver) {
		f.once = sent[onceField]
	}
}

// A second press of a button waits so long for what the first one did, and
// looks so often.
const patience, glance = 2 * time.Second, 100 * time.Millisecond

// What a page says of a form that was sent twice.
var (
	errUnderWay = store.ErrTurnOver.Because("This form was sent a moment ago and is not done yet. Wait a moment, then press the button again.").After(time.Second)
	errUnseen   = once.ErrLost.Because("This has been done, but the initial password cannot be shown any more. “New Initial Password” on the user's page makes another.")
)

type slipPage struct {
	frame
	admin.Slip
	SignInAt string
	Back     string
}

func (p *Pages) giveInitial(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	id := identity.UserID(r.PathValue("id"))
	err := p.slipOnce(w, r, v, f, func(t store.Tenant) (admin.Slip, error) {
		return p.Admin.GiveInitial(r.Context(), t, v.Actor, id, v.Peer)
	})
	about := again(err)
	if about == nil {
		return err
	}
	v.Page = usersPath + "/" + string(id)
	pg, err := p.userPage(r, v, id)
	if err != nil {
		return err
	}
	pg.Problem = sentence(about)
	pg.sentAgain(f, about)
	retryAfter(w, about)
	return render(w, front.Status(about.Kind), pg)
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
	var slip admin.Slip
	service := &once.Service{Now: p.Sessions.Now}
	request := once.Request{Actor: string(v.Actor.User), Key: onceKey(r, f), What: r.Method + " " + r.URL.Path, Attempt: v.Peer.RequestID}
	answer, before, err := waitTurn(r.Context(), func() (once.Answer, bool, error) {
		return service.Do(r.Context(), p.office(v), request, func(o store.Once) (once.Answer, error) {
			var err error
			slip, err = hand(p.office(v).Once(o))
			return once.Answer{Status: http.StatusOK, Body: []byte(slip.User.ID)}, err
		})
	})
	switch {
	case before:
		return turned(w, r, usersPath+"/"+string(answer.Body), "shown")
	case answer.Status != 0:
		return errors.Join(p.showSlip(w, v, slip), err) // that it could not be remembered is told in the log
	case errors.Is(err, store.ErrTurnOver):
		return errUnderWay
	case errors.Is(err, once.ErrLost):
		return errUnseen
	}
	return err
}

// onceKey is what makes two forms the same: what was filled in, but for a
// password, which a page that is shown again does not have.
func onceKey(r *http.Request, f form) string {
	sent := url.Values{}
	for name, text := range f {
		if name != "initial_password" {
			sent.Set(name, text)
		}
	}
	return r.URL.Path + "?" + sent.Encode()
}

// waitTurn does what is done once; while the same is under way it has some
// patience. A browser shows the answer to the second press only.
func waitTurn(ctx context.Context, do func() (once.Answer, bool, error)) (answer once.Answer, before bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		answer, before, err = do()
		if answer.Status != 0 || !errors.Is(err, store.ErrTurnOver) {
			return answer, before, err
		}
		select {
		case <-ctx.Done():
			return answer, before, err
		case <-time.After(glance):
		}
	}
}

func (p *Pages) showSlip(w http.ResponseWriter, v *front.Visit, slip admin.Slip) error {
	v.Page = usersPath + "/" + string(slip.User.ID)
	return render(w, http.StatusOK, slipPage{frame: p.room("Initial password", v), Slip: slip, Back: v.Page,
		SignInAt: p.Sessions.Issuer + "/t/" + slip.Tenant.Slug + "/login"})
}
