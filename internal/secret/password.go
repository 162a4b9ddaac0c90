package secret

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/vestibule-id/vestibule/internal/problem"
)

// MaxPassword is the most bytes a typed password may have.
const MaxPassword = 1024

// ErrPasswordText says that what was typed cannot be a password.
var ErrPasswordText = problem.New(problem.Invalid, "invalid_password_text",
	"A password is UTF-8 text of 1 to 1024 bytes.")

// A Password is what somebody typed, in the two spellings that matter: the one
// in Unicode's normalisation form C, from which our own hashes are made, and
// the one that came, from which another system may have made its hash. The
// zero Password matches nothing.
//
// It hides itself in logs; Reveal shows it. The spellings stand behind a
// function because fmt calls no methods on unexported fields: there it prints
// an address.
type Password struct {
	text func() (composed, typed string)
}

// NewPassword checks what was typed: not empty, at most MaxPassword bytes,
// UTF-8, no NUL (bcrypt and HMAC cannot tell some passwords with NUL from
// shorter ones). Its error is an ErrPasswordText and repeats nothing.
func NewPassword(typed string) (Password, error) {
	switch {
	case typed == "":
		return Password{}, ErrPasswordText.Because("The password is empty.")
	case len(typed) > MaxPassword:
		return Password{}, ErrPasswordText.Because("The password is longer than %d bytes.", MaxPassword)
	case !utf8.ValidString(typed):
		return Password{}, ErrPasswordText.Because("The password is not valid UTF-8.")
	case strings.ContainsRune(typed, 0):
		return Password{}, ErrPasswordText.Because("The password contains a NUL character.")
	}
	composed := norm.NFC.String(typed)
	return Password{func() (string, string) { return composed, typed }}, nil
}

// Reveal is the password in normalisation form C, for the rules about
// passwords. Write it nowhere.
func (p Password) Reveal() string {
	if p.text == nil {
		return ""
	}
	composed, _ := p.text()
	return composed
}

// spellings are what a hash is tried with, in this order.
func (p Password) spellings() []string {
	if p.text == nil {
		return []string{""}
	}
	composed, typed := p.text()
	if composed == typed {
		return []string{composed}
	}
	return []string{composed, typed}
}

const hiddenPassword = "[password]"

// String hides the password.
func (Password) String() string { return hiddenPassword }

// GoString hides the password.
func (Password) GoString() string { return hiddenPassword }

// Format hides the password from every verb, %x among them.
func (Password) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hiddenPassword) }

// LogValue hides the password from slog.
func (Password) LogValue() slog.Value { return slog.StringValue(hiddenPassword) }

// MarshalText hides the password from JSON and its relatives.
func (Password) MarshalText() ([]byte, error) { return []byte(hiddenPassword), nil }
