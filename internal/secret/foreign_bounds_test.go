package secret

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// b64 is n bytes as the PHC string format has them.
func b64(n int) string { return base64.RawStdEncoding.EncodeToString(make([]byte, n)) }

func argon(m, t, p uint64) string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", m, t, p, b64(16), b64(32))
}

func scrypted(ln, r, p uint64) string {
	return fmt.Sprintf("$scrypt$ln=%d,r=%d,p=%d$%s$%s", ln, r, p, b64(16), b64(32))
}

func bcrypted(version, cost string) string {
	return "$" + version + "$" + cost + "$" + strings.Repeat(".", 53)
}

func sha512ed(rounds, salt string) string {
	return "$6$" + rounds + salt + "$" + strings.Repeat(".", 86)
}

// Row by row: what is on a bound is accepted, what is beyond it is not.
func TestAcceptBounds(t *testing.T) {
	django := func(count, salt string, digest int) string {
		return "pbkdf2_sha256$" + count + "$" + salt + "$" + base64.StdEncoding.EncodeToString(make([]byte, digest))
	}
	lengths := func(salt, digest int) string {
		return "$argon2id$v=19$m=64,t=1,p=1$" + b64(salt) + "$" + b64(digest)
	}
	for _, row := range []struct{ text, err string }{
		{argon(104857, 10, 8), ""},
		{argon(262144, 4, 1), ""},
		{argon(262144, 5, 1), "argon2id m×t in KiB 1310720 is over the bound of 1048576"},
		{argon(8, 1, 1), ""},
		{argon(64, 1, 8), ""},
		{argon(262145, 1, 1), "argon2id m 262145 is over the bound of 262144"},
		{argon(4294967295, 1, 1), "argon2id m 4294967295 is over the bound of 262144"},
		{argon(4294967296+64, 1, 1), "argon2id m is not a number from 8 to 262144"},
		{argon(64, 11, 1), "argon2id t 11 is over the bound of 10"},
		{argon(64, 0, 1), "argon2id t 0 is under the bound of 1"},
		{argon(262144, 1, 9), "argon2id p 9 is over the bound of 8"},
		{argon(64, 1, 257), "argon2id p 257 is over the bound of 8"},
		{argon(64, 1, 0), "argon2id p 0 is under the bound of 1"},
		{argon(7, 1, 1), "argon2id m 7 is under the bound of 8"},
		{argon(63, 1, 8), "argon2id m 63 is under eight times p 8"},
		{lengths(4, 16), ""},
		{lengths(64, 64), ""},
		{lengths(3, 16), "argon2id salt length 3 is under the bound of 4"},
		{lengths(65, 16), "argon2id salt length 65 is over the bound of 64"},
		{lengths(4, 15), "argon2id digest length 15 is under the bound of 16"},
		{lengths(4, 65), "argon2id digest length 65 is over the bound of 64"},
		{bcrypted("2a", "04"), ""},
		{bcrypted("2b", "10"), ""},
		{bcrypted("2y", "14"), ""},
		{bcrypted("2y", "03"), "bcrypt cost 3 is under the bound of 4"},
		{bcrypted("2y", "15"), "bcrypt cost 15 is over the bound of 14"},
		{bcrypted("2y", "17"), "bcrypt cost 17 is over the bound of 14"},
		{scrypted(18, 8, 1), ""},
		{scrypted(15, 8, 8), ""},
		{scrypted(18, 8, 2), "scrypt memory×p in KiB 524288 is over the bound of 262144"},
		{scrypted(21, 1, 8), "scrypt memory×p in KiB 2097152 is over the bound of 262144"},
		{scrypted(1, 1, 1), ""},
		{scrypted(16, 32, 1), ""},
		{scrypted(21, 1, 1), ""},
		{scrypted(19, 8, 1), "scrypt memory in KiB 524288 is over the bound of 262144"},
		{scrypted(17, 32, 1), "scrypt memory in KiB 524288 is over the bound of 262144"},
		{scrypted(22, 1, 1), "scrypt ln 22 is over the bound of 21"},
		{scrypted(63, 1, 1), "scrypt ln 63 is over the bound of 21"},
		{scrypted(0, 8, 1), "scrypt ln 0 is under the bound of 1"},
		{scrypted(4, 33, 1), "scrypt r 33 is over the bound of 32"},
		{scrypted(4, 0, 1), "scrypt r 0 is under the bound of 1"},
		{scrypted(4, 8, 9), "scrypt p 9 is over the bound of 8"},
		{scrypted(4, 8, 0), "scrypt p 0 is under the bound of 1"},
		{"$pbkdf2-sha256$i=2000000$" + b64(16) + "$" + b64(32), ""},
		{"$pbkdf2-sha256$i=2000001$" + b64(16) + "$" + b64(32), "pbkdf2-sha256 iterations 2000001 is over the bound of 2000000"},
		{"$pbkdf2-sha256$2000001$" + b64(16) + "$" + b64(32), "pbkdf2-sha256 iterations 2000001 is over the bound of 2000000"},
		{"$pbkdf2-sha256$0$" + b64(16) + "$" + b64(32), "pbkdf2-sha256 iterations 0 is under the bound of 1"},
		{"$pbkdf2-sha256$9$" + b64(3) + "$" + b64(32), "pbkdf2-sha256 salt length 3 is under the bound of 4"},
		{"$pbkdf2-sha256$9$" + b64(16) + "$" + b64(65), "pbkdf2-sha256 digest length 65 is over the bound of 64"},
		{django("2000000", "salt", 32), ""},
		{django("2000001", "salt", 32), "pbkdf2-sha256 iterations 2000001 is over the bound of 2000000"},
		{django("9", "sal", 32), "pbkdf2-sha256 salt length 3 is under the bound of 4"},
		{django("9", strings.Repeat("s", 65), 32), "pbkdf2-sha256 salt length 65 is over the bound of 64"},
		{django("9", "salt", 8), "pbkdf2-sha256 digest length 8 is under the bound of 16"},
		{sha512ed("", "salt"), ""},
		{sha512ed("rounds=1000$", "salt"), ""},
		{sha512ed("rounds=1000000$", "sixteen./letters"), ""},
		{sha512ed("rounds=999$", "salt"), "sha512crypt rounds 999 is under the bound of 1000"},
		{sha512ed("rounds=1000001$", "salt"), "sha512crypt rounds 1000001 is over the bound of 1000000"},
		{sha512ed("", "sal"), "sha512crypt salt length 3 is under the bound of 4"},
		{sha512ed("", "seventeen./letter"), "sha512crypt salt length 17 is over the bound of 16"},
	} {
		check(t, row.text, row.err)
	}
}

