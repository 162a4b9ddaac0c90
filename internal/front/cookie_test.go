package front

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestSetCookies(t *testing.T) {
	w := httptest.NewRecorder()
	SetSessionCookie(w, "abc")
	SetBrowserCookie(w, "def")
	SetCookie(w, "__Host-flow-1", "ghi", 30*time.Minute)
	ClearCookie(w, SessionCookie)
	SetAccessCookie(w, "a.b.c", 90*time.Second)
	SetAccessCookie(w, "a.b.c", time.Millisecond)
	SetAccessCookie(w, strings.Repeat("a", 4084), time.Minute) // which no browser would keep
	const always = "; HttpOnly; Secure; SameSite=Lax"
	want := []string{
		"__Host-session=abc; Path=/" + always,
		"__Host-browser=def; Path=/; Max-Age=31536000" + always,
		"__Host-flow-1=ghi; Path=/; Max-Age=1800" + always,
		"__Host-session=; Path=/; Max-Age=0" + always,
		"__Host-access=a.b.c; Path=/; Max-Age=90" + always,
		"__Host-access=a.b.c; Path=/; Max-Age=1" + always,
	}
	got := w.Header().Values("Set-Cookie")
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s\nwant %s", got[i], want[i])
		}
	}
}

// Proves: W13, 3.3
func TestClearPerson(t *testing.T) {
	w := httptest.NewRecorder()
	ClearPerson(w, &http.Request{Header: http.Header{"Cookie": {
		"__Host-browser=a; __Host-theme=dark; __Host-flow-1=b; other=c", "__Host-flow-2=d; __Host-flow-;x=e; __Host-flow-é=f",
	}}})
	var cleared []string
	for _, line := range w.Header().Values("Set-Cookie") {
		name, rest, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(rest, "; Path=/; Max-Age=0;") {
			t.Errorf("not cleared: %s", line)
		}
		cleared = append(cleared, name)
	}
	if got := strings.Join(cleared, " "); got != "__Host-session __Host-access __Host-flow-1 __Host-flow-2 __Host-flow-" {
		t.Errorf("cleared %s", got)
	}
}

func TestAccessTokensMayBeLong(t *testing.T) {
	for _, row := range []struct {
		name   string
		length int
		read   bool
	}{
		{AccessCookie, 4096 - len(AccessCookie), true}, {AccessCookie, 4097 - len(AccessCookie), false}, {BrowserCookie, 513, false},
	} {
		r := &http.Request{Header: http.Header{"Cookie": {row.name + "=" + strings.Repeat("a", row.length)}}}
		if read := ReadCookie(r, row.name) != ""; read != row.read {
			t.Errorf("%s of %d bytes: read is %v", row.name, row.length, read)
		}
	}
}

func TestReadCookie(t *testing.T) {
	for _, test := range []struct {
		name  string
		lines []string
		want  string
	}{
		{name: "one", lines: []string{"__Host-session=a-b_c.D9"}, want: "a-b_c.D9"},
		{name: "among others", lines: []string{"x=1; __Host-session=abc; __Host-browser=def"}, want: "abc"},
		{name: "on a second line", lines: []string{"x=1", "__Host-session=abc"}, want: "abc"},
		{name: "none", lines: []string{"x=1"}},
		{name: "no header"},
		{name: "twice on one line", lines: []string{"__Host-session=abc; __Host-session=evil"}},
		{name: "twice on two lines", lines: []string{"__Host-session=abc", "__Host-session=abc"}},
		{name: "a second one that net/http would leave out", lines: []string{"__Host-session=abc; __Host-session=e vil\""}},
		{name: "a second one without a value", lines: []string{"__Host-session=abc; __Host-session"}},
		{name: "another name's end", lines: []string{"x__Host-session=abc"}},
		{name: "other capitals", lines: []string{"__host-session=abc"}},
		{name: "white space around", lines: []string{" \t__Host-session=abc "}, want: "abc"},
		{name: "white space inside", lines: []string{"__Host-session= abc"}},
		{name: "a second one with white space", lines: []string{"__Host-session=abc; __Host-session =evil"}},
		{name: "quoted", lines: []string{`__Host-session="abc"`}},
		{name: "strange letters", lines: []string{"__Host-session=a/b"}},
		{name: "not ASCII", lines: []string{"__Host-session=abcé"}},
		{name: "an equals sign", lines: []string{"__Host-session=abc="}},
		{name: "just not too long", lines: []string{"__Host-session=" + strings.Repeat("a", 512)}, want: strings.Repeat("a", 512)},
		{name: "too long", lines: []string{"__Host-session=" + strings.Repeat("a", 513)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &http.Request{Header: http.Header{"Cookie": test.lines}}
			if got := ReadCookie(r, SessionCookie); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestCarriesSession(t *testing.T) {
	for line, want := range map[string]bool{
		"":                              false,
		"theme=dark":                    false,
		"__Host-browser=abc":            false,
		"__Host-theme=dark":             false,
		"__Host-access=a.b.c":           true,
		"__Host-session=abc":            true,
		"__Host-session=":               true,
		"__Host-session=\"odd one":      true,
		"__Host-flow-1=abc":             true,
		"a=b; __Host-session=a;x=y":     true,
		"x=__Host-session":              false,
		"__Host-session=1; a=2; a=b":    true,
		"__Host-session=1; __Host-b=22": true,
	} {
		r := &http.Request{Header: http.Header{"Cookie": {line}}}
		if got := CarriesSession(r); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

func FuzzCookies(f *testing.F) {
	f.Add("__Host-session=abc", "")
	f.Add("a=b; __Host-session=abc; c", "__Host-session=abc")
	f.Add(" ;=;__Host-session=\";", "__Host-browser=\x00")
	f.Fuzz(func(t *testing.T, first, second string) {
		r := &http.Request{Header: http.Header{"Cookie": {first, second}}}
		value := ReadCookie(r, SessionCookie)
		if value == "" {
			return
		}
		if len(value) > maxCookie || !CarriesSession(r) {
			t.Errorf("%q read from %q and %q", value, first, second)
		}
		var theirs []string
		for _, c := range r.CookiesNamed(SessionCookie) {
			theirs = append(theirs, c.Value)
		}
		if len(theirs) != 1 || theirs[0] != value {
			t.Errorf("we read %q, net/http %q", value, theirs)
		}
		w := httptest.NewRecorder()
		SetSessionCookie(w, value)
		again := &http.Request{Header: http.Header{"Cookie": {strings.Split(w.Header().Get("Set-Cookie"), ";")[0]}}}
		if ReadCookie(again, SessionCookie) != value {
			t.Errorf("%q does not come back", value)
		}
	})
}
