package secret

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Params are what an argon2id hash costs (RFC 9106).
type Params struct {
	Memory  uint32 // KiB
	Time    uint32 // passes over the memory
	Threads uint8  // lanes
}

// DefaultParams is the least that OWASP's cheat sheet on password storage asks
// of argon2id.
var DefaultParams = Params{Memory: 19456, Time: 2, Threads: 1}

const (
	ownSalt   = 16 // bytes
	ownDigest = 32 // bytes
)

// ParseParams reads "argon2id", which means DefaultParams, or "argon2id" with
// what differs: "argon2id,m=65536,t=3,p=4". Memory is 8192 to 262144 KiB, the
// time 1 to 10 passes, the threads 1 to 8; memory times passes is at most
// 1048576.
func ParseParams(s string) (Params, error) {
	settings := strings.Split(s, ",")
	if settings[0] != functionArgon2id {
		return Params{}, fmt.Errorf("password hash is not %q with optional m=, t= and p= after commas", functionArgon2id)
	}
	bounds := map[string]bound{
		"m": {"password hash memory m", 8192, maxMemory},
		"t": {"password hash time t", 1, maxArgonTime},
		"p": {"password hash threads p", 1, maxThreads},
	}
	numbers := map[string]uint32{
		"m": DefaultParams.Memory, "t": DefaultParams.Time, "p": uint32(DefaultParams.Threads),
	}
	for _, setting := range settings[1:] {
		name, text, _ := strings.Cut(setting, "=")
		b, known := bounds[name]
		if !known {
			return Params{}, errors.New("password hash has m=, t= and p=, once each and nothing else")
		}
		number, err := b.read(text)
		if err != nil {
			return Params{}, err
		}
		numbers[name] = number
		delete(bounds, name)
	}
	if err := (bound{"password hash m×t", 0, maxArgonWork}).check(uint64(numbers["m"]) * uint64(numbers["t"])); err != nil {
		return Params{}, err
	}
	return Params{Memory: numbers["m"], Time: numbers["t"], Threads: uint8(numbers["p"])}, nil
}

// String is the form ParseParams reads.
func (p Params) String() string {
	return fmt.Sprintf("%s,m=%d,t=%d,p=%d", functionArgon2id, p.Memory, p.Time, p.Threads)
}

// Hash makes a hash of pw in the PHC string format. The salt is best 16 bytes;
// nil means 16 random ones. Equal passwords under equal salts give equal
// hashes.
func (p Params) Hash(pw Password, salt []byte) Hash {
	if salt == nil {
		salt = randomBytes(ownSalt)
	}
	digest := p.recipe(salt).derive(pw.Reveal())
	return p.write(salt, digest)
}

func (p Params) write(salt, digest []byte) Hash {
	b64 := base64.RawStdEncoding.EncodeToString
	return Hash(fmt.Sprintf("$%s$v=%d$m=%d,t=%d,p=%d$%s$%s", functionArgon2id, argon2.Version,
		p.Memory, p.Time, p.Threads, b64(salt), b64(digest)))
}

func (p Params) recipe(salt []byte) recipe {
	return recipe{
		function: functionArgon2id, memory: p.Memory, time: p.Time, threads: uint32(p.Threads),
		salt: string(salt), size: ownDigest,
	}
}
