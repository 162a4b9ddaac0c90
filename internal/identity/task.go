package identity

import (
	"encoding/hex"
	"strings"
	"time"
)

// TaskIDFrom is the way back from Bytes.
func TaskIDFrom(raw [16]byte) TaskID { return TaskID("tsk_" + hex.EncodeToString(raw[:])) }

// The kinds of tasks. Letters go to people; requests are handled by the use
// case that enqueued them, out of the sight of whoever asked.
const (
	LetterReset           = "letter.reset"            // Link
	LetterInvitation      = "letter.invitation"       // Link
	LetterPasswordChanged = "letter.password_changed" // Data: at, address, user_agent
	LetterAddressChanged  = "letter.address_changed"  // Data: at, address, user_agent, new_address
	LetterAddressConfirm  = "letter.address_confirm"  // Link; Data: to, the new address
	LetterAddressUndo     = "letter.address_undo"     // Link; the same Data, and to: the old address
	LetterNewBrowser      = "letter.new_browser"      // Data: at, address, user_agent
	LetterTokenReuse      = "letter.token_reuse"      // Data: at, address, user_agent

	RequestReset = "request.reset" // Data: style, email or username as typed, folded
)

// The names in a letter's Data that mean the same in every kind.
const (
	DataTo        = "to"         // the address, where it is not the user's own
	DataName      = "name"       // the person's, where there is no user yet
	DataLanguage  = "language"   // BCP 47, where it is not the tenant's
	DataAt        = "at"         // RFC 3339: when what it tells of happened
	DataAddress   = "address"    // the IP address it came from
	DataUserAgent = "user_agent" // the program it came from

	DataNewAddress = "new_address" // what an address was changed to
)

// A Task is work for afterwards: written in the transaction of the change that
// calls for it, done by whichever node takes it, at least once.
type Task struct {
	ID   TaskID // empty: a new one is made
	Kind string
	User UserID // whom it is about; empty for nobody known
	Link LinkID // whose token the letter holds; empty for none

	// Data is what the ids do not tell. It is sealed while it rests and erased
	// when the task has been handled.
	Data map[string]string

	At      time.Time // when it was enqueued
	Due     time.Time // not before; zero: at once
	Expires time.Time // not from then on; zero: never
	Tries   int64     // how often it was taken, this time included
	Fence   int64     // the number of the lease it was taken with; 0: not taken
}

const letterPrefix = "letter."

// IsLetter tells letters from requests.
func (t Task) IsLetter() bool { return strings.HasPrefix(t.Kind, letterPrefix) }

// LetterName is a letter's kind as people and programs read it: “reset”.
func LetterName(kind string) string { return strings.TrimPrefix(kind, letterPrefix) }

// A LetterState says how far a letter has come.
type LetterState string

// The states of a letter.
const (
	LetterQueued   LetterState = "queued"   // nobody has tried yet
	LetterSent     LetterState = "sent"     // a mail server has taken it
	LetterDeferred LetterState = "deferred" // not yet; it is tried again
	LetterFailed   LetterState = "failed"   // refused for good, or given up
	LetterBounced  LetterState = "bounced"  // taken, and sent back later
	LetterExpired  LetterState = "expired"  // not sent before it was too late
)

// A Letter is a mail as an administrator sees it: what became of it, never
// what it says.
type Letter struct {
	ID        TaskID
	Kind      string // without “letter.”
	User      UserID
	To        string // where it was last sent; before that the user's address
	State     LetterState
	Answer    string // the mail server's last; may be empty
	Tries     int64
	CreatedAt time.Time
	ChangedAt time.Time
	Expires   time.Time // zero: never
}

// MailTrouble is why a user's mail does not arrive. The zero value is “none
// known”.
type MailTrouble struct {
	Kind   string // refused: the mail server would not take it; bounced: it came back
	Answer string // what the server said
	At     time.Time
}

// The kinds of MailTrouble.
const (
	MailRefused = "refused"
	MailBounced = "bounced"
)
