package web

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// Wherever a browser that follows return_to may end up, it is here.
func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/home", "/a?b=//c#d", "//evil.test", `/\evil.test`, "/%5Cevil.test", "/%2Fevil.test", "/\t/evil.test", "https:evil.test", "/..//evil.test", "/.//evil.test", "/%"} {
		f.Add(seed)
	}
	base, err := url.Parse("https://door.test/login")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		path := localPath(sent)
		if path == "" {
			return
		}
		if path != sent || localPath(path) != path {
			t.Errorf("%q became %q", sent, path)
		}
		// What browsers do before they look (WHATWG URL, section 4.4).
		seen := strings.NewReplacer("\t", "", "\r", "", "\n", "", `\`, "/").Replace(strings.Trim(path, "\x00 \x1f"))
		if !strings.HasPrefix(seen, "/") || strings.HasPrefix(seen, "//") {
			t.Errorf("%q leads elsewhere", path)
		}
		to, err := base.Parse(seen)
		if err != nil || to.Scheme != "https" || to.Host != "door.test" {
			t.Errorf("%q leads to %v %v", path, to, err)
		}
	})
}

func TestInWords(t *testing.T) {
	for wait, want := range map[string]string{
		"1ns": "1 second", "1s": "1 second", "59.1s": "1 minute", "61s": "1 minute 1 second", "15m": "15 minutes",
		"14m29.5s": "14 minutes 30 seconds", "1h": "1 hour", "1h0m1s": "1 hour 1 minute", "24h": "24 hours", "90m": "1 hour 30 minutes",
	} {
		if got := inWords(duration(t, wait)); got != want {
			t.Errorf("%s is %q, want %q", wait, got, want)
		}
	}
}

func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
