package enroll_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	"github.com/vestibule-id/vestibule/internal/problem"
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
	taken, err := tenant.Taken(t.Context(), []string{"ann@x.test", "person1@example.test"}, []string{"201"})
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
	if err != nil || r.Imported != len(lines) || r.Read != len(lines) || r.Refused != 0 {
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

// What a line must be like. Each is the third of its file.
//
// Proves: 2.4
func TestLines(t *testing.T) {
	tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Workspace)
	for _, row := range []struct{ name, line, says string }{
		{"no address", ",201,Ann,user,,", "Column email: An e-mail address is missing"},
		{"no e-mail address", "ann,,Ann,user,,", "Column email: An e-mail address has exactly one @"},
		{"a bad extension", "ann@x.test,2O1,Ann,user,,", "Column extension: An extension has 2 to 10 digits"},
		{"no name", "ann@x.test,,,user,,", "Column name: A name is missing"},
		{"a name over two lines", "ann@x.test,,\"An\nn\",user,,", "Column name: A name has no line breaks"},
		{"no such role", "ann@x.test,,Ann,king,,", "Column role: There is no such role"},
		{"no known hash", "ann@x.test,,Ann,user,$1$abcdefgh$ijklmnopqrstuvwxyzABCD,", "Column password_hash: this is no password hash"},
		{"a hash over the bounds", "ann@x.test,,Ann,user," + strings.Replace(aHash, "$05$", "$15$", 1) + ",", "Column password_hash: bcrypt cost 15 is over the bound of 14"},
		{"a cut hash", "ann@x.test,,Ann,user," + aHash[:40] + ",", "Column password_hash: bcrypt"},
		{"neither true nor false", "ann@x.test,,Ann,user,,maybe", "Column must_change_password: Wanted is true or false"},
		{"a column short", "ann@x.test,,Ann,user,", "The line has 5 columns; the first line has 6"},
		{"a column over", "ann@x.test,,Ann,user,,,", "The line has 7 columns; the first line has 6"},
		{"the address of another line", "Bob@x.test,,Ann,user,,", "Column email: The same stands on line 2"},
		{"the extension of another line", "ann@x.test,202,Ann,user,,", "Column extension: The same stands on line 2"},
		{"not UTF-8", "ann@x.test,,Ann\xff,user,,", "Column name: not text in UTF-8"},
		{"a field of 5 KB", "ann@x.test,," + strings.Repeat("n", 5<<10) + ",user,,", "Column name: longer than 4096 bytes"},
		{"a line of 1 MB", "ann@x.test,," + strings.Repeat("n", 1<<20) + ",user,,", "The line is longer than 65536 bytes"},
		{"a lone quotation mark pair", "ann@x.test,,\"An\"n,user,,", "A quotation mark stands where none may be"},
		{"two things at once", "ann,,Ann,king,,", "Column email: An e-mail address has exactly one @. Column role:"},
	} {
		t.Run(row.name, func(t *testing.T) {
			first, last := "bob@x.test,202,Bob,user,,\n", "\ncid@x.test,,Cid,user,,\n"
			r, err := bring(t, tenant, header+"\n"+first+row.line+last, enroll.Options{})
			if !errors.Is(err, enroll.ErrRefused) || problem.Of(err).Message != "1 of 3 lines are wrong, so nothing was imported." {
				t.Errorf("error %v", err)
			}
			if r.Read != 3 || r.Imported != 0 || r.Refused != 1 || len(r.Lines) != 1 {
				t.Fatalf("%+v", r)
			}
			if got := r.Lines[0]; got.Number != 3 || !strings.HasPrefix(got.Message, row.says) || !strings.HasSuffix(got.Message, ".") {
				t.Errorf("line %d: %s", got.Number, got.Message)
			}
			if m := r.Lines[0].Message; strings.Contains(m, "ann") || strings.Contains(m, "king") || strings.Contains(m, aHash[10:20]) {
				t.Errorf("the message repeats what was sent: %s", m)
			}
			if len(users(t, tenant)) != 0 {
				t.Error("something was imported")
			}
		})
	}
}

