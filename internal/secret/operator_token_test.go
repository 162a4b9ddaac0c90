package secret

import (
	"errors"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// Proves: 5.6
func TestOperatorTokens(t *testing.T) {
	id := identity.NewOperatorTokenID()
	token, other := NewOperatorToken(id), NewOperatorToken(id)
	if token == other || len(token) != 68 || !strings.HasPrefix(string(token), "opr_") {
		t.Fatalf("%q and %q", string(token), string(other))
	}
	if got, err := ReadOperatorToken(string(token)); err != nil || got != id {
		t.Errorf("reads as %s, %v", got, err)
	}
	hash := OperatorTokenHash(token)
	if !IsOperatorToken(string(token), hash) || IsOperatorToken(string(other), hash) || IsOperatorToken(string(token), "") {
		t.Error("a token is not told from another of its id")
	}
	for name, text := range map[string]string{
		"nothing": "", "a link": "rst_" + string(token[4:]), "cut": string(token[:67]), "longer": string(token) + "A",
		"padded": string(token) + "=", "broken over lines": string(token[:30]) + "\n" + string(token[30:]), "in capitals": "OPR_" + string(token[4:]),
	} {
		if _, err := ReadOperatorToken(text); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadOperatorToken(f *testing.F) {
	f.Add(string(NewOperatorToken(identity.NewOperatorTokenID())))
	f.Add("opr_")
	f.Add("opr_////")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ReadOperatorToken(text)
		if err == nil && (len(text) != 68 || len(id) != 36) {
			t.Errorf("%q reads as %s", text, id)
		}
	})
}
