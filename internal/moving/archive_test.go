package moving

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/secret"
)

func init() { archiveParams = secret.Params{Memory: 8192, Time: 1, Threads: 1} } // tests have no hours

func passphrase(t testing.TB, text string) secret.Password {
	t.Helper()
	p, err := secret.NewPassword(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func archived(t testing.TB, content string) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := sealArchive(&file, passphrase(t, "seven doors and a lamp"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("more")); err == nil {
		t.Error("written after the end")
	}
	return file.Bytes()
}

func unarchived(t testing.TB, file []byte, words string) (string, error) {
	t.Helper()
	r, err := openArchive(bytes.NewReader(file), passphrase(t, words))
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(r)
	return string(content), err
}

const plainPiece, sealed = archivePiece, archivePiece + 16

// Proves: G1, 5.6
func TestArchive(t *testing.T) {
	for _, size := range []int{0, 1, plainPiece - 1, plainPiece, plainPiece + 1, 3 * plainPiece} {
		content := strings.Repeat("x", size)
		file := archived(t, content)
		if got, err := unarchived(t, file, "seven doors and a lamp"); err != nil || got != content {
			t.Errorf("%d bytes: %d came back, %v", size, len(got), err)
		}
		if bytes.Contains(file, []byte("xxxxxxxx")) {
			t.Errorf("%d bytes stand open in the file", size)
		}
	}
	if bytes.Equal(archived(t, "x"), archived(t, "x")) {
		t.Error("two archives are alike")
	}
}

// Whatever is changed in an archive, put in, taken out or put elsewhere, it
// does not open to its end.
//
// Proves: G1, 5.6
func TestArchiveTamperedWith(t *testing.T) {
	content := strings.Repeat("a", plainPiece) + strings.Repeat("b", plainPiece) + strings.Repeat("c", 100)
	file := archived(t, content)
	head := bytes.IndexByte(file, '\n') + 1
	other := archived(t, content)
	part := func(from, to int) []byte { return file[head+from : head+to] }
	join := func(parts ...[]byte) []byte { return bytes.Join(append([][]byte{file[:head]}, parts...), nil) }
	salted := bytes.Clone(file)
	salted[head-10] = map[bool]byte{true: 'B', false: 'A'}[salted[head-10] == 'A']
	flip := func(at int) []byte {
		changed := bytes.Clone(file)
		changed[at] ^= 1
		return changed
	}
	rest := part(2*sealed, len(file)-head)
	for _, row := range []struct {
		name string
		file []byte
		err  error
	}{
		{"empty", nil, ErrNoArchive},
		{"a text", []byte("hello\nworld\n"), ErrNoArchive},
		{"the head alone", join(), ErrArchiveShut},
		{"another name", flip(0), ErrNoArchive},
		{"another salt", salted, ErrArchiveShut},
		{"dearer", bytes.Replace(file, []byte("t=1"), []byte("t=2"), 1), ErrArchiveShut},
		{"dearer than anybody has", bytes.Replace(file, []byte("m=8192"), []byte("m=9999999"), 1), ErrNoArchive},
		{"a bit of the first piece", flip(head + 10), ErrArchiveShut},
		{"a bit of the second", flip(head + sealed + 10), ErrArchiveBroke},
		{"a bit of the last", flip(len(file) - 1), ErrArchiveBroke},
		{"without its last byte", file[:len(file)-1], ErrArchiveBroke},
		{"without its last piece", join(part(0, 2*sealed)), ErrArchiveBroke},
		{"the first piece alone", join(part(0, sealed)), ErrArchiveShut},
		{"without its first piece", join(part(sealed, 2*sealed), rest), ErrArchiveShut},
		{"without one in between", join(part(0, sealed), rest), ErrArchiveBroke},
		{"in another order", join(part(sealed, 2*sealed), part(0, sealed), rest), ErrArchiveShut},
		{"a piece twice", join(part(0, sealed), part(0, sealed), part(sealed, 2*sealed), rest), ErrArchiveBroke},
		{"something behind it", append(bytes.Clone(file), 0), ErrArchiveBroke},
		{"the end of another", join(part(0, 2*sealed), other[len(other)-116:]), ErrArchiveBroke},
	} {
		got, err := unarchived(t, row.file, "seven doors and a lamp")
		if !errors.Is(err, row.err) {
			t.Errorf("%s: %v, want %v", row.name, err, row.err)
		}
		if !strings.HasPrefix(content, got) {
			t.Errorf("%s: something else was handed out", row.name)
		}
	}
	if _, err := unarchived(t, file, "seven doors and a lamb"); !errors.Is(err, ErrArchiveShut) {
		t.Errorf("another passphrase: %v", err)
	}
	if _, err := sealArchive(io.Discard, passphrase(t, "short words")); !errors.Is(err, ErrPassphrase) {
		t.Errorf("a short passphrase: %v", err)
	}
}

func FuzzOpenArchive(f *testing.F) {
	f.Add([]byte("vestibule-archive-1 argon2id,m=8192,t=1,p=1 AAAAAAAAAAAAAAAAAAAAAA\nx"))
	f.Add([]byte("vestibule-archive-1 argon2id,m=8192 x\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if content, err := unarchived(t, file, "seven doors and a lamp"); err == nil {
			t.Errorf("%q opened to %q", file, content)
		}
	})
}