func TestAcceptForms(t *testing.T) {
	for _, row := range []struct{ text, err string }{
		{"", "the password hash is empty"},
		{"!", "of a known form"},
		{"!" + argon(64, 1, 1), "of a known form"},
		{"Pepper-marble-19", "of a known form"},
		{"$1$saltsalt$0123456789012345678901", "of a known form"},
		{strings.Replace(argon(64, 1, 1), "2id", "2i", 1), "of a known form"},
		{argon(64, 1, 1) + "\n", "visible ASCII"},
		{" " + argon(64, 1, 1), "visible ASCII"},
		{strings.Replace(argon(64, 1, 1), "AAAA", "AA\r\nAA", 1), "visible ASCII"},
		{strings.Repeat("$6$", 200), "longer than 512 bytes"},
		{argon(64, 1, 1) + "$", "argon2id hash is not version, parameters, salt and digest"},
		{strings.Replace(argon(64, 1, 1), "$v=19", "", 1), "argon2id hash is not version, parameters, salt and digest"},
		{strings.Replace(argon(64, 1, 1), "v=19", "v=16", 1), "argon2id version is not 19"},
		{strings.Replace(argon(64, 1, 1), "t=1,", "", 1), "argon2id does not have its 3 parameters"},
		{strings.Replace(argon(64, 1, 1), "t=1,p=1", "p=1,t=1", 1), "argon2id parameter t is missing or not in its place"},
		{strings.Replace(argon(64, 1, 1), "t=1", "t=01", 1), "argon2id t is not a number"},
		{strings.Replace(argon(64, 1, 1), "t=1", "t=+1", 1), "argon2id t is not a number"},
		{strings.Replace(argon(64, 1, 1), "$AA", "$A?", 1), "argon2id salt is not in the encoding"},
		{argon(64, 1, 1) + "=", "argon2id digest is not in the encoding"},
		{argon(64, 1, 1)[:len(argon(64, 1, 1))-1] + "B", "argon2id digest is not in the encoding"},
		{bcrypted("2x", "05"), "bcrypt version is not 2a, 2b or 2y"},
		{bcrypted("2", "05"), "bcrypt version is not 2a, 2b or 2y"},
		{bcrypted("2b", "5"), "bcrypt hash is not version, two digits of cost and 53 characters"},
		{bcrypted("2b", "-5"), "bcrypt cost is not a number from 4 to 14"},
		{bcrypted("2b", "05") + ".", "bcrypt hash is not version, two digits of cost and 53 characters"},
		{bcrypted("2b", "05")[:59] + "/", "bcrypt digest is not in the encoding"},
		{strings.Replace(bcrypted("2b", "05"), "...", "..=", 1), "bcrypt salt is not in the encoding"},
		{scrypted(4, 8, 1) + "$", "scrypt hash is not parameters, salt and digest"},
		{"$pbkdf2-sha256$i=9,l=31$" + b64(16) + "$" + b64(32), "does not have the length l says"},
		{"$pbkdf2-sha256$l=32$" + b64(16) + "$" + b64(32), "iterations is not a number"},
		{"$pbkdf2-sha256$9$" + b64(16), "pbkdf2-sha256 hash is not iterations, salt and digest"},
		{"pbkdf2_sha256$9$salt$" + b64(32), "digest is not in the encoding"},
		{"pbkdf2_sha256$9$salt", "pbkdf2_sha256 hash is not iterations, salt and digest"},
		{sha512ed("rounds=x$", "salt"), "sha512crypt rounds is not a number"},
		{sha512ed("turns=5000$", "salt"), "sha512crypt hash is not optional rounds, salt and digest"},
		{sha512ed("", "salt") + ".", "sha512crypt digest is not 86 characters"},
		{strings.Replace(sha512ed("", "salt"), "..", ".+", 1), "sha512crypt digest is not 86 characters"},
	} {
		check(t, row.text, row.err)
	}
}

func check(t *testing.T, text, want string) {
	t.Helper()
	h, err := Accept(text)
	switch {
	case want == "" && (err != nil || string(h) != text):
		t.Errorf("%s: %v", text, err)
	case want != "" && (err == nil || h != "" || !strings.Contains(err.Error(), want)):
		t.Errorf("%s: error %v, want %q", text, err, want)
	case err != nil && strings.Contains(err.Error(), "AAA"):
		t.Errorf("%s: the error shows the hash: %v", text, err)
	}
}
