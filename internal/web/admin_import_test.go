package web_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// upload sends the import's form with a file.
func (b *browser) upload(file string, fields ...string) *browser {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, field := range append(b.get("/admin/users/import").expect(200).bound(), fields...) {
		name, value, _ := strings.Cut(field, "=")
		if err := w.WriteField(name, value); err != nil {
			b.t.Fatal(err)
		}
	}
	if file != "" {
		part, err := w.CreateFormFile("file", "users.csv")
		if err != nil {
			b.t.Fatal(err)
		}
		if _, err := part.Write([]byte(file)); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	return b.postRaw("/admin/users/import", w.FormDataContentType(), body.String())
}

// Proves: G2, 5.2
func TestImportOnAPage(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		acme, _, boss, manager := bureau(t, s, identity.Workspace)
		count := func(want int) {
			t.Helper()
			if users, err := acme.Users(t.Context(), "", 99); err != nil || len(users) != want {
				t.Errorf("%d users, want %d, %v", len(users), want, err)
			}
		}
		const head = "email,name,role\n"
		good := head + "one@x.test,<i>One</i>,user\ntwo@x.test,Two,manager\n"
		wrong := good + "ann@acme.test,Ann,user\nbad,Bad,user\n"
		boss.get("/admin/users/import").expect(200, ">Preview</button>", ">Import</button>")
		boss.upload(good, "act=check").expect(200, "2 of 2 lines are right.", "Nothing has been imported yet.", "<i>One</i>", "two@x.test,Two,manager\n</textarea>")
		if strings.Contains(boss.body, "<i>One") {
			t.Error("a name became markup")
		}
		boss.upload(wrong, "act=check").expect(200, "2 of 4 lines are right. 2 are not.", "Line 4", "Somebody in the tenant has this address already.", "Line 5")
		boss.upload(wrong, "act=import").expect(422, "2 of 4 lines are wrong, so nothing was imported.", "Line 4", "Line 5")
		count(3)
		boss.upload(wrong, "act=import", "partial=true").expect(200, "2 users were imported, 2 of them without a password. 2 lines were left out.")
		count(5)
		boss.upload("", "act=import", "lines="+head+"three@x.test,Three,user").expect(200, "1 users were imported")
		count(6)
		boss.upload("", "act=import").expect(422, "Choose a file")
		boss.upload("email;name\n", "act=check").expect(422, "separated by semicolons")
		boss.upload("\xff\xfe\x00", "act=check").expect(422, "not text in UTF-8")
		boss.upload(good, "act=import", "act=check").expect(422, "more than once")
		boss.upload(strings.Repeat("x", 9<<20), "act=check").expect(413, "larger than 8 MiB")
		boss.upload(head+strings.Repeat("x", 300<<10)+"\n", "act=check").expect(200, "too long to be shown here")
		manager.upload(head+"four@x.test,Four,admin\n", "act=import").expect(422, "You may not give this role")
		boss.act("/admin/users/import", "/admin/users/import", "act=import", "lines="+head).expect(415, "multipart/form-data")
		boss.postRaw("/admin/users/import", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"act\"\r\n\r\nimport\r\n--x--\r\n").expect(409, "opened in another session")
		boss.postRaw("/admin/users/import", "multipart/form-data; boundary=x", "--x\r\nContent-Disp").expect(422, "did not arrive whole")
		count(6)
		s.browser(t).signIn().get("/admin/users/import").expect(403)
	})
}

// What a spreadsheet would take for a formula is text in an export.
//
// Proves: G2, 5.2
func TestExportOnAPage(t *testing.T) {
	s := sqlite(t)
	acme, _, boss, manager := bureau(t, s, identity.Workspace)
	for i, name := range []string{"=1+1", "+1", "-1", "@SUM(A1)"} {
		s.AddUser(t, acme, housetest.Person{Email: fmt.Sprintf("f%d@acme.test", i), Name: name})
	}
	boss.act("/admin/users", "/admin/users/export").expect(200, "email,extension,name,role", "ann@acme.test,201,Ann Lee,user", "'=1+1", "'+1", "'-1", "'@SUM(A1)").lacks("argon2", ",=1+1", ",+1", ",-1", ",@SUM")
	if boss.answer.Get("Content-Disposition") != `attachment; filename="users-acme.csv"` || boss.answer.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("%v", boss.answer)
	}
	events := housetest.Events(t, acme)
	if e := events[len(events)-1]; e.Kind != identity.EventDataExport || e.Detail["users"] != "7" {
		t.Errorf("%+v", e)
	}
	manager.get("/admin/users").expect(200).lacks(">Export<")
	manager.act("/admin/users", "/admin/users/export").expect(403)
}
