package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// What is wrong with a form.
var (
	ErrForm        = problem.New(problem.Invalid, "invalid_body", "The form does not have the right fields.")
	ErrForeignForm = problem.New(problem.Conflict, "form_of_another_session",
		"This form was opened in another session than the present one. Nothing was changed.")

	errEarlierForm = ErrForeignForm.Because("You have signed in anew since this form was opened. Nothing was changed. Open the page again.")
)

// A form is what a person sent: every field once, in UTF-8, without NUL.
type form map[string]string

// has reports whether a field was there, filled in or not.
func (f form) has(name string) bool {
	_, ok := f[name]
	return ok
}

// readForm reads the body; what stands in the address is not part of it. A
// field that comes twice is refused, for whoever looked at the request before
// us may have seen the other one.
func readForm(w http.ResponseWriter, r *http.Request) (form, error) {
	if !isForm(r.Header) {
		return nil, front.ErrContentType.Because("The form must be sent as application/x-www-form-urlencoded.")
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, front.MaxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, front.ErrTooLarge
	} else if err != nil {
		return nil, ErrForm.Because("The form did not arrive whole.")
	}
	values, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, ErrForm.Because("The form cannot be read.")
	}
	f := form{}
	for name, list := range values {
		switch text := list[0]; {
		case len(list) > 1:
			return nil, ErrForm.Because("A field of the form was sent more than once.")
		case !utf8.ValidString(name) || !utf8.ValidString(text):
			return nil, ErrForm.Because("The form is not UTF-8.")
		case strings.ContainsRune(name+text, 0):
			return nil, ErrForm.Because("The form contains a NUL character.")
		default:
			f[name] = text
		}
	}
	return f, nil
}

// isForm takes no other charset and no compression, behind which a small form
// could be a huge one.
func isForm(h http.Header) bool {
	types := h.Values("Content-Type")
	if len(types) != 1 || h.Get("Content-Encoding") != "" {
		return false
	}
	media, params, err := mime.ParseMediaType(types[0])
	charset, given := params["charset"]
	return err == nil && media == "application/x-www-form-urlencoded" && (!given || strings.EqualFold(charset, "utf-8"))
}

// Every form of a signed-in page has these: what binds it to person and
// session, and the local path it stands on.
const (
	formTokenField = "form_token"
	formPageField  = "form_page"
)

func (p *Pages) formToken(v *front.Visit) string {
	return string(p.Sessions.Store.Keys().FormToken(v.Live.Tenant.ID, v.Live.User.ID, v.Live.Session.ID))
}

// checkBinding refuses a form that was opened in another session: ErrForeignForm
// when it was somebody else's, before this person signed in in another tab, say;
// errEarlierForm when it was this very person's.
func (p *Pages) checkBinding(f form, v *front.Visit) error {
	person, session := p.Sessions.Store.Keys().FormOf(f[formTokenField], v.Live.Tenant.ID, v.Live.User.ID, v.Live.Session.ID)
	switch {
	case session:
		return nil
	case person:
		return errEarlierForm
	}
	return ErrForeignForm
}

// ofPerson reports whether a form was opened by the person of a visit, in
// whatever session of theirs.
func (p *Pages) ofPerson(f form, v *front.Visit) bool {
	err := p.checkBinding(f, v)
	return err == nil || errors.Is(err, errEarlierForm)
}

// A formHandler acts on a form of a person who is signed in.
type formHandler func(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error

// sent is for the forms of people who are signed in: it reads the form, holds it
// to the session it was opened in, and counts it as an interaction. What a
// person sent from an earlier session of theirs is not executed but shown again.
func (p *Pages) sent(h formHandler) front.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
		f, err := readForm(w, r)
		if err != nil {
			return err
		}
		if err := p.checkBinding(f, v); errors.Is(err, errEarlierForm) {
			return p.showAgain(w, r, v, f)
		} else if err != nil {
			return err
		}
		v.Page = localPath(f[formPageField])
		if v.Live, err = p.Sessions.Interact(r.Context(), v.Live); err != nil {
			return err
		}
		return h(w, r, v, f)
	}
}

// prefetch reports whether a browser asks on its own, in case somebody wants
// the page soon.
func prefetch(r *http.Request) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Moz"} {
		if strings.HasPrefix(strings.ToLower(r.Header.Get(name)), "prefetch") {
			return true
		}
	}
	return false
}
