package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/mail"
)

// A Demo is what the demo shows beside the product: who there is to be, and
// every letter.
type Demo struct {
	Inbox    *mail.Inbox
	Password string // of everybody, at first
	Kept     bool   // the database has been played with before
	Accounts func(context.Context) ([]DemoAccount, error)
}

// A DemoAccount is somebody to sign in as.
type DemoAccount struct {
	Tenant string
	Slug   string
	Style  identity.Style
	As     string // what to type
	Role   string // its title
	Note   string // what is particular; may be empty
}

// devRoutes are the demo's own pages; elsewhere there are none.
func (p *Pages) devRoutes() []front.Route {
	if p.Demo == nil {
		return nil
	}
	return []front.Route{
		front.Get("/dev", front.Anyone, onlyHere(p.dev)),
		front.Get("/dev/inbox", front.Anyone, onlyHere(p.inbox)),
		front.Get("/dev/inbox/{number}", front.Anyone, onlyHere(p.letter)),
		front.Get("/dev/inbox/{number}/html", front.Anyone, onlyHere(p.letterHTML)),
		front.Get("/dev/inbox/{number}/source", front.Anyone, onlyHere(p.letterSource)),
	}
}

// onlyHere shows a page to this machine alone, under a name that only means
// this machine: a site elsewhere could have its own name lead here, and read
// along with its visitor's browser.
func onlyHere(show front.Handler) front.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
		peer, err := netip.ParseAddr(v.Peer.Address)
		if err != nil || !peer.Unmap().IsLoopback() || !loopbackName(r.Host) || passedOn(r.Header) {
			return front.ErrNoRoute
		}
		return show(w, r, v)
	}
}

// passedOn reports whether a proxy on this machine brought the request from who
// knows where. It is asked however little the proxy is trusted.
func passedOn(h http.Header) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if len(h.Values(name)) > 0 {
			return true
		}
	}
	return false
}

func loopbackName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost"
}

// stage is the frame of the demo's own pages.
func (p *Pages) stage(title, here string, v *front.Visit) frame {
	f := p.door(title, v, identity.Tenant{})
	f.Wide = true
	f.Tabs = []tab{{Text: "Start", To: "/dev", Current: here == "/dev"}, {Text: "Inbox", To: "/dev/inbox", Current: here == "/dev/inbox"}}
	return f
}

type devPage struct {
	frame
	Demo    *Demo
	Tenants []demoTenant
}

// A demoTenant is a tenant with those of its people one can be.
type demoTenant struct {
	Name, Slug string
	Style      identity.Style
	People     []DemoAccount
}

func (p *Pages) dev(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	accounts, err := p.Demo.Accounts(r.Context())
	if err != nil {
		return err
	}
	page := devPage{frame: p.stage("The demo", "/dev", v), Demo: p.Demo}
	for _, a := range accounts {
		if n := len(page.Tenants); n == 0 || page.Tenants[n-1].Slug != a.Slug {
			page.Tenants = append(page.Tenants, demoTenant{Name: a.Tenant, Slug: a.Slug, Style: a.Style})
		}
		last := &page.Tenants[len(page.Tenants)-1]
		last.People = append(last.People, a)
	}
	return render(w, http.StatusOK, page)
}
