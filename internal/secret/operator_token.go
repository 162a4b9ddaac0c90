package secret

import (
	"crypto/hmac"

	"github.com/vestibule-id/vestibule/internal/identity"
)

const (
	operatorPrefix = "opr_"
	operatorRandom = 32 // bytes
)

// NewOperatorToken makes the token of an id: "opr_" and base64url of the id ‖
// 256 random bits. The store keeps its OperatorTokenHash, so nobody can make it
// again.
func NewOperatorToken(id identity.OperatorTokenID) Token {
	raw, err := identity.Bytes(id)
	if err != nil {
		panic(err) // one that is no id is our own mistake
	}
	return encodeToken(operatorPrefix, append(raw[:], randomBytes(operatorRandom)...))
}

// ReadOperatorToken says which token a text claims to be, or ErrToken. Whether
// it is, IsOperatorToken says.
func ReadOperatorToken(text string) (identity.OperatorTokenID, error) {
	raw, ok := decodeToken(operatorPrefix, text)
	if !ok || len(raw) != idSize+operatorRandom {
		return "", ErrToken
	}
	return identity.OperatorTokenIDFrom([idSize]byte(raw[:idSize])), nil
}

// OperatorTokenHash is how a token is stored: SHA-256 of the whole of it, which
// is enough for something as random, as 64 hexadecimal digits.
func OperatorTokenHash(token Token) string { return LinkHash(token) }

// IsOperatorToken reports whether text is the token with that hash, in a time
// that does not tell where they differ.
func IsOperatorToken(text, hash string) bool {
	return hmac.Equal([]byte(OperatorTokenHash(Token(text))), []byte(hash))
}
