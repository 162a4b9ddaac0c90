package secret

import (
	"crypto/hmac"
	"encoding/base32"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// A letter's token stands in its Message-ID and in its return path, so that
// what comes back tells which letter it was, and nobody but us can say so of a
// letter. Mail servers fold the case of addresses and allow 64 characters
// before the @ (RFC 5321 section 4.5.3.1.1): it is base32 in lower case, of a
// hint of 5 bytes at the tenant, the task's id and a keyed hash.
const (
	hintSize      = 5
	letterMAC     = 10
	letterTokenAt = hintSize + idSize
)

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// LetterToken names a letter to the mail servers it meets: 50 characters of a
// to z and 2 to 7. The same letter always has the same.
func (k Keys) LetterToken(t identity.TenantID, id identity.TaskID) string {
	tenant, err := identity.Bytes(t)
	if err != nil {
		panic(err) // from the store; one that is no id is our own mistake
	}
	task, err := identity.Bytes(id)
	if err != nil {
		panic(err)
	}
	packed := append(tenant[idSize-hintSize:], task[:]...)
	return base32Lower.EncodeToString(append(packed, k.letterMAC(t, id)...))
}

func (k Keys) letterMAC(t identity.TenantID, id identity.TaskID) []byte {
	return keyed(k.sub().letter, string(t), string(id))[:letterMAC]
}

// ReadLetterToken takes a letter's token apart: the last digits of its
// tenant's id and the task. Whether it is ours, IsLetterToken says once the
// tenant is found; ErrToken says that it cannot be.
func ReadLetterToken(text string) (tenantHint string, id identity.TaskID, err error) {
	raw, err := base32Lower.DecodeString(text)
	if err != nil || len(raw) != letterTokenAt+letterMAC || base32Lower.EncodeToString(raw) != text {
		return "", "", ErrToken
	}
	hint := identity.TenantIDFrom([idSize]byte(append(make([]byte, idSize-hintSize), raw[:hintSize]...)))
	return string(hint[len(hint)-2*hintSize:]), identity.TaskIDFrom([idSize]byte(raw[hintSize:letterTokenAt])), nil
}

// IsLetterToken reports whether text is the LetterToken of a letter.
func (k Keys) IsLetterToken(text string, t identity.TenantID, id identity.TaskID) bool {
	return hmac.Equal([]byte(text), []byte(k.LetterToken(t, id)))
}
