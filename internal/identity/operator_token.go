package identity

import (
	"encoding/hex"
	"time"
)

// An OperatorTokenID names an operator token; it is the part of it that is no
// secret.
type OperatorTokenID string

// NewOperatorTokenID makes a new id.
func NewOperatorTokenID() OperatorTokenID { return OperatorTokenID(newID("opt")) }

// OperatorTokenIDFrom is the way back from Bytes.
func OperatorTokenIDFrom(raw [16]byte) OperatorTokenID {
	return OperatorTokenID("opt_" + hex.EncodeToString(raw[:]))
}

// An OperatorToken lets a program, such as a product's own sign-up, keep
// tenants over HTTP. The token itself is not in it.
type OperatorToken struct {
	ID        OperatorTokenID
	Name      string
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
	UsedAt    time.Time // to the minute; zero: never
	RevokedAt time.Time // zero: not
}

// Alive reports whether the token still lets in.
func (t OperatorToken) Alive(now time.Time) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}
