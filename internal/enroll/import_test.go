package enroll_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

const (
	header = "email,extension,name,role,password_hash,must_change_password"
	aHash  = "$2y$05$L0.eCWlHTUxaBwhPJX.veu1vxjc1LhO51mGNa.TiSgXBrbq7jlrR2"
)

var (
	noon     = time.Date(2030, 1, 2, 12, 0, 0, 0, time.UTC)
	svc      = &enroll.Service{Now: func() time.Time { return noon }}
	operator = identity.Actor{Operator: true}
	partial  = enroll.Options{Partial: true}
)

// bring imports a text.
func bring(t *testing.T, tenant store.Tenant, text string, o enroll.Options) (enroll.Report, error) {
	t.Helper()
	return svc.Import(t.Context(), tenant, operator, strings.NewReader(text), o, identity.Peer{})
}

func users(t *testing.T, tenant store.Tenant) []store.UserHash {
	t.Helper()
	list, err := tenant.UserHashes(t.Context(), "", 100_000)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func names(t *testing.T, tenant store.Tenant) (list []string) {
	t.Helper()
	for _, u := range users(t, tenant) {
		list = append(list, u.Name)
	}
	return list
}

// nothingLeft says that neither users nor an open import remain.
func nothingLeft(t *testing.T, s *store.Store, tenant store.Tenant) {
	t.Helper()
	if list := users(t, tenant); len(list) != 0 {
		t.Errorf("%d users are there", len(list))
	}
	open, err := tenant.OpenImports(t.Context(), noon.Add(1000*time.Hour))
	if err != nil || len(open) != 0 {
		t.Errorf("%d imports are open, %v", len(open), err)
	}
	// Invisible rows would keep their addresses taken.
	taken, err := tenant.Taken(t.Context(), []string{"ann@x.test", "person1@example.test"}, []string{"201"}, time.Time{})
	if err != nil || len(taken) != 0 {
		t.Errorf("taken are still %v, %v", taken, err)
	}
	if ids, _, err := s.TenantsByAddress(t.Context(), "person1@example.test"); err != nil || slices.Contains(ids, tenant.ID()) {
		t.Errorf("the directory still names the tenant, %v", err)
	}
}

const shared = "../../../shared/data/import/"

// Every file of every other system, whole, with its passwords.
//
// Proves: 2.4, G2
func TestFilesOfOtherSystems(t *testing.T) {
	files, err := filepath.Glob(shared + "*.csv")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files to import: %v", err)
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".csv")
			t.Run(name, func(t *testing.T) { importFile(t, s, name) })
		}
	})
}

func importFile(t *testing.T, s *store.Store, name string) {
	style := identity.Workspace
	if strings.HasPrefix(name, "pbx-extensions") {
		style = identity.Extension
	}
	tenant := storetest.AddTenant(t, s, name, style)
	file, err := os.Open(shared + name + ".csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	passwords, err := os.ReadFile(shared + name + ".passwords")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(passwords)), "\n")
	r, err := svc.Import(t.Context(), tenant, operator, file, enroll.Options{}, identity.Peer{})
	if err != nil || r.Imported != len(lines) || r.Read != len(lines) || r.Refused != 0 || r.Invited != 0 {
		t.Fatalf("%+v, %v; want %d users", r, err, len(lines))
	}
	list := users(t, tenant)
	for i, u := range list {
		identifier, typed, _ := strings.Cut(lines[i], "\t")
		if u.Email.Folded != identifier && u.Extension != identifier {
			t.Fatalf("user %d is %q %q, want %q", i, u.Email.Folded, u.Extension, identifier)
		}
		if i >= 5 && !strings.HasPrefix(string(u.Hash), "$2") && typed == strings.ToValidUTF8(typed, "") && isASCII(typed) {
			continue // dear ones: a handful, and all odd letters
		}
		password, err := secret.NewPassword(typed)
		if err != nil {
			t.Fatal(err)
		}
		if !u.Hash.Match(password) {
			t.Errorf("the hash of %s does not match", identifier)
		}
	}
	found, err := findBy(t.Context(), tenant, lines[0])
	if err != nil || found.Status != identity.Active || !found.HasPassword || found.Role != identity.Admin || !found.CreatedAt.Equal(noon) {
		t.Errorf("%+v, %v", found, err)
	}
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 127 })
}

func findBy(ctx context.Context, tenant store.Tenant, line string) (identity.User, error) {
	identifier, _, _ := strings.Cut(line, "\t")
	if strings.Contains(identifier, "@") {
		return tenant.UserByEmail(ctx, identifier)
	}
	return tenant.UserByExtension(ctx, identifier)
}

