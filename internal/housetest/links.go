package housetest

import (
	"context"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Operator is who acts on the command line.
var Operator = identity.Actor{Operator: true}

// Recovery gives people back their accounts in this house.
func (h *House) Recovery() *recovery.Service {
	return &recovery.Service{Store: h.Store, Sessions: h.Sessions, Gate: h.SignIn.Gate, Params: Params, Product: Product, Now: h.Clock.Now}
}

// Invitations invites people into this house.
func (h *House) Invitations() *enroll.Invitations {
	return &enroll.Invitations{Now: h.Clock.Now, Operator: h.Sessions.Operator, Store: h.Store, Gate: h.SignIn.Gate, Params: Params, Product: Product}
}

// Admin acts on others' accounts in this house.
func (h *House) Admin() *admin.Service {
	return &admin.Service{Now: h.Clock.Now, Params: Params, Operator: h.Sessions.Operator, Product: Product, Gate: h.SignIn.Gate, Sessions: h.Sessions}
}

// Account is what people do to their own accounts in this house.
func (h *House) Account() *account.Service {
	return &account.Service{SignIn: h.SignIn, Sessions: h.Sessions}
}

// ChangeAddress gives an active user of the workspace style another address as
// the person themselves does, and answers with the letters that tell of it.
func (h *House) ChangeAddress(t testing.TB, tenant store.Tenant, id identity.UserID, password, to string) []Letter {
	t.Helper()
	row, err := tenant.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	from := signin.From{Kind: identity.Program, Peer: identity.Peer{Address: "192.0.2.77"}, Source: "192.0.2.77"}
	in, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: row.Slug, Email: User(t, tenant, id).Email.Typed, Password: password, From: from})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Account().AskAddress(t.Context(), in.Grant.Live, account.AddressChange{Email: to, Password: password, From: from}); err != nil {
		t.Fatal(err)
	}
	for _, letter := range h.Work(t) {
		if letter.Kind != identity.LetterAddressConfirm {
			continue
		}
		if _, err := h.Recovery().ConfirmAddress(t.Context(), letter.Token(), recovery.From{Peer: from.Peer, Source: from.Source}); err != nil {
			t.Fatal(err)
		}
	}
	return h.Work(t)
}

// A Letter is one that waits to be sent, from which tenant.
type Letter struct {
	identity.Task
	Tenant store.Tenant
}

// Work handles every request that waits, as a worker would, and takes every
// letter out of the outbox.
func (h *House) Work(t testing.TB) (letters []Letter) {
	t.Helper()
	ctx, now := context.Background(), h.Clock.Now()
	for range 100 {
		tasks := h.take(t, false, now)
		if len(tasks) == 0 {
			break
		}
		for _, task := range tasks {
			if err := h.Recovery().Handle(ctx, task.Tenant, task.Task); err != nil {
				t.Fatal(err)
			}
			change(t, h.Store.Tenant(task.Tenant.ID()), func(tx *store.Tx) error { return tx.FinishTask(ctx, task.Task) })
		}
	}
	return h.take(t, true, now)
}

// take leases what is due in all tenants.
func (h *House) take(t testing.TB, letters bool, now time.Time) (list []Letter) {
	t.Helper()
	ids, err := h.Store.DueTenants(t.Context(), letters, now, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		change(t, h.Store.Tenant(id), func(tx *store.Tx) error {
			tasks, err := tx.ClaimTasks(t.Context(), letters, now, now.Add(365*24*time.Hour), 1000)
			for _, task := range tasks {
				list = append(list, Letter{Task: task, Tenant: h.Store.Tenant(id)})
			}
			return err
		})
	}
	return list
}

// Token is what the link in a letter carries.
func (l Letter) Token() string {
	purposes := map[string]identity.LinkPurpose{
		identity.LetterReset: identity.ResetLink, identity.LetterInvitation: identity.InvitationLink, identity.LetterAddressUndo: identity.UndoLink,
		identity.LetterAddressConfirm: identity.AddressLink,
	}
	return string(l.Tenant.Keys().LinkToken(purposes[l.Kind], l.Tenant.ID(), l.Link))
}
