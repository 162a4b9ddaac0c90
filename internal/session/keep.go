package session

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// keptTime is how long a form that came too late waits for its person.
const keptTime = time.Hour

// An Owner is whose a session is, or was.
type Owner struct {
	Tenant  identity.TenantID
	User    identity.UserID
	Session identity.SessionID
}

// OwnerOf says whose a live session is.
func OwnerOf(live store.Live) Owner {
	return Owner{Tenant: live.Tenant.ID, User: live.User.ID, Session: live.Session.ID}
}

// Owner says whose session a browser's session cookie names, though it may have
// ended; ErrEnded when nothing is left of it. Nobody is let in by this.
func (s *Service) Owner(ctx context.Context, cookie string) (o Owner, err error) {
	defer problem.Wrap(&err, "owner of a session")
	if o.Tenant, o.Session, err = s.Store.Keys().ReadSessionToken(cookie); err != nil {
		return Owner{}, ErrEnded
	}
	o.User, err = s.Store.Tenant(o.Tenant).SessionOwner(ctx, o.Session)
	return o, ended(err)
}

// KeepForm keeps what somebody sent from a page after their session had ended,
// to be shown to them again. Passwords and tokens are not kept.
func (s *Service) KeepForm(ctx context.Context, o Owner, page string, fields map[string]string) (id identity.KeptFormID, err error) {
	defer problem.Wrap(&err, "keep a form")
	f := identity.KeptForm{
		ID: identity.NewKeptFormID(), User: o.User, Page: page, Fields: map[string]string{}, ExpiresAt: s.Now().Add(keptTime),
	}
	for name, value := range fields {
		if !strings.HasSuffix(name, "password") && !strings.HasSuffix(name, "token") {
			f.Fields[name] = value
		}
	}
	return f.ID, s.Store.Tenant(o.Tenant).Tx(ctx, func(tx *store.Tx) error { return tx.KeepForm(ctx, f) })
}

// KeptForm is what was kept for the person of a session from a page; empty when
// there is nothing, or not any more.
func (s *Service) KeptForm(ctx context.Context, live store.Live, page string, id identity.KeptFormID) (fields map[string]string, err error) {
	f, err := s.Store.Tenant(live.Tenant.ID).KeptForm(ctx, live.User.ID, id, s.Now())
	if errors.Is(err, problem.NotFound) || err == nil && f.Page != page {
		return nil, nil
	}
	return f.Fields, err
}
