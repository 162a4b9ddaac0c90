package secret

import (
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// A Hash is a password's hash in the text it was made in: the PHC string
// format, modular crypt or Django's. It hides itself in logs; string(h)
// reveals it.
//
// A text that starts with an exclamation mark is a decoy: it costs what the
// hash behind the mark costs, and matches nothing.
type Hash string

const decoyMark = "!"

// Kind names the function and its parameters: hashes of one kind cost the same
// time. For example "argon2id:m=19456,t=2,p=1", "bcrypt:5",
// "scrypt:ln=12,r=8,p=1", "pbkdf2-sha256:60000", "sha512crypt:5000". The kind
// of what is no hash is empty.
func (h Hash) Kind() string {
	p, err := parse(h)
	if err != nil {
		return ""
	}
	return p.kind()
}

// Match reports whether h was made from pw, in either spelling. A hash that is
// malformed, over the bounds or empty matches nothing and costs what a hash of
// DefaultParams costs.
func (h Hash) Match(pw Password) bool { return MatchAny(pw, []Hash{h})[0] }

// MatchAny is Match for several hashes at the cost of one computation for each
// function, parameters and salt that differ. No hashes cost nothing: give a
// decoy where nobody may notice.
//
// A password whose typed spelling is not normalised is tried in both
// spellings, which costs twice whether or not the hashes are decoys.
func MatchAny(pw Password, hashes []Hash) []bool {
	matched := make([]bool, len(hashes))
	for _, spelling := range pw.spellings() {
		derived := make(map[recipe][]byte)
		for i, h := range hashes {
			if matched[i] {
				continue
			}
			p := parseAny(h)
			if _, done := derived[p.recipe]; !done {
				derived[p.recipe] = p.derive(spelling)
			}
			same := subtle.ConstantTimeCompare(derived[p.recipe], p.digest) == 1
			matched[i] = same && !p.decoy && spelling != ""
		}
	}
	return matched
}

// SameWork reports whether one computation tells of both hashes: function,
// parameters, salt and length of the digest are the same.
func (h Hash) SameWork(other Hash) bool {
	a, errA := parse(h)
	b, errB := parse(other)
	return errA == nil && errB == nil && a.recipe == b.recipe
}

// Current reports whether h is argon2id with no less than p in any parameter
// and as long a salt and digest as our own. Else it is made anew at the next
// sign-in.
func (h Hash) Current(p Params) bool {
	made, err := parse(h)
	return err == nil && made.function == functionArgon2id &&
		made.memory >= p.Memory && made.time >= p.Time && made.threads >= uint32(p.Threads) &&
		len(made.salt) >= ownSalt && made.size >= ownDigest
}

// Decoy is a hash that costs what h costs, with a random salt of its own as
// long as h's, and matches nothing. An empty or malformed h gives a decoy
// of p.
func (h Hash) Decoy(p Params) Hash {
	made, err := parse(h)
	if err != nil {
		made, err = parse(p.write(make([]byte, ownSalt), make([]byte, ownDigest)))
		if err != nil {
			return decoyMark // p is out of bounds: costs DefaultParams
		}
	}
	zero := func(r rune) rune {
		if r == '=' {
			return r
		}
		return made.zero
	}
	salt := base32.StdEncoding.EncodeToString(randomBytes(len(made.saltText)))[:len(made.saltText)-1]
	// The last character stands for fewer than six bits, zero is always right.
	salt += string(made.zero)
	return Hash(decoyMark + made.head + salt + made.gap + strings.Map(zero, made.digestText))
}

const hiddenHash = "[hash]"

// String hides the hash.
func (Hash) String() string { return hiddenHash }

// GoString hides the hash.
func (Hash) GoString() string { return hiddenHash }

// Format hides the hash from every verb, %x among them.
func (Hash) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hiddenHash) }

// LogValue hides the hash from slog.
func (Hash) LogValue() slog.Value { return slog.StringValue(hiddenHash) }

// MarshalText hides the hash from JSON and its relatives.
func (Hash) MarshalText() ([]byte, error) { return []byte(hiddenHash), nil }
