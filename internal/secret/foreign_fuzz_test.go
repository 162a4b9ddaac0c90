package secret

import "testing"

// affordable keeps the fuzzers quick.
func (r recipe) affordable() bool {
	switch r.function {
	case functionArgon2id:
		return r.memory*r.time <= 1024
	case functionBcrypt:
		return r.time <= 4
	case functionScrypt:
		return r.memory*r.threads<<r.time <= 1<<13
	default:
		return r.time <= 2000
	}
}

func seeds(f *testing.F) {
	for _, text := range []string{
		argon(64, 1, 1), bcrypted("2y", "04"), scrypted(4, 8, 1), "$pbkdf2-sha256$i=9,l=32$" + b64(16) + "$" + b64(32),
		"$pbkdf2-sha256$9$" + b64(16) + "$" + b64(32), "pbkdf2_sha256$9$salt$" + b64(32) + "=",
		sha512ed("rounds=1000$", "salt"), sha512ed("", "salt"), "", "$", "$2", "$6$", "$2y$05$", "!$6$", "$scrypt$$$",
	} {
		f.Add(text, "Pepper-marble-19")
	}
	f.Add("$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1", "Hello world!")
}

func FuzzAccept(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text, _ string) {
		h, err := Accept(text)
		if err != nil {
			if h != "" {
				t.Error("refused, but a hash")
			}
			return
		}
		p, err := parse(h)
		if err != nil || string(h) != text || len(text) > 512 || p.decoy {
			t.Fatalf("accepted, but %v", err)
		}
		within(t, p)
		if p.head+p.saltText+p.gap+p.digestText != text {
			t.Error("the pieces are not the text")
		}
		decoy := h.Decoy(DefaultParams)
		if h.Kind() == "" || decoy.Kind() != h.Kind() || len(decoy) != len(h)+1 {
			t.Errorf("kind %q, its decoy's %q", h.Kind(), decoy.Kind())
		}
	})
}

// within states the bounds a second time.
func within(t *testing.T, p parsed) {
	t.Helper()
	ok := len(p.salt) >= 4 && len(p.salt) <= 64 && p.size >= 16 && p.size <= 64 && len(p.digest) >= 16
	switch p.function {
	case "argon2id":
		ok = ok && p.memory <= 1<<18 && p.memory >= 8*p.threads && p.time >= 1 && p.time <= 10 && p.threads >= 1 && p.threads <= 8
	case "bcrypt":
		ok = ok && p.time >= 4 && p.time <= 14 && len(p.salt) == 16
	case "scrypt":
		ok = ok && p.time >= 1 && p.memory >= 1 && uint64(p.memory)<<(7+p.time) <= 1<<28 && p.threads >= 1 && p.threads <= 8
	case "pbkdf2-sha256":
		ok = ok && p.time >= 1 && p.time <= 2_000_000
	case "sha512crypt":
		ok = ok && p.time >= 1000 && p.time <= 1_000_000
	default:
		ok = false
	}
	if !ok {
		t.Errorf("accepted beyond the bounds: %s", p.kind())
	}
}

func FuzzHashMatch(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text, password string) {
		pw, err := NewPassword(password)
		if err != nil {
			return
		}
		h := Hash(text)
		p, err := parse(h)
		if err != nil || !p.affordable() {
			return
		}
		derived := p.derive(pw.Reveal())
		if len(derived) != len(p.digest) {
			t.Fatalf("%s: a digest of %d bytes, %d derived", h.Kind(), len(p.digest), len(derived))
		}
		if same := string(derived) == string(p.digest); same && h.Match(pw) == p.decoy {
			t.Errorf("%s: matches %v, a decoy %v", h.Kind(), h.Match(pw), p.decoy)
		}
		if h.Decoy(DefaultParams).Match(pw) {
			t.Errorf("%s: the decoy matches", h.Kind())
		}
	})
}
