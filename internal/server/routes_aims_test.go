package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// An aim is what a request is about: by whom, and the values of its
// placeholders.
type aim struct {
	name   string
	by     *person // nil: nobody
	at     *home   // whose tenant it is about; what is changed there is made anew
	values map[string]string
}

// known are values that say who is meant where no object does.
func (w *world) known(t *testing.T, by *person, at *home) map[string]string {
	if by == nil || by.user.ID == "" {
		by = w.person(t, at, colleague)
	}
	return map[string]string{"email": by.user.Email.Typed, "slug": at.row.Slug, "refresh": by.refresh, "new": fmt.Sprintf("new-%d@home.test", w.n),
		"reset": by.links[identity.ResetLink], "undo": by.links[identity.UndoLink], "address": by.links[identity.AddressLink], "invitation": by.links[identity.InvitationLink],
		"user": string(w.person(t, at, colleague).user.ID), "file": at.row.Policy.Logo + ".png", "number": "1", "made": fmt.Sprintf("made-%d", w.n)}
}

// aims are the columns of a route's rows.
func (w *world) aims(t *testing.T, pattern, visitor string) (list []aim) {
	w.moveIn(t, w.own, visitor, colleague, superior)
	w.moveIn(t, w.other, colleague)
	w.moveIn(t, w.suspended, visitor, colleague)
	by, gone := w.person(t, w.own, visitor), w.person(t, w.suspended, visitor) // nil: nobody
	if visitor == "operator" {
		by, gone = w.operator, w.operator
	}
	add := func(name string, by *person, at *home, object ...string) {
		a := aim{name, by, at, w.known(t, by, at)}
		for i := 0; i < len(object); i += 2 {
			a.values[object[i]] = object[i+1]
		}
		list = append(list, a)
	}
	me := by
	if me == nil || me == w.operator {
		me = w.person(t, w.own, colleague)
	}
	about := func(object func(p *person) string, made string, names ...string) {
		for i, p := range []*person{me, w.person(t, w.own, colleague), w.person(t, w.own, superior), w.person(t, w.other, colleague)} {
			add(columns[i], by, w.own, pairs(object(p), names)...)
		}
		add(nobodys, by, w.own, pairs(made, names)...)
		add(columns[4], gone, w.suspended, pairs(object(w.person(t, w.suspended, colleague)), names)...)
	}
	switch {
	case strings.Contains(pattern, "/users/{id}/invitation"):
		about(func(p *person) string { return string(p.invitee) }, string(identity.NewUserID()), "id")
	case strings.Contains(pattern, "/users/{id}"), strings.Contains(pattern, "/erase"), strings.Contains(pattern, "/erasures"):
		about(func(p *person) string { return string(p.user.ID) }, string(identity.NewUserID()), "id", "user")
	case strings.Contains(pattern, "/sessions/{id}"):
		about(func(p *person) string { return string(p.spare) }, string(identity.NewSessionID()), "id")
	case strings.Contains(pattern, "/invitations/{id}"):
		about(func(p *person) string { return string(p.invitation) }, string(identity.NewInvitationID()), "id")
	case strings.Contains(pattern, "/roles/{name}"):
		add("held by oneself", by, w.own, "name", me.user.Role)
		add("held by nobody", by, w.own, "name", w.own.spareRole())
		add("a built-in one", by, w.own, "name", identity.Member)
		add(columns[3], by, w.own, "name", w.other.spareRole())
		add(nobodys, by, w.own, "name", "spare-nobody")
		add(columns[4], gone, w.suspended, "name", w.suspended.spareRole())
	case strings.Contains(pattern, "/operator/tenants/{slug}"):
		add("an active tenant", by, w.own)
		add("another one", by, w.other)
		add("a suspended one", by, w.suspended)
		add("one that is not", by, w.own, "slug", "nowhere")
	case strings.Contains(pattern, "{slug}"):
		add("of the own tenant", by, w.own)
		add("of another tenant", by, w.own, "slug", w.other.row.Slug)
		add("of a suspended tenant", gone, w.suspended)
		add("of no tenant", by, w.own, "slug", "nowhere")
	default:
		add("in the own tenant", by, w.own)
		add("in a suspended tenant", gone, w.suspended)
		if visitor == "nobody" && (strings.Contains(pattern, "{flow}") || strings.Contains(pattern, "password-resets/redeem") || strings.Contains(pattern, "invitations/accept") || strings.Contains(pattern, "address-changes")) {
			add("of a made-up link", nil, w.own, "reset", "rst_x", "undo", "und_x", "address", "adr_x", "invitation", "inv_x")
		}
	}
	return list
}

// The columns of routes about one object. What is another tenant's must be
// answered exactly as what is nobody's.
var columns = []string{"one's own", "a colleague's", "a superior's", "another tenant's", "in a suspended tenant"}

const nobodys = "nobody's"

func pairs(value string, names []string) (list []string) {
	for _, name := range names {
		list = append(list, name, value)
	}
	return list
}

// filledIn puts the values in the places of a path ("{id}") or body ("{{id}}").
func (a aim) filledIn(text, open, shut string, escape func(string) string) string {
	for name, value := range a.values {
		text = strings.ReplaceAll(text, open+name+shut, escape(value))
	}
	return text
}

func plain(s string) string { return s }
