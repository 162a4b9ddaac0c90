package identity

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/vestibule-id/vestibule/internal/problem"
)

// What people type is folded here, once, and compared as bytes ever after: the
// two databases and Go's own strings package disagree about what "lower case"
// means (U+212A KELVIN SIGN is a k to some and not to others).
var (
	ErrEmail     = problem.New(problem.Invalid, "invalid_email", "That is not an e-mail address.")
	ErrSlug      = problem.New(problem.Invalid, "invalid_slug", "A tenant slug has 2 to 40 characters: a to z, 0 to 9, and hyphens that are neither first nor last.")
	ErrExtension = problem.New(problem.Invalid, "invalid_extension", "An extension has 2 to 10 digits.")
	ErrUsername  = problem.New(problem.Invalid, "invalid_username", "A username is an extension of 2 to 10 digits, a hyphen and the tenant code, like 201-example.")
	ErrName      = problem.New(problem.Invalid, "invalid_name", "That is not a name.")
)

// An EmailAddress keeps what was typed, for display, beside its folded form,
// which is unique within a tenant and where mail goes. The zero value is "none".
type EmailAddress struct{ Typed, Folded string }

// Bounds of an address: RFC 5321 section 4.5.3.1 with erratum 1690 of RFC 3696.
const (
	maxEmail = 254 // bytes
	maxLocal = 64  // bytes
)

// ParseEmail reads one bare address (RFC 5321 Mailbox with a Dot-string and a
// domain). Surrounding blanks do not matter, nor does the case of A to Z; the
// domain is folded to A-labels. Nothing else is collapsed: a plus or a dot in
// the local part makes another address. Errors are ErrEmail, saying which rule
// failed.
func ParseEmail(typed string) (EmailAddress, error) {
	typed = trimBlanks(typed)
	local, domain, err := splitEmail(typed)
	if err != nil {
		return EmailAddress{}, err
	}
	if err := checkLocal(local); err != nil {
		return EmailAddress{}, err
	}
	domain, err = foldDomain(domain)
	if err != nil {
		return EmailAddress{}, err
	}
	folded := lowerASCII(local) + "@" + domain
	if len(folded) > maxEmail {
		return EmailAddress{}, ErrEmail.Because("An e-mail address has at most %d bytes.", maxEmail)
	}
	return EmailAddress{Typed: norm.NFC.String(typed), Folded: folded}, nil
}

func splitEmail(s string) (local, domain string, err error) {
	switch {
	case s == "":
		return "", "", ErrEmail.Because("An e-mail address is missing.")
	case len(s) > maxEmail:
		return "", "", ErrEmail.Because("An e-mail address has at most %d bytes.", maxEmail)
	case !utf8.ValidString(s):
		return "", "", ErrEmail.Because("An e-mail address must be UTF-8.")
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }):
		return "", "", ErrEmail.Because("An e-mail address has no spaces, line breaks or control characters.")
	case strings.ContainsAny(s, `"()<>,;:\[]`):
		return "", "", ErrEmail.Because("Only one bare e-mail address is taken: no quotes, brackets, comments or lists.")
	case strings.Count(s, "@") != 1:
		return "", "", ErrEmail.Because("An e-mail address has exactly one @.")
	}
	local, domain, _ = strings.Cut(s, "@")
	return local, domain, nil
}

// checkLocal takes a Dot-string. It looks before anything is normalised, for
// NFC itself turns some other characters into ASCII letters.
func checkLocal(local string) error {
	const atext = "!#$%&'*+-/=?^_`{|}~."
	for _, r := range local {
		if !isLetter(r) && !isDigit(r) && (r > unicode.MaxASCII || !strings.ContainsRune(atext, r)) {
			return ErrEmail.Because("The part before the @ may have letters a to z, digits and the usual signs only.")
		}
	}
	switch {
	case local == "" || len(local) > maxLocal:
		return ErrEmail.Because("The part before the @ has 1 to %d characters.", maxLocal)
	case local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, ".."):
		return ErrEmail.Because("A dot before the @ stands between other characters.")
	}
	return nil
}

// foldDomain turns a domain into lower-case A-labels (RFC 5891 section 5). The
// Lookup profile would map compatibility characters (a fullwidth k, the Kelvin
// sign) to ASCII, as UTS 46 wants for browsers. Here they are refused: the
// only mapping is lower case, and it never leads from outside ASCII into it.
func foldDomain(typed string) (string, error) {
	bad := ErrEmail.Because("The part after the @ is not a domain name.")
	lower := strings.Map(func(r rune) rune {
		if r <= unicode.MaxASCII {
			return rune(lowerASCII(string(r))[0])
		}
		if r = unicode.ToLower(r); r <= unicode.MaxASCII {
			return utf8.RuneError
		}
		return r
	}, typed)
	lower = norm.NFC.String(lower)
	domain, err := idna.Registration.ToASCII(lower)
	if err != nil || !strings.Contains(domain, ".") {
		return "", bad
	}
	// A-labels may be typed too, so the letters are judged on the way back.
	letters, err := idna.Registration.ToUnicode(domain)
	if err != nil || strings.ContainsFunc(letters, notInDomain) {
		return "", bad
	}
	// A number at the end is an IP address, whatever else it looks like.
	if last := domain[strings.LastIndexByte(domain, '.')+1:]; last == "" || !isLetter(rune(last[0])) {
		return "", bad
	}
	return domain, nil
}

