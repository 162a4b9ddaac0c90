package secret

import (
	"encoding/hex"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// OnceHash is how a request that is to be done once is remembered: a keyed hash
// of its parts, each with its length, for a body may hold a password that a
// plain hash would let somebody guess. 64 hexadecimal digits.
func (k Keys) OnceHash(tenant identity.TenantID, parts ...string) string {
	return hex.EncodeToString(keyed(k.sub().once, append([]string{string(tenant)}, parts...)...))
}
