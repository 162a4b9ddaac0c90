package mail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// words is what letters say in one language: a file of the catalogue.
type words struct {
	Date           string             `json:"date"`
	Months         []string           `json:"months"`
	Device         string             `json:"device"`
	Greeting       string             `json:"greeting"`
	GreetingNobody string             `json:"greeting_nobody"`
	Copy           string             `json:"copy"`
	Footer         string             `json:"footer"`
	FooterAlone    string             `json:"footer_alone"`
	FooterHelp     string             `json:"footer_help"`
	Letters        map[string]letters `json:"letters"`
}

// letters is what one kind of letter says.
type letters struct {
	Subject string  `json:"subject"`
	Body    []block `json:"body"`
}

// A block is one of: a paragraph, a button that leads to the link, a list of
// facts each with its label, a note in small print.
type block struct {
	Text   string      `json:"text,omitempty"`
	Button string      `json:"button,omitempty"`
	Facts  [][2]string `json:"facts,omitempty"`
	Note   string      `json:"note,omitempty"`
}

func (b block) parts() (n int) {
	for _, there := range []bool{b.Text != "", b.Button != "", len(b.Facts) > 0, b.Note != ""} {
		if there {
			n++
		}
	}
	return n
}

// kinds are the letters there are; those with a button need a link.
var kinds = []string{"reset", "invitation", "password_changed", "address_changed", "address_confirm", "address_undo", "new_browser", "token_reuse", "test"}

var linked = []string{"reset", "invitation", "address_confirm", "address_undo"}

// places are the placeholders of each text.
var (
	factPlaces = []string{"product", "tenant", "slug", "name", "account", "support", "sign_in", "expires", "at", "address", "device", "new_address"}
	datePlaces = []string{"day", "month", "year", "hour", "minute", "zone"}
	toolPlaces = []string{"browser", "system"}
)

var placeholder = regexp.MustCompile(`\{([a-z_]*)\}`)

// fill replaces placeholders, once: what is put in is never looked at again.
func fill(text string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string { return values[name[1:len(name)-1]] })
}

// parseWords reads a file of the catalogue over the words given, of which it
// replaces what it has. Errors name the file and the line.
func parseWords(file string, text []byte, base words) (words, error) {
	w := base
	w.Letters = map[string]letters{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&w); err != nil {
		return words{}, at(file, text, jsonOffset(decoder, err), "%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return words{}, at(file, text, int(decoder.InputOffset()), "something follows the end")
	}
	for kind := range w.Letters {
		if !slices.Contains(kinds, kind) {
			return words{}, at(file, text, find(text, `"`+kind+`"`), "there is no letter %q; there are %s", kind, strings.Join(kinds, ", "))
		}
	}
	for kind, l := range base.Letters {
		if _, replaced := w.Letters[kind]; !replaced {
			w.Letters[kind] = l
		}
	}
	return w, w.check(file, text)
}

// check finds what would leave a letter with a gap.
func (w words) check(file string, text []byte) error {
	lines := map[string][]string{w.Date: datePlaces, w.Device: toolPlaces}
	for _, one := range []string{w.Greeting, w.GreetingNobody, w.Copy, w.Footer, w.FooterAlone, w.FooterHelp} {
		lines[one] = factPlaces
	}
	for _, kind := range kinds {
		l, there := w.Letters[kind]
		if !there || l.Subject == "" || len(l.Body) == 0 {
			return at(file, text, find(text, `"`+kind+`"`), "the letter %q lacks its subject or body", kind)
		}
		lines[l.Subject] = factPlaces
		button := false
		for _, b := range l.Body {
			if b.parts() != 1 {
				return at(file, text, find(text, `"`+kind+`"`), "a block of the letter %q is not exactly one of text, button, facts and note", kind)
			}
			button = button || b.Button != ""
			for _, one := range append([]string{b.Text, b.Button, b.Note}, flat(b.Facts)...) {
				lines[one] = factPlaces
			}
		}
		if button != slices.Contains(linked, kind) {
			return at(file, text, find(text, `"`+kind+`"`), "the letter %q must have a button if, and only if, it has a link", kind)
		}
	}
	if len(w.Months) != 12 {
		return at(file, text, find(text, `"months"`), "a year has 12 months")
	}
	return checkPlaces(file, text, lines)
}

func checkPlaces(file string, text []byte, lines map[string][]string) error {
	for one, allowed := range lines {
		for _, found := range placeholder.FindAllStringSubmatch(one, -1) {
			if !slices.Contains(allowed, found[1]) {
				return at(file, text, find(text, found[0]), "there is no placeholder %s here; there are {%s}", found[0], strings.Join(allowed, "}, {"))
			}
		}
	}
	return nil
}

func flat(pairs [][2]string) (list []string) {
	for _, p := range pairs {
		list = append(list, p[0], p[1])
	}
	return list
}

// at is an error that names the file and line of an offset in its text.
func at(file string, text []byte, offset int, format string, args ...any) error {
	line := 1 + bytes.Count(text[:min(max(offset, 0), len(text))], []byte("\n"))
	return fmt.Errorf("%s:%d: %s", file, line, fmt.Sprintf(format, args...))
}

func find(text []byte, what string) int { return bytes.Index(text, []byte(what)) }

func jsonOffset(d *json.Decoder, err error) int {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return int(syntax.Offset)
	}
	if typed, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return int(typed.Offset)
	}
	return int(d.InputOffset())
}
