package web

import (
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/recovery"
)

type forgotPage struct {
	frame
	Action    string
	Fields    []field
	Button    string
	Notice    string // good news; may be empty
	Problem   string // one sentence; may be empty
	Wait      int    // seconds until trying again makes sense
	Extension bool   // people here may have no address
	Back      string // to sign-in
}

type askedPage struct {
	frame
	Lasts string // how long the link is good
	Back  string
}

// forgotFields are what the manuals of the styles ask for.
func forgotFields(at place, f form) (fields []field) {
	slug := field{Name: "tenant", Label: "Tenant Slug", Type: "text", Autocomplete: "organization",
		Hint: slugHint}
	email := field{Name: "email", Label: "Email Address", Type: "email", Autocomplete: "username"}
	extension := field{Name: "username", Label: "Extension number", Type: "text", Autocomplete: "username",
		Hint: "Your extension and tenant code, like 201-example."}
	switch {
	case at.style == identity.Extension:
		if at.told() {
			extension.Hint = "Your extension, like 201."
		}
		fields = []field{extension}
	case at.style == identity.Workspace && !at.told():
		fields = []field{slug, email}
	default:
		fields = []field{email}
	}
	keep(fields, f)
	return fields
}

func (p *Pages) forgotPage(v *front.Visit, at place, f form) forgotPage {
	v.Page = at.forgot()
	pg := forgotPage{
		frame: p.door("Forgot password", v, at.tenant), Action: at.forgot(), Fields: forgotFields(at, f),
		Button: "Send Reset Link", Extension: at.style == identity.Extension, Back: at.address(""),
	}
	if at.style == identity.Email {
		pg.Button = "Send me reset password instructions"
	}
	return pg
}

func (p *Pages) showForgot(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	at, err := p.place(r)
	if err != nil {
		return err
	}
	if only(r.URL.Query(), "asked") == "yes" {
		v.Page = at.forgot()
		return render(w, http.StatusOK, askedPage{
			frame: p.door("Check your mail", v, at.tenant), Back: at.address(""), Lasts: lasts(at),
		})
	}
	pg := p.forgotPage(v, at, form{"tenant": slugOf(r.URL.Query())})
	pg.Notice = noticeOf(r.URL.Query())
	return render(w, http.StatusOK, pg)
}

// forgot asks for a link, and leads to what it says to everybody afterwards: a
// page that may be loaded again without another letter.
func (p *Pages) forgot(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	at, err := p.place(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	at.style = at.styleOf(f)
	if err := checkFields(forgotFields(at, f), f); err != nil {
		return p.forgotAgain(w, v, at, f, err)
	}
	var wish recovery.Wish
	wish.Tenant, wish.Email, wish.Username = at.typed(f)
	if err := p.Recovery.Ask(r.Context(), wish, visitFrom(r, v)); err != nil {
		return p.forgotAgain(w, v, at, f, err)
	}
	http.Redirect(w, r, at.asked(), http.StatusSeeOther)
	return nil
}

// lasts is how long a link is good, where the address tells the tenant.
func lasts(at place) string {
	if !at.told() {
		return ""
	}
	return inWords(time.Duration(at.tenant.Policy.ResetLinkTTL))
}

func (p *Pages) forgotAgain(w http.ResponseWriter, v *front.Visit, at place, f form, err error) error {
	about := problem.Of(err)
	if about == nil {
		return err
	}
	pg := p.forgotPage(v, at, f)
	pg.Problem = sentence(about)
	for i := range pg.Fields {
		pg.Fields[i].Wrong = messageFor(about, pg.Fields[i].Name) != ""
	}
	pg.Title = "Problem: " + pg.Title
	pg.Wait = int(up(about.RetryAfter, time.Second) / time.Second)
	retryAfter(w, about)
	return render(w, front.Status(about.Kind), pg)
}

// visitFrom is from, as recovery wants it.
func visitFrom(r *http.Request, v *front.Visit) recovery.From {
	by := from(r, v)
	return recovery.From{Peer: by.Peer, Source: by.Source, Browser: by.Browser}
}
