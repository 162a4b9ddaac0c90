package secret

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// errNotP256 says that stored key material is not what this package made.
var errNotP256 = errors.New("not a P-256 key")

// tokenType is the typ header of access tokens (RFC 9068 section 2.1).
const tokenType = "at+jwt"

// A SigningKey signs access tokens with ES256 (RFC 7518 section 3.4). It is
// published at CreatedAt and signs from ActiveFrom.
type SigningKey struct {
	hidden
	ID         identity.KeyID
	Private    *ecdsa.PrivateKey
	CreatedAt  time.Time
	ActiveFrom time.Time
}

// NewSigningKey makes a P-256 key that may sign from now on.
func NewSigningKey(now time.Time) SigningKey {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // crypto/rand's reader returns no errors
	}
	return SigningKey{ID: identity.NewKeyID(), Private: private, CreatedAt: now, ActiveFrom: now}
}

// MarshalPrivate returns the private key as PKCS #8, to be sealed.
func (k SigningKey) MarshalPrivate() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(k.Private)
	if err != nil {
		panic(err) // only an unknown curve fails
	}
	return der
}

// ParsePrivate reads what MarshalPrivate wrote.
func ParsePrivate(der []byte) (private *ecdsa.PrivateKey, err error) {
	defer problem.Wrap(&err, "parse private signing key")
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return nil, errNotP256
	}
	return private, nil
}

// PublicJWK is the public half as a JSON Web Key (RFC 7517) with kid, use and
// alg.
func (k SigningKey) PublicJWK() json.RawMessage {
	jwk := jose.JSONWebKey{Key: &k.Private.PublicKey, KeyID: string(k.ID), Algorithm: string(jose.ES256), Use: "sig"}
	text, err := jwk.MarshalJSON()
	if err != nil {
		panic(err) // only an unknown kind of key fails
	}
	return text
}

// ParsePublicJWK reads what PublicJWK wrote. A private key is refused.
func ParsePublicJWK(jwk json.RawMessage) (id identity.KeyID, public *ecdsa.PublicKey, err error) {
	defer problem.Wrap(&err, "parse public signing key")
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(jwk); err != nil {
		return "", nil, err
	}
	public, ok := parsed.Key.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		return "", nil, errNotP256
	}
	return identity.KeyID(parsed.KeyID), public, nil
}

// Claims are what an access token says (RFC 9068 section 2.2, and our own).
// The door believes none of them but who and which session: roles and
// permissions are for applications.
type Claims struct {
	Issuer      string             `json:"iss"`
	Subject     identity.UserID    `json:"sub"`
	Audience    string             `json:"aud"`
	Expires     NumericDate        `json:"exp"`
	IssuedAt    NumericDate        `json:"iat"`
	ID          string             `json:"jti"` // see NewTokenID
	Session     identity.SessionID `json:"sid"`
	AuthTime    NumericDate        `json:"auth_time"`
	Methods     []string           `json:"amr"` // RFC 8176
	TenantID    identity.TenantID  `json:"tenant_id"`
	Tenant      string             `json:"tenant"` // slug
	Roles       []string           `json:"roles"`
	Permissions []string           `json:"permissions"` // there also when it is empty
	Name        string             `json:"name,omitempty"`
	Email       string             `json:"email,omitempty"`
	Extension   string             `json:"extension,omitempty"`
}

// A NumericDate is a time in whole seconds since 1970 (RFC 7519 section 2).
type NumericDate int64

// NumericDateOf cuts t to its second, so that no token outlives what it stands
// for.
func NumericDateOf(t time.Time) NumericDate { return NumericDate(t.Unix()) }

// Time is the way back, in UTC.
func (d NumericDate) Time() time.Time { return time.Unix(int64(d), 0).UTC() }

// NewTokenID makes the jti of an access token: 128 random bits, 26 characters.
func NewTokenID() string { return rand.Text() }

// Sign makes an access token: a JWS in compact form (RFC 7515 section 7.1).
// The signature is the deterministic one (RFC 6979), as RFC 8725 section 3.2
// asks: no token depends on the quality of a random number.
func Sign(k SigningKey, c Claims) (token string, err error) {
	defer problem.Wrap(&err, "sign with %s", k.ID)
	if k.Private.Curve != elliptic.P256() {
		return "", errNotP256
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	b64 := base64.RawURLEncoding
	header := headerOf(string(k.ID))
	text := make([]byte, 0, b64.EncodedLen(len(header))+b64.EncodedLen(len(payload))+b64.EncodedLen(2*scalarSize)+2)
	text = b64.AppendEncode(text, []byte(header))
	text = b64.AppendEncode(append(text, '.'), payload)
	digest := sha256.Sum256(text)
	der, err := k.Private.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return "", err
	}
	signature, err := joseSignature(der)
	return string(b64.AppendEncode(append(text, '.'), signature[:])), err
}

// scalarSize is how many bytes each half of a P-256 signature has.
const scalarSize = 32

// joseSignature writes a signature as R and S, big-endian, each in full (RFC
// 7518 section 3.4), instead of as two ASN.1 integers.
func joseSignature(der []byte) (raw [2 * scalarSize]byte, err error) {
	var r, s []byte
	in := cryptobyte.String(der)
	if !in.ReadASN1(&in, asn1.SEQUENCE) || !in.ReadASN1Integer(&r) || !in.ReadASN1Integer(&s) ||
		len(r) > scalarSize || len(s) > scalarSize {
		return raw, errSignature
	}
	copy(raw[scalarSize-len(r):], r)
	copy(raw[2*scalarSize-len(s):], s)
	return raw, nil
}

var errSignature = errors.New("not two P-256 scalars")

// headerOf is the one header a token signed with this key has.
func headerOf(kid string) string {
	return `{"alg":"` + string(jose.ES256) + `","kid":"` + kid + `","typ":"` + tokenType + `"}`
}