// notInDomain refuses the symbols that UTS 46 allows and IDNA2008 does not
// (RFC 5892 section 2), leaving those it allows in context.
func notInDomain(r rune) bool {
	return r > unicode.MaxASCII && !unicode.In(r, unicode.L, unicode.M, unicode.Nd) &&
		!strings.ContainsRune("\u00b7\u0375\u05f3\u05f4\u200c\u200d\u30fb", r)
}

// ParseSlug folds a tenant's slug: surrounding blanks and the case of A to Z do
// not matter. The error is ErrSlug.
func ParseSlug(typed string) (string, error) {
	slug := lowerASCII(trimBlanks(typed))
	if len(slug) < 2 || len(slug) > 40 || slug[0] == '-' || slug[len(slug)-1] == '-' {
		return "", ErrSlug
	}
	if strings.ContainsFunc(slug, func(r rune) bool { return !isLetter(r) && !isDigit(r) && r != '-' }) {
		return "", ErrSlug
	}
	return slug, nil
}

// ParseExtension reads an extension number; it stays a text, for 0201 and 201
// are two telephones. The error is ErrExtension.
func ParseExtension(typed string) (string, error) {
	extension := trimBlanks(typed)
	if extension == "" {
		return "", ErrExtension.Because("An extension is missing.")
	}
	if len(extension) < 2 || len(extension) > 10 {
		return "", ErrExtension
	}
	if strings.ContainsFunc(extension, func(r rune) bool { return !isDigit(r) }) {
		return "", ErrExtension
	}
	return extension, nil
}

// ParseUsername splits "201-wickedsprockets": the extension is what stands
// before the first hyphen, the slug all the rest, hyphens included. Bare digits
// have no slug; the address must tell the tenant then. The error is
// ErrUsername.
func ParseUsername(typed string) (extension, slug string, err error) {
	extension, slug, hyphen := strings.Cut(trimBlanks(typed), "-")
	extension, err = parseExact(extension, ParseExtension)
	if err != nil {
		return "", "", ErrUsername
	}
	if !hyphen {
		return extension, "", nil
	}
	slug, err = parseExact(slug, ParseSlug)
	if err != nil {
		return "", "", ErrUsername
	}
	return extension, slug, nil
}

// parseExact parses a part of something longer, around which no blanks belong.
func parseExact(part string, parse func(string) (string, error)) (string, error) {
	if part != trimBlanks(part) {
		return "", ErrUsername
	}
	return parse(part)
}

// ParseName reads a person's or a tenant's name: NFC, 1 to 200 characters,
// something visible among them. Characters that turn or hide what stands
// beside them are refused, for names are shown to other people. Errors are
// ErrName, saying which rule failed.
func ParseName(typed string) (string, error) {
	if !utf8.ValidString(typed) {
		return "", ErrName.Because("A name must be UTF-8.")
	}
	name := norm.NFC.String(strings.TrimFunc(typed, func(r rune) bool { return unicode.Is(unicode.Zs, r) }))
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return "", ErrName.Because("A name is missing.")
	case n > 200:
		return "", ErrName.Because("A name has at most 200 characters.")
	case strings.ContainsFunc(name, hidden):
		return "", ErrName.Because("A name has no line breaks, control characters or characters that change the direction of writing.")
	case !strings.ContainsFunc(name, func(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) }):
		return "", ErrName.Because("A name has at least one visible character.")
	case leads(name):
		return "", ErrName.Because("A name has no web address in it.")
	case strings.Contains(name, "=?"): // begins an encoded word (RFC 2047 section 2): mail programs would show another text
		return "", ErrName.Because("A name has no “=?” in it: mail programs take that for the beginning of encoded text.")
	}
	return name, nil
}

var webAddress = regexp.MustCompile(`(^|[^\p{L}\p{N}])www\.`)

// leads reports whether mail programs would make a link of a name: letters begin
// with it, and whoever invites somebody chooses it.
func leads(name string) bool {
	folded := strings.ToLower(norm.NFKC.String(name))
	return strings.Contains(folded, "://") || webAddress.MatchString(folded)
}

// hidden spares the two joiners, without which Persian and many Indian names
// cannot be written.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && r != '\u200c' && r != '\u200d'
}

// FoldSearch is the form in which names are searched: case does not matter,
// accents do.
func FoldSearch(s string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(s)))
}

func trimBlanks(s string) string { return strings.Trim(s, " \t") }

// lowerASCII touches the bytes A to Z and no others.
func lowerASCII(s string) string {
	lower := []byte(s)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + ('a' - 'A')
		}
	}
	return string(lower)
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }
func isDigit(r rune) bool  { return '0' <= r && r <= '9' }