// What a file must be like as a whole.
//
// Proves: 2.4
func TestHeaders(t *testing.T) {
	s := storetest.SQLite(t)
	tenant := storetest.AddTenant(t, s, "acme", identity.Workspace)
	phones := storetest.AddTenant(t, s, "phones", identity.Extension)
	utf16 := func(first, second int) string {
		var b strings.Builder
		for _, r := range "\ufeff" + header {
			unit := [2]byte{byte(r), byte(r >> 8)}
			b.WriteByte(unit[first])
			b.WriteByte(unit[second])
		}
		return b.String()
	}
	for _, row := range []struct {
		name, text string
		err        error
		says       string
	}{
		{"empty", "", enroll.ErrHeader, "The file is empty"},
		{"blank lines", "\n\r\n\n", enroll.ErrHeader, "The file is empty"},
		{"no header", "ann@x.test,,Ann,user,,\n", enroll.ErrHeader, `There is no column "ann@x.test"`},
		{"an unknown column", "email,name,shoe_size\n", enroll.ErrHeader, `There is no column "shoe_size"`},
		{"a column twice", "email,name,email\n", enroll.ErrHeader, "The column email is there twice"},
		{"a capital column", "Email,name\n", enroll.ErrHeader, `There is no column "Email"`},
		{"no e-mail", "extension,name\n", enroll.ErrHeader, "The column email is missing"},
		{"no name", "email\n", enroll.ErrHeader, "The column name is missing"},
		{"semicolons", strings.ReplaceAll(header, ",", ";"), enroll.ErrHeader, "separated by commas"},
		{"an open quotation mark", "email,\"name\n", enroll.ErrHeader, "quotation marks do not match"},
		{"a header of 1 MB", strings.Repeat("e", 1<<20), enroll.ErrHeader, "longer than 65536 bytes"},
		{"UTF-16, little end first", utf16(0, 1), enroll.ErrText, "UTF-16"},
		{"UTF-16, big end first", utf16(1, 0), enroll.ErrText, "UTF-16"},
		{"UTF-16 without its mark", utf16(0, 1)[2:], enroll.ErrText, "UTF-16"},
		{"Latin-1", "email,name,stra\xdfe\n", enroll.ErrText, "not text in UTF-8"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, o := range []enroll.Options{{}, partial} {
				r, err := bring(t, tenant, row.text, o)
				if !errors.Is(err, row.err) || !strings.Contains(problem.Of(err).Message, row.says) || r.Imported != 0 {
					t.Errorf("%+v, %v", r, err)
				}
			}
		})
	}
	_, err := svc.Import(t.Context(), phones, operator, strings.NewReader("email,name\n"), enroll.Options{}, identity.Peer{})
	if !errors.Is(err, enroll.ErrHeader) || !strings.Contains(problem.Of(err).Message, "extension is missing") {
		t.Errorf("extensions: %v", err)
	}
}

// Proves: 2.4
func TestWhatFilesMayLookLike(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for i, row := range []struct{ name, text string }{
			{"plain", header + "\nann@x.test,,Ann,manager," + aHash + ",true\n"},
			{"a byte-order mark", "\ufeff" + header + "\nann@x.test,,Ann,manager," + aHash + ",true\n"},
			{"CRLF", header + "\r\nann@x.test,,Ann,manager," + aHash + ",1\r\n"},
			{"no newline at the end", header + "\nann@x.test,,Ann,manager," + aHash + ",TRUE"},
			{"blank lines and bare commas", "\n\n" + header + "\n\n \nann@x.test,,Ann,manager," + aHash + ",true\n\n,,,,,\n"},
			{"another order", "password_hash,name,must_change_password,email,role\n" + aHash + ",Ann,true,ann@x.test,manager\n"},
			{"blanks and capitals", "email, name ,role,password_hash,must_change_password\n Ann@X.test , Ann ,Manager, " + aHash + " ,True\n"},
			{"everything quoted", `"email","name","role","password_hash","must_change_password"` + "\n" + `"ann@x.test","Ann","manager","` + aHash + `","true"` + "\n"},
		} {
			t.Run(row.name, func(t *testing.T) {
				tenant := storetest.AddTenant(t, s, fmt.Sprintf("acme%d", i), identity.Workspace)
				r, err := bring(t, tenant, row.text, enroll.Options{})
				if err != nil || r.Imported != 1 || r.Read != 1 {
					t.Fatalf("%+v, %v", r, err)
				}
				u := users(t, tenant)[0]
				if u.Email.Folded != "ann@x.test" || u.Name != "Ann" || u.Role != identity.Manager || !u.MustChange || u.Status != identity.Active || u.Hash != aHash {
					t.Errorf("%+v", u.User)
				}
			})
		}
	})
}

