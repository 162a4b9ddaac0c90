package identity

import (
	"strings"
	"unicode"
)

// A Mailbox is one person of a list that somebody pasted, as it was written.
type Mailbox struct {
	Line                   string
	Email, Extension, Name string
	Err                    error // ErrEmail or ErrExtension: what keeps the line from being one person
}

var (
	errNoAddress         = ErrEmail.Because("There is no e-mail address in this line.")
	errTwo               = ErrEmail.Because("There is more than one address in this line. Write one person a line.")
	errMore              = ErrEmail.Because("Leave only the address, or put it in brackets behind the name, like “Ann Smith <ann@example.com>”.")
	errMoreWithExtension = ErrEmail.Because("Leave only the extension and the address. A name may stand before an address in brackets, like “203 Ann Smith <ann@example.com>”.")
	errTwice             = ErrEmail.Because("This address is in the list twice. Once is enough.")
	errTwiceExtension    = ErrExtension.Because("This extension is in the list twice. Each person has their own.")
)

// ReadMailboxes reads what somebody pasted. In the extension style a line may
// have an extension beside the address, also where there is a name. Whoever
// stands in it again, by address or extension, has an error.
func ReadMailboxes(text string, style Style) (list []Mailbox) {
	met := map[string]bool{}
	for _, line := range split(text) {
		m := Mailbox{Line: line}
		if m.Err = m.read(style); m.Err == nil {
			email, err := ParseEmail(m.Email)
			switch {
			case met[email.Folded]:
				m.Err = errTwice
			case met[m.Extension]:
				m.Err = errTwiceExtension
			}
			met[email.Folded], met[m.Extension] = err == nil, m.Extension != ""
		}
		list = append(list, m)
	}
	return list
}

// split takes a list apart: one person a line, or with commas or semicolons
// between them, as mail programs write lists. A comma before an address belongs
// to a name, “Smith, Ann <ann@example.com>”, as does what stands in quotes.
func split(text string) (lines []string) {
	for row := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == '\n' || c == '\r' }) {
		from, quoted, addressed := 0, 0, false
		end := func(at int) {
			line := strings.TrimFunc(row[from:at], between)
			if line != "" {
				lines = append(lines, line)
			}
			from, addressed = at, false
		}
		begins := true // a word
		for at, c := range row {
			switch {
			case at < quoted:
			case c == '"' && begins:
				quoted = at + 1 + untilQuote(row[at+1:])
			case c == '@':
				addressed = true
			case c == ';' || c == ',' && addressed:
				end(at)
			}
			begins = between(c)
		}
		end(len(row))
	}
	return lines
}

// between reports what stands between the people of a list, and between words.
func between(c rune) bool { return unicode.IsSpace(c) || c == ',' || c == ';' }

// untilQuote is how far it is to behind the next quote, 0 where there is none:
// a quote that nothing closes is a sign like others.
func untilQuote(rest string) int {
	for at := 0; at < len(rest); at++ {
		switch rest[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return 0
}

// read reads one line: an address, alone or in brackets behind a name (RFC 5322
// section 3.4), and beside it an extension where people have one.
func (m *Mailbox) read(style Style) error {
	words, rest, named := m.Line, "", false
	if strings.Count(m.Line, "<") > 1 {
		return errTwo
	}
	if open := strings.IndexByte(m.Line, '<'); open >= 0 {
		words = m.Line[:open]
		if m.Email, rest, named = strings.Cut(m.Line[open+1:], ">"); !named {
			return errMore
		}
		m.Email = trimBlanks(m.Email)
	}
	var name []string
	for _, word := range strings.FieldsFunc(words+" "+rest, func(c rune) bool { return unicode.IsSpace(c) || !named && c == ',' }) {
		switch {
		case !named && strings.Contains(word, "@") && m.Email != "":
			return errTwo
		case !named && strings.Contains(word, "@"):
			m.Email = word
		case m.Extension == "" && !strings.ContainsFunc(word, notDigit) && (style == Extension || !named):
			m.Extension = word
		default:
			name = append(name, word)
		}
	}
	switch m.Name = unquoted(strings.Join(name, " ")); {
	case m.Email == "" && (m.Name != "" || style != Extension):
		return errNoAddress
	case !named && m.Name != "" && style == Extension:
		return errMoreWithExtension
	case !named && m.Name != "":
		return errMore
	case lowerASCII(m.Name) == lowerASCII(m.Email): // as some mail programs write who has no name
		m.Name = ""
	case strings.Contains(m.Name, "@"): // whoever it is would not be invited, and nobody would be told
		return errTwo
	}
	return nil
}

func notDigit(c rune) bool { return !isDigit(c) }

// unquoted takes the quotes around a name away, and the signs that keep others
// inside it.
func unquoted(name string) string {
	if n := len(name); n >= 2 && (name[0] == '"' || name[0] == '\'') && name[n-1] == name[0] {
		name = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(name[1 : n-1])
	}
	return trimBlanks(name)
}
