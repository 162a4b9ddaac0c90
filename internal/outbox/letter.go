package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/mail"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Why a letter is not written.
var (
	errOver   = errors.New("the link in the letter is no longer good")
	errNobody = errors.New("the user has no address")
)

// A Writer writes letters from what the database holds at the moment they are
// sent. Links begin with the public address, whatever anybody asked.
type Writer struct {
	Stationery *mail.Stationery
	PublicURL  string // without a trailing slash
	Product    string
	Operator   identity.Policy // what holds where a tenant chose nothing
	Now        func() time.Time
}

// linkPurposes are what the links of letters are for.
var linkPurposes = map[string]identity.LinkPurpose{
	identity.LetterReset:          identity.ResetLink,
	identity.LetterInvitation:     identity.InvitationLink,
	identity.LetterAddressConfirm: identity.AddressLink,
	identity.LetterAddressUndo:    identity.UndoLink,
}

// Write writes a letter. The same task gives the same link, the same names for
// mail servers and the same date every time. Errors are errOver and errNobody
// where there is nothing to send.
func (w *Writer) Write(ctx context.Context, t store.Tenant, task identity.Task) (l mail.Letter, err error) {
	tenant, err := t.Get(ctx)
	if err != nil {
		return l, err
	}
	var user identity.User
	if task.User != "" {
		if user, err = t.User(ctx, task.User); errors.Is(err, problem.NotFound) {
			return l, errNobody
		} else if err != nil {
			return l, err
		}
	}
	chosen := policy.Effective(w.Operator, tenant.Policy)
	facts := w.facts(tenant, chosen, user, task)
	if facts.Link, facts.Expires, err = w.link(ctx, t, task); err != nil {
		return l, err
	}
	if facts.Logo, err = logo(ctx, t, tenant); err != nil {
		return l, err
	}
	l, err = w.Stationery.Compose(identity.LetterName(task.Kind), facts, task.Data[identity.DataLanguage], user.Language, chosen.Language)
	if err != nil {
		return l, err
	}
	l.Token, l.To, l.At = t.Keys().LetterToken(t.ID(), task.ID), recipient(user, task), task.At
	if l.To == "" {
		return l, errNobody
	}
	if chosen.MailSender != "" {
		l.FromName = chosen.MailSender
	}
	if reply, err := identity.ParseEmail(chosen.SupportContact); err == nil {
		l.ReplyTo = reply.Folded
	}
	return l, nil
}

// logo is the tenant's, to travel with its letters; nil: it has none.
func logo(ctx context.Context, t store.Tenant, tenant identity.Tenant) (*mail.Image, error) {
	if tenant.Policy.Logo == "" {
		return nil, nil
	}
	found, err := t.Logo(ctx)
	if errors.Is(err, problem.NotFound) {
		return nil, nil // taken away this moment
	} else if err != nil {
		return nil, err
	}
	return &mail.Image{ContentType: "image/png", Data: found.Picture}, nil
}

// recipient is the address the user has now, unless the letter is about an
// address: the one they had, or the one that somebody who is signed in and has
// given their password asked for. What a stranger typed into a form is nobody's
// address.
func recipient(user identity.User, task identity.Task) string {
	to := task.Data[identity.DataTo]
	if to == "" {
		return user.Email.Folded
	}
	address, err := identity.ParseEmail(to)
	if err != nil {
		return ""
	}
	return address.Folded
}

func (w *Writer) facts(tenant identity.Tenant, chosen identity.Policy, user identity.User, task identity.Task) mail.Facts {
	facts := mail.Facts{
		Product: w.Product, Tenant: tenant.Name, Slug: tenant.Slug, Accent: chosen.Accent, Support: chosen.SupportContact,
		SignIn: w.PublicURL + "/t/" + tenant.Slug + "/login", Name: user.Name, Account: user.Email.Typed,
		Address: task.Data[identity.DataAddress], UserAgent: task.Data[identity.DataUserAgent], NewAddress: task.Data[identity.DataNewAddress],
		Zone: policy.Zone(chosen, user),
	}
	if tenant.Style == identity.Extension && user.Extension != "" {
		facts.Account = user.Extension + "-" + tenant.Slug
	}
	if name := task.Data[identity.DataName]; name != "" {
		facts.Name = name
	}
	if task.Kind == identity.LetterAddressConfirm {
		facts.Name, facts.Account = "", "" // the address may have been mistyped and be a stranger's
	}
	if at, err := time.Parse(time.RFC3339, task.Data[identity.DataAt]); err == nil {
		facts.At = at
	}
	return facts
}

// link makes the letter's link again from its ids.
func (w *Writer) link(ctx context.Context, t store.Tenant, task identity.Task) (address string, expires time.Time, err error) {
	purpose, linked := linkPurposes[task.Kind]
	if !linked {
		return "", expires, nil
	}
	link, err := t.FindLink(ctx, purpose, task.Link)
	if errors.Is(err, problem.NotFound) || err == nil && !link.Alive(w.Now()) {
		return "", expires, errOver
	} else if err != nil {
		return "", expires, err
	}
	token := t.Keys().LinkToken(purpose, t.ID(), task.Link)
	return policy.LinkAddress(w.PublicURL, purpose, string(token)), link.ExpiresAt, nil
}
