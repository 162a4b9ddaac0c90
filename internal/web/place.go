package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrNoTenant answers addresses of tenants that do not exist. Slugs are no
// secret: whoever has an account writes theirs on the sign-in page.
var ErrNoTenant = problem.New(problem.Missing, "no_organization", "There is no organization at this address.")

// A place is where somebody signs in: /t/{slug}/login, which tells the tenant,
// or /login, which does not.
type place struct {
	tenant   identity.Tenant // with its effective policy; zero: not told
	style    identity.Style
	usual    identity.Style // of /login when nothing else is asked for
	returnTo string         // a local path, or "" for the landing page
}

func (p *Pages) place(r *http.Request) (place, error) {
	query := r.URL.Query()
	at := place{style: p.Style, usual: p.Style, returnTo: localPath(only(query, "return_to"))}
	if !strings.HasPrefix(r.URL.Path, "/t/") {
		if style := identity.Style(only(query, "style")); known(style) {
			at.style = style
		}
		return at, nil
	}
	slug, err := identity.ParseSlug(r.PathValue("slug"))
	if err != nil {
		return at, ErrNoTenant
	}
	at.tenant, err = p.Sessions.Store.TenantBySlug(r.Context(), slug)
	if errors.Is(err, problem.NotFound) {
		return at, ErrNoTenant
	} else if err != nil {
		return at, err
	}
	at.tenant.Policy = p.Sessions.Effective(at.tenant)
	at.style = at.tenant.Style
	return at, nil
}

func known(s identity.Style) bool {
	return s == identity.Workspace || s == identity.Extension || s == identity.Email
}

// logoAt is the logo of the tenant that an address tells.
func (p *Pages) logoAt(ctx context.Context, at place) (store.Logo, error) {
	return p.Sessions.Store.Tenant(at.tenant.ID).Logo(ctx)
}

// told reports whether the address tells the tenant.
func (at place) told() bool { return at.tenant.ID != "" }

// address is where the place is, or a step beyond it ("/choice").
func (at place) address(step string) string {
	query := url.Values{}
	if at.returnTo != "" {
		query.Set("return_to", at.returnTo)
	}
	path := "/login"
	if at.told() {
		path = "/t/" + at.tenant.Slug + path
	} else if step == "" && at.style != at.usual {
		query.Set("style", string(at.style))
	}
	if len(query) == 0 {
		return path + step
	}
	return path + step + "?" + query.Encode()
}

// styleOf says which style's form was sent where the address tells no tenant;
// each has a field the others lack.
func (at place) styleOf(f form) identity.Style {
	switch {
	case at.told():
		return at.style
	case f.has("username"):
		return identity.Extension
	case f.has("tenant"):
		return identity.Workspace
	case f.has("email"):
		return identity.Email
	}
	return at.style
}

// typed is whom the fields of a style name. A tenant that the address tells is
// the one; what is typed beside it counts only where none is told.
func (at place) typed(f form) (tenant, email, username string) {
	tenant = at.tenant.Slug
	if !at.told() && at.style == identity.Workspace {
		tenant = f["tenant"]
	}
	if at.style == identity.Extension {
		return tenant, "", f["username"]
	}
	return tenant, f["email"], ""
}

// forgot is where somebody asks for a new password.
func (at place) forgot() string {
	if at.told() {
		return "/t/" + at.tenant.Slug + "/forgot-password"
	}
	if at.style != at.usual {
		return "/forgot-password?style=" + string(at.style)
	}
	return "/forgot-password"
}

// asked is where somebody arrives who has asked for one.
func (at place) asked() string {
	to := at.forgot()
	if strings.Contains(to, "?") {
		return to + "&asked=yes"
	}
	return to + "?asked=yes"
}

// otherWays lead to the other styles where nobody has told the tenant.
func (at place) otherWays() (ways []link) {
	for _, other := range []struct {
		style identity.Style
		text  string
	}{
		{identity.Workspace, "Sign in with a slug"},
		{identity.Extension, "Sign in with an extension"},
		{identity.Email, "Sign in with email only"},
	} {
		if other.style != at.style {
			there := at
			there.style = other.style
			ways = append(ways, link{Text: other.text, To: there.address("")})
		}
	}
	return ways
}

// slugOf is the slug that an address fills in for somebody who will see and may
// change it, or "".
func slugOf(query url.Values) string {
	slug, err := identity.ParseSlug(only(query, "tenant"))
	if err != nil {
		return ""
	}
	return slug
}

// only is the value of a name that occurs once in a query, else "".
func only(query url.Values, name string) string {
	if len(query[name]) != 1 {
		return ""
	}
	return query[name][0]
}

// localPath is what was sent as return_to if following it stays here, else "".
// What begins with one slash has neither scheme nor host. But browsers take a
// backslash for a slash and drop tabs and line breaks, so none of that may be in
// it, nor come out of it when the path is unescaped.
func localPath(sent string) string {
	u, err := url.Parse(sent)
	if err != nil || len(sent) > 2000 || !strings.HasPrefix(sent, "/") || strings.HasPrefix(sent, "//") {
		return ""
	}
	odd := func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '\\' }
	oddInside := func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' }
	if strings.ContainsFunc(sent, odd) || strings.HasPrefix(u.Path, "//") || strings.ContainsFunc(u.Path, oddInside) {
		return ""
	}
	return sent
}

// landing is where a tenant's people arrive. The front page leads there too,
// so it cannot be the landing page itself.
func (p *Pages) landing(t identity.Tenant) string {
	t.Policy = p.Sessions.Effective(t)
	path := policy.Landing(t)
	if path == "/" || strings.HasPrefix(path, "/?") || strings.HasPrefix(path, "/#") {
		return "/home"
	}
	return path
}

// signInAddress is where somebody whose session is over signs in again: at
// their tenant, which the cookie still tells, though it no longer opens
// anything.
func (p *Pages) signInAddress(r *http.Request) string {
	id, _, err := p.Sessions.Store.Keys().ReadSessionToken(front.ReadCookie(r, front.SessionCookie))
	if err != nil {
		return cameFrom(r)
	}
	return p.signInAt(r.Context(), id)
}

// cameFrom is where somebody without a cookie signs in: who goes back after
// signing out comes from their tenant's sign-in page once more, by what the
// browser remembers of the way (RFC 9110, section 10.1.3).
func cameFrom(r *http.Request) string {
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host {
		return "/login"
	}
	parts := strings.Split(from.Path, "/")
	if len(parts) < 4 || parts[0] != "" || parts[1] != "t" {
		return "/login"
	}
	slug, err := identity.ParseSlug(parts[2])
	if err != nil {
		return "/login"
	}
	return "/t/" + slug + "/login"
}

func (p *Pages) signInAt(ctx context.Context, id identity.TenantID) string {
	t, err := p.Sessions.Store.Tenant(id).Get(ctx)
	if err != nil {
		return "/login" // gone, or the database is; either shows there
	}
	return "/t/" + t.Slug + "/login"
}
