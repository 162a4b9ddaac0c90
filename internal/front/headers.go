package front

import (
	"net/http"
	"strings"
)

// Content security policies (CSP level 3). Nothing inline, nothing from
// elsewhere, no frames around us.
const (
	// PageCSP is for HTML pages. Scripts and styles are files of our own;
	// what a script writes into a page cannot become markup. A page brings its
	// icon along (docs/decisions/0017); an image in a data: address asks nobody
	// and runs nothing.
	PageCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; " +
		"base-uri 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

	// APICSP is for everything that is not a page: opened as one, it can do
	// nothing.
	APICSP = "default-src 'none'; frame-ancestors 'none'; sandbox"
)

// SecureHeaders sets what every answer carries. A handler loosens it for its own
// answer, a page with PageCSP. https says whether the public address is one: a
// browser must not learn over http on a laptop that localhost speaks only https
// (RFC 6797, section 7.2).
func SecureHeaders(h http.Header, https bool) {
	for _, always := range secureHeaders {
		h[always.name] = always.value
	}
	if https {
		h["Strict-Transport-Security"] = strictTransport
	}
}

// Tidy is mux, whose own answers carry the headers too: before any route is
// asked it leads addresses such as /a/../b to their short form.
func Tidy(mux http.Handler, https bool) http.Handler {
	secured := Secured(mux, https)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path := r.URL.Path; strings.Contains(path, "//") || strings.Contains(path, "/.") {
			secured.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// Secured is for what is served beside the routes of a door.
func Secured(h http.Handler, https bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		SecureHeaders(w.Header(), https)
		h.ServeHTTP(w, r)
	})
}

// secureHeaders are made once: this is done for every answer. Nobody may
// change the values, only put others in their place, as Header.Set does.
var secureHeaders = []struct {
	name  string // in its canonical form
	value []string
}{
	{"Content-Security-Policy", []string{APICSP}},
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"Referrer-Policy", []string{"same-origin"}},
	{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
	{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
	{"Permissions-Policy", []string{"camera=(), microphone=(), geolocation=(), payment=(), " +
		"publickey-credentials-get=(self), publickey-credentials-create=(self)"}},
	{"X-Frame-Options", []string{"DENY"}},
	{"Cache-Control", []string{"no-store"}},
}

var strictTransport = []string{"max-age=63072000; includeSubDomains"}
