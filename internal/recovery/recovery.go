// Package recovery gives people back an account they can prove is theirs.
//
//	Ask ─► a request, sealed, whoever is meant ─► 202          at once
//	Handle ─► who is meant? ─► a link ─► a letter              afterwards, unseen
//	Open ─► is the link alive?                                 spends nothing
//	Redeem ─► rules ─► hash ─► Tx( link spent ─► password ─► all else over )
//	ConfirmAddress, Undo ─► Tx( link spent ─► address ─► other links over )
//
// Ask does the same durable work and takes the same time whoever exists; who
// is meant is only found out where nobody watches. The letter goes to the
// address the account has, never to one that was typed.
package recovery

import (
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrAddress answers what cannot be anybody's name, so that whoever mistyped
// is told. It says nothing about who exists.
var ErrAddress = problem.New(problem.Invalid, "invalid_address", "That is not the form of an address here.")

// AskedWithin is when a server handles a request at the latest, if it has time.
// The moment is by chance: what handling a request writes holds up others on
// the embedded database, and whoever asks and then writes something of their own
// would feel for whom there was a letter to write.
const AskedWithin = 2 * time.Second

// Service holds what the use cases of this package need. All fields but Within
// must be set.
type Service struct {
	Store    *store.Store
	Sessions *session.Service
	Gate     *secret.Gate
	Params   secret.Params // of new password hashes
	Product  string        // a word no password may be
	Now      func() time.Time
	Within   time.Duration // when a request is handled at the latest, by chance; 0: at once
}

// From is where a request comes from.
type From struct {
	Peer    identity.Peer
	Source  string // the limiter's name for the peer's address
	Browser string // the id in the browser's long-lived cookie; empty for programs
}
