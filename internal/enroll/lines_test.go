package enroll_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

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
		{"semicolons", strings.ReplaceAll(header, ",", ";"), enroll.ErrHeader, "This file is separated by semicolons; save it with commas."},
		{"semicolons after a mark", "\ufeff" + strings.ReplaceAll(header, ",", ";"), enroll.ErrHeader, "separated by semicolons"},
		{"semicolons and quotation marks", "\r\n\"email\";\"name\"\r\nann@x.test;\"A, B\"\r\n", enroll.ErrHeader, "separated by semicolons"},
		{"semicolons, announced", "sep=;\nemail;name\n", enroll.ErrHeader, "separated by semicolons"},
		{"tabs", strings.ReplaceAll(header, ",", "\t"), enroll.ErrHeader, "separated by tabs"},
		{"bars", strings.ReplaceAll(header, ",", "|"), enroll.ErrHeader, "separated by vertical bars"},
		{"a semicolon among commas", "email,name,a;b\n", enroll.ErrHeader, `There is no column "a;b"`},
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
