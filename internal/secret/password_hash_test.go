package secret

import (
	"runtime"
	"strings"
	"testing"
)

// small keeps tests fast.
var small = Params{Memory: 64, Time: 1, Threads: 1}

// allocated is how many bytes f takes from the heap, which tells whether an
// argon2id hash was computed.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

const defaultBytes = 19456 * 1024

func TestOwnHash(t *testing.T) {
	pw, other := typed(t, "Pepper-marble-19"), typed(t, "Pepper-marble-18")
	salt := []byte("0123456789abcdef")
	h := DefaultParams.Hash(pw, salt)
	const start = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"
	if !strings.HasPrefix(string(h), start) || len(h) != len(start)+43 {
		t.Error("hash is not the PHC string asked for: " + string(h))
	}
	if !h.Match(pw) || h.Match(other) {
		t.Error("hash matches another password than its own")
	}
	if h.Kind() != "argon2id:m=19456,t=2,p=1" {
		t.Errorf("kind %s", h.Kind())
	}
	if once, again := small.Hash(pw, salt), small.Hash(pw, salt); once != again {
		t.Error("equal salts give unequal hashes")
	}
	if once, again := small.Hash(pw, nil), small.Hash(pw, nil); once == again {
		t.Error("two random salts are equal")
	}
}

