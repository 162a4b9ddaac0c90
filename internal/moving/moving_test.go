package moving

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

const (
	words = "seven doors and a lamp" // the passphrase
	right = "a heron stands in the reeds"
)

func service(h *housetest.House) *Service {
	return &Service{Store: h.Store, Now: h.Clock.Now, Operator: &operator.Service{Store: h.Store, Now: h.Clock.Now}}
}

func trailOf(h *housetest.House) *audit.Service {
	return &audit.Service{Store: h.Store, Now: h.Clock.Now, Operator: policy.Defaults()}
}

func seal(t testing.TB, h *housetest.House) {
	t.Helper()
	if err := (&audit.Sealer{Store: h.Store}).Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// eachWay runs test from every database to every other.
func eachWay(t *testing.T, test func(t *testing.T, from, to *housetest.House)) {
	for _, one := range storetest.Databases() {
		for _, other := range storetest.Databases() {
			t.Run(one+" to "+other, func(t *testing.T) {
				test(t, housetest.New(t, storetest.Address(t, one)), housetest.New(t, storetest.Address(t, other)))
			})
		}
	}
}

func exported(t testing.TB, h *housetest.House, slug string) []byte {
	t.Helper()
	var file bytes.Buffer
	if _, err := service(h).Export(t.Context(), slug, &file, passphrase(t, words), nil); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func imported(t testing.TB, h *housetest.House, file []byte, as string) (Imported, error) {
	t.Helper()
	return service(h).Import(t.Context(), bytes.NewReader(file), passphrase(t, words), Options{As: as})
}

func tx(t testing.TB, tenant store.Tenant, change func(tx *store.Tx) error) {
	t.Helper()
	if err := tenant.Tx(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

// lived fills a tenant with everything that is carried.
func lived(t testing.TB, h *housetest.House) store.Tenant {
	t.Helper()
	acme := h.AddTenant(t, "acme", identity.Workspace, "idle-timeout=30m", "accent=#0a66c2", "sign-in-attempts=1000000", "support-contact=Help desk", "audit-retention=24h")
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	row, err := acme.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	row.Policy.Logo = "0123456789abcdef"
	tx(t, acme, func(tx *store.Tx) error {
		return errors.Join(tx.Set(t.Context(), row), tx.SetLogo(t.Context(), store.Logo{Fingerprint: row.Policy.Logo, Picture: picture.Bytes()}),
			tx.AddRole(t.Context(), identity.Role{Name: "help-desk", Title: "Help Desk", Rank: 30, Permissions: policy.SetOf(policy.UsersRead, policy.UsersCredentials), CreatedAt: h.Clock.Now(), ChangedAt: h.Clock.Now()}),
			tx.AddEvent(t.Context(), identity.Event{Kind: identity.EventTenantCreated, Result: identity.EventOK, At: h.Clock.Now()}))
	})
	seal(t, h)
	h.Clock.Advance(48 * time.Hour)
	boss := h.AddUser(t, acme, housetest.Person{Email: "Boss@x.test", Name: "Boss", Role: identity.Admin, Password: right})
	helper := h.AddUser(t, acme, housetest.Person{Email: "helper@x.test", Extension: "201", Name: "Zoë “help” <b>", Role: "help-desk", Password: right})
	h.AddUser(t, acme, housetest.Person{Email: "off@x.test", Name: "Off", Status: identity.Deactivated, Password: right})
	h.AddUser(t, acme, housetest.Person{Email: "initial@x.test", Name: "Initial", Password: right, MustChange: true})
	tx(t, acme, func(tx *store.Tx) error {
		return errors.Join(
			tx.SetMailTrouble(t.Context(), helper.ID, "helper@x.test", identity.MailTrouble{Kind: identity.MailBounced, Answer: "550 <no>", At: h.Clock.Now()}),
			tx.AddEvent(t.Context(), identity.Event{Kind: identity.EventLoginFail, Result: "x", User: helper.ID, Peer: identity.Peer{Address: "192.0.2.7", UserAgent: "Browser"}, Detail: map[string]string{"a": "b"}, At: h.Clock.Now()}),
			tx.AddEvent(t.Context(), identity.Event{Kind: identity.EventLoginSuccess, Result: identity.EventOK, User: boss.ID, Actor: boss.ID, Peer: identity.Peer{Address: "192.0.2.8"}, At: h.Clock.Now()}))
	})
	invites(t, h, acme)
	if err := trailOf(h).Retire(t.Context(), acme); err != nil {
		t.Fatal(err)
	}
	if n, err := trailOf(h).Erase(t.Context(), acme, housetest.Operator, boss.ID, identity.Peer{}); err != nil || n == 0 {
		t.Fatalf("%d events of a person erased, %v", n, err)
	}
	return acme
}

// invites leaves an open invitation, a revoked and an accepted one.
func invites(t testing.TB, h *housetest.House, acme store.Tenant) {
	t.Helper()
	for _, email := range []string{"open@x.test", "revoked@x.test", "accepted@x.test"} {
		i, err := h.Invitations().Invite(t.Context(), acme, housetest.Operator, enroll.Invitee{Email: email, Role: "help-desk"}, false, identity.Peer{})
		if err != nil {
			t.Fatal(err)
		}
		switch email {
		case "revoked@x.test":
			err = h.Invitations().Revoke(t.Context(), acme, housetest.Operator, i.ID, identity.Peer{})
		case "accepted@x.test":
			token := acme.Keys().LinkToken(identity.InvitationLink, acme.ID(), i.Link.ID)
			_, err = h.Invitations().Accept(t.Context(), enroll.Acceptance{Token: string(token), Name: "Acc Epted", Password: right})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func signsIn(t testing.TB, h *housetest.House, slug, email string) error {
	t.Helper()
	from := signin.From{Kind: identity.Program, Peer: identity.Peer{Address: "192.0.2.1"}, Source: "192.0.2.1"}
	_, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: slug, Email: email, Password: right, From: from})
	return err
}

// Everything of a tenant is there, in another installation, on whichever
// database; its people sign in with the passwords they had.
//
// Proves: G1, 5.6
func TestATenantMoves(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to *housetest.House) {
		acme := lived(t, from)
		file := exported(t, from, "acme")
		if bytes.Contains(file, []byte("helper@x.test")) {
			t.Error("an address stands open in the file")
		}
		to.Clock.Set(from.Clock.Now())
		in, err := imported(t, to, file, "")
		if err != nil {
			t.Fatal(err)
		}
		there := to.Store.Tenant(in.Tenant.ID)
		if in.Users != 6 || in.Admins != 1 || in.Invitations != 1 || in.Was != "" || in.Broken != "" || there.ID() != acme.ID() {
			t.Errorf("imported %+v", in)
		}
		same(t, "the tenant", acme, there, func(s store.Tenant) (any, error) { return s.Get(t.Context()) })
		same(t, "users", acme, there, func(s store.Tenant) (any, error) { return s.UserHashes(t.Context(), "", 99) })
		same(t, "roles", acme, there, func(s store.Tenant) (any, error) { return s.Roles(t.Context()) })
		same(t, "the logo", acme, there, func(s store.Tenant) (any, error) { return s.Logo(t.Context()) })
		same(t, "invitations", acme, there, func(s store.Tenant) (any, error) { return s.Invitations(t.Context(), "", 99) })
		trailArrived(t, from, to, acme, there)
		for email, want := range map[string]bool{"boss@x.test": true, "helper@x.test": true, "accepted@x.test": true, "off@x.test": false, "open@x.test": false} {
			if err := signsIn(t, to, "acme", email); (err == nil) != want {
				t.Errorf("%s signs in: %v, want %v", email, err, want)
			}
		}
		invitationsGoOn(t, from, to, acme, there)
	})
}

func same(t testing.TB, what string, here, there store.Tenant, read func(store.Tenant) (any, error)) {
	t.Helper()
	one, err := read(here)
	other, oerr := read(there)
	if err != nil || oerr != nil || !reflect.DeepEqual(one, other) {
		t.Errorf("%s:\n%+v\n%+v\n%v %v", what, one, other, err, oerr)
	}
}

// trailArrived: the same events in the same order, under a chain that holds,
// beginning where it did, with what was erased still erased.
func trailArrived(t testing.TB, from, to *housetest.House, acme, there store.Tenant) {
	t.Helper()
	seal(t, to)
	seal(t, from)
	was, err := trailOf(from).Verify(t.Context(), acme)
	if err != nil || was.Break != nil || was.First == 1 || was.Erased == 0 {
		t.Fatalf("the trail there: %+v, %v", was, err)
	}
	is, err := trailOf(to).Verify(t.Context(), there)
	if err != nil || is.Break != nil || is.First != was.First || is.Erased != was.Erased || is.Head.Place != was.Head.Place {
		t.Errorf("the trail here: %+v, %v, there %+v", is, err, was)
	}
	one, err := acme.Events(t.Context(), "", 999)
	other, oerr := there.Events(t.Context(), "", 999)
	if err != nil || oerr != nil || len(one) != len(other) || !reflect.DeepEqual(one[:len(one)-1], other[:len(other)-1]) {
		t.Errorf("events: %d and %d, %v %v", len(one), len(other), err, oerr)
	}
	if out, in := one[len(one)-1], other[len(other)-1]; out.Kind != identity.EventTenantExported || in.Kind != identity.EventTenantImported ||
		in.Detail["head"] != out.Detail["head"] || in.Detail["tenant"] != string(acme.ID()) {
		t.Errorf("the last events: %+v, %+v", out, in)
	}
}

// invitationsGoOn: the letter that was sent leads nowhere, another one in.
func invitationsGoOn(t testing.TB, from, to *housetest.House, acme, there store.Tenant) {
	t.Helper()
	list, err := there.Invitations(t.Context(), "", 99)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(i identity.Invitation) bool { return i.Email.Folded == "open@x.test" })
	open := list[i]
	if state := to.Invitations().State(open); state != identity.InvitationPending {
		t.Errorf("the open invitation is %s", state)
	}
	old := acme.Keys().LinkToken(identity.InvitationLink, acme.ID(), open.Link.ID)
	if _, err := to.Invitations().Open(t.Context(), string(old)); !errors.Is(err, policy.ErrLink) {
		t.Errorf("the old letter's link: %v", err)
	}
	if _, err := to.Invitations().Resend(t.Context(), there, housetest.Operator, open.ID, identity.Peer{}); err != nil {
		t.Fatal(err)
	}
	letters := to.Work(t)
	if len(letters) != 1 {
		t.Fatalf("%d letters", len(letters))
	}
	_, err = to.Invitations().Accept(t.Context(), enroll.Acceptance{Token: letters[0].Token(), Name: "Open", Password: right})
	if err != nil {
		t.Errorf("the new letter's link: %v", err)
	}
}

// A slug that is taken keeps the file out; another makes a second tenant, with
// an id of its own where the first one is in the same installation.
//
// Proves: G1, 5.6
func TestASlugThatIsTaken(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := lived(t, h)
		file := exported(t, h, "acme")
		before, err := acme.UserHashes(t.Context(), "", 99)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := imported(t, h, file, ""); !errors.Is(err, operator.ErrSlugTaken) {
			t.Errorf("the same slug: %v", err)
		}
		if _, err := imported(t, h, file, "a_b"); !errors.Is(err, identity.ErrSlug) {
			t.Errorf("no slug: %v", err)
		}
		in, err := imported(t, h, file, "Acme-2")
		if err != nil || in.Was != acme.ID() || in.Tenant.ID == acme.ID() || in.Tenant.Slug != "acme-2" {
			t.Fatalf("%+v, %v", in, err)
		}
		if err := errors.Join(signsIn(t, h, "acme-2", "helper@x.test"), signsIn(t, h, "acme", "helper@x.test")); err != nil {
			t.Errorf("in both: %v", err)
		}
		if _, err := service(h).Operator.DeleteTenant(t.Context(), "acme-2", nil); err != nil {
			t.Fatal(err)
		}
		after, err := acme.UserHashes(t.Context(), "", 99)
		before[1].LastSignIn, before[1].Lot = after[1].LastSignIn, after[1].Lot
		if err != nil || !reflect.DeepEqual(before, after) {
			t.Errorf("the first one has changed: %v\n%+v\n%+v", err, before, after)
		}
	})
}

