package front

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/vestibule-id/vestibule/internal/problem"
)

// ErrCrossOrigin refuses what another site made a browser send.
var ErrCrossOrigin = problem.New(problem.Denied, "cross_origin", "This request came from another site.")

// Origins decides whether a request was sent by our own pages. net/http's
// CrossOriginProtection is not enough: it compares Origin with the Host that
// the request names instead of the address we know to be ours, ignores scheme
// and port, and lets requests through that carry neither header, whatever their
// cookies are worth.
type Origins struct {
	Public string // the public address: "https://id.example.com"
}

// Check returns ErrCrossOrigin, or nil. Safe methods change nothing and pass.
// For the others Sec-Fetch-Site decides, which no page can forge (Fetch Metadata,
// section 2.3); only without it must Origin (RFC 6454, section 7) be the public
// address; without both cookieSession does: whether the request carries a
// session or flow cookie (CarriesSession), which a browser may have added on
// somebody else's wish.
func (o Origins) Check(r *http.Request, cookieSession bool) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if site := r.Header.Values("Sec-Fetch-Site"); len(site) > 0 {
		if len(site) == 1 && (site[0] == "same-origin" || site[0] == "none") {
			return nil
		}
		return ErrCrossOrigin
	}
	if origin := r.Header.Values("Origin"); len(origin) > 0 {
		ours, ok := originOf(strings.TrimSuffix(o.Public, "/"))
		if theirs, valid := originOf(origin[0]); ok && valid && len(origin) == 1 && theirs == ours {
			return nil
		}
		return ErrCrossOrigin
	}
	if cookieSession {
		return ErrCrossOrigin.Because("This request does not say which site it came from. Programs send the public address in the Origin header.")
	}
	return nil
}

// originOf brings an origin to one form: scheme, host and port in small letters.
// Whatever has more to it, or is "null", is no origin.
func originOf(text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" || strings.ContainsAny(text, "?#") {
		return "", false
	}
	port := u.Port()
	switch u.Scheme { // in small letters already
	case "https":
		port = orDefault(port, "443")
	case "http":
		port = orDefault(port, "80")
	default:
		return "", false
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port, true
}

func orDefault(port, usual string) string {
	if port == "" {
		return usual
	}
	return port
}
