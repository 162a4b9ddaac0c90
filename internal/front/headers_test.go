package front

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestSecureHeaders(t *testing.T) {
	want := map[string]string{
		"Content-Security-Policy":      APICSP,
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"X-Frame-Options":              "DENY",
		"Cache-Control":                "no-store",
	}
	for _, https := range []bool{true, false} {
		h := http.Header{}
		SecureHeaders(h, https)
		for name, value := range want {
			if got := h.Get(name); got != value {
				t.Errorf("%s: %q, want %q", name, got, value)
			}
		}
		for _, device := range []string{"camera=()", "microphone=()", "geolocation=()", "payment=()"} {
			if !strings.Contains(h.Get("Permissions-Policy"), device) {
				t.Errorf("Permissions-Policy lacks %s", device)
			}
		}
		if told := h.Get("Strict-Transport-Security") != ""; told != https {
			t.Errorf("https %v, but HSTS %v", https, told)
		}
	}
}

// What a ServeMux answers by itself carries the headers too.
//
// Proves: 3.5
func TestTidy(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	for path, status := range map[string]int{"//a": 307, "/a/../b": 307, "/a/./b": 307, "/a/..": 307, "/.": 307, "/a": 200, "/.well-known/x": 200} {
		w := httptest.NewRecorder()
		Tidy(mux, true).ServeHTTP(w, httptest.NewRequest("GET", "https://door.test"+path, nil))
		secured := w.Header().Get("Content-Security-Policy") == APICSP && w.Header().Get("Strict-Transport-Security") != ""
		if w.Code != status || status != 200 && !secured {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
}

func TestContentSecurityPolicies(t *testing.T) {
	rules := func(policy string) map[string]string {
		parsed := map[string]string{}
		for rule := range strings.SplitSeq(policy, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(rule), " ")
			parsed[name] = value
		}
		return parsed
	}
	for name, policy := range map[string]string{"page": PageCSP, "API": APICSP} {
		for _, loose := range []string{"unsafe", "*", "http:", "https:", "data:"} {
			if strings.Contains(strings.Replace(policy, "img-src 'self' data:;", "", 1), loose) {
				t.Errorf("%s: %s", name, loose)
			}
		}
		if got := rules(policy); got["default-src"] != "'none'" || got["frame-ancestors"] != "'none'" {
			t.Errorf("%s: %v", name, got)
		}
	}
	page := rules(PageCSP)
	for _, rule := range []string{"script-src", "style-src", "font-src", "connect-src", "form-action"} {
		if page[rule] != "'self'" {
			t.Errorf("page: %s %s", rule, page[rule])
		}
	}
	if page["base-uri"] != "'none'" || page["object-src"] != "'none'" {
		t.Errorf("page: %v", page)
	}
	if _, sandboxed := rules(APICSP)["sandbox"]; !sandboxed {
		t.Error("API: no sandbox")
	}
}
