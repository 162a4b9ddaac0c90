package secret

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-crypt/x/bcrypt"
	"github.com/go-crypt/x/crypt"
	"golang.org/x/crypto/scrypt"

	"github.com/vestibule-id/vestibule/internal/secret/argon2id"
)

// The functions whose hashes are understood.
const (
	functionArgon2id    = "argon2id"
	functionBcrypt      = "bcrypt"
	functionScrypt      = "scrypt"
	functionPBKDF2      = "pbkdf2-sha256"
	functionSHA512Crypt = "sha512crypt"
)

// The bounds on what a hash may ask of us: whoever imports users must not be
// able to make their sign-ins cost minutes or gigabytes.
const (
	maxHashText     = 512     // bytes
	maxMemory       = 262144  // KiB: 256 MiB
	maxArgonWork    = 1 << 20 // KiB passed over: about a second, which nobody else's sign-in must wait longer for
	maxArgonTime    = 10
	maxThreads      = 8
	minBcryptCost   = 4
	maxBcryptCost   = 14
	maxScryptLog    = 21 // memory is reached before
	maxScryptBlocks = 32
	maxIterations   = 2_000_000 // PBKDF2
	minRounds       = 1_000     // SHA-512-crypt; fewer are raised to it by crypt(3)
	maxRounds       = 1_000_000
	defaultRounds   = 5_000
	minSalt         = 4 // bytes
	maxSalt         = 64
	maxCryptSalt    = 16 // crypt(3) uses no more
	minDigest       = 16
	maxDigest       = 64
)

// Accept checks the form and the bounds of a hash that another system made; it
// computes nothing. Understood are
//
//	$argon2id$v=19$m=8192,t=2,p=1$salt$digest       PHC string format
//	$2a$ $2b$ $2y$05$salt and digest                bcrypt
//	$scrypt$ln=12,r=8,p=1$salt$digest               PHC string format
//	$pbkdf2-sha256$i=60000,l=32$salt$digest         PHC string format, l optional
//	$pbkdf2-sha256$60000$salt$digest                passlib
//	pbkdf2_sha256$60000$salt$digest                 Django
//	$6$rounds=5000$salt$digest                      SHA-512-crypt, rounds optional
//
// The error is a sentence that names what is wrong and holds no part of the
// salt or the digest.
func Accept(text string) (Hash, error) {
	if strings.HasPrefix(text, decoyMark) {
		return "", errUnknownForm
	}
	if _, err := parse(Hash(text)); err != nil {
		return "", err
	}
	return Hash(text), nil
}

// A recipe is all a hash says about its making; the digest is missing. Two
// hashes with one recipe need one computation.
type recipe struct {
	function string
	memory   uint32 // argon2id: KiB; scrypt: r, the block size
	time     uint32 // passes, cost, ln, iterations or rounds
	threads  uint32 // argon2id and scrypt: p
	salt     string // as the function gets it
	size     int    // of the digest in bytes
}

// parsed is a hash taken to pieces.
type parsed struct {
	recipe
	digest []byte // in the form in which derive gives it
	decoy  bool

	// The text is head, saltText, gap and digestText; zero is the digit that
	// stands for no bits in both.
	head, saltText, gap, digestText string
	zero                            rune
}

var (
	errUnknownForm = errors.New("this is no password hash of a known form " +
		"(argon2id, bcrypt, scrypt, PBKDF2-SHA256 or SHA-512-crypt)")
	errNoHash   = errors.New("the password hash is empty")
	errLongHash = fmt.Errorf("the password hash is longer than %d bytes", maxHashText)
	errHashText = errors.New("the password hash has characters other than visible ASCII")
)

func parse(h Hash) (p parsed, err error) {
	text, decoy := strings.CutPrefix(string(h), decoyMark)
	switch {
	case text == "":
		return parsed{}, errNoHash
	case len(text) > maxHashText:
		return parsed{}, errLongHash
	case strings.ContainsFunc(text, func(r rune) bool { return r < '!' || r > '~' }):
		return parsed{}, errHashText
	}
	for _, form := range forms {
		if strings.HasPrefix(text, form.prefix) {
			p, err = form.parse(strings.Split(text, "$"))
			p.decoy = decoy
			return p, err
		}
	}
	return parsed{}, errUnknownForm
}

// parseAny takes what is no hash for a decoy of DefaultParams.
func parseAny(h Hash) parsed {
	p, err := parse(h)
	if err != nil {
		return parsed{recipe: DefaultParams.recipe(make([]byte, ownSalt)), decoy: true}
	}
	return p
}

// derive computes the digest. It trusts the recipe's bounds.
func (r recipe) derive(password string) []byte {
	switch r.function {
	case functionArgon2id:
		return argon2id.Key([]byte(password), []byte(r.salt), r.time, r.memory, uint8(r.threads), uint32(r.size))
	case functionBcrypt:
		// As everywhere, bytes beyond the 72nd do not count. (The package of
		// the same name in golang.org/x gives no access to the digest.)
		return must(bcrypt.Key([]byte(password), []byte(r.salt), int(r.time)))
	case functionScrypt:
		return must(scrypt.Key([]byte(password), []byte(r.salt), 1<<r.time, int(r.memory), int(r.threads), r.size))
	case functionPBKDF2:
		return must(pbkdf2.Key(sha256.New, password, []byte(r.salt), int(r.time), r.size))
	default:
		return crypt.KeySHACrypt(sha512.New, []byte(password), []byte(r.salt), int(r.time))
	}
}

// must holds because a recipe's parameters are within bounds.
func must(digest []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return digest
}

func (r recipe) kind() string {
	switch r.function {
	case functionArgon2id:
		return fmt.Sprintf("%s:m=%d,t=%d,p=%d", r.function, r.memory, r.time, r.threads)
	case functionScrypt:
		return fmt.Sprintf("%s:ln=%d,r=%d,p=%d", r.function, r.time, r.memory, r.threads)
	case functionPBKDF2:
		if r.size > sha256.Size { // each further block costs all iterations again
			return fmt.Sprintf("%s:%d,l=%d", r.function, r.time, r.size)
		}
	}
	return fmt.Sprintf("%s:%d", r.function, r.time)
}

// A bound is what a number in a hash may be, both ends included.
type bound struct {
	name      string
	low, high uint32
}

func (b bound) check(number uint64) error {
	switch {
	case number < uint64(b.low):
		return fmt.Errorf("%s %d is under the bound of %d", b.name, number, b.low)
	case number > uint64(b.high):
		return fmt.Errorf("%s %d is over the bound of %d", b.name, number, b.high)
	}
	return nil
}

// read wants the one decimal form of a number: no sign, no leading zeros.
func (b bound) read(text string) (uint32, error) {
	number, err := strconv.ParseUint(text, 10, 32)
	if err != nil || strconv.FormatUint(number, 10) != text {
		return 0, fmt.Errorf("%s is not a number from %d to %d", b.name, b.low, b.high)
	}
	return uint32(number), b.check(number)
}
