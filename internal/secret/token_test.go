package secret

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vestibule-id/vestibule/internal/identity"
)

const (
	tenantA  identity.TenantID  = "ten_0198f0000000700080000000000000a1"
	tenantB  identity.TenantID  = "ten_0198f0000000700080000000000000b2"
	userA    identity.UserID    = "usr_0198f0000000700080000000000000c3"
	userB    identity.UserID    = "usr_0198f0000000700080000000000000d4"
	sessionA identity.SessionID = "ses_0198f0000000700080000000000000e5"
)

// fixedKeys are the keys of a root that never changes.
func fixedKeys() Keys {
	var key [keySize]byte
	for i := range key {
		key[i] = byte(i)
	}
	return Root{key: veil(&key)}.Keys()
}

// everyMutation tries a text with each character replaced by each of a few
// others, left out, or followed by something.
func everyMutation(text string, try func(altered string)) {
	const others = "AQgwBCDa9-_=+/. \n\r\x00é"
	for i := range len(text) {
		for _, other := range others {
			if string(other) != text[i:i+1] {
				try(text[:i] + string(other) + text[i+1:])
			}
			try(text[:i+1] + string(other) + text[i+1:])
		}
		try(text[:i])
		try(text[:i] + string(text[i]^1) + text[i+1:])
		try(text[:i] + string(text[i]^32) + text[i+1:])
		if short := text[:i] + text[i+1:]; short != text {
			try(short)
		}
	}
}

func someChange() Change {
	return Change{Tenant: tenantA, User: userA, Credential: 7, Expires: noon.Add(time.Minute)}
}

func someChoice() Choice {
	return Choice{
		Candidates: []Candidate{{Tenant: tenantA, User: userA, Credential: 7}, {Tenant: tenantB, User: userB, Credential: 1}},
		Expires:    noon.Add(time.Minute),
	}
}

// readers are the ways to read each kind of token, without what it says.
func readers(k Keys) map[string]func(text string) error {
	return map[string]func(string) error{
		"refresh": func(s string) error { _, _, _, err := k.ReadRefreshToken(s); return err },
		"session": func(s string) error { _, _, err := k.ReadSessionToken(s); return err },
		"change":  func(s string) error { _, err := k.ReadChangeToken(s, noon); return err },
		"choice":  func(s string) error { _, err := k.ReadChoiceToken(s, noon); return err },
	}
}

func validTokens(k Keys) map[string]string {
	return map[string]string{
		"refresh": string(k.RefreshToken(tenantA, sessionA, 41)),
		"session": string(k.SessionToken(tenantA, sessionA)),
		"change":  string(k.ChangeToken(someChange())),
		"choice":  string(k.ChoiceToken(someChoice())),
	}
}

func TestTokensSayWhatTheyWereMadeFor(t *testing.T) {
	k := fixedKeys()
	tokens := validTokens(k)
	tenant, session, generation, err := k.ReadRefreshToken(tokens["refresh"])
	if err != nil || tenant != tenantA || session != sessionA || generation != 41 {
		t.Errorf("refresh token: %s %s %d %v", tenant, session, generation, err)
	}
	tenant, session, err = k.ReadSessionToken(tokens["session"])
	if err != nil || tenant != tenantA || session != sessionA {
		t.Errorf("session token: %s %s %v", tenant, session, err)
	}
	change, err := k.ReadChangeToken(tokens["change"], noon)
	if diff := cmp.Diff(someChange(), change); err != nil || diff != "" {
		t.Errorf("change token: %v %s", err, diff)
	}
	choice, err := k.ReadChoiceToken(tokens["choice"], noon)
	if diff := cmp.Diff(someChoice(), choice); err != nil || diff != "" {
		t.Errorf("choice token: %v %s", err, diff)
	}
}

func TestTokensAreGoodForOnePurpose(t *testing.T) {
	k := fixedKeys()
	prefixes := []string{refreshPrefix, sessionPrefix, changePrefix, choicePrefix}
	for kind, token := range validTokens(k) {
		for reader, read := range readers(k) {
			if err := read(token); (err == nil) != (kind == reader) {
				t.Errorf("%s token read as %s token: %v", kind, reader, err)
			}
			if kind == reader {
				continue
			}
			for _, prefix := range prefixes {
				if err := read(prefix + token[4:]); !errors.Is(err, ErrToken) {
					t.Errorf("%s token as %s, read as %s token: %v", kind, prefix, reader, err)
				}
			}
		}
	}
}

func TestTokensRefuseEveryAlteredCharacter(t *testing.T) {
	k := fixedKeys()
	for kind, token := range validTokens(k) {
		read := readers(k)[kind]
		everyMutation(token, func(altered string) {
			if err := read(altered); err != error(ErrToken) {
				t.Fatalf("%s token: error %v for %q", kind, err, altered)
			}
		})
	}
}

func TestTokensOfAnotherDatabase(t *testing.T) {
	foreign := validTokens(NewRoot().Keys())
	for kind, read := range readers(fixedKeys()) {
		if err := read(foreign[kind]); !errors.Is(err, ErrToken) {
			t.Errorf("%s token of another database: %v", kind, err)
		}
	}
}

