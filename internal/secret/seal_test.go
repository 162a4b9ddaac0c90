package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
)

func mustParse(t *testing.T, text string) SealingKeys {
	t.Helper()
	k, err := ParseSealingKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func count(k SealingKeys) int {
	if k.keys == nil {
		return 0
	}
	return len(k.keys())
}

func TestParseSealingKeys(t *testing.T) {
	a, b := NewSealingKey(), NewSealingKey()
	short := base64.StdEncoding.EncodeToString(make([]byte, 31))
	for _, test := range []struct {
		name, text, problem string
		keys                int
	}{
		{name: "one", text: a, keys: 1},
		{name: "without its line end, as in an environment", text: strings.TrimSpace(a), keys: 1},
		{name: "two, with comments, blanks and CRLF", text: "# new\r\n" + a + "\r\n\t# old\n  " + b, keys: 2},
		{name: "nothing", text: "", problem: "there is no key in it"},
		{name: "comments alone", text: "# nothing yet\n\n", problem: "there is no key in it"},
		{name: "too short", text: a + short, problem: "line 2: 31 bytes, want 32"},
		{name: "too long", text: base64.StdEncoding.EncodeToString(make([]byte, 33)), problem: "line 1: 33 bytes, want 32"},
		{name: "not base64", text: "\ncorrect horse", problem: "line 2: not base64"},
		{name: "stray bits at the end", text: strings.Repeat("A", 42) + "B=", problem: "line 1: not base64"},
		{name: "no padding", text: strings.Repeat("A", 43), problem: "line 1: not base64"},
		{name: "the same twice", text: a + b + a, problem: "line 3: the same key as on an earlier line"},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, err := ParseSealingKeys(test.text)
			if n := count(k); n != test.keys {
				t.Errorf("%d keys, want %d", n, test.keys)
			}
			if test.problem == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, ErrSealingKeys) || err.Error() != "sealing_key_invalid: "+test.problem {
				t.Errorf("error %v, want %s", err, test.problem)
			}
		})
	}
}

func TestOpenRoot(t *testing.T) {
	old, current := NewSealingKey(), NewSealingKey()
	root := NewRoot()
	sealed := mustParse(t, old).SealRoot(root)
	for _, test := range []struct {
		name, keys string
		newest     bool
		err        error
	}{
		{name: "the key that sealed it", keys: old, newest: true},
		{name: "now the second", keys: current + old, newest: false},
		{name: "still the first", keys: old + current, newest: true},
		{name: "a foreign key", keys: current, err: ErrForeignKey},
		{name: "two foreign keys", keys: current + NewSealingKey(), err: ErrForeignKey},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, newest, err := mustParse(t, test.keys).OpenRoot(sealed)
			if !errors.Is(err, test.err) || newest != test.newest {
				t.Fatalf("newest %v, error %v", newest, err)
			}
			if err == nil && *got.key() != *root.key() {
				t.Error("another root came out")
			}
		})
	}
}

func TestOpenRootRefusesEveryAlteredByte(t *testing.T) {
	k := mustParse(t, NewSealingKey())
	sealed := k.SealRoot(NewRoot())
	for i := range sealed {
		altered := bytes.Clone(sealed)
		altered[i] ^= 1
		if _, _, err := k.OpenRoot(altered); err == nil {
			t.Errorf("opened with byte %d altered", i)
		}
		if _, _, err := k.OpenRoot(sealed[:i]); err == nil {
			t.Errorf("opened when cut to %d bytes", i)
		}
	}
}

func TestSealingTwiceGivesOtherBytes(t *testing.T) {
	k, root, keys := mustParse(t, NewSealingKey()), NewRoot(), fixedKeys()
	if bytes.Equal(k.SealRoot(root), k.SealRoot(root)) {
		t.Error("a root sealed twice is the same")
	}
	if bytes.Equal(keys.Seal("password", nil, nil), keys.Seal("password", nil, nil)) {
		t.Error("a text sealed twice is the same")
	}
}

