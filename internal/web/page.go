package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
)

//go:embed pages/*.html
var pageFiles embed.FS

// A page is a struct; its template is pages/<name>.html inside
// pages/layout.html. The struct's fields are all a template can use.
type page interface{ name() string }

func (signInPage) name() string          { return "sign_in" }
func (choicePage) name() string          { return "choice" }
func (initialPasswordPage) name() string { return "initial_password" }
func (signOutPage) name() string         { return "sign_out" }
func (homePage) name() string            { return "home" }
func (phonePage) name() string           { return "phone" }
func (problemPage) name() string         { return "problem" }

var templates = func() map[string]*template.Template {
	layout := template.Must(template.New("layout.html").Funcs(template.FuncMap{"asset": assetAddress}).
		ParseFS(pageFiles, "pages/layout.html"))
	all := map[string]*template.Template{}
	for _, pg := range []page{signInPage{}, choicePage{}, initialPasswordPage{}, signOutPage{}, homePage{}, phonePage{}, problemPage{}} {
		all[pg.name()] = template.Must(template.Must(layout.Clone()).ParseFS(pageFiles, "pages/"+pg.name()+".html"))
	}
	return all
}()

// render writes a whole page or, if its template fails, nothing.
func render(w http.ResponseWriter, status int, pg page) error {
	var text bytes.Buffer
	if err := templates[pg.name()].Execute(&text, pg); err != nil {
		return fmt.Errorf("render %s: %w", pg.name(), err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", front.PageCSP)
	w.Header().Set("Content-Length", strconv.Itoa(text.Len()))
	w.WriteHeader(status)
	_, err := text.WriteTo(w)
	return err
}

// A frame is what stands around every page.
type frame struct {
	Title   string // the product's name follows it
	Product string
	Support string // whom to ask; may be empty

	SignedIn  bool // the rest is for people who are
	Person    string
	Tenant    identity.Tenant
	Home      string // where their landing page is
	FormToken string
	Leaving   bool // the page itself is about signing out
}

// door is the frame of pages for people who are not signed in. The tenant is
// the one the address tells, or zero.
func (p *Pages) door(title string, t identity.Tenant) frame {
	support := p.SupportContact
	if t.Policy.SupportContact != "" {
		support = t.Policy.SupportContact
	}
	return frame{Title: title, Product: p.Product, Support: support}
}

// room is the frame of pages for people who are signed in.
func (p *Pages) room(title string, v *front.Visit) frame {
	f := p.door(title, v.Live.Tenant)
	f.SignedIn = true
	f.Person = called(v.Live.User)
	f.Tenant = v.Live.Tenant
	f.Home = p.landing(v.Live.Tenant)
	f.FormToken = p.formToken(v)
	return f
}

// called is what a page calls somebody who may have left out their name.
func called(u identity.User) string {
	for _, word := range []string{u.Name, u.Email.Typed, u.Extension} {
		if word != "" {
			return word
		}
	}
	return "you"
}
