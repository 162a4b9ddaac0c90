package secret

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// ErrToken is the one answer to every token that is altered, cut, over, made
// for another purpose or made up: why is nobody's business.
var ErrToken = problem.New(problem.Unauthenticated, "invalid_token", "The token is not valid.")

// A Token is what a browser or program shows to be let in. Write string(t)
// where it must be revealed.
type Token string

const tokenText = "[token]"

// String hides the token.
func (Token) String() string { return tokenText }

// Format hides the token from every verb, %x and %#v among them.
func (Token) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, tokenText) }

// LogValue hides the token from slog.
func (Token) LogValue() slog.Value { return slog.StringValue(tokenText) }

// MarshalText hides the token from JSON and its relatives.
func (Token) MarshalText() ([]byte, error) { return []byte(tokenText), nil }

const (
	refreshPrefix = "rft_"
	sessionPrefix = "ses_"
	changePrefix  = "chg_"
	choicePrefix  = "cho_"

	idSize  = 16
	macSize = 32
)

// RefreshToken is generation n of a program's session: "rft_" and base64url of
// tenant id ‖ session id ‖ n ‖ HMAC-SHA256. The database needs to know n only,
// and any node can make the token again when an answer was lost.
func (k Keys) RefreshToken(t identity.TenantID, s identity.SessionID, generation int64) Token {
	packed := binary.BigEndian.AppendUint64(packIDs(t, s), uint64(generation))
	return signed(refreshPrefix, k.sub().refresh, packed)
}

// ReadRefreshToken says what a refresh token is for, or ErrToken. Whether the
// session lives and n is current, the session's row says.
func (k Keys) ReadRefreshToken(text string) (t identity.TenantID, s identity.SessionID, generation int64, err error) {
	packed, err := readSigned(refreshPrefix, k.sub().refresh, text, 2*idSize+8)
	if err != nil {
		return "", "", 0, err
	}
	t, s = unpackIDs(packed)
	return t, s, int64(binary.BigEndian.Uint64(packed[2*idSize:])), nil
}

// SessionToken is what a browser's session cookie holds: "ses_" and base64url
// of tenant id ‖ session id ‖ HMAC-SHA256.
func (k Keys) SessionToken(t identity.TenantID, s identity.SessionID) Token {
	return signed(sessionPrefix, k.sub().session, packIDs(t, s))
}

// ReadSessionToken says whose session a cookie names, or ErrToken. Whether it
// lives, its row says.
func (k Keys) ReadSessionToken(text string) (t identity.TenantID, s identity.SessionID, err error) {
	packed, err := readSigned(sessionPrefix, k.sub().session, text, 2*idSize)
	if err != nil {
		return "", "", err
	}
	t, s = unpackIDs(packed)
	return t, s, nil
}

// packIDs takes ids from the store; one that is no id is our own mistake.
func packIDs(t identity.TenantID, s identity.SessionID) []byte {
	tenant, err := identity.Bytes(t)
	if err != nil {
		panic(err)
	}
	session, err := identity.Bytes(s)
	if err != nil {
		panic(err)
	}
	return append(tenant[:], session[:]...)
}

func unpackIDs(packed []byte) (identity.TenantID, identity.SessionID) {
	return identity.TenantIDFrom([idSize]byte(packed[:idSize])),
		identity.SessionIDFrom([idSize]byte(packed[idSize : 2*idSize]))
}

func signed(prefix string, key, packed []byte) Token {
	return encodeToken(prefix, append(packed, keyed(key, prefix, string(packed))...))
}

func readSigned(prefix string, key []byte, text string, size int) ([]byte, error) {
	raw, ok := decodeToken(prefix, text)
	if !ok || len(raw) != size+macSize {
		return nil, ErrToken
	}
	packed, mac := raw[:size], raw[size:]
	if !hmac.Equal(mac, keyed(key, prefix, string(packed))) {
		return nil, ErrToken
	}
	return packed, nil
}

func encodeToken(prefix string, raw []byte) Token {
	return Token(prefix + base64.RawURLEncoding.EncodeToString(raw))
}

// decodeToken accepts only the one way to write a token: base64 decoders skip
// line breaks and forgive stray bits at the end, so it is written again and
// compared.
func decodeToken(prefix, text string) ([]byte, bool) {
	digits, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return nil, false
	}
	return decodeCanonical(digits)
}

func decodeCanonical(digits string) ([]byte, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(digits)
	if err != nil || base64.RawURLEncoding.EncodeToString(raw) != digits {
		return nil, false
	}
	return raw, true
}

// A Change allows one thing: to replace an initial password, while the user's
// credential still has this version and until it expires.
type Change struct {
	Tenant     identity.TenantID `json:"tenant"`
	User       identity.UserID   `json:"user"`
	Credential int64             `json:"credential"`
	Expires    time.Time         `json:"expires"`
}

// A Choice says which users a password in the e-mail style was right for, so
// that the person can choose a tenant without typing it again.
type Choice struct {
	Candidates []Candidate `json:"candidates"`
	Expires    time.Time   `json:"expires"`
}

// A Candidate is one user a password was right for, at this version of the
// credential.
type Candidate struct {
	Tenant     identity.TenantID `json:"tenant"`
	User       identity.UserID   `json:"user"`
	Credential int64             `json:"credential"`
}

// ChangeToken carries a Change: "chg_" and base64url of it, sealed. Nothing is
// stored.
func (k Keys) ChangeToken(c Change) Token { return k.carry(changePrefix, c) }

// ReadChangeToken is the way back, or ErrToken, also from c.Expires on.
func (k Keys) ReadChangeToken(text string, now time.Time) (c Change, err error) {
	if err := k.carried(changePrefix, text, &c); err != nil {
		return Change{}, err
	}
	if !now.Before(c.Expires) {
		return Change{}, ErrToken
	}
	return c, nil
}

// ChoiceToken carries a Choice: "cho_" and base64url of it, sealed, about 200
// characters a candidate. Nothing is stored.
func (k Keys) ChoiceToken(c Choice) Token { return k.carry(choicePrefix, c) }

// ReadChoiceToken is the way back, or ErrToken, also from c.Expires on.
func (k Keys) ReadChoiceToken(text string, now time.Time) (c Choice, err error) {
	if err := k.carried(choicePrefix, text, &c); err != nil {
		return Choice{}, err
	}
	if !now.Before(c.Expires) {
		return Choice{}, ErrToken
	}
	return c, nil
}

func (k Keys) carry(prefix string, content any) Token {
	plain, err := json.Marshal(content)
	if err != nil {
		panic(err) // only a year beyond 9999 fails
	}
	return encodeToken(prefix, seal(k.sub().flow, prefix, nil, plain))
}

func (k Keys) carried(prefix, text string, content any) error {
	raw, ok := decodeToken(prefix, text)
	if !ok {
		return ErrToken
	}
	plain, err := open(k.sub().flow, prefix, nil, raw)
	if err != nil {
		return ErrToken
	}
	if err := json.Unmarshal(plain, content); err != nil {
		return ErrToken
	}
	return nil
}
