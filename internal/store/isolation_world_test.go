package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

const (
	aLinkID       identity.LinkID = "lnk_00000000000000000000000000000001"
	invitedLinkID identity.LinkID = "lnk_00000000000000000000000000000002"
	thirdLinkID   identity.LinkID = "lnk_00000000000000000000000000000003"
)

var fullLane = store.Lane{Lane: policy.Lane{Limit: 1, Wait: time.Hour, MaxWait: time.Hour}, Subject: "full", Key: "place 192.0.2.1"}

var aRequest = store.Once{Actor: "usr_ann", Name: "name", Fingerprint: "fingerprint", Attempt: "first", About: "ten_1"}

var someLanes = []store.Lane{
	{Lane: policy.Lane{Limit: 5, Wait: time.Hour, MaxWait: time.Hour}, Key: "source 192.0.2.1"},
	{Lane: policy.Lane{Limit: 5, Wait: time.Hour, MaxWait: time.Hour}, Subject: "subject", Key: policy.LaneStrangers},
}

func in(do func(context.Context, *store.Tx) error) func(context.Context, store.Tenant) error {
	return func(ctx context.Context, t store.Tenant) error {
		return t.Tx(ctx, func(tx *store.Tx) error { return do(ctx, tx) })
	}
}

func saw[T any](read func(context.Context, store.Tenant) (T, error)) func(context.Context, store.Tenant) (bool, error) {
	return func(ctx context.Context, t store.Tenant) (bool, error) {
		_, err := read(ctx, t)
		if errors.Is(err, problem.NotFound) {
			return false, nil
		}
		return true, err
	}
}

func sawAny[T any](read func(context.Context, store.Tenant) ([]T, error)) func(context.Context, store.Tenant) (bool, error) {
	return func(ctx context.Context, t store.Tenant) (bool, error) {
		list, err := read(ctx, t)
		return len(list) > 0, err
	}
}

// sawCandidate asks for each name: the user, and the neighbours on both sides
// that lend their kind of hash to nobody.
func sawCandidate(find func(context.Context, store.Tenant, string) (store.Candidate, error), names ...string) func(context.Context, store.Tenant) (bool, error) {
	return func(ctx context.Context, t store.Tenant) (bool, error) {
		seen := false
		for _, name := range names {
			c, err := find(ctx, t, name)
			if err != nil {
				return seen, err
			}
			seen = seen || c.User.ID != "" || c.Hash.Kind() == aHash.Kind()
		}
		return seen, nil
	}
}

func aSession(id identity.SessionID, kind identity.SessionKind) identity.Session {
	return identity.Session{ID: id, UserID: "usr_ann", Kind: kind, SignedInAt: noon, InteractedAt: noon,
		IdleEnd: noon.Add(4 * time.Hour), AbsoluteEnd: noon.Add(12 * time.Hour)}
}

func imported(id identity.UserID) store.UserHash {
	email := string(id) + "@x.test"
	return store.UserHash{User: identity.User{ID: id, Email: identity.EmailAddress{Typed: email, Folded: email},
		Role: identity.Member, Status: identity.Active, CreatedAt: noon}, Hash: aHash}
}

func aPlace(place int64, id identity.EventID) store.ChainLine {
	return store.ChainLine{Place: place, EventID: id, MAC: []byte("mac"), Salt: []byte("salt")}
}