func TestEveryDigitOfTheDigestCounts(t *testing.T) {
	for name, e := range examples(t) {
		text := string(e.hash)
		digest := len(text) - strings.LastIndexAny(text, "$") - 1
		if e.hash.Kind() == "bcrypt:5" {
			digest = 31
		}
		for _, back := range []int{digest, digest / 2, 4} {
			at := len(text) - back
			digit := "x"
			if text[at] == 'x' {
				digit = "y"
			}
			changed := Hash(text[:at] + digit + text[at+1:])
			if _, err := Accept(string(changed)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if changed.Match(e.password) {
				t.Errorf("%s: still matches with digit %d from the end changed", name, back)
			}
		}
	}
}

func TestMalformedHashCostsAsMuchAndMatchesNothing(t *testing.T) {
	pw := typed(t, "Pepper-marble-19")
	for name, h := range map[string]Hash{
		"empty":           "",
		"only the mark":   decoyMark,
		"words":           "Pepper-marble-19",
		"digest missing":  "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$",
		"over the bounds": "$2y$15$L0.eCWlHTUxaBwhPJX.veu1vxjc1LhO51mGNa.TiSgXBrbq7jlrR2",
	} {
		var matched bool
		bytes := allocated(func() { matched = h.Match(pw) })
		if matched || h.Kind() != "" {
			t.Errorf("%s: matched %v, kind %q", name, matched, h.Kind())
		}
		if bytes < defaultBytes || bytes > defaultBytes*3/2 {
			t.Errorf("%s: took %d bytes, a hash takes %d", name, bytes, defaultBytes)
		}
	}
}

func TestNothingMatchesTheZeroPassword(t *testing.T) {
	if small.Hash(Password{}, nil).Match(Password{}) {
		t.Error("the zero password matches the hash of nothing")
	}
}

func TestDecoy(t *testing.T) {
	for name, e := range examples(t) {
		decoy := e.hash.Decoy(DefaultParams)
		a, errA := parse(e.hash)
		b, errB := parse(decoy)
		if errA != nil || errB != nil {
			t.Fatal(name, errA, errB)
		}
		if decoy.Kind() != e.hash.Kind() || len(a.salt) != len(b.salt) || a.size != b.size {
			t.Errorf("%s: decoy is of another kind: %s", name, string(decoy))
		}
		if a.salt == b.salt || string(a.digest) == string(b.digest) || decoy == e.hash.Decoy(DefaultParams) {
			t.Errorf("%s: decoy has the salt or the digest of a hash", name)
		}
		if decoy.Decoy(DefaultParams).Kind() != decoy.Kind() {
			t.Errorf("%s: the decoy of the decoy is of another kind", name)
		}
		if _, err := Accept(string(decoy)); err == nil {
			t.Errorf("%s: a decoy was accepted from outside", name)
		}
		real := allocated(func() { e.hash.Match(e.password) })
		fake := allocated(func() { decoy.Match(e.password) })
		if fake < real*9/10 {
			t.Errorf("%s: decoy takes %d bytes, the hash %d", name, fake, real)
		}
	}
}

// The digest of a decoy cannot be hit by luck, so this gives a decoy the right
// one.
func TestDecoyWithTheRightDigestMatchesNothing(t *testing.T) {
	for name, e := range examples(t) {
		if !e.hash.Match(e.password) || (decoyMark + e.hash).Match(e.password) {
			t.Errorf("%s: the mark of decoys does not keep the password out", name)
		}
	}
}

func TestDecoyOfNothingIsOfTheParams(t *testing.T) {
	for _, h := range []Hash{"", "words", decoyMark} {
		if got := h.Decoy(Params{Memory: 9000, Time: 3, Threads: 2}).Kind(); got != "argon2id:m=9000,t=3,p=2" {
			t.Errorf("kind %q", got)
		}
	}
	decoy := Hash("").Decoy(Params{})
	if bytes := allocated(func() { decoy.Match(typed(t, "x")) }); bytes < defaultBytes {
		t.Errorf("a decoy of impossible parameters took %d bytes", bytes)
	}
}

func TestCurrent(t *testing.T) {
	pw := typed(t, "Pepper-marble-19")
	p := Params{Memory: 128, Time: 2, Threads: 2}
	for _, row := range []struct {
		name string
		hash Hash
		want bool
	}{
		{"as asked", p.Hash(pw, nil), true},
		{"more of everything", Params{Memory: 256, Time: 3, Threads: 3}.Hash(pw, nil), true},
		{"less memory", Params{Memory: 127, Time: 3, Threads: 3}.Hash(pw, nil), false},
		{"less time", Params{Memory: 256, Time: 1, Threads: 3}.Hash(pw, nil), false},
		{"fewer threads", Params{Memory: 256, Time: 3, Threads: 1}.Hash(pw, nil), false},
		{"short salt", p.Hash(pw, make([]byte, 15)), false},
		{"short digest", Hash("$argon2id$v=19$m=128,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg"), false},
		{"bcrypt", Hash("$2y$05$L0.eCWlHTUxaBwhPJX.veu1vxjc1LhO51mGNa.TiSgXBrbq7jlrR2"), false},
		{"nothing", "", false},
	} {
		if got := row.hash.Current(p); got != row.want {
			t.Errorf("%s: %v", row.name, got)
		}
	}
}

func TestMatchAnyTellsEach(t *testing.T) {
	right, wrong := typed(t, "Pepper-marble-19"), typed(t, "Pepper-marble-18")
	salt := []byte("0123456789abcdef")
	hashes := []Hash{
		small.Hash(wrong, salt),
		small.Hash(right, salt),
		small.Hash(right, nil),
		decoyMark + small.Hash(right, salt),
		"",
		Params{Memory: 64, Time: 2, Threads: 1}.Hash(right, salt),
		Params{Memory: 64, Time: 1, Threads: 2}.Hash(wrong, salt),
	}
	want := []bool{false, true, true, false, false, true, false}
	for i, got := range MatchAny(right, hashes) {
		if got != want[i] {
			t.Errorf("hash %d: %v", i, got)
		}
	}
	if got := MatchAny(right, nil); len(got) != 0 {
		t.Error("no hashes, but an answer")
	}
}

func TestMatchAnyComputesOnce(t *testing.T) {
	salt := []byte("0123456789abcdef")
	var hashes []Hash
	for _, text := range []string{"a", "b", "c", "d", "e"} {
		hashes = append(hashes, DefaultParams.Hash(typed(t, text), salt))
	}
	var matched []bool
	once := allocated(func() { matched = MatchAny(typed(t, "d"), hashes) })
	if once > defaultBytes*3/2 {
		t.Errorf("five tenants took %d bytes, one hash takes %d", once, defaultBytes)
	}
	for i, got := range matched {
		if got != (i == 3) {
			t.Errorf("hash %d: %v", i, got)
		}
	}
	if !hashes[0].SameWork(hashes[1]) || hashes[0].SameWork(DefaultParams.Hash(typed(t, "a"), nil)) || Hash("").SameWork("") {
		t.Error("SameWork tells other than that")
	}
}

// Another system may have hashed an accent as it was typed; ours are all made
// from the normalised spelling.
func TestSpellings(t *testing.T) {
	composed, decomposed := typed(t, "caf\u00e9"), typed(t, "cafe\u0301")
	for name, h := range map[string]Hash{
		"own":             small.Hash(decomposed, nil),
		"foreign, as NFC": foreignHash(t, "caf\u00e9"),
	} {
		if !h.Match(composed) || !h.Match(decomposed) {
			t.Errorf("%s: one of the spellings does not match", name)
		}
	}
	h := foreignHash(t, "cafe\u0301")
	if !h.Match(decomposed) || h.Match(typed(t, "cafe")) {
		t.Error("foreign, as typed: the typed spelling does not match")
	}
	both := []Hash{h, h.Decoy(small), small.Hash(composed, nil), small.Hash(typed(t, "cafe"), nil)}
	want := []bool{true, false, true, false}
	for i, got := range MatchAny(decomposed, both) {
		if got != want[i] {
			t.Errorf("hash %d: %v", i, got)
		}
	}
}

func foreignHash(t *testing.T, text string) Hash {
	t.Helper()
	r := recipe{function: functionArgon2id, memory: 64, time: 1, threads: 1, salt: "0123456789abcdef", size: 32}
	return small.write([]byte(r.salt), r.derive(text))
}
