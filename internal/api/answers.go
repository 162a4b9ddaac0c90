package api

import (
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// How the nouns look in JSON.

type userAnswer struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Email      string     `json:"email"`
	Extension  string     `json:"extension"`
	Role       string     `json:"role"`
	Status     string     `json:"status"`
	Language   string     `json:"language" doc:"Of letters; empty: the tenant's."`
	TimeZone   string     `json:"time_zone" doc:"A name of the IANA database, of times on pages and in letters; empty: the tenant's."`
	LastSignIn *time.Time `json:"last_sign_in_at"`
	CreatedAt  time.Time  `json:"created_at"`

	MailTrouble *mailTroubleAnswer `json:"mail_trouble" doc:"Why letters do not arrive, until the address is changed; null: nothing is known."`
}

type mailTroubleAnswer struct {
	Kind   string    `json:"kind" enum:"refused,bounced"`
	Answer string    `json:"answer" doc:"What the mail server said."`
	At     time.Time `json:"at"`
}

func userOf(u identity.User) userAnswer {
	answer := userAnswer{
		ID: string(u.ID), Name: u.Name, Email: u.Email.Typed, Extension: u.Extension,
		Role: u.Role, Status: string(u.Status), CreatedAt: u.CreatedAt, Language: u.Language, TimeZone: u.TimeZone,
	}
	if !u.LastSignIn.IsZero() {
		answer.LastSignIn = &u.LastSignIn
	}
	if u.Mail.Kind != "" {
		answer.MailTrouble = &mailTroubleAnswer{u.Mail.Kind, u.Mail.Answer, u.Mail.At}
	}
	return answer
}

type tenantAnswer struct {
	ID    string `json:"id"`
	Slug  string `json:"slug"`
	Name  string `json:"name"`
	Style string `json:"style"`
}

func tenantOf(t identity.Tenant) tenantAnswer {
	return tenantAnswer{ID: string(t.ID), Slug: t.Slug, Name: t.Name, Style: string(t.Style)}
}

type sessionAnswer struct {
	ID         string    `json:"id"`
	Kind       string    `json:"kind" enum:"browser,program"`
	Current    bool      `json:"current"`
	SignedInAt time.Time `json:"signed_in_at"`
	LastActive time.Time `json:"last_active_at"`
	IdleEnd    time.Time `json:"idle_end_at" doc:"The session ends then unless its person does something before."`
	End        time.Time `json:"end_at" doc:"The session ends then whatever its person does."`
	Address    string    `json:"address"`
	UserAgent  string    `json:"user_agent"`
}

func sessionOf(s identity.Session, current bool) sessionAnswer {
	return sessionAnswer{
		ID: string(s.ID), Kind: string(s.Kind), Current: current, SignedInAt: s.SignedInAt, LastActive: s.InteractedAt,
		IdleEnd: earlier(s.IdleEnd, s.AbsoluteEnd), End: s.AbsoluteEnd, Address: s.Peer.Address, UserAgent: s.Peer.UserAgent,
	}
}

// earlier keeps what one reads from promising more than is kept: the ends of
// a session may come from policies of different days.
func earlier(one, other time.Time) time.Time {
	if other.Before(one) {
		return other
	}
	return one
}

type sessionsAnswer struct {
	Items      []sessionAnswer `json:"items"`
	NextCursor string          `json:"next_cursor"`
}

type currentAnswer struct {
	Session     sessionAnswer `json:"session"`
	User        userAnswer    `json:"user"`
	Tenant      tenantAnswer  `json:"tenant"`
	Permissions []string      `json:"permissions"`
}