// A token's message authentication code must cover all it says: the same code
// over other packed bytes is refused.
func TestRefreshTokenCoversTenantSessionAndGeneration(t *testing.T) {
	k := fixedKeys()
	raw, _ := base64.RawURLEncoding.DecodeString(validTokens(k)["refresh"][4:])
	for name, at := range map[string]int{"tenant": 0, "session": idSize, "generation": 2*idSize + 7} {
		altered := append([]byte(nil), raw...)
		altered[at] ^= 1
		if _, _, _, err := k.ReadRefreshToken(string(encodeToken(refreshPrefix, altered))); !errors.Is(err, ErrToken) {
			t.Errorf("other %s: %v", name, err)
		}
	}
}

func TestShortLivedTokensEnd(t *testing.T) {
	k := fixedKeys()
	tokens := validTokens(k)
	for _, test := range []struct {
		name string
		now  time.Time
		ok   bool
	}{
		{name: "just before the end", now: noon.Add(time.Minute - 1), ok: true},
		{name: "at the end", now: noon.Add(time.Minute)},
		{name: "later", now: noon.Add(time.Hour)},
	} {
		if _, err := k.ReadChangeToken(tokens["change"], test.now); (err == nil) != test.ok {
			t.Errorf("change token %s: %v", test.name, err)
		}
		if _, err := k.ReadChoiceToken(tokens["choice"], test.now); (err == nil) != test.ok {
			t.Errorf("choice token %s: %v", test.name, err)
		}
	}
}

// Refresh tokens are made again when an answer was lost, on any node and by
// any later release, so their bytes must not change.
func TestTokensStayTheSame(t *testing.T) {
	k := fixedKeys()
	for _, test := range []struct{ name, got, want string }{
		{"refresh token", string(k.RefreshToken(tenantA, sessionA, 41)), "rft_AZjwAAAAcACAAAAAAAAAoQGY8AAAAHAAgAAAAAAAAOUAAAAAAAAAKcudaVIn-6qvNGrBxrFgJanFueZ2ll456LzN0TEfIUCl"},
		{"session token", string(k.SessionToken(tenantA, sessionA)), "ses_AZjwAAAAcACAAAAAAAAAoQGY8AAAAHAAgAAAAAAAAOXCj82I9TJX5Uuq2nHt3HV7c2c2gxaZ9r36Qjojlxz0Rw"},
	} {
		if test.got != test.want {
			t.Errorf("%s %s, want %s", test.name, test.got, test.want)
		}
	}
}

func TestInitialPassword(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		password := NewInitialPassword()
		if len(strings.Split(password, "-")) != 4 || len(password) != 23 || strings.ContainsAny(password, "0OoQ1lIiB5S2Z9") {
			t.Fatalf("initial password %q", password)
		}
		if seen[password] {
			t.Fatal("the same initial password twice")
		}
		seen[password] = true
	}
	ways := 1.0
	for _, alphabet := range initialPasswordGroup {
		ways *= float64(len(alphabet))
	}
	if ways < 1<<20 {
		t.Errorf("%.0f different groups are under 20 bits each", ways)
	}
}

func TestBrowserIDs(t *testing.T) {
	a, b := NewBrowserID(), NewBrowserID()
	if a == b || len(a) != len("bro_")+24 || !strings.HasPrefix(a, "bro_") {
		t.Errorf("browser ids %q and %q", a, b)
	}
}

func FuzzReadRefreshToken(f *testing.F) {
	k := fixedKeys()
	valid := validTokens(k)["refresh"]
	f.Add(valid)
	f.Add(valid[:len(valid)-1])
	f.Add(valid + "\n")
	f.Add("rft_")
	f.Fuzz(func(t *testing.T, text string) {
		if _, _, _, err := k.ReadRefreshToken(text); text != valid && err != error(ErrToken) {
			t.Errorf("%q passed with error %v", text, err)
		}
	})
}

func FuzzReadSessionToken(f *testing.F) {
	k := fixedKeys()
	valid := validTokens(k)["session"]
	f.Add(valid)
	f.Add(valid[:len(valid)-1] + "B")
	f.Add("ses_====")
	f.Fuzz(func(t *testing.T, text string) {
		if _, _, err := k.ReadSessionToken(text); text != valid && err != error(ErrToken) {
			t.Errorf("%q passed with error %v", text, err)
		}
	})
}

func FuzzReadChoiceToken(f *testing.F) {
	k := fixedKeys()
	tokens := validTokens(k)
	valid := tokens["choice"]
	f.Add(valid)
	f.Add(tokens["change"])
	f.Add("cho_" + tokens["change"][4:])
	f.Add("cho_AQ")
	f.Fuzz(func(t *testing.T, text string) {
		// Another process sealed the seeds, so what passes is compared by what
		// it says.
		choice, err := k.ReadChoiceToken(text, noon)
		if err == nil && !cmp.Equal(choice, someChoice()) || err != nil && err != error(ErrToken) {
			t.Errorf("%q passed with error %v", text, err)
		}
		change, err := k.ReadChangeToken(text, noon)
		if err == nil && !cmp.Equal(change, someChange()) || err != nil && err != error(ErrToken) {
			t.Errorf("%q passed as change token with error %v", text, err)
		}
	})
}
