package front

import (
	"errors"
	"net/http"
	"testing"

	"github.com/vestibule-id/vestibule/internal/problem"
)

func TestOriginsCheck(t *testing.T) {
	const public = "https://id.example.com"
	type lines = []string
	for _, test := range []struct {
		name         string
		public       string // empty: as above
		method       string // empty: POST
		site, origin lines
		cookie       bool
		refused      bool
	}{
		{name: "safe method from anywhere", method: "GET", site: lines{"cross-site"}, origin: lines{"https://evil.example"}, cookie: true},
		{name: "HEAD", method: "HEAD", site: lines{"cross-site"}, cookie: true},
		{name: "OPTIONS", method: "OPTIONS", site: lines{"cross-site"}, cookie: true},
		{name: "DELETE is not safe", method: "DELETE", site: lines{"cross-site"}, refused: true},
		{name: "an invented method is not safe", method: "get", site: lines{"cross-site"}, refused: true},

		{name: "our own page", site: lines{"same-origin"}, cookie: true},
		{name: "typed in by the person", site: lines{"none"}, cookie: true},
		{name: "another site", site: lines{"cross-site"}, refused: true},
		{name: "another site without cookies", site: lines{"cross-site"}, origin: lines{public}, refused: true},
		{name: "a sibling host", site: lines{"same-site"}, cookie: true, refused: true},
		{name: "an unknown word", site: lines{"same-Origin"}, refused: true},
		{name: "an empty word", site: lines{""}, origin: lines{public}, refused: true},
		{name: "two words", site: lines{"same-origin", "cross-site"}, refused: true},
		{name: "Sec-Fetch-Site decides, whatever Origin says", site: lines{"same-origin"}, origin: lines{"null"}, cookie: true},

		{name: "old browser, our page", origin: lines{public}, cookie: true},
		{name: "program with a cookie", origin: lines{"https://id.example.com"}, cookie: true},
		{name: "default port written out", origin: lines{"https://id.example.com:443"}, cookie: true},
		{name: "public address with default port and slash", public: "https://ID.example.com:443/", origin: lines{public}},
		{name: "other scheme", origin: lines{"http://id.example.com"}, refused: true},
		{name: "other scheme on our port", origin: lines{"http://id.example.com:443"}, refused: true},
		{name: "other port", origin: lines{"https://id.example.com:8443"}, refused: true},
		{name: "other host", origin: lines{"https://id.example.com.evil.example"}, refused: true},
		{name: "sibling host", origin: lines{"https://www.example.com"}, refused: true},
		{name: "null", origin: lines{"null"}, refused: true},
		{name: "empty", origin: lines{""}, refused: true},
		{name: "two origins", origin: lines{public, "https://evil.example"}, refused: true},
		{name: "with a path", origin: lines{public + "/login"}, refused: true},
		{name: "with a user", origin: lines{"https://evil@id.example.com"}, refused: true},
		{name: "with a query", origin: lines{public + "?"}, refused: true},
		{name: "other kind of address", public: "ftp://x", origin: lines{"ftp://x"}, refused: true},
		{name: "public address unset matches nothing", public: "-", origin: lines{"null"}, refused: true},
		{name: "loopback", public: "http://localhost:8080", origin: lines{"http://localhost:8080"}},
		{name: "loopback, other port", public: "http://localhost:8080", origin: lines{"http://localhost:8081"}, refused: true},

		{name: "program without cookies and headers"},
		{name: "cookie and neither header", cookie: true, refused: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &http.Request{Method: "POST", Host: "evil.example", Header: http.Header{}}
			if test.method != "" {
				r.Method = test.method
			}
			if test.site != nil {
				r.Header["Sec-Fetch-Site"] = test.site
			}
			if test.origin != nil {
				r.Header["Origin"] = test.origin
			}
			o := Origins{Public: public}
			if test.public != "" {
				o.Public = test.public
			}
			err := o.Check(r, test.cookie)
			if refused := errors.Is(err, ErrCrossOrigin); refused != test.refused {
				t.Errorf("refused %v (%v)", refused, err)
			}
			if err != nil && problem.Of(err).Kind != problem.Denied {
				t.Errorf("kind %v", problem.Of(err).Kind)
			}
		})
	}
}