// In the e-mail style addresses alone find the tenant, and the salts, which
// are the other installation's, do too.
//
// Proves: G1, 5.6, Q1
func TestTheEmailStyleMoves(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to *housetest.House) {
		acme := from.AddTenant(t, "acme", identity.Email)
		from.AddUser(t, acme, housetest.Person{Email: "ann@x.test", Name: "Ann", Password: right})
		tx(t, acme, func(tx *store.Tx) error {
			return tx.AddEvent(t.Context(), identity.Event{Kind: identity.EventTenantCreated, Result: identity.EventOK, At: from.Clock.Now()})
		})
		if _, err := imported(t, to, exported(t, from, "acme"), ""); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time with a hash of here
			if err := signsIn(t, to, "", "ann@x.test"); err != nil {
				t.Error(err)
			}
		}
	})
}

// A suspended tenant arrives suspended.
//
// Proves: G1, 5.6
func TestASuspendedTenantStaysSuspended(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		lived(t, h)
		if _, err := service(h).Operator.SuspendTenant(t.Context(), "acme"); err != nil {
			t.Fatal(err)
		}
		in, err := imported(t, h, exported(t, h, "acme"), "other")
		if err != nil || in.Tenant.Status != identity.TenantSuspended {
			t.Fatalf("%+v, %v", in.Tenant, err)
		}
		if err := signsIn(t, h, "other", "helper@x.test"); err == nil {
			t.Error("somebody signs in")
		}
	})
}

