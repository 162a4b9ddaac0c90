package secret

import (
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// The forms of hashes. A parser gets the text split at its dollar signs.
var forms = []struct {
	prefix string
	parse  func(parts []string) (parsed, error)
}{
	{"$argon2id$", parseArgon2id},
	{"$2", parseBcrypt},
	{"$scrypt$", parseScrypt},
	{"$pbkdf2-sha256$", parsePBKDF2},
	{"pbkdf2_sha256$", parseDjango},
	{"$6$", parseSHA512Crypt},
}

// The order of base64 digits in crypt(3).
const cryptDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

var (
	phcBase64    = base64.RawStdEncoding.Strict()
	paddedBase64 = base64.StdEncoding.Strict()
	bcryptBase64 = base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").
			WithPadding(base64.NoPadding)
)

// split notes where in the text salt and digest are: the last two parts.
func split(parts []string, zero rune) parsed {
	n := len(parts)
	return parsed{
		head: strings.Join(parts[:n-2], "$") + "$", saltText: parts[n-2],
		gap: "$", digestText: parts[n-1], zero: zero,
	}
}

// decode reads salt and digest with the functions given and checks lengths.
func (p *parsed) decode(salt, digest func(string) ([]byte, error)) error {
	rawSalt, err := salt(p.saltText)
	if err != nil {
		return fmt.Errorf("%s salt is not in the encoding of this form", p.function)
	}
	p.digest, err = digest(p.digestText)
	if err != nil {
		return fmt.Errorf("%s digest is not in the encoding of this form", p.function)
	}
	p.salt, p.size = string(rawSalt), len(p.digest)
	if err := (bound{p.function + " salt length", minSalt, maxSalt}).check(uint64(len(p.salt))); err != nil {
		return err
	}
	return bound{p.function + " digest length", minDigest, maxDigest}.check(uint64(p.size))
}

// parameters reads "m=8192,t=2,p=1", the names in this order.
func parameters(function, text string, into map[string]*uint32, bounds ...bound) error {
	settings := strings.Split(text, ",")
	if len(settings) != len(bounds) {
		return fmt.Errorf("%s does not have its %d parameters", function, len(bounds))
	}
	for i, b := range bounds {
		number, ok := strings.CutPrefix(settings[i], b.name+"=")
		if !ok {
			return fmt.Errorf("%s parameter %s is missing or not in its place", function, b.name)
		}
		name := b.name
		b.name = function + " " + b.name
		read, err := b.read(number)
		if err != nil {
			return err
		}
		*into[name] = read
	}
	return nil
}

func parseArgon2id(parts []string) (parsed, error) {
	if len(parts) != 6 {
		return parsed{}, errors.New("argon2id hash is not version, parameters, salt and digest")
	}
	p := split(parts, 'A')
	p.function = functionArgon2id
	if parts[2] != "v=19" {
		return parsed{}, errors.New("argon2id version is not 19")
	}
	err := parameters(p.function, parts[3], map[string]*uint32{"m": &p.memory, "t": &p.time, "p": &p.threads},
		bound{"m", 8, maxMemory}, bound{"t", 1, maxArgonTime}, bound{"p", 1, maxThreads})
	if err != nil {
		return parsed{}, err
	}
	if p.memory < 8*p.threads { // RFC 9106, section 3.1
		return parsed{}, fmt.Errorf("argon2id m %d is under eight times p %d", p.memory, p.threads)
	}
	if err := (bound{"argon2id m×t in KiB", 0, maxArgonWork}).check(uint64(p.memory) * uint64(p.time)); err != nil {
		return parsed{}, err
	}
	return p, p.decode(phcBase64.DecodeString, phcBase64.DecodeString)
}

func parseBcrypt(parts []string) (parsed, error) {
	if len(parts) != 4 || len(parts[3]) != 53 || len(parts[2]) != 2 {
		return parsed{}, errors.New("bcrypt hash is not version, two digits of cost and 53 characters")
	}
	switch parts[1] {
	case "2a", "2b", "2y":
	default:
		return parsed{}, errors.New("bcrypt version is not 2a, 2b or 2y")
	}
	cost, err := bound{"bcrypt cost", minBcryptCost, maxBcryptCost}.read(strings.TrimPrefix(parts[2], "0"))
	if err != nil {
		return parsed{}, err
	}
	p := parsed{
		recipe: recipe{function: functionBcrypt, time: cost},
		head:   strings.Join(parts[:3], "$") + "$", saltText: parts[3][:22], digestText: parts[3][22:],
		zero: '.',
	}
	// The digest is compared in its text, as the function gives it.
	digest := func(text string) ([]byte, error) {
		_, err := bcryptBase64.Strict().DecodeString(text)
		return []byte(text), err
	}
	return p, p.decode(bcryptBase64.DecodeString, digest)
}

func parseScrypt(parts []string) (parsed, error) {
	if len(parts) != 5 {
		return parsed{}, errors.New("scrypt hash is not parameters, salt and digest")
	}
	p := split(parts, 'A')
	p.function = functionScrypt
	err := parameters(p.function, parts[2], map[string]*uint32{"ln": &p.time, "r": &p.memory, "p": &p.threads},
		bound{"ln", 1, maxScryptLog}, bound{"r", 1, maxScryptBlocks}, bound{"p", 1, maxThreads})
	if err != nil {
		return parsed{}, err
	}
	need := uint64(128) * uint64(p.memory) << p.time / 1024 // RFC 7914, section 2
	if err := (bound{"scrypt memory in KiB", 0, maxMemory}).check(need); err != nil {
		return parsed{}, err
	}
	if err := (bound{"scrypt memory×p in KiB", 0, maxMemory}).check(need * uint64(p.threads)); err != nil {
		return parsed{}, err
	}
	return p, p.decode(phcBase64.DecodeString, phcBase64.DecodeString)
}

func parsePBKDF2(parts []string) (parsed, error) {
	if len(parts) != 5 {
		return parsed{}, errors.New("pbkdf2-sha256 hash is not iterations, salt and digest")
	}
	p := split(parts, 'A')
	p.function = functionPBKDF2
	count, length, withLength := strings.Cut(strings.TrimPrefix(parts[2], "i="), ",l=")
	var err error
	if p.time, err = iterations.read(count); err != nil {
		return parsed{}, err
	}
	// The PHC string format has "+" where passlib has "."; both mean the same.
	decode := func(text string) ([]byte, error) {
		return phcBase64.DecodeString(strings.ReplaceAll(text, ".", "+"))
	}
	if err := p.decode(decode, decode); err != nil {
		return parsed{}, err
	}
	if withLength && length != fmt.Sprint(p.size) {
		return parsed{}, errors.New("pbkdf2-sha256 digest does not have the length l says")
	}
	return p, nil
}

var iterations = bound{"pbkdf2-sha256 iterations", 1, maxIterations}

func parseDjango(parts []string) (parsed, error) {
	if len(parts) != 4 {
		return parsed{}, errors.New("pbkdf2_sha256 hash is not iterations, salt and digest")
	}
	p := split(parts, 'A')
	p.function = functionPBKDF2
	var err error
	if p.time, err = iterations.read(parts[1]); err != nil {
		return parsed{}, err
	}
	return p, p.decode(verbatim, paddedBase64.DecodeString)
}

func verbatim(text string) ([]byte, error) { return []byte(text), nil }

func parseSHA512Crypt(parts []string) (parsed, error) {
	p := split(parts, '.')
	p.function = functionSHA512Crypt
	p.time = defaultRounds
	rounds, explicit := strings.CutPrefix(parts[2], "rounds=")
	var err error
	switch {
	case len(parts) == 5 && explicit:
		p.time, err = bound{"sha512crypt rounds", minRounds, maxRounds}.read(rounds)
	case len(parts) != 4:
		err = errors.New("sha512crypt hash is not optional rounds, salt and digest")
	}
	if err != nil {
		return parsed{}, err
	}
	// The digest is compared in its text, as the function gives it.
	p.salt, p.digest, p.size = p.saltText, []byte(p.digestText), sha512.Size
	if len(p.digest) != 86 || strings.Trim(p.digestText, cryptDigits) != "" {
		return parsed{}, errors.New("sha512crypt digest is not 86 characters of crypt's base64")
	}
	return p, bound{"sha512crypt salt length", minSalt, maxCryptSalt}.check(uint64(len(p.salt)))
}