func TestSealedOpensOnlyWhereItBelongs(t *testing.T) {
	k := fixedKeys()
	sealed := k.Seal("password", []string{"ten_1", "usr_1"}, []byte("hash"))
	for _, test := range []struct {
		name    string
		keys    Keys
		purpose string
		bound   []string
		ok      bool
	}{
		{name: "where it was sealed", keys: k, purpose: "password", bound: []string{"ten_1", "usr_1"}, ok: true},
		{name: "another user", keys: k, purpose: "password", bound: []string{"ten_1", "usr_2"}},
		{name: "another tenant", keys: k, purpose: "password", bound: []string{"ten_2", "usr_1"}},
		{name: "tenant and user swapped", keys: k, purpose: "password", bound: []string{"usr_1", "ten_1"}},
		{name: "the same letters cut elsewhere", keys: k, purpose: "password", bound: []string{"ten_1usr", "_1"}},
		{name: "in one piece", keys: k, purpose: "password", bound: []string{"ten_1usr_1"}},
		{name: "one part more", keys: k, purpose: "password", bound: []string{"ten_1", "usr_1", ""}},
		{name: "bound to nothing", keys: k, purpose: "password"},
		{name: "another purpose", keys: k, purpose: "signing key", bound: []string{"ten_1", "usr_1"}},
		{name: "purpose as a part", keys: k, purpose: "", bound: []string{"password", "ten_1", "usr_1"}},
		{name: "another database", keys: NewRoot().Keys(), purpose: "password", bound: []string{"ten_1", "usr_1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			plain, err := test.keys.Open(test.purpose, test.bound, sealed)
			if test.ok != (err == nil && string(plain) == "hash") {
				t.Errorf("%q, error %v", plain, err)
			}
			if !test.ok && !errors.Is(err, ErrSealed) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestOpenRefusesEveryAlteredByte(t *testing.T) {
	k := fixedKeys()
	sealed := k.Seal("password", nil, []byte("hash"))
	if len(sealed) != 41+len("hash") {
		t.Errorf("%d bytes", len(sealed))
	}
	for i := range sealed {
		altered := bytes.Clone(sealed)
		altered[i] ^= 1
		if _, err := k.Open("password", nil, altered); !errors.Is(err, ErrSealed) {
			t.Errorf("byte %d altered: %v", i, err)
		}
		if _, err := k.Open("password", nil, sealed[:i]); !errors.Is(err, ErrSealed) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
}

// What is stored was made with these labels; a changed label would lock
// everybody out. The values are those of the first release.
func TestDerivedValuesStayTheSame(t *testing.T) {
	k := fixedKeys()
	sealed, err := hex.DecodeString("014056527e2ed61137d6452bf028522a6d4eb0474e959c6d55a401170fcecb1e933a965756c572061bfa9df85a")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := k.Open("password", []string{string(tenantA), string(userA)}, sealed)
	if err != nil {
		t.Errorf("sealed earlier: %v", err)
	}
	change, err := k.ReadChangeToken("chg_AaB3Ihk-jojSlwpJ0MrjHPfk0dVwDQsdl-s_I6U63lQqEdxUqpRTus_yTVvp8CSlVy82PBEDqQqg5zpq-JzJ5tvvqAI1MuncQejyz8ueBZFxdieidgP2MMNZsXLBznWndtYdvemdF09eMsWmqMj1EJ2WL8uNqWgmSDH78kPdXYdqsrjrrOxdUosDr5SX8-npIOulSbsvO_VP-rROk1kAlQRU0-E-RXGtM_erFMDAU91igW-Z_e0DeQ", noon)
	if err != nil || change.User != userA {
		t.Errorf("change token made earlier: %v", err)
	}
	oldKey := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, keySize))
	sealedRoot, err := hex.DecodeString("01a8b8168907b1c228e0f62f9561b849f9dfc86902565a77ff38d5d980b3aeb3eb33c0c0b53bcf62a2cc8d627dedf84621affe973327024702c12659746ca31355b3e27eff")
	if err != nil {
		t.Fatal(err)
	}
	root, _, err := mustParse(t, oldKey).OpenRoot(sealedRoot)
	if err != nil {
		t.Fatalf("root sealed earlier: %v", err)
	}
	for _, test := range []struct{ name, got, want string }{
		{"address hash", k.AddressHash("ann@x.test"), "1f7de36b2e978c619554a7e747a9ca52"},
		{"salt", hex.EncodeToString(k.EmailSalt("ann@x.test")), "6e7610ca86fdff398148728c95f061ca"},
		{"lane", k.LaneSubject(tenantA, "user", "ann@x.test"), "yZnyE-z5OoZsqT6-oYyyJA"},
		{"browser", k.BrowserHash("bro_1"), "5y9WoEfFOX8lFBr7JYEvEg"},
		{"form", string(k.FormToken(tenantA, userA, sessionA)), "Bs4ulCOyPNx0RWTtu_7ruw.qNko7WL1QTHdT104xLdfiA"},
		{"root", root.Keys().BrowserHash("bro_1"), "5y9WoEfFOX8lFBr7JYEvEg"},
		{"sealed text", string(plain), "hash"},
	} {
		if test.got != test.want {
			t.Errorf("%s %s, want %s", test.name, test.got, test.want)
		}
	}
}

func TestHashesTellUsesApart(t *testing.T) {
	k := fixedKeys()
	seen := map[string]string{}
	for name, got := range map[string]string{
		"address":                 k.AddressHash("a"),
		"another address":         k.AddressHash("b"),
		"salt":                    hex.EncodeToString(k.EmailSalt("a")),
		"browser":                 hexOf(t, k.BrowserHash("a")),
		"person":                  hexOf(t, k.personKey(tenantA, userA)),
		"person elsewhere":        hexOf(t, k.personKey(tenantB, userA)),
		"another person":          hexOf(t, k.personKey(tenantA, userA+"0")),
		"form":                    hexOf(t, sessionPart(k.FormToken(tenantA, userA, sessionA))),
		"form of another session": hexOf(t, sessionPart(k.FormToken(tenantA, userA, sessionA+"0"))),
		"form of another tenant":  hexOf(t, sessionPart(k.FormToken(tenantB, userA, sessionA))),
		"lane":                    hexOf(t, k.LaneSubject(tenantA, "user", "a")),
		"lane of another tenant":  hexOf(t, k.LaneSubject(tenantB, "user", "a")),
		"lane of another kind":    hexOf(t, k.LaneSubject(tenantA, "source", "a")),
		"lane with shifted parts": hexOf(t, k.LaneSubject(tenantA, "usera", "")),
	} {
		if other, taken := seen[got]; taken || len(got) != 32 {
			t.Errorf("%s is %s, like %q", name, got, other)
		}
		seen[got] = name
	}
}

// sessionPart is the second half of a FormToken; the first is the name of the person.
func sessionPart(form Token) string {
	_, session, _ := strings.Cut(string(form), ".")
	return session
}

func TestFormsKnowTheirPersonAndSession(t *testing.T) {
	k := fixedKeys()
	form := string(k.FormToken(tenantA, userA, sessionA))
	for _, row := range []struct {
		name, text      string
		tenant          identity.TenantID
		user            identity.UserID
		session         identity.SessionID
		person, exactly bool
	}{
		{"its own", form, tenantA, userA, sessionA, true, true},
		{"another session of the person", form, tenantA, userA, sessionA + "0", true, false},
		{"another person", form, tenantA, userA + "0", sessionA, false, false},
		{"another tenant", form, tenantB, userA, sessionA, false, false},
		{"the person alone", k.personKey(tenantA, userA), tenantA, userA, sessionA, true, false},
		{"the session alone", "." + sessionPart(Token(form)), tenantA, userA, sessionA, false, false},
		{"something behind it", form + ".", tenantA, userA, sessionA, true, false},
		{"nothing", "", tenantA, userA, sessionA, false, false},
	} {
		if person, exactly := k.FormOf(row.text, row.tenant, row.user, row.session); person != row.person || exactly != row.exactly {
			t.Errorf("%s: person %v, session %v", row.name, person, exactly)
		}
	}
}

func hexOf(t *testing.T, text string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(raw)
}

func TestSecretsHideThemselves(t *testing.T) {
	root := Root{key: veil((*[keySize]byte)(bytes.Repeat([]byte("K"), keySize)))}
	line := base64.StdEncoding.EncodeToString(root.key()[:])
	signing := NewSigningKey(noon)
	raw, err := signing.Private.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	digits := new(big.Int).SetBytes(raw).String()
	for name, value := range map[string]any{
		"sealing keys": mustParse(t, line), "root": root, "keys": root.Keys(), "signing key": signing,
		"token":               Token("KKKKKKKK"),
		"a root inside":       struct{ hiding Root }{root},
		"keys inside":         struct{ hiding Keys }{root.Keys()},
		"sealing keys inside": struct{ hiding SealingKeys }{mustParse(t, line)},
	} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("text", "value", value)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "value", value, "in", map[string]any{"v": value})
		if err := json.NewEncoder(&out).Encode(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if logged, ok := value.(slog.LogValuer); ok != !strings.Contains(name, "inside") {
			t.Errorf("%s has a text of its own for logs: %v", name, ok)
		} else if ok {
			fmt.Fprintln(&out, logged.LogValue())
		}
		for _, leak := range []string{"KKKK", "4b4b", "4B4B", "75 75", "0x4b", line[:8], digits} {
			if strings.Contains(out.String(), leak) {
				t.Errorf("%s shows %q in %s", name, leak, out.String())
			}
		}
	}
	if string(Token("abc")) != "abc" {
		t.Error("string(t) must reveal the token")
	}
}
