package session_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// The claims of a real token, as docs/integrate/api.md lists them: a list is
// there also when it is empty, a name, address or extension only when there is
// one; Ann has but an address.
//
// Proves: W9, 2.7
func TestTheNamesOfClaims(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		_, _ = withAnn(t, h)
		g := enter(t, h, identity.Program)
		parts := strings.Split(g.AccessToken, ".")
		if len(parts) != 3 {
			t.Fatalf("a token of %d parts", len(parts))
		}
		read := func(part string) (object map[string]any) {
			text, err := base64.RawURLEncoding.DecodeString(part)
			if err == nil {
				err = json.Unmarshal(text, &object)
			}
			if err != nil {
				t.Fatal(err)
			}
			return object
		}
		if got := strings.Join(slices.Sorted(maps.Keys(read(parts[0]))), " "); got != "alg kid typ" {
			t.Errorf("the header has %s", got)
		}
		claims := read(parts[1])
		const always = "amr aud auth_time email exp iat iss jti permissions roles sid sub tenant tenant_id"
		if got := strings.Join(slices.Sorted(maps.Keys(claims)), " "); got != always {
			t.Errorf("the claims are\n%s, want\n%s", got, always)
		}
		if list, ok := claims["permissions"].([]any); !ok || len(list) != 0 {
			t.Errorf("somebody who may nothing has the permissions %v", claims["permissions"])
		}
		if _, text := claims["aud"].(string); !text {
			t.Errorf("aud is %v, want one text", claims["aud"])
		}
	})
}
