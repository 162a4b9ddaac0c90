package secret_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/secret"
)

var linkPurposes = []identity.LinkPurpose{identity.ResetLink, identity.InvitationLink, identity.UndoLink, identity.AddressLink}

// Proves: 4.1
func TestLinkTokens(t *testing.T) {
	keys := linkKeys(t)
	tenant, link := identity.NewTenantID(), identity.NewLinkID()
	for i, purpose := range linkPurposes {
		token := keys.LinkToken(purpose, tenant, link)
		if again := keys.LinkToken(purpose, tenant, link); again != token {
			t.Errorf("%s: made anew it is another", purpose)
		}
		gotTenant, gotLink, err := keys.ReadLinkToken(purpose, string(token))
		if err != nil || gotTenant != tenant || gotLink != link {
			t.Errorf("%s: %s %s, %v", purpose, gotTenant, gotLink, err)
		}
		other := linkPurposes[(i+1)%len(linkPurposes)]
		if _, _, err := keys.ReadLinkToken(other, string(token)); !errors.Is(err, secret.ErrToken) {
			t.Errorf("%s read as %s: %v", purpose, other, err)
		}
		prefix, _, _ := strings.Cut(string(keys.LinkToken(other, tenant, link)), "_")
		if _, _, err := keys.ReadLinkToken(other, prefix+string(token)[3:]); !errors.Is(err, secret.ErrToken) {
			t.Errorf("%s renamed to %s: %v", purpose, other, err)
		}
		if secret.LinkHash(token) == secret.LinkHash(keys.LinkToken(purpose, identity.NewTenantID(), link)) {
			t.Errorf("%s: two tenants' links have one hash", purpose)
		}
	}
	if _, _, err := keys.ReadLinkToken("", "rst_"); !errors.Is(err, secret.ErrToken) {
		t.Errorf("no purpose: %v", err)
	}
}

// Whoever has a link in one tenant has none in another, although links there
// have the same ids.
//
// Proves: W2, 4.1
func TestLinkTokensStayInTheirTenant(t *testing.T) {
	keys := linkKeys(t)
	token := string(keys.LinkToken(identity.ResetLink, identity.NewTenantID(), identity.NewLinkID()))
	raw, err := base64.RawURLEncoding.DecodeString(token[4:])
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		changed := append([]byte(nil), raw...)
		changed[i] ^= 1
		text := "rst_" + base64.RawURLEncoding.EncodeToString(changed)
		if _, _, err := keys.ReadLinkToken(identity.ResetLink, text); !errors.Is(err, secret.ErrToken) {
			t.Errorf("with byte %d changed: %v", i, err)
		}
	}
}

func linkKeys(t *testing.T) secret.Keys {
	t.Helper()
	return secret.NewRoot().Keys()
}

func FuzzReadLinkToken(f *testing.F) {
	keys := secret.NewRoot().Keys()
	good := string(keys.LinkToken(identity.ResetLink, identity.NewTenantID(), identity.NewLinkID()))
	for _, seed := range []string{good, good[:len(good)-1], good + "=", "rst_", "", "inv_" + good[4:]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tenant, link, err := keys.ReadLinkToken(identity.ResetLink, text)
		if err == nil && string(keys.LinkToken(identity.ResetLink, tenant, link)) != text {
			t.Errorf("another text is taken: %q", text)
		}
	})
}
