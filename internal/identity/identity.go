// Package identity holds the nouns of the product: tenants, users, sessions,
// events and the peers and actors behind requests, and how what people type is
// folded into the one form that is stored and compared.
//
// It is pure data: no SQL, no HTTP, no clock, and it decides nothing (package
// policy does).
package identity

import "time"

// A Style is how a tenant's people name themselves at the door.
type Style string

// The three styles.
const (
	Workspace Style = "workspace" // tenant slug + e-mail
	Extension Style = "extension" // 201-tenantcode
	Email     Style = "email"     // e-mail alone
)

// A TenantStatus says whether a tenant's people may sign in.
type TenantStatus string

// The states of a tenant.
const (
	TenantActive    TenantStatus = "active"
	TenantSuspended TenantStatus = "suspended"
)

// A Tenant is one customer: its users, its policy, its address.
type Tenant struct {
	ID        TenantID
	Slug      string
	Name      string
	Style     Style
	Status    TenantStatus
	Policy    Policy // what the tenant chose; unset fields follow the operator
	CreatedAt time.Time
}

// A Policy is a set of choices. The operator has a full one; a tenant's holds
// only what differs (the zero value of a field means "as the operator has
// it"). JSON names are the keys of "tenant set".
type Policy struct {
	IdleTimeout       Duration `json:"idle-timeout,omitzero"`
	SessionLifetime   Duration `json:"session-lifetime,omitzero"`
	AccessTokenTTL    Duration `json:"access-token-ttl,omitzero"`
	SignInAttempts    int      `json:"sign-in-attempts,omitzero"`
	SignInWait        Duration `json:"sign-in-wait,omitzero"`
	StrangerAttempts  int      `json:"stranger-attempts,omitzero"`
	SourceAttempts    int      `json:"source-attempts,omitzero"`
	RefreshGrace      Duration `json:"refresh-grace,omitzero"`
	ResetLinkTTL      Duration `json:"reset-link-ttl,omitzero"`
	InvitationTTL     Duration `json:"invitation-ttl,omitzero"`
	PasswordMinLength int      `json:"password-min-length,omitzero"`
	AuditRetention    Duration `json:"audit-retention,omitzero"` // events older than that are given up
	SupportContact    string   `json:"support-contact,omitzero"`

	Landing         string `json:"landing,omitzero"`          // local path after sign-in
	Language        string `json:"language,omitzero"`         // BCP 47
	TimeZone        string `json:"time-zone,omitzero"`        // a name of the IANA database
	Accent          string `json:"accent,omitzero"`           // #rrggbb
	PasswordChanges string `json:"password-changes,omitzero"` // web | web+api
	ChangeInitial   string `json:"change-initial,omitzero"`   // yes | no: must initial passwords be changed?
	PasswordClasses string `json:"password-classes,omitzero"` // of characters that a password must have: lower,upper,digit,special

	Imprint    string `json:"imprint,omitzero"` // addresses of pages, linked where people sign in
	Privacy    string `json:"privacy,omitzero"`
	MailSender string `json:"mail-sender,omitzero"` // the name letters come from
	Logo       string `json:"logo,omitzero"`        // fingerprint of the picture, which is kept apart

	Floor *Policy `json:"-"` // an operator's only: what no tenant may be laxer than; nil: there is none
}

// A Duration is written as Go writes it ("30m"), in JSON too.
type Duration time.Duration

// MarshalText and UnmarshalText read and write Go's notation.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads Go's notation.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// String is Go's notation.
func (d Duration) String() string { return time.Duration(d).String() }

// A UserStatus says whether a user may sign in.
type UserStatus string

// The states of a user.
const (
	Invited     UserStatus = "invited" // has no password yet
	Active      UserStatus = "active"
	Deactivated UserStatus = "deactivated"
)

// The built-in roles.
const (
	Admin   = "admin"
	Manager = "manager"
	Member  = "user"
)

// A User is one person's account in one tenant.
type User struct {
	ID          UserID
	Email       EmailAddress // may be empty
	Extension   string       // 2 to 10 digits; may be empty
	Name        string
	Role        string
	Status      UserStatus
	MustChange  bool      // the password is an initial one and must be changed
	Credential  int64     // version: grows with every new password
	LastSignIn  time.Time // zero: never
	CreatedAt   time.Time
	HasPassword bool
	Mail        MailTrouble // zero: none known
	Language    string      // of letters, BCP 47; empty: as the tenant has it
	TimeZone    string      // a name of the IANA database; empty: as the tenant has it
}

// A SessionKind says what carries a session.
type SessionKind string

// Browsers carry a cookie, programs a refresh token.
const (
	Browser SessionKind = "browser"
	Program SessionKind = "program"
)

// A Session is one signed-in browser or program.
type Session struct {
	ID           SessionID
	UserID       UserID
	Kind         SessionKind
	Generation   int64 // of the newest refresh token
	SignedInAt   time.Time
	InteractedAt time.Time
	IdleEnd      time.Time // as computed at the last interaction
	AbsoluteEnd  time.Time // as computed at sign-in
	Credential   int64     // the user's credential version at sign-in
	Peer         Peer

	PreviousSignIn time.Time // the user's sign-in before this one; zero: none
}

// A KeptForm is what somebody sent after their session had ended. It is shown
// to them again, filled in; it is never executed.
type KeptForm struct {
	ID        KeptFormID
	User      UserID
	Page      string            // the local path it stands on
	Fields    map[string]string // without passwords
	ExpiresAt time.Time
}

// A Peer is the address and program a request came from. (OAuth's "client" is
// an application.)
type Peer struct {
	Address   string // IP address without a port; empty on the command line
	UserAgent string
	RequestID string
}

// An Actor is who is behind a request. The zero Actor is nobody.
type Actor struct {
	User     UserID
	Role     Role
	Session  SessionID
	Operator bool // the command line, or a program with Token: stands above ranks
	Token    OperatorTokenID
}

// SignedIn reports whether a is somebody.
func (a Actor) SignedIn() bool { return a.User != "" }

// Event is a line about what the actor did to a user, or to nobody in
// particular. Its Detail is there to be filled in.
func (a Actor) Event(kind string, on UserID, from Peer, at time.Time) Event {
	e := Event{Kind: kind, Result: EventOK, User: on, Actor: a.User, Session: a.Session, Peer: from, Detail: map[string]string{}, At: at}
	if a.Operator {
		e.Detail["by"] = "operator"
	}
	return e
}

// An Event is one line of a tenant's audit trail. It never holds a secret.
type Event struct {
	ID      EventID
	Kind    string // "authn_login_success"; names follow the OWASP logging vocabulary
	Result  string // "ok" or the code of the problem
	User    UserID // on whom; may be empty
	Actor   UserID // by whom; empty when nobody was signed in or an operator acted
	Session SessionID
	Peer    Peer
	Detail  map[string]string
	At      time.Time
}