// fill gives a tenant the same rows under the same ids as its twin.
func fill(t *testing.T, tenant store.Tenant) {
	t.Helper()
	change(t, tenant, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.AddUser(ctx, ann(), aHash),
			tx.AddUser(ctx, identity.User{ID: "usr_bob", Role: identity.Admin, Status: identity.Active}, ""),
			tx.StartImport(ctx, "imp_open", noon),
			tx.AddImported(ctx, "imp_open", tx.Stage("imp_open", []store.UserHash{imported("usr_cid")}), noon),
			tx.StartImport(ctx, "imp_done", noon),
			tx.AddImported(ctx, "imp_done", tx.Stage("imp_done", []store.UserHash{imported("usr_dan")}), noon),
			tx.FinishImport(ctx, "imp_done", noon),
			tx.AddSession(ctx, aSession("ses_p", identity.Program)),
			tx.AddSession(ctx, aSession("ses_r", identity.Program)),
			tx.AddSession(ctx, aSession("ses_b", identity.Browser)),
			tx.AddBrowser(ctx, "usr_ann", "bro", noon),
			tx.ReplaceLink(ctx, identity.Link{ID: aLinkID, User: "usr_ann", Purpose: identity.ResetLink, CreatedAt: noon, ExpiresAt: later}),
			tx.ReplaceLink(ctx, identity.Link{ID: invitedLinkID, User: "usr_ann", Purpose: identity.InvitationLink, CreatedAt: noon, ExpiresAt: later}),
			tx.AddInvitation(ctx, identity.Invitation{ID: "inn_1", User: "usr_ann", Link: identity.Link{ID: invitedLinkID}, CreatedAt: noon}),
			tx.Enqueue(ctx, identity.Task{ID: "tsk_letter", Kind: identity.LetterReset, User: "usr_ann", At: noon}),
			tx.Enqueue(ctx, identity.Task{ID: "tsk_late", Kind: identity.LetterReset, User: "usr_ann", At: noon, Expires: noon.Add(time.Second)}),
			tx.Enqueue(ctx, identity.Task{ID: "tsk_sent", Kind: identity.LetterReset, User: "usr_ann", At: noon}),
			tx.SetLetter(ctx, identity.Task{ID: "tsk_sent", User: "usr_ann"}, store.Delivery{State: identity.LetterSent, To: "ann@x.test", At: noon}),
			tx.Enqueue(ctx, identity.Task{ID: "tsk_request", Kind: identity.RequestReset, At: noon, Data: map[string]string{"email": "ann@x.test"}}),
			tx.KeepForm(ctx, identity.KeptForm{ID: "frm_1", User: "usr_ann", Page: "/home", ExpiresAt: later}),
			tx.AddOperatorToken(ctx, identity.OperatorToken{ID: "opt_1", Name: "Sign-up", CreatedAt: noon}, "hash"),
			take(ctx, tx, aRequest, noon),
			tx.AddRole(ctx, identity.Role{Name: "support", Title: "Support", Rank: 20, CreatedAt: noon, ChangedAt: noon}),
			tx.SetLogo(ctx, store.Logo{Fingerprint: "aa", Picture: []byte("png")}),
			tx.AddEvent(ctx, identity.Event{ID: "evt_1", Kind: "k", User: "usr_ann", At: noon}),
			tx.Place(ctx, store.ChainHead{}, []store.ChainLine{aPlace(1, "evt_1"), aPlace(2, "evt_gone")}),
			tx.AddEvent(ctx, identity.Event{ID: "evt_0", Kind: "k", At: noon}),
			tx.AddSigningKey(ctx, store.SigningKey{ID: "key_1", CreatedAt: noon, ActiveFrom: noon, Private: []byte("private")}))
	})
	change(t, tenant, func(ctx context.Context, tx *store.Tx) error { // a stray one: never on its way to the chain
		return errors.Join(tx.AddEvent(ctx, identity.Event{ID: "evt_00", Kind: "k", At: noon}),
			tx.Exec(ctx, `DELETE FROM unsealed WHERE tenant_id = $1 AND event_id = 'evt_00'`))
	})
	if _, err := tenant.ReserveTry(t.Context(), []store.Lane{fullLane}, noon); err != nil {
		t.Fatal(err)
	}
	if _, err := tenant.ReserveTry(t.Context(), someLanes, noon); err != nil {
		t.Fatal(err)
	}
	for presented := range int64(2) {
		if _, err := tenant.RefreshSession(t.Context(), store.Refresh{Session: "ses_r", Presented: presented, Now: noon}); err != nil {
			t.Fatal(err)
		}
	}
}

func take(ctx context.Context, tx *store.Tx, o store.Once, end time.Time) error {
	_, err := tx.TakeOnce(ctx, o, noon.Add(-time.Minute), end, end)
	return err
}
