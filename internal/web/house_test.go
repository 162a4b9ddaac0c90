package web_test

import (
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/web"
)

// site is a house with its pages open.
type site struct {
	*housetest.House
	pages *web.Pages
	notes *web.Notebook
	mux   *http.ServeMux
}

// each opens a site on every database.
func each(t *testing.T, test func(t *testing.T, s *site)) {
	t.Helper()
	housetest.Each(t, func(t *testing.T, h *housetest.House) { test(t, open(t, h)) })
}

func open(t *testing.T, h *housetest.House) *site {
	t.Helper()
	s := &site{House: h, mux: http.NewServeMux(), pages: &web.Pages{
		SignIn: h.SignIn, Sessions: h.Sessions, Product: housetest.Product,
		Account:        &account.Service{SignIn: h.SignIn, Sessions: h.Sessions},
		SupportContact: "help@door.test", Style: identity.Workspace,
		Recovery: h.Recovery(), Invitations: h.Invitations(), Admin: h.Admin(),
		Audit: &audit.Service{Store: h.Store, Now: h.Clock.Now, Operator: h.Sessions.Operator},
	}}
	door := front.Door{
		Origins: front.Origins{Public: housetest.Issuer}, Metrics: front.NewMetrics(),
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Who: s.pages.Who, Refuse: s.pages.Refuse,
	}
	s.notes = &web.Notebook{Pages: s.pages}
	door.Open(s.mux, "/", append(s.pages.Routes(), s.notes.Routes()...))
	return s
}

// A browser keeps cookies and says which site sends its requests. The answer
// to the last request stays for expect.
type browser struct {
	t       *testing.T
	site    *site
	cookies map[string]string
	from    string // Sec-Fetch-Site
	address string
	header  http.Header // sent with every request

	status int
	answer http.Header
	body   string
}

func (s *site) browser(t *testing.T) *browser {
	return &browser{t: t, site: s, cookies: map[string]string{}, from: "same-origin", address: "192.0.2.1:4000", header: http.Header{}}
}

func (b *browser) get(path string) *browser {
	b.t.Helper()
	return b.do(httptest.NewRequest("GET", housetest.Issuer+path, nil))
}

// post sends fields "name=value".
func (b *browser) post(path string, fields ...string) *browser {
	b.t.Helper()
	values := url.Values{}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		values.Add(name, value)
	}
	return b.postRaw(path, "application/x-www-form-urlencoded", values.Encode())
}

func (b *browser) postRaw(path, contentType, body string) *browser {
	b.t.Helper()
	r := httptest.NewRequest("POST", housetest.Issuer+path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return b.do(r)
}

func (b *browser) do(r *http.Request) *browser {
	b.t.Helper()
	r.RemoteAddr = b.address
	r.Header.Set("Sec-Fetch-Site", b.from)
	for name, values := range b.header {
		r.Header[name] = values
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.site.mux.ServeHTTP(w, r)
	res := w.Result()
	for _, c := range res.Cookies() {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.status, b.answer, b.body = res.StatusCode, res.Header, string(raw)
	return b
}

// expect checks the last answer: its status, where it leads (for 303) and what
// else a reader of the page sees.
func (b *browser) expect(status int, texts ...string) *browser {
	b.t.Helper()
	seen := html.UnescapeString(b.body)
	if b.status == http.StatusSeeOther {
		seen = b.answer.Get("Location")
	}
	if b.status != status {
		b.t.Errorf("status %d, want %d: %s", b.status, status, seen)
	}
	for _, text := range texts {
		if b.status == http.StatusSeeOther && seen != text || !strings.Contains(seen, text) {
			b.t.Errorf("%q is not in: %s", text, seen)
		}
	}
	return b
}

// lacks checks that the last page does not say something.
func (b *browser) lacks(texts ...string) *browser {
	b.t.Helper()
	for _, text := range texts {
		if strings.Contains(html.UnescapeString(b.body), text) {
			b.t.Errorf("%q is in: %s", text, b.body)
		}
	}
	return b
}

// hidden is the value of a hidden field on the last page.
func (b *browser) hidden(name string) string {
	b.t.Helper()
	found := regexp.MustCompile(`<input type="hidden" name="` + name + `" value="([^"]+)">`).FindStringSubmatch(b.body)
	if found == nil {
		b.t.Fatalf("no hidden field %s in: %s", name, b.body)
	}
	return html.UnescapeString(found[1])
}

func (b *browser) session() string { return b.cookies[front.SessionCookie] }
