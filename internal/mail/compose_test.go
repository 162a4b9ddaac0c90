package mail

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
)

func stationery(t *testing.T) *Stationery {
	t.Helper()
	s, err := NewStationery("")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var (
	tag     = regexp.MustCompile(`(?s)<style.*?</style>|<title.*?</title>|<div style="display:none.*?</div>|<[^>]*>`)
	between = regexp.MustCompile(`\s+`)
)

// seen is what a person reads of HTML.
func seen(html string) string {
	text := strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&#39;", "'", "&#34;", `"`, "&#43;", "+").Replace(tag.ReplaceAllString(html, " "))
	return between.ReplaceAllString(text, " ")
}

// Proves: 4.6
func TestBothFormsSayTheSame(t *testing.T) {
	s := stationery(t)
	for _, kind := range kinds {
		for _, language := range []string{"en", "id"} {
			l, err := s.Compose(kind, sample, language)
			if err != nil {
				t.Fatal(err)
			}
			if l.Language != language || l.Subject == "" || strings.ContainsAny(l.Subject+l.Text, "{}") || strings.ContainsAny(tag.ReplaceAllString(l.HTML, ""), "{}") {
				t.Errorf("%s in %s: %q\n%s", kind, language, l.Subject, l.Text)
			}
			read := seen(l.HTML)
			for paragraph := range strings.SplitSeq(l.Text, "\n\n") {
				for one := range strings.SplitSeq(strings.TrimPrefix(paragraph, "-- \n"), ": ") {
					if one = strings.TrimSpace(between.ReplaceAllString(one, " ")); one != "" && !strings.Contains(read, strings.TrimSuffix(one, ":")) && !facts(paragraph, read) {
						t.Errorf("%s in %s: %q is in the text alone:\n%s", kind, language, one, read)
					}
				}
			}
			if link := slices.Contains(linked, kind); strings.Contains(l.Text, "\n"+sample.Link+"\n") != link || strings.Contains(l.HTML, `href="`+sample.Link+`"`) != link {
				t.Errorf("%s in %s: a link %v is wanted:\n%s", kind, language, link, l.Text)
			}
		}
	}
}

// facts reports whether every line of a paragraph is a fact that HTML has too,
// or a button and its address.
func facts(paragraph, read string) bool {
	for one := range strings.Lines(paragraph) {
		label, value, _ := strings.Cut(strings.TrimSpace(one), ": ")
		if !strings.Contains(read, strings.TrimSuffix(label, ":")) || !strings.Contains(read, value) {
			return false
		}
	}
	return true
}

// A letter fetches nothing, so that reading it tells nobody.
//
// Proves: 4.6
func TestLettersFetchNothing(t *testing.T) {
	withLogo := sample
	withLogo.Logo = &Image{ContentType: "image/png", Data: []byte("png")}
	for _, kind := range kinds {
		l, err := stationery(t).Compose(kind, withLogo, "en")
		if err != nil {
			t.Fatal(err)
		}
		for _, attribute := range regexp.MustCompile(`(?i)(src|background|srcset)="([^"]*)"|url\(|@import|<link|<script|<form`).FindAllString(l.HTML, -1) {
			if attribute != `src="cid:logo"` {
				t.Errorf("%s: %s", kind, attribute)
			}
		}
		raw, err := Sender{Address: "a@door.test"}.Write(Letter{To: "ann@acme.test", HTML: l.HTML, Text: l.Text, Logo: l.Logo})
		if err != nil || !strings.Contains(string(raw), "Content-Id: <logo>") {
			t.Errorf("%s: the logo does not travel along (%v)", kind, err)
		}
	}
}

// Proves: 4.6
func TestWhatPeopleAreCalledIsNoHTML(t *testing.T) {
	facts := sample
	facts.Name, facts.Tenant, facts.UserAgent = `<img src=x onerror=alert(1)>{link}`, `{{.Link}}"><b>`, "<b>\r\n"+strings.Repeat("x", 1<<20)
	l, err := stationery(t).Compose("password_changed", facts, "en")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(l.HTML, "<img") || strings.Contains(l.HTML, "<b>") || strings.Contains(l.Text, "rst_x") || len(l.HTML) > 20_000 {
		t.Errorf("a name became more than a name:\n%s", l.Text)
	}
}

// Proves: 4.6, G7
func TestTheLanguageIsTheNearest(t *testing.T) {
	s := stationery(t)
	for _, row := range []struct {
		wanted []string
		want   string
	}{
		{nil, "en"}, {[]string{""}, "en"}, {[]string{"id"}, "id"}, {[]string{"id-ID"}, "id"}, {[]string{"en-GB", "id"}, "en"},
		{[]string{"fr"}, "en"}, {[]string{"fr", "id"}, "id"}, {[]string{"\x00"}, "en"},
	} {
		if l, err := s.Compose("reset", sample, row.wanted...); err != nil || l.Language != row.want {
			t.Errorf("%q gives %s (%v), want %s", row.wanted, l.Language, err, row.want)
		}
	}
}

// Proves: 4.6
func TestTextOnTheAccentCanBeRead(t *testing.T) {
	for chosen, ink := range map[string]string{"#000000": "#ffffff", "#ffffff": "#000000", "#0a66c2": "#ffffff", "#ffe100": "#000000", "": "#ffffff", "red; x": "#ffffff", "#12345": "#ffffff"} {
		if _, got := accent(chosen); got != ink {
			t.Errorf("on %q stands %s, want %s", chosen, got, ink)
		}
	}
}

// Proves: 4.6
func TestFactsThatAreNotThereAreLeftOut(t *testing.T) {
	l, err := stationery(t).Compose("password_changed", Facts{Product: "Vestibule", Tenant: "Acme", Account: "ann"}, "en")
	if err != nil {
		t.Fatal(err)
	}
	for _, absent := range []string{"When", "From:", "With", "Questions", "1970", "Hello ,"} {
		if strings.Contains(l.Text, absent) {
			t.Errorf("%q is in the letter:\n%s", absent, l.Text)
		}
	}
}

// An operator's folder is read as a whole or the server does not start, and is
// told where to look.
//
// Proves: 4.6
func TestAnOperatorsFolder(t *testing.T) {
	good := `{"letters": {"reset": {"subject": "Neues Passwort für {tenant}", "body": [{"text": "Hier:"}, {"button": "Wählen"}]}}}`
	for _, row := range []struct{ name, file, content, wrong string }{
		{"another language", "de.json", good, ""},
		{"an English letter", "en.json", good, ""},
		{"a template of one's own", "letter.txt", "{{.Greeting}}\n{{.Link}}\n", ""},
		{"no JSON", "de.json", "{\n\"letters\": {\n]}", "de.json:3: "},
		{"a misspelt key", "de.json", "{\n\n\"lettres\": {}}", "de.json:3: "},
		{"a letter there is not", "de.json", "{\n\"letters\": {\n\"rest\": {\"subject\": \"x\", \"body\": []}}}", "de.json:3: "},
		{"a misspelt placeholder", "de.json", strings.Replace(good, "{tenant}", "\\n{tenent}", 1), "de.json:1: there is no placeholder {tenent}"},
		{"a letter without its link", "de.json", `{"letters": {"reset": {"subject": "x", "body": [{"text": "x"}]}}}`, "de.json:1: "},
		{"a paragraph that is a number", "de.json", "{\n\"copy\": 1}", "de.json:2: "},
		{"two things at once", "de.json", `{} {}`, "de.json:1: "},
		{"a broken template", "letter.html", "<p>\n{{.Greeting", "letter.html:2"},
		{"a template that asks for what there is not", "letter.html", "<p>\n\n{{.Password}}", "letter.html:3"},
		{"HTML that does not end", "letter.html", "<a href=\"{{.Link}}", "letter.html"},
		{"a file of another kind", "reset.html", "x", "reset.html"},
		{"words of no language", "english-words.json", "{}", "english-words.json"},
		{"nothing in it", "letter.txt", "", "letter.txt"},
	} {
		t.Run(row.name, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, row.file), []byte(row.content), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := NewStationery(folder)
			if row.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), row.wrong) || !strings.Contains(err.Error(), folder) {
					t.Errorf("error %v, want %q in the folder", err, row.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			l, err := s.Compose("reset", sample, strings.TrimSuffix(row.file, ".json"))
			if err != nil || strings.HasSuffix(row.file, ".json") && l.Subject != "Neues Passwort für Acme & Sons <Ltd>" {
				t.Errorf("%q (%v)", l.Subject, err)
			}
		})
	}
	if _, err := NewStationery(filepath.Join(t.TempDir(), "not-there")); err == nil {
		t.Error("a folder that is not there is taken")
	}
}

// Proves: 4.6
func TestTimesAndProgramsAreInWords(t *testing.T) {
	w := stationery(t).words[0]
	if got := w.moment(time.Date(2030, 1, 2, 9, 5, 0, 0, time.UTC), nil); got != "2 January 2030, 09:05 UTC" {
		t.Error(got)
	}
	jakarta := identity.Zone("Asia/Jakarta")
	if got := w.moment(time.Date(2030, 1, 2, 19, 5, 0, 0, time.UTC), jakarta); got != "3 January 2030, 02:05 WIB" {
		t.Error(got)
	}
	w.Date = "{hour}:{minute} UTC" // words of an operator's own that say so
	if got := w.moment(time.Date(2030, 1, 2, 19, 5, 0, 0, time.UTC), jakarta); got != "19:05 UTC" {
		t.Error(got)
	}
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0":             "Edge on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604": "Safari on iPhone",
		"curl/8.5.0": "curl/8.5.0",
		"":           "",
	} {
		if got := w.device(agent); got != want {
			t.Errorf("%q is %q, want %q", agent, got, want)
		}
	}
}
