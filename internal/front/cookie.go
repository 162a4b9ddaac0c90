package front

import (
	"net/http"
	"strings"
	"time"
)

// The cookies. __Host- binds them to this very host (RFC 6265bis, section
// 4.1.3.2): a sibling host cannot set them. They are Secure even where the
// public address is http, which is only allowed for loopback, because browsers
// take Secure cookies from there.
const (
	SessionCookie = "__Host-session" // opaque; ends with the browser's own session
	AccessCookie  = "__Host-access"  // a JWT made from it, for minutes
	BrowserCookie = "__Host-browser" // names nobody; the limiter knows the browser by it
	ThemeCookie   = "__Host-theme"   // names nobody; light or dark

	// FlowCookie and an id name what belongs to one link that was opened.
	FlowCookie = "__Host-flow-"
)

// The longest cookie value that is looked at, in bytes, and how long a browser
// is remembered. Browsers keep no cookie above 4096 bytes, name and value (RFC
// 6265bis, section 5.7).
const (
	maxCookie  = 512
	maxAccess  = 4096 - len(AccessCookie)
	browserAge = 365 * 24 * time.Hour
)

// SetSessionCookie hands a browser its session.
func SetSessionCookie(w http.ResponseWriter, value string) { SetCookie(w, SessionCookie, value, 0) }

// SetAccessCookie hands a browser an access token, which it forgets when the
// token is over. One that no browser would keep is not sent: the session cookie
// does without.
func SetAccessCookie(w http.ResponseWriter, token string, age time.Duration) {
	if len(token) <= maxAccess {
		SetCookie(w, AccessCookie, token, max(age, time.Second))
	}
}

// SetBrowserCookie makes a browser known for a year.
func SetBrowserCookie(w http.ResponseWriter, value string) {
	SetCookie(w, BrowserCookie, value, browserAge)
}

// SetCookie sets a cookie of ours: name starts with __Host-, value is made of
// letters, digits and "-._" only, as ReadCookie wants it. With an age of zero it
// ends with the browser's session, with a negative one at once.
func SetCookie(w http.ResponseWriter, name, value string, age time.Duration) {
	seconds := int(age.Seconds())
	if age < 0 {
		seconds = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name:     name,
		Value:    value,
		Path:     "/",
		MaxAge:   seconds,
		Secure:   true,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
}

// ClearCookie takes a cookie back. The other cookies stay: a browser that signs
// out is still known.
func ClearCookie(w http.ResponseWriter, name string) { SetCookie(w, name, "", -1) }

// ClearPerson takes back every cookie that stands for a person or a flow.
func ClearPerson(w http.ResponseWriter, r *http.Request) {
	ClearCookie(w, SessionCookie)
	ClearCookie(w, AccessCookie)
	eachCookie(r, func(name, _ string) {
		if id, flow := strings.CutPrefix(name, FlowCookie); flow && !strings.ContainsFunc(id, notCookie) {
			ClearCookie(w, name)
		}
	})
}

// ReadCookie returns the value of a cookie of ours, or "" where there is none,
// where it cannot be ours, and where the name occurs twice: then somebody else
// set one of them, and it does not matter which.
func ReadCookie(r *http.Request, name string) string {
	value, count := "", 0
	eachCookie(r, func(n, v string) {
		if n == name {
			value, count = v, count+1
		}
	})
	longest := maxCookie
	if name == AccessCookie {
		longest = maxAccess
	}
	if count != 1 || len(value) > longest || strings.ContainsFunc(value, notCookie) {
		return ""
	}
	return value
}

// CarriesSession reports whether a request has any cookie of ours, readable or
// not, that stands for a person or a flow, for Origins.Check.
func CarriesSession(r *http.Request) bool {
	carries := false
	eachCookie(r, func(name, _ string) {
		carries = carries || strings.HasPrefix(name, "__Host-") && name != BrowserCookie && name != ThemeCookie
	})
	return carries
}

// eachCookie goes through the Cookie headers (RFC 6265, section 4.2.1). Unlike
// net/http it leaves out nothing, so that a second cookie of one name is seen
// however odd its value.
func eachCookie(r *http.Request, see func(name, value string)) {
	for _, line := range r.Header.Values("Cookie") {
		for pair := range strings.SplitSeq(line, ";") {
			name, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
			see(strings.TrimRight(name, " \t"), value)
		}
	}
}

func notCookie(c rune) bool { return c >= 128 || !inCookie[c] }

// inCookie is a table because a token of hundreds of characters is looked at
// for every page.
var inCookie = func() (in [128]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._" {
		in[c] = true
	}
	return in
}()