// Proves: 2.4
func TestWhoComesWithoutAPasswordIsInvited(t *testing.T) {
	tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Extension)
	if _, err := bring(t, tenant, "extension,name\n201,Ann\n", enroll.Options{}); err != nil {
		t.Fatal(err)
	}
	u := users(t, tenant)[0]
	if u.Status != identity.Invited || u.HasPassword || u.Role != identity.Member || u.MustChange || u.Extension != "201" {
		t.Errorf("%+v", u.User)
	}
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
		if err != nil || r.Read != 6 || r.Imported != 2 || r.Refused != 4 {
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

// The inside of a field that does not end must not become users.
//
// Proves: 2.4
func TestNothingIsReadBehindAnOpenQuotationMark(t *testing.T) {
	tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Workspace)
	inside := strings.Repeat("eve@x.test,,Eve,admin,"+aHash+",\n", 2000)
	for name, bad := range map[string]string{
		"a field of 100 KB":         "bob@x.test,,\"" + inside + "\",user,,\n",
		"open to the end":           "bob@x.test,,\"" + inside[:200],
		"open behind another fault": "\"bob\"@x.test,,\"" + inside + "\",user,,\n",
		"in a line of 100 KB":       "bob@x.test,," + strings.Repeat("n", 100<<10) + ",\"\n" + inside,
	} {
		t.Run(name, func(t *testing.T) {
			address := strings.ReplaceAll(name, " ", "") + "@x.test"
			before := len(users(t, tenant))
			r, err := bring(t, tenant, header+"\n"+address+",,Ann,user,,\n"+bad, partial)
			if err != nil || r.Imported != 1 || r.Refused != 1 || r.Lines[0].Number != 3 || !strings.Contains(r.Lines[0].Message, "Nothing from this line on was read") {
				t.Fatalf("%+v, %v", r, err)
			}
			if got := len(users(t, tenant)); got != before+1 {
				t.Errorf("%d users more", got-before)
			}
		})
	}
}

// Proves: G3
func TestNobodyImportsMoreThanTheyHave(t *testing.T) {
	tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Workspace)
	manager := identity.Actor{User: "usr_m", Role: identity.Manager}
	text := header + "\nann@x.test,,Ann,admin,,\nbob@x.test,,Bob,manager,,\n"
	r, err := svc.Import(t.Context(), tenant, manager, strings.NewReader(text), partial, identity.Peer{})
	if err != nil || r.Imported != 1 || r.Refused != 1 || !strings.HasPrefix(r.Lines[0].Message, "Column role: You may not give this role") {
		t.Errorf("%+v, %v", r, err)
	}
	for _, row := range []struct {
		actor identity.Actor
		err   error
	}{
		{identity.Actor{}, policy.ErrSignIn},
		{identity.Actor{User: "usr_u", Role: identity.Member}, policy.ErrDenied},
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

// The report keeps a thousand lines and counts them all.
//
// Proves: 2.4
func TestReportsAreBounded(t *testing.T) {
	tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Workspace)
	r, err := bring(t, tenant, header+"\n"+string(bytes.Repeat([]byte("bad\n"), 5000)), enroll.Options{})
	if !errors.Is(err, enroll.ErrRefused) || r.Read != 5000 || r.Refused != 5000 || len(r.Lines) != 1000 || r.Lines[999].Number != 1001 {
		t.Errorf("%d %d %d, %v", r.Read, r.Refused, len(r.Lines), err)
	}
}