// Proves: G1, 5.6
func TestExportFile(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	lived(t, h)
	folder := t.TempDir()
	path := filepath.Join(folder, "acme.export")
	export := func(slug, path, with string) error {
		_, err := service(h).ExportFile(t.Context(), slug, path, passphrase(t, with), nil)
		return err
	}
	if err := export("acme", path, words); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info, err)
	}
	whole, _ := os.ReadFile(path)
	for _, row := range []struct {
		name, slug, path, words string
		err                     error
	}{
		{"over a file", "acme", path, words, ErrExists},
		{"into no folder", "acme", filepath.Join(folder, "none", "x"), words, operator.ErrNoFolder},
		{"nobody", "nobody", filepath.Join(folder, "x"), words, operator.ErrNoTenant},
		{"under a short passphrase", "acme", filepath.Join(folder, "y"), "short", ErrPassphrase},
	} {
		if err := export(row.slug, row.path, row.words); !errors.Is(err, row.err) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(whole, after) {
		t.Errorf("the file was touched: %v", err)
	}
	var left []string
	list, _ := os.ReadDir(folder)
	for _, entry := range list {
		left = append(left, entry.Name())
	}
	if strings.Join(left, " ") != "acme.export" {
		t.Errorf("left behind: %v", left)
	}
}
