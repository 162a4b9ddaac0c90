package mail

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// Compose writes a letter of a kind (“reset”) in the language that comes
// nearest to the wanted ones, which are BCP 47 and may be empty. Token,
// address, sender and time are left to the caller.
func (s *Stationery) Compose(kind string, facts Facts, wanted ...string) (Letter, error) {
	var tags []language.Tag
	for _, one := range wanted {
		if tag, err := language.Parse(one); err == nil {
			tags = append(tags, tag)
		}
	}
	_, i, _ := s.matcher.Match(tags...)
	return s.write(i, kind, facts)
}

// sheet is what the templates see. Their fields are a promise to operators who
// have templates of their own.
type sheet struct {
	Language, Subject, Preview    string
	Sender, Greeting              string
	Blocks                        []sheetBlock
	Link, Copy, Footer, Help      string
	Accent, OnAccent              string // "#rrggbb": a ground, and text on it
	Logo                          bool
	Product, Tenant, Slug, SignIn string
}

type sheetBlock struct {
	Text, Button, Note string
	Facts              []sheetFact
}

type sheetFact struct{ Label, Value string }

func (s *Stationery) write(i int, kind string, facts Facts) (Letter, error) {
	w := s.words[i]
	said, known := w.Letters[kind]
	if !known {
		return Letter{}, fmt.Errorf("there is no letter %q", kind)
	}
	values := facts.values(w)
	page := sheet{
		Language: s.tags[i].String(), Subject: line(fill(said.Subject, values), maxSubject), Link: facts.Link,
		Sender: values["tenant"], Copy: w.Copy, Logo: facts.Logo != nil,
		Product: values["product"], Tenant: values["tenant"], Slug: values["slug"], SignIn: values["sign_in"],
		Greeting: w.GreetingNobody, Footer: fill(w.FooterAlone, values),
	}
	if values["tenant"] == "" {
		page.Sender = values["product"]
	} else {
		page.Footer = fill(w.Footer, values)
	}
	if values["name"] != "" {
		page.Greeting = fill(w.Greeting, values)
	}
	if values["support"] != "" {
		page.Help = fill(w.FooterHelp, values)
	}
	page.Accent, page.OnAccent = accent(facts.Accent)
	for _, b := range said.Body {
		page.Blocks = append(page.Blocks, filled(b, values)...)
	}
	page.Preview = line(preview(page.Blocks), maxSubject)
	var html, plain strings.Builder
	if err := s.html.Execute(&html, page); err != nil {
		return Letter{}, err
	}
	if err := s.text.Execute(&plain, page); err != nil {
		return Letter{}, err
	}
	return Letter{
		FromName: values["tenant"], Language: page.Language, Subject: page.Subject, HTML: html.String(), Text: tidy(plain.String()), Logo: facts.Logo,
	}, nil
}

// filled leaves out facts that nobody knows.
func filled(b block, values map[string]string) []sheetBlock {
	out := sheetBlock{Text: fill(b.Text, values), Button: fill(b.Button, values), Note: fill(b.Note, values)}
	for _, pair := range b.Facts {
		if value := fill(pair[1], values); strings.TrimSpace(value) != "" {
			out.Facts = append(out.Facts, sheetFact{fill(pair[0], values), value})
		}
	}
	if len(b.Facts) > 0 && len(out.Facts) == 0 {
		return nil
	}
	return []sheetBlock{out}
}

func preview(blocks []sheetBlock) string {
	for _, b := range blocks {
		if b.Text != "" {
			return b.Text
		}
	}
	return ""
}

// values are the facts as placeholders stand for them, each fit for a line.
func (f Facts) values(w words) map[string]string {
	values := map[string]string{
		"product": f.Product, "tenant": f.Tenant, "slug": f.Slug, "name": f.Name, "account": f.Account, "support": f.Support,
		"sign_in": f.SignIn, "expires": w.moment(f.Expires, f.Zone), "at": w.moment(f.At, f.Zone), "address": f.Address,
		"device": w.device(f.UserAgent), "new_address": f.NewAddress,
	}
	for name, value := range values {
		values[name] = line(value, maxFact)
	}
	return values
}

// moment is a time in words, to the minute; nothing for the zero time. Words
// that do not name the zone are about UTC.
func (w words) moment(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	t = t.UTC()
	if zone != nil && strings.Contains(w.Date, "{zone}") {
		t = t.In(zone)
	}
	return fill(w.Date, map[string]string{
		"day": strconv.Itoa(t.Day()), "month": w.Months[t.Month()-1], "year": strconv.Itoa(t.Year()),
		"hour": fmt.Sprintf("%02d", t.Hour()), "minute": fmt.Sprintf("%02d", t.Minute()),
		"zone": identity.ZoneWord(t),
	})
}

// device is a program's name for itself in words people use.
func (w words) device(agent string) string {
	browser, system := identity.Device(agent)
	if browser == "" || system == "" {
		return line(agent, 80)
	}
	return fill(w.Device, map[string]string{"browser": browser, "system": system})
}

// plainAccent is the colour of letters of tenants that have chosen none.
const plainAccent = "#2456b3"

// accent is a ground and what can be read on it: black or white, whichever
// contrasts more (WCAG 2.2, “contrast ratio”).
func accent(chosen string) (ground, ink string) {
	rgb, err := strconv.ParseUint(strings.TrimPrefix(chosen, "#"), 16, 24)
	if err != nil || len(chosen) != 7 {
		return plainAccent, "#ffffff"
	}
	linear := func(shift uint) float64 {
		v := float64(rgb>>shift&255) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	light := 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0)
	if 1.05/(light+0.05) >= (light+0.05)/0.05 {
		return strings.ToLower(chosen), "#ffffff"
	}
	return strings.ToLower(chosen), "#000000"
}

// lineWidth is how wide plain text is at most, unless a word is wider.
const lineWidth = 74

// wrap breaks a paragraph into lines.
func wrap(paragraph string) string {
	var out strings.Builder
	width := 0
	for word := range strings.FieldsSeq(paragraph) {
		n := len([]rune(word))
		switch {
		case width == 0:
		case width+1+n > lineWidth:
			out.WriteByte('\n')
			width = 0
		default:
			out.WriteByte(' ')
			width++
		}
		out.WriteString(word)
		width += n
	}
	return out.String()
}

// tidy leaves at most one blank line between paragraphs.
func tidy(text string) string {
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	return strings.TrimSpace(text) + "\n"
}

// sample is what templates are tried with.
var sample = Facts{
	Product: "Vestibule", Tenant: "Acme & Sons <Ltd>", Slug: "acme", Accent: "#0a66c2", Name: "Ann", Account: "ann@acme.test",
	Support: "help@acme.test", Link: "https://door.test/reset-password?token=rst_x", SignIn: "https://door.test/t/acme/login",
	Expires: time.Unix(1_800_000_000, 0), At: time.Unix(1_800_000_000, 0), Address: "192.0.2.1", UserAgent: "curl/8", NewAddress: "ann@new.test",
}
