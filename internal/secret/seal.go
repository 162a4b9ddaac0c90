package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/vestibule-id/vestibule/internal/problem"
)

// What can be wrong with an operator's keys.
var (
	ErrSealingKeys = problem.New(problem.Invalid, "sealing_key_invalid", "The sealing key cannot be read.")
	ErrForeignKey  = problem.New(problem.Conflict, "sealing_key_mismatch", "The sealing key does not belong to this database.")
)

// errRoot says that the database's sealed root is damaged: the key that sealed
// it is there and does not open it.
var errRoot = errors.New("the sealed root key is damaged")

const keySize = 32 // bytes, of every symmetric key

// SealingKeys are the operator's keys, newest first. They come from a file or
// the environment and are never in the database.
type SealingKeys struct {
	hidden
	keys func() []*[keySize]byte
}

// ParseSealingKeys reads one key a line, 32 bytes as standard base64, newest
// first. Blank lines and lines that begin with # are skipped. ErrSealingKeys
// names the line that is wrong and never repeats it.
func ParseSealingKeys(text string) (SealingKeys, error) {
	var keys []*[keySize]byte
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil {
			return SealingKeys{}, ErrSealingKeys.Because("line %d: not base64", number)
		}
		if len(raw) != keySize {
			return SealingKeys{}, ErrSealingKeys.Because("line %d: %d bytes, want %d", number, len(raw), keySize)
		}
		key := [keySize]byte(raw)
		for _, other := range keys {
			if *other == key {
				return SealingKeys{}, ErrSealingKeys.Because("line %d: the same key as on an earlier line", number)
			}
		}
		keys = append(keys, &key)
	}
	if len(keys) == 0 {
		return SealingKeys{}, ErrSealingKeys.Because("there is no key in it")
	}
	return SealingKeys{keys: veil(keys)}, nil
}

// NewSealingKey makes a key as ParseSealingKeys reads it, with its newline.
func NewSealingKey() string {
	return base64.StdEncoding.EncodeToString(randomBytes(keySize)) + "\n"
}

// A Root is a database's own secret. It is made once, together with the
// database, and kept in it under the newest sealing key, so that the operator
// can change that key while everything derived from the root stays.
type Root struct {
	hidden
	key func() *[keySize]byte
}

// NewRoot makes a root for a new database.
func NewRoot() Root {
	key := [keySize]byte(randomBytes(keySize))
	return Root{key: veil(&key)}
}

// A sealed root is rootVersion ‖ key id ‖ nonce ‖ AES-256-GCM ciphertext; what
// stands before the nonce is authenticated too. Random nonces of 96 bits do,
// because a sealing key seals a root a few times in its life.
const (
	rootVersion = 1
	rootHeader  = 1 + 8
	rootLabel   = "vestibule root\x00"
)

// SealRoot seals a root with the newest key.
func (k SealingKeys) SealRoot(r Root) []byte {
	key := k.keys()[0]
	header := append([]byte{rootVersion}, keyID(key)...)
	return rootAEAD(key).Seal(header, nil, r.key()[:], rootBound(header))
}

// OpenRoot opens what SealRoot made. newest is false when an older key opened
// it, which calls for sealing it again. ErrForeignKey when none of the keys
// sealed it.
func (k SealingKeys) OpenRoot(sealed []byte) (r Root, newest bool, err error) {
	if len(sealed) < rootHeader || sealed[0] != rootVersion {
		return Root{}, false, errRoot
	}
	header, box := sealed[:rootHeader], sealed[rootHeader:]
	for i, key := range k.keys() {
		if !bytes.Equal(header[1:], keyID(key)) {
			continue
		}
		raw, err := rootAEAD(key).Open(nil, nil, box, rootBound(header))
		if err != nil || len(raw) != keySize {
			return Root{}, false, errRoot
		}
		opened := [keySize]byte(raw)
		return Root{key: veil(&opened)}, i == 0, nil
	}
	return Root{}, false, ErrForeignKey
}

// keyID names a sealing key without telling anything about it: the key is
// random, so a hash of it cannot be searched.
func keyID(key *[keySize]byte) []byte {
	sum := sha256.Sum256(append([]byte("vestibule sealing key id\x00"), key[:]...))
	return sum[:8]
}

func rootBound(header []byte) []byte { return append([]byte(rootLabel), header...) }

func rootAEAD(key *[keySize]byte) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // only a wrong key size fails
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // only a wrong block size fails
	}
	return aead
}
