package secret

import (
	"crypto/ecdsa"
	"errors"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

const (
	maxAccessToken = 4096 // bytes; larger ones would not fit a cookie either
	clockSkew      = 60   // seconds another of our nodes may be ahead
)

// A Verifier believes access tokens of one issuer for one audience.
type Verifier struct {
	Issuer   string
	Audience string
	Key      func(kid string) (*ecdsa.PublicKey, bool) // the published keys
}

// Verify returns what a token says, or ErrToken. Only tokens exactly as Sign
// writes them pass (RFC 8725 section 3): one signature with ES256 by a
// published key, one audience, an issuer, a time. Whether the session lives is
// not asked here.
func (v Verifier) Verify(token string, now time.Time) (Claims, error) {
	if len(token) > maxAccessToken {
		return Claims{}, ErrToken
	}
	kid, ok := readHeader(token)
	if !ok {
		return Claims{}, ErrToken
	}
	key, ok := v.Key(kid)
	if !ok {
		return Claims{}, ErrToken
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return Claims{}, ErrToken
	}
	payload, err := jws.Verify(key)
	if err != nil {
		return Claims{}, ErrToken
	}
	return v.accept(payload, now)
}

// readHeader returns the key a token names. A token of ours has one possible
// header for each key and one way to write each of its three parts; comparing
// with those refuses other algorithms and types, keys and addresses of keys
// brought along, critical extensions and repeated names in one go.
func readHeader(token string) (kid string, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", false
	}
	var raw [3][]byte
	for i, part := range parts {
		if raw[i], ok = decodeCanonical(part); !ok {
			return "", false
		}
	}
	var header struct {
		KeyID string `json:"kid"`
	}
	if err := json.Unmarshal(raw[0], &header); err != nil {
		return "", false
	}
	return header.KeyID, string(raw[0]) == headerOf(header.KeyID)
}

// accept checks what a token with a good signature claims.
func (v Verifier) accept(payload []byte, now time.Time) (Claims, error) {
	var read struct {
		Claims
		Audience oneAudience `json:"aud"` // hides the plain string in Claims
	}
	if err := json.Unmarshal(payload, &read); err != nil {
		return Claims{}, ErrToken
	}
	c, seconds := read.Claims, now.Unix()
	c.Audience = string(read.Audience)
	switch {
	case v.Issuer == "" || v.Audience == "", // a forgotten field believes nobody
		c.Issuer != v.Issuer,
		c.Audience != v.Audience,
		seconds >= int64(c.Expires),
		seconds+clockSkew < int64(c.IssuedAt):
		return Claims{}, ErrToken
	}
	return c, nil
}

// oneAudience is an aud claim with exactly one value, written as a text or as
// an array (RFC 7519 section 4.1.3).
type oneAudience string

var errAudiences = errors.New("not exactly one audience")

// UnmarshalJSON reads either form.
func (a *oneAudience) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, (*string)(a)) == nil {
		return nil
	}
	var several []string
	if err := json.Unmarshal(text, &several); err != nil {
		return err
	}
	if len(several) != 1 {
		return errAudiences
	}
	*a = oneAudience(several[0])
	return nil
}

// TokenKeyID returns the kid a token names, without believing it; empty for
// what is no access token of ours.
func TokenKeyID(token string) string {
	if len(token) > maxAccessToken {
		return ""
	}
	kid, _ := readHeader(token)
	return kid
}
