package secret

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// linkPrefixes say what a link is for; each kind is good for nothing else.
var linkPrefixes = map[identity.LinkPurpose]string{
	identity.ResetLink:      "rst_",
	identity.InvitationLink: "inv_",
	identity.UndoLink:       "und_",
	identity.AddressLink:    "adr_",
}

// LinkToken is what a one-time link carries: "rst_", "inv_", "und_" or
// "adr_" and base64url of tenant id ‖ link id ‖ HMAC-SHA256 over purpose, tenant and link.
// Any node makes it again from the ids, so no letter waiting to be written
// holds one. The database keeps its LinkHash.
func (k Keys) LinkToken(p identity.LinkPurpose, t identity.TenantID, l identity.LinkID) Token {
	return signed(linkPrefixes[p], k.sub().link, packPair(t, l))
}

// ReadLinkToken says which link a token is of, or ErrToken: also when it was
// made for another purpose. Whether the link lives, its row says.
func (k Keys) ReadLinkToken(p identity.LinkPurpose, text string) (t identity.TenantID, l identity.LinkID, err error) {
	prefix, known := linkPrefixes[p]
	if !known {
		return "", "", ErrToken
	}
	packed, err := readSigned(prefix, k.sub().link, text, 2*idSize)
	if err != nil {
		return "", "", err
	}
	return identity.TenantIDFrom([idSize]byte(packed[:idSize])), identity.LinkIDFrom([idSize]byte(packed[idSize:])), nil
}

// LinkHash is how a link's token is stored: SHA-256 of the whole of it, tenant
// and purpose included, as 64 hexadecimal digits.
func LinkHash(token Token) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// packPair takes ids from the store; one that is no id is our own mistake.
func packPair[A, B ~string](a A, b B) []byte {
	first, err := identity.Bytes(a)
	if err != nil {
		panic(err)
	}
	second, err := identity.Bytes(b)
	if err != nil {
		panic(err)
	}
	return append(first[:], second[:]...)
}
