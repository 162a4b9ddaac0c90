package secret

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// ErrSealed says that something sealed does not open: it was altered, cut,
// moved to another row, or sealed for another purpose or database.
var ErrSealed = errors.New("sealed data does not open")

// Keys are what is derived from a database's root. They never change while the
// database lives, on whatever node it is opened.
type Keys struct {
	hidden
	sub func() *subkeys
}

// subkeys serve one use each, so that nothing made for one is good for another.
type subkeys struct {
	rows, flow                           cipher.AEAD
	refresh, session                     []byte
	address, emailSalt, subject, browser []byte
	form, link, letter                   []byte
	audit, once                          []byte
}

// Keys derives the keys from the root with HKDF-SHA256 (RFC 5869).
func (r Root) Keys() Keys {
	return Keys{sub: veil(&subkeys{
		rows:      messageAEAD(r.derive("sealed rows")),
		flow:      messageAEAD(r.derive("sealed tokens")),
		refresh:   r.derive("refresh tokens"),
		session:   r.derive("session tokens"),
		address:   r.derive("address directory"),
		emailSalt: r.derive("e-mail salts"),
		subject:   r.derive("lane subjects"),
		browser:   r.derive("known browsers"),
		form:      r.derive("form bindings"),
		link:      r.derive("link tokens"),
		letter:    r.derive("letter tokens"),
		audit:     r.derive("audit chain"),
		once:      r.derive("requests done once"),
	})}
}

// derive takes a label that must never change: what it made is stored.
func (r Root) derive(label string) []byte {
	key, err := hkdf.Key(sha256.New, r.key()[:], nil, "vestibule "+label, keySize)
	if err != nil {
		panic(err) // only an absurd length fails
	}
	return key
}

// messageAEAD is XChaCha20-Poly1305, whose nonces of 192 bits may be random
// however many messages there are.
func messageAEAD(key []byte) cipher.AEAD {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		panic(err) // only a wrong key size fails
	}
	return aead
}

// Seal encrypts plain for one purpose ("password", "signing key") and binds it
// to where it belongs, such as tenant and user: it opens nowhere else. The
// result is 41 bytes longer than plain.
func (k Keys) Seal(purpose string, bound []string, plain []byte) []byte {
	return seal(k.sub().rows, purpose, bound, plain)
}

// Open returns what Seal encrypted for the same purpose and binding, or
// ErrSealed.
func (k Keys) Open(purpose string, bound []string, sealed []byte) ([]byte, error) {
	return open(k.sub().rows, purpose, bound, sealed)
}

// sealVersion is the first byte of everything sealed; nonce and ciphertext
// follow.
const sealVersion = 1

func seal(aead cipher.AEAD, purpose string, bound []string, plain []byte) []byte {
	nonce := randomBytes(aead.NonceSize())
	out := make([]byte, 0, 1+len(nonce)+len(plain)+aead.Overhead())
	out = append(append(out, sealVersion), nonce...)
	return aead.Seal(out, nonce, plain, associated(purpose, bound))
}

func open(aead cipher.AEAD, purpose string, bound []string, sealed []byte) ([]byte, error) {
	if len(sealed) < 1+aead.NonceSize() || sealed[0] != sealVersion {
		return nil, ErrSealed
	}
	nonce, box := sealed[1:1+aead.NonceSize()], sealed[1+aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, box, associated(purpose, bound))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

func associated(purpose string, bound []string) []byte {
	out := appendPart([]byte{sealVersion}, purpose)
	for _, part := range bound {
		out = appendPart(out, part)
	}
	return out
}

// appendPart writes a part with its length before it, so that no two lists of
// parts give the same bytes.
func appendPart(out []byte, part string) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(part)))
	return append(out, part...)
}

// AddressHash is how a folded e-mail address stands in the directory of
// e-mail-style tenants: 32 hexadecimal digits.
func (k Keys) AddressHash(folded string) string {
	return hex.EncodeToString(keyed(k.sub().address, folded)[:16])
}

// EmailSalt is the argon2id salt of a folded address in e-mail-style tenants,
// 16 bytes. It is the same in all of them, so one hash serves them all.
func (k Keys) EmailSalt(folded string) []byte {
	return keyed(k.sub().emailSalt, folded)[:16]
}

// LaneSubject is what the limiter counts by instead of what was typed, which
// may be a password in the wrong field. kind keeps users, browsers and sources
// apart. 22 characters.
func (k Keys) LaneSubject(tenant identity.TenantID, kind, folded string) string {
	return text16(keyed(k.sub().subject, string(tenant), kind, folded))
}

// Lot is the lot a name draws among a tenant's users: which of them stands in
// where nobody has the name. 0 to 2⁶³-1, spread evenly.
func (k Keys) Lot(tenant identity.TenantID, name string) int64 {
	return lotOf(keyed(k.sub().subject, string(tenant), "lot", name))
}

// BrowserHash is how a known browser's id is stored. 22 characters.
func (k Keys) BrowserHash(id string) string {
	return text16(keyed(k.sub().browser, id))
}

// personKey names a person to the pages they have open, so that these notice
// when somebody else signs in: a keyed hash, 22 characters.
func (k Keys) personKey(t identity.TenantID, u identity.UserID) string {
	return text16(keyed(k.sub().form, "person", string(t), string(u)))
}

// FormToken binds a form to the person and the session it was opened in: a
// name of the person, a dot and a keyed hash of the session, 45 characters.
// Nothing is stored.
func (k Keys) FormToken(t identity.TenantID, u identity.UserID, s identity.SessionID) Token {
	return Token(k.personKey(t, u) + "." + text16(keyed(k.sub().form, string(t), string(s))))
}

// FormOf reports whether text is a FormToken of a person, and whether of this
// very session of theirs.
func (k Keys) FormOf(text string, t identity.TenantID, u identity.UserID, s identity.SessionID) (person, session bool) {
	who, _, _ := strings.Cut(text, ".")
	return hmac.Equal([]byte(who), []byte(k.personKey(t, u))), hmac.Equal([]byte(text), []byte(k.FormToken(t, u, s)))
}

func text16(sum []byte) string { return base64.RawURLEncoding.EncodeToString(sum[:16]) }

// keyed is HMAC-SHA256 over the parts, each with its length.
func keyed(key []byte, parts ...string) []byte {
	var message []byte
	for _, part := range parts {
		message = appendPart(message, part)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}
