// Package secret makes and checks everything that must not be guessed, forged
// or read: password hashes, tokens, signing keys and what is sealed at rest.
// But for new ids, all of the server's randomness comes from here.
//
//	operator's sealing key ──opens──▶ Root (in the database, sealed)
//	                                    │ HKDF, one label each
//	                                    ▼
//	            Keys: seal, tokens, hashes of addresses, of browsers, of lanes
//	                                    │ seal
//	                                    ▼
//	            password hashes, private signing keys ──sign──▶ access tokens
//
// A stolen database opens none of it without the operator's key, and the key
// opens nothing without the database. The package knows no database, no HTTP
// and no clock: what is stored where, and when a key is due, others decide.
package secret

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"log/slog"
	"math"
	"math/big"
	"strings"
)

// hidden is embedded in types that must show in no log, error or JSON text. What
// is secret in them is behind a pointer or a veil, for verbs that ask nobody.
type hidden struct{}

const hiddenText = "[secret]"

// String hides the value.
func (hidden) String() string { return hiddenText }

// LogValue hides the value from slog.
func (hidden) LogValue() slog.Value { return slog.StringValue(hiddenText) }

// MarshalText hides the value from JSON and its relatives.
func (hidden) MarshalText() ([]byte, error) { return []byte(hiddenText), nil }

// veil puts a secret behind a function: a field of that kind shows nothing even
// where printing finds it by reflection and cannot ask for its text, as in an
// unexported field of somebody else's struct.
func veil[T any](secret T) func() T { return func() T { return secret } }

// randomBytes cannot fail: crypto/rand ends the program when the system has no
// randomness.
func randomBytes(n int) []byte {
	raw := make([]byte, n)
	_, _ = rand.Read(raw)
	return raw
}

// NewLot makes the lot a user keeps for life; see Keys.Lot.
func NewLot() int64 { return lotOf(randomBytes(8)) }

// NewLotIn makes a lot in one of so many equal parts of all lots, counted from
// 0. Users made together who are spread over the parts evenly are as good as
// drawn at random, and an index takes them in order.
func NewLotIn(part, parts int) int64 {
	width := math.MaxInt64 / int64(parts)
	return int64(part)*width + NewLot()%width
}

func lotOf(b []byte) int64 { return int64(binary.BigEndian.Uint64(b) >> 1) }

// NewBrowserID makes the random id by which a browser is known again: "bro_"
// and 144 bits as base64url. It names nobody. The store keeps its BrowserHash.
func NewBrowserID() string {
	return "bro_" + base64.RawURLEncoding.EncodeToString(randomBytes(18))
}

// The shape of one group of an initial password. Of characters taken for one
// another (0 O o, 1 I l i, 2 Z, 5 S, 8 B, 9 g) at most one is in use.
var initialPasswordGroup = []string{
	"ACDEFHJKLMNPRTUVWXY",
	"abcdefghjkmnpqrstuvwxyz",
	"abcdefghjkmnpqrstuvwxyz",
	"abcdefghjkmnpqrstuvwxyz",
	"34678",
}

// NewInitialPassword makes a password to be handed over on paper or by
// telephone: four groups such as "Khtw7" joined by hyphens, 80 random bits. It
// has upper and lower case, digits and special characters, so every tenant's
// rules are content with it.
func NewInitialPassword() string {
	groups := make([]string, 4)
	for i := range groups {
		for _, alphabet := range initialPasswordGroup {
			groups[i] += string(pick(alphabet))
		}
	}
	return strings.Join(groups, "-")
}

func pick(alphabet string) byte {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
	if err != nil {
		panic(err) // crypto/rand's reader returns no errors
	}
	return alphabet[n.Int64()]
}
