package secret

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	goxbcrypt "golang.org/x/crypto/bcrypt"

	oracle "github.com/go-crypt/crypt"
)

// An account is one line of the import files.
type account struct {
	who      string
	hash     Hash
	password Password
}

// importFiles reads the users other systems exported, by file.
func importFiles(t testing.TB) map[string][]account {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "data", "import")
	names, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil || len(names) < 7 {
		t.Fatalf("%s must hold the seven import files and the passwords beside them; found %d (%v)", dir, len(names), err)
	}
	files := make(map[string][]account)
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(file).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		_ = file.Close()
		passwords, err := os.ReadFile(strings.TrimSuffix(name, ".csv") + ".passwords")
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(passwords)), "\n")
		if len(lines) != len(rows)-1 || len(lines) < 40 {
			t.Fatalf("%s: %d users, %d passwords", name, len(rows)-1, len(lines))
		}
		base := filepath.Base(name)
		for i, line := range lines {
			who, password, _ := strings.Cut(line, "\t")
			row := rows[i+1]
			if who != row[0] && who != row[1] {
				t.Fatalf("%s: line %d is about another user", name, i)
			}
			files[base] = append(files[base], account{who, Hash(row[4]), typed(t, password)})
		}
	}
	return files
}

// examples are a hash of each form with the password it was made from.
func examples(t testing.TB) map[string]account {
	t.Helper()
	all := make(map[string]account)
	for name, accounts := range importFiles(t) {
		all[name] = accounts[0]
	}
	for name, vector := range vectors {
		all[name] = account{hash: Hash(vector.hash), password: typed(t, vector.password)}
	}
	return all
}

// vectors are published with the functions: crypt_blowfish's self-test, the
// paper on SHA-crypt.
var vectors = map[string]struct{ password, hash string }{
	"bcrypt 2a": {"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
	"bcrypt of more than 72 bytes": {
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
		"$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
	},
	"sha512crypt": {
		"Hello world!",
		"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
	},
	"sha512crypt with rounds": {
		"Hello world!",
		"$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
	},
}

func TestImportFilesMatch(t *testing.T) {
	kinds := map[string]string{
		"argon2-cli.csv": "argon2id:m=8192,t=2,p=1", "htpasswd-bcrypt.csv": "bcrypt:5",
		"pbx-extensions-bcrypt.csv": "bcrypt:5", "mkpasswd-sha512crypt.csv": "sha512crypt:5000",
		"django-pbkdf2.csv": "pbkdf2-sha256:60000", "passlib-pbkdf2.csv": "pbkdf2-sha256:60000",
		"scrypt-phc.csv": "scrypt:ln=12,r=8,p=1",
	}
	for name, accounts := range importFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, a := range accounts {
				h, err := Accept(string(a.hash))
				if err != nil || h != a.hash {
					t.Fatalf("%s: %v", a.who, err)
				}
				if h.Kind() != kinds[name] {
					t.Errorf("%s: kind %s", a.who, h.Kind())
				}
				if !h.Match(a.password) {
					t.Errorf("%s: the password does not match", a.who)
				}
				if i < 10 && h.Match(typed(t, a.password.Reveal()+"x")) { // some are enough, hashes are slow
					t.Errorf("%s: another password matches", a.who)
				}
			}
		})
	}
}

func TestVectorsMatch(t *testing.T) {
	for name, v := range vectors {
		h, err := Accept(v.hash)
		if err != nil || !h.Match(typed(t, v.password)) || h.Match(typed(t, "x"+v.password)) {
			t.Errorf("%s does not match (%v)", name, err)
		}
	}
}

// An independent implementation must say the same.
func TestOtherImplementationAgrees(t *testing.T) {
	decoder, err := oracle.NewDecoderAll()
	if err != nil {
		t.Fatal(err)
	}
	pw := typed(t, "Björn's pass word")
	samples := examples(t)
	samples["own"] = account{hash: Params{Memory: 512, Time: 3, Threads: 4}.Hash(pw, nil), password: pw}
	for name, e := range samples {
		text := string(e.hash)
		if rest, django := strings.CutPrefix(text, "pbkdf2_sha256$"); django {
			text = passlibForm(t, rest)
		}
		digest, err := decoder.Decode(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !digest.Match(e.password.Reveal()) || digest.Match("another") {
			t.Errorf("%s: the implementations do not agree", name)
		}
	}
}

// passlibForm rewrites what follows Django's name of the function.
func passlibForm(t *testing.T, rest string) string {
	t.Helper()
	p, err := parse(Hash("pbkdf2_sha256$" + rest))
	if err != nil {
		t.Fatal(err)
	}
	count, _, _ := strings.Cut(rest, "$")
	b64 := func(raw string) string {
		return strings.ReplaceAll(phcBase64.EncodeToString([]byte(raw)), "+", ".")
	}
	return "$pbkdf2-sha256$" + count + "$" + b64(p.salt) + "$" + b64(string(p.digest))
}

func TestBcryptOfEveryVersion(t *testing.T) {
	pw := strings.Repeat("0123456789", 8)
	made, err := goxbcrypt.GenerateFromPassword([]byte(pw[:72]), goxbcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"$2a$", "$2b$", "$2y$"} {
		h, err := Accept(version + string(made[4:]))
		if err != nil {
			t.Fatal(version, err)
		}
		if !h.Match(typed(t, pw)) || !h.Match(typed(t, pw[:72])) || h.Match(typed(t, pw[:71])) {
			t.Errorf("%s: a password of 80 bytes must count as its first 72", version)
		}
	}
}

func TestPBKDF2FormsMeanTheSame(t *testing.T) {
	r := recipe{function: functionPBKDF2, time: 1000, salt: "salt?>text~", size: 40}
	digest := string(r.derive("Pepper-marble-19"))
	b64, padded := phcBase64.EncodeToString, paddedBase64.EncodeToString
	dotted := func(raw string) string { return strings.ReplaceAll(b64([]byte(raw)), "+", ".") }
	for _, text := range []string{
		"$pbkdf2-sha256$i=1000$" + b64([]byte(r.salt)) + "$" + b64([]byte(digest)),
		"$pbkdf2-sha256$i=1000,l=40$" + b64([]byte(r.salt)) + "$" + b64([]byte(digest)),
		"$pbkdf2-sha256$1000$" + dotted(r.salt) + "$" + dotted(digest),
		"pbkdf2_sha256$1000$" + r.salt + "$" + padded([]byte(digest)),
	} {
		h, err := Accept(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if !h.Match(typed(t, "Pepper-marble-19")) || h.Kind() != "pbkdf2-sha256:1000,l=40" {
			t.Errorf("%s: does not match, or kind %s is wrong", text, h.Kind())
		}
		if decoy := h.Decoy(DefaultParams); decoy.Kind() != h.Kind() || len(decoy) != len(h)+1 {
			t.Errorf("%s: decoy is of another kind", text)
		}
	}
}
