package secret

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2030, 1, 2, 12, 0, 0, 0, time.UTC)

const (
	ourIssuer   = "https://door.example"
	ourAudience = "https://door.example"
)

func someClaims() Claims {
	return Claims{
		Issuer: ourIssuer, Subject: "usr_1", Audience: ourAudience,
		Expires: NumericDateOf(noon.Add(5 * time.Minute)), IssuedAt: NumericDateOf(noon),
		ID: "jti1", Session: "ses_1", AuthTime: NumericDateOf(noon.Add(-time.Hour)), Methods: []string{"pwd"},
		TenantID: "ten_1", Tenant: "acme", Roles: []string{"manager"}, Permissions: []string{"users.read"},
		Name: "Änne <Ops> & Söhne", Email: "ann@x.test",
	}
}

func verifierOf(keys ...SigningKey) Verifier {
	return Verifier{Issuer: ourIssuer, Audience: ourAudience, Key: func(kid string) (*ecdsa.PublicKey, bool) {
		for _, k := range keys {
			if string(k.ID) == kid {
				return &k.Private.PublicKey, true
			}
		}
		return nil, false
	}}
}

func mustSign(t testing.TB, k SigningKey, c Claims) string {
	t.Helper()
	token, err := Sign(k, c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// forge signs any header and payload with ES256, as an attacker who had the
// key, or a careless second issuer, might.
func forge(t testing.TB, private *ecdsa.PrivateKey, header, payload string) string {
	t.Helper()
	input := encode(header) + "." + encode(payload)
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return input + "." + encode(string(signature))
}

func encode(raw string) string { return base64.RawURLEncoding.EncodeToString([]byte(raw)) }

func payloadOf(t testing.TB, c Claims) string {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSignAndVerify(t *testing.T) {
	old, current := NewSigningKey(noon), NewSigningKey(noon)
	for _, k := range []SigningKey{old, current} {
		got, err := verifierOf(current, old).Verify(mustSign(t, k, someClaims()), noon)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(someClaims(), got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestTokenOnTheWire(t *testing.T) {
	k := NewSigningKey(noon)
	parts := strings.Split(mustSign(t, k, someClaims()), ".")
	header, _ := base64.RawURLEncoding.DecodeString(parts[0])
	if want := `{"alg":"ES256","kid":"` + string(k.ID) + `","typ":"at+jwt"}`; string(header) != want {
		t.Errorf("header %s, want %s", header, want)
	}
	var payload map[string]any
	raw, _ := base64.RawURLEncoding.DecodeString(parts[1])
	if err := json.Unmarshal(raw, &payload); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"iss": ourIssuer, "sub": "usr_1", "aud": ourAudience,
		"exp": float64(noon.Unix() + 300), "iat": float64(noon.Unix()), "auth_time": float64(noon.Unix() - 3600),
		"jti": "jti1", "sid": "ses_1", "amr": []any{"pwd"}, "tenant_id": "ten_1", "tenant": "acme",
		"roles": []any{"manager"}, "permissions": []any{"users.read"},
		"name": "Änne <Ops> & Söhne", "email": "ann@x.test",
	}
	if diff := cmp.Diff(want, payload); diff != "" {
		t.Error(diff)
	}
}

func TestVerifyClaims(t *testing.T) {
	k := NewSigningKey(noon)
	header := headerOf(string(k.ID))
	change := func(edit func(*Claims)) string { c := someClaims(); edit(&c); return payloadOf(t, c) }
	audience := func(json string) string {
		return strings.Replace(payloadOf(t, someClaims()), `"aud":"`+ourAudience+`"`, json, 1)
	}
	for _, test := range []struct {
		name, payload string
		ok            bool
	}{
		{name: "as signed", payload: payloadOf(t, someClaims()), ok: true},
		{name: "our audience alone in an array", payload: audience(`"aud":["` + ourAudience + `"]`), ok: true},
		{name: "a second before it ends", payload: change(func(c *Claims) { c.Expires = NumericDateOf(noon) + 1 }), ok: true},
		{name: "from a node whose clock is a minute ahead", payload: change(func(c *Claims) { c.IssuedAt += 60 }), ok: true},

		{name: "another audience", payload: audience(`"aud":"https://app.example"`)},
		{name: "another audience beside ours", payload: audience(`"aud":["` + ourAudience + `","https://app.example"]`)},
		{name: "our audience twice", payload: audience(`"aud":["` + ourAudience + `","` + ourAudience + `"]`)},
		{name: "our audience with a slash", payload: audience(`"aud":"` + ourAudience + `/"`)},
		{name: "audience null", payload: audience(`"aud":null`)},
		{name: "audience an empty array", payload: audience(`"aud":[]`)},
		{name: "audience an object", payload: audience(`"aud":{}`)},
		{name: "two audience claims", payload: audience(`"aud":"https://app.example","aud":"` + ourAudience + `"`)},
		{name: "audience in capitals", payload: audience(`"AUD":"` + ourAudience + `"`)},
		{name: "no audience", payload: audience(`"x":1`)},
		{name: "another issuer", payload: change(func(c *Claims) { c.Issuer = "https://evil.example" })},
		{name: "no issuer", payload: change(func(c *Claims) { c.Issuer = "" })},
		{name: "at its end", payload: change(func(c *Claims) { c.Expires = NumericDateOf(noon) })},
		{name: "after its end", payload: change(func(c *Claims) { c.Expires -= 3600 })},
		{name: "no end", payload: change(func(c *Claims) { c.Expires = 0 })},
		{name: "an end beyond all numbers", payload: strings.Replace(payloadOf(t, someClaims()), `"exp":`, `"exp":1e999,"x":`, 1)},
		{name: "issued over a minute ahead", payload: change(func(c *Claims) { c.IssuedAt += 61 })},
		{name: "no JSON", payload: "hello"},
		{name: "JSON and more", payload: payloadOf(t, someClaims()) + "{}"},
		{name: "not an object", payload: "[]"},
		{name: "over 4 KB", payload: change(func(c *Claims) { c.Name = strings.Repeat("n", maxAccessToken) })},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := verifierOf(k).Verify(forge(t, k.Private, header, test.payload), noon)
			if ok := err == nil; ok != test.ok || (!ok && err != error(ErrToken)) {
				t.Errorf("error %v, want ok %v", err, test.ok)
			}
		})
	}
}

func TestVerifyHeaders(t *testing.T) {
	k, stranger := NewSigningKey(noon), NewSigningKey(noon)
	kid, payload := string(k.ID), payloadOf(t, someClaims())
	strangers := string(stranger.PublicJWK())
	for _, test := range []struct {
		name, header string
		by           SigningKey
		ok           bool
	}{
		{name: "ours", header: headerOf(kid), by: k, ok: true},
		{name: "another type", header: `{"alg":"ES256","kid":"` + kid + `","typ":"JWT"}`, by: k},
		{name: "no type", header: `{"alg":"ES256","kid":"` + kid + `"}`, by: k},
		{name: "another algorithm", header: `{"alg":"ES384","kid":"` + kid + `","typ":"at+jwt"}`, by: k},
		{name: "no key named", header: `{"alg":"ES256","typ":"at+jwt"}`, by: k},
		{name: "an empty key name", header: headerOf(""), by: k},
		{name: "an unknown key", header: headerOf(string(stranger.ID)), by: stranger},
		{name: "our key named, signed by another", header: headerOf(kid), by: stranger},
		{name: "a key brought along", header: `{"alg":"ES256","jwk":` + strangers + `,"kid":"` + kid + `","typ":"at+jwt"}`, by: stranger},
		{name: "a key brought along beside our signature", header: `{"alg":"ES256","jwk":` + strangers + `,"kid":"` + kid + `","typ":"at+jwt"}`, by: k},
		{name: "an address of keys", header: `{"alg":"ES256","jku":"https://evil.example","kid":"` + kid + `","typ":"at+jwt"}`, by: k},
		{name: "an address of certificates", header: `{"alg":"ES256","kid":"` + kid + `","typ":"at+jwt","x5u":"https://evil.example"}`, by: k},
		{name: "certificates", header: `{"alg":"ES256","kid":"` + kid + `","typ":"at+jwt","x5c":[]}`, by: k},
		{name: "a critical extension", header: `{"alg":"ES256","crit":["exp"],"exp":1,"kid":"` + kid + `","typ":"at+jwt"}`, by: k},
		{name: "a payload not encoded", header: `{"alg":"ES256","b64":true,"crit":["b64"],"kid":"` + kid + `","typ":"at+jwt"}`, by: k},
		{name: "a name twice", header: `{"alg":"none","alg":"ES256","kid":"` + kid + `","typ":"at+jwt"}`, by: k},
		{name: "no JSON", header: "hello", by: k},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := verifierOf(k).Verify(forge(t, test.by.Private, test.header, payload), noon)
			if ok := err == nil; ok != test.ok || (!ok && err != error(ErrToken)) {
				t.Errorf("error %v, want ok %v", err, test.ok)
			}
		})
	}
}

func TestVerifyOtherAlgorithms(t *testing.T) {
	k := NewSigningKey(noon)
	payload := encode(payloadOf(t, someClaims()))
	hmacWith := func(secret []byte) string {
		input := encode(`{"alg":"HS256","kid":"`+string(k.ID)+`","typ":"at+jwt"}`) + "." + payload
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return input + "." + encode(string(mac.Sum(nil)))
	}
	der, err := x509.MarshalPKIXPublicKey(&k.Private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	none := encode(`{"alg":"none","kid":"`+string(k.ID)+`","typ":"at+jwt"}`) + "." + payload + "."
	zeros := encode(headerOf(string(k.ID))) + "." + payload + "." + encode(string(make([]byte, 64)))
	for name, token := range map[string]string{
		"none":                                   none,
		"none with a signature":                  none + "AAAA",
		"ES256 with no signature":                encode(headerOf(string(k.ID))) + "." + payload + ".",
		"a signature of zeros":                   zeros,
		"HS256 with the public JWK as secret":    hmacWith(k.PublicJWK()),
		"HS256 with the public key as secret":    hmacWith(der),
		"HS256 with no secret":                   hmacWith(nil),
		"nothing":                                "",
		"dots":                                   strings.Repeat(".", 4000),
		"an encrypted token's five parts":        "e30.e30.e30.e30.e30",
		"several signatures, as the JSON format": `{"payload":"` + payload + `","signatures":[]}`,
	} {
		if _, err := verifierOf(k).Verify(token, noon); err != error(ErrToken) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestVerifyRefusesEveryAlteredCharacter(t *testing.T) {
	k := NewSigningKey(noon)
	v := verifierOf(k)
	everyMutation(mustSign(t, k, someClaims()), func(altered string) {
		if _, err := v.Verify(altered, noon); err != error(ErrToken) {
			t.Fatalf("error %v for %q", err, altered)
		}
	})
}

func TestVerifyAsksWhetherTheKeyIsPublished(t *testing.T) {
	k := NewSigningKey(noon)
	v := verifierOf(k)
	v.Key = func(string) (*ecdsa.PublicKey, bool) { return &k.Private.PublicKey, false }
	if _, err := v.Verify(mustSign(t, k, someClaims()), noon); err != error(ErrToken) {
		t.Errorf("error %v", err)
	}
	v.Key = func(string) (*ecdsa.PublicKey, bool) { return nil, true }
	if _, err := v.Verify(mustSign(t, k, someClaims()), noon); err != error(ErrToken) {
		t.Errorf("no key at all: error %v", err)
	}
}

func TestVerifierWithForgottenFieldBelievesNobody(t *testing.T) {
	k := NewSigningKey(noon)
	c := someClaims()
	c.Issuer, c.Audience = "", ""
	v := Verifier{Key: verifierOf(k).Key}
	if _, err := v.Verify(mustSign(t, k, c), noon); !errors.Is(err, ErrToken) {
		t.Errorf("error %v", err)
	}
}

func TestSigningKeyAtRest(t *testing.T) {
	k := NewSigningKey(noon)
	private, err := ParsePrivate(k.MarshalPrivate())
	if err != nil || !private.Equal(k.Private) {
		t.Errorf("private key changed: %v", err)
	}
	id, public, err := ParsePublicJWK(k.PublicJWK())
	if err != nil || id != k.ID || !public.Equal(&k.Private.PublicKey) {
		t.Errorf("public key changed: %v", err)
	}
	var jwk map[string]string
	if err := json.Unmarshal(k.PublicJWK(), &jwk); err != nil {
		t.Fatal(err)
	}
	if jwk["use"] != "sig" || jwk["alg"] != "ES256" || jwk["kid"] != string(k.ID) || jwk["d"] != "" {
		t.Errorf("public JWK %v", jwk)
	}
}

func TestSigningKeysRefused(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other := SigningKey{ID: "key_1", Private: p384}
	for name, der := range map[string][]byte{"nothing": nil, "noise": []byte("noise"), "another curve": other.MarshalPrivate()} {
		if _, err := ParsePrivate(der); err == nil {
			t.Errorf("private key accepted: %s", name)
		}
	}
	k := NewSigningKey(noon)
	raw, err := k.Private.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	d := base64.RawURLEncoding.EncodeToString(raw)
	private := strings.Replace(string(k.PublicJWK()), "{", fmt.Sprintf(`{"d":%q,`, d), 1)
	for name, jwk := range map[string]string{"noise": "noise", "another curve": `{"kty":"EC","crv":"P-384"}`, "a private key": private} {
		if _, _, err := ParsePublicJWK(json.RawMessage(jwk)); err == nil {
			t.Errorf("public key accepted: %s", name)
		}
	}
	if _, err := Sign(other, someClaims()); err == nil {
		t.Error("signed ES256 with P-384")
	}
}

func FuzzVerify(f *testing.F) {
	// The same key in every process the fuzzer starts: a valid seed is
	// valid in all of them.
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{7}, 32))
	if err != nil {
		f.Fatal(err)
	}
	k := SigningKey{ID: "key_fixed", Private: private}
	valid := mustSign(f, k, someClaims())
	f.Add(valid)
	f.Add(forge(f, private, headerOf("key_fixed"), payloadOf(f, someClaims())+" "))
	f.Add(valid[:len(valid)-1])
	f.Add(valid + "=")
	f.Add(strings.Replace(valid, ".", "\n.", 1))
	f.Add("e30.e30.e30")
	f.Add(`{"payload":"e30","signatures":[{}]}`)
	v := verifierOf(k)
	f.Fuzz(func(t *testing.T, token string) {
		c, err := v.Verify(token, noon)
		if err == nil && !cmp.Equal(c, someClaims()) || err != nil && err != error(ErrToken) {
			t.Errorf("%q passed with error %v as %+v", token, err, c)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	k, c := NewSigningKey(noon), someClaims()
	for b.Loop() {
		mustSign(b, k, c)
	}
}

func BenchmarkSignBareP256(b *testing.B) {
	k, digest := NewSigningKey(noon), make([]byte, 32)
	for b.Loop() {
		if _, err := ecdsa.SignASN1(rand.Reader, k.Private, digest); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	k := NewSigningKey(noon)
	token, v := mustSign(b, k, someClaims()), verifierOf(k)
	for b.Loop() {
		if _, err := v.Verify(token, noon); err != nil {
			b.Fatal(err)
		}
	}
}