// Proves: 2.4
func TestPartialTakesTheGoodLines(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant, twin := storetest.Twins(t, s)
		if _, err := bring(t, twin, header+"\nann@x.test,201,Twin,user,,\n", enroll.Options{}); err != nil {
			t.Fatal(err)
		}
		add(t, tenant, "old@x.test", "209")
		text := header + "\nann@x.test,201,Ann,user,,\nbad,,Bad,user,,\nann@x.test,,Again,user,,\nold@x.test,,Taken,user,,\nnew@x.test,209,Taken,user,,\nbob@x.test,202,Bob,user,,\n"
		whole, err := bring(t, tenant, text, enroll.Options{})
		if !errors.Is(err, enroll.ErrRefused) || len(names(t, tenant)) != 1 {
			t.Fatalf("whole: %+v, %v, %v", whole, err, names(t, tenant))
		}
		r, err := bring(t, tenant, text, partial)
		if err != nil || r.Read != 6 || r.Imported != 2 || r.Refused != 4 || r.Invited != 2 {
			t.Fatalf("%+v, %v", r, err)
		}
		if got := names(t, tenant); !slices.Equal(got, []string{"Old", "Ann", "Bob"}) {
			t.Errorf("there are %v", got)
		}
		for i, want := range []string{"exactly one @", "line 2 already", "this address already", "this extension already"} {
			if got := r.Lines[i]; got.Number != i+3 || !strings.Contains(got.Message, want) || whole.Lines[i] != got {
				t.Errorf("line %d: %s (whole: %v)", got.Number, got.Message, whole.Lines[i])
			}
		}
		if got := importEvents(t, tenant); len(got) != 1 || got[0].Detail["imported"] != "2" || got[0].Detail["refused"] != "4" {
			t.Errorf("events %+v", got)
		}
	})
}

// Proves: 2.4
func TestNothingIsWrittenBesideAWrongLine(t *testing.T) {
	tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Workspace)
	told := 0
	o := enroll.Options{Progress: func(int64, int64) {
		told++
		if taken, err := tenant.Taken(t.Context(), []string{"person1@example.test"}, nil, time.Time{}); err != nil || len(taken) > 0 {
			t.Errorf("a line was stored: %v", err)
		}
	}}
	if _, err := bring(t, tenant, people(2*store.ImportPiece)+"bad,,,,,\n", o); !errors.Is(err, enroll.ErrRefused) || told == 0 {
		t.Errorf("told %d times, %v", told, err)
	}
}

func add(t *testing.T, tenant store.Tenant, email, extension string) {
	t.Helper()
	u := identity.User{
		ID: identity.NewUserID(), Email: identity.EmailAddress{Typed: email, Folded: email}, Extension: extension,
		Name: "Old", Role: identity.Member, Status: identity.Active, CreatedAt: noon,
	}
	if err := tenant.Tx(t.Context(), func(tx *store.Tx) error { return tx.AddUser(t.Context(), u, "") }); err != nil {
		t.Fatal(err)
	}
}

func importEvents(t *testing.T, tenant store.Tenant) (list []identity.Event) {
	t.Helper()
	all, err := tenant.Events(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Kind == identity.EventImportDone {
			list = append(list, e)
		}
	}
	return list
}

// Nothing in a file is nothing that happened.
//
// Proves: 2.4, G4
func TestAnEmptyImportLeavesNoEvent(t *testing.T) {
	tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Workspace)
	for _, text := range []string{header + "\n", header + "\nbad,,,,,\n"} {
		if r, err := bring(t, tenant, text, partial); err != nil || r.Imported != 0 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if got := importEvents(t, tenant); len(got) != 0 {
		t.Errorf("events %+v", got)
	}
}

// Proves: G3
func TestNobodyImportsMoreThanTheyHave(t *testing.T) {
	tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Workspace)
	manager := identity.Actor{User: "usr_m", Role: policy.BuiltIn(identity.Manager)}
	err := tenant.Tx(t.Context(), func(tx *store.Tx) error {
		return tx.AddUser(t.Context(), identity.User{ID: manager.User, Role: identity.Manager, Status: identity.Active}, "")
	})
	if err != nil {
		t.Fatal(err)
	}
	text := header + "\nann@x.test,,Ann,admin,,\nbob@x.test,,Bob,manager,,\ncid@x.test,,Cid,boss,,\n"
	r, err := svc.Import(t.Context(), tenant, manager, strings.NewReader(text), partial, identity.Peer{})
	if err != nil || r.Imported != 1 || r.Refused != 2 || !strings.HasPrefix(r.Lines[0].Message, "Column role: You may not give this role") {
		t.Fatalf("%+v, %v", r, err)
	}
	if says := r.Lines[1].Message; says != "Column role: There is no such role; manager, user may be given." {
		t.Error(says)
	}
	for _, row := range []struct {
		actor identity.Actor
		err   error
	}{
		{identity.Actor{}, policy.ErrSignIn},
		{identity.Actor{User: "usr_u", Role: policy.BuiltIn(identity.Member)}, policy.ErrDenied},
	} {
		if _, err := svc.Import(t.Context(), tenant, row.actor, strings.NewReader(text), partial, identity.Peer{}); !errors.Is(err, row.err) {
			t.Errorf("%v: %v", row.actor, err)
		}
	}
}

// A pipe comes only once; the file is read twice all the same.
//
// Proves: 2.4
func TestPipes(t *testing.T) {
	tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Workspace)
	var told []int64
	o := enroll.Options{Progress: func(done, total int64) { told = append(told, done, total) }}
	text := header + "\nann@x.test,,Ann,user,,\n"
	r, err := svc.Import(t.Context(), tenant, operator, io.MultiReader(strings.NewReader(text)), o, identity.Peer{})
	if err != nil || r.Imported != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if end := int64(2 * len(text)); len(told) == 0 || told[len(told)-2] != end || told[len(told)-1] != end {
		t.Errorf("progress %v", told)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	silent, _ := io.Pipe()
	if _, err := svc.Import(ctx, tenant, operator, silent, o, identity.Peer{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a pipe nobody writes to: %v", err)
	}
}
