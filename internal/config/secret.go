package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
)

// A Secret hides itself from logs and messages; write string(s) where it must
// be revealed.
type Secret string

const hidden = "[hidden]"

// String, GoString, LogValue and MarshalText hide the secret.
func (s Secret) String() string               { return hidden }
func (s Secret) GoString() string             { return hidden }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// An Address names a database or a mail server and may hold a password, which
// it hides; write string(a) where it must be revealed.
type Address string

// String is the address without user, password and parameters.
func (a Address) String() string {
	if a == "" || strings.HasPrefix(string(a), "sqlite:") {
		return string(a)
	}
	u, err := url.Parse(string(a))
	if err != nil || u.Opaque != "" || u.Host == "" {
		return hidden
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

// GoString, LogValue and MarshalText hide what String hides.
func (a Address) GoString() string             { return a.String() }
func (a Address) LogValue() slog.Value         { return slog.StringValue(a.String()) }
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// forbiddenBits are write for group and others and read for others. Reading is
// left to the group, so that a key can belong to root and the service's group
// (0640).
const forbiddenBits = 0o026

// ErrOpenKeyFile says that a file with a secret is open to others.
var ErrOpenKeyFile = errors.New("others can read or write it; make it private with chmod 600")

// ReadKeyFile returns the text of a file that holds a secret, without its last
// line end. A file that its group may write or others may read or write is
// refused with ErrOpenKeyFile (OWASP ASVS 5.0, 13.3.2). Errors name the path
// and hold nothing of the text.
func ReadKeyFile(path string) (Secret, error) {
	text, err := readFile(path, forbiddenBits)
	return Secret(text), err
}

// maxFile bounds the size of files with settings, in bytes.
const maxFile = 64 << 10

// readFile returns a file's text. The mode is asked of the open file, so that
// what was checked is what is read.
func readFile(path string, forbidden os.FileMode) (text string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return "", err
	case info.IsDir():
		return "", fmt.Errorf("%s is a directory", path)
	case info.Mode().Perm()&forbidden != 0:
		return "", fmt.Errorf("%s: %w", path, ErrOpenKeyFile)
	}
	raw, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return "", err
	}
	if len(raw) > maxFile {
		return "", fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	text = strings.TrimSuffix(string(raw), "\n")
	return strings.TrimSuffix(text, "\r"), nil
}
