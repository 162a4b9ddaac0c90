// Package account is what people do to their own accounts: their profile,
// their address and their password. Whose account it is, the session says;
// nobody names it.
//
//	ChangePassword: rules ─► limiter ─► the slow hashes ─► Tx( as nothing has changed:
//	    password ─► this session goes on, all others end ─► letter ─► event )
//	AskAddress:     limiter ─► the slow hash ─► Tx( as the session still lives:
//	    link ─► letter to the new address ─► event ); package recovery does the rest
//	SetProfile:     Tx( as the user is still active: what is different ─► event )
//
// One's own sessions are listed and ended by package session; Device says what
// they run on.
package account

import (
	"errors"

	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
)

// Service holds what the use cases of this package need.
type Service struct {
	SignIn   *signin.Service // whose limiter is asked, and whose hashes are made
	Sessions *session.Service
}

// ended says of a person or session that is not there any more what everybody
// hears whose session is over.
func ended(err error) error {
	if errors.Is(err, problem.NotFound) {
		return session.ErrEnded
	}
	return err
}
