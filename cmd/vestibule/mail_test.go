package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/mail/mailtest"
	"github.com/vestibule-id/vestibule/internal/store"
)

// command runs the program as a shell would.
func command(t *testing.T, stdin string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := &program{stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr, now: time.Now}
	code = p.run(t.Context(), args, nil)
	return code, stdout.String(), stderr.String()
}

// Proves: 4.7
func TestMailTestSaysWhatTheServerAnswered(t *testing.T) {
	sink := mailtest.Start(t)
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "en.json"), []byte("{\n\"letters\": {\"test\": 1}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		b    mailtest.Behaviour
		args []string
		code int
		says string
	}{
		{"taken", mailtest.Behaviour{}, []string{"--mail", sink.Address(), "ann@acme.test"}, 0, "has taken the letter: 2"},
		{"refused", mailtest.RejectRecipient(550), []string{"--mail", sink.Address(), "ann@acme.test"}, 1, "refused the letter: 550 5.1.1 no such user here"},
		{"nobody there", mailtest.Behaviour{}, []string{"--mail", "smtp://127.0.0.1:1", "ann@acme.test"}, 1, "127.0.0.1:1"},
		{"no server", mailtest.Behaviour{}, []string{"ann@acme.test"}, 2, "--mail"},
		{"no address", mailtest.Behaviour{}, []string{"--mail", sink.Address(), "ann"}, 2, "@"},
		{"a broken template", mailtest.Behaviour{}, []string{"--mail", sink.Address(), "--mail-templates", folder, "ann@acme.test"}, 2, "en.json:2: "},
	} {
		t.Run(row.name, func(t *testing.T) {
			sink.Behave(row.b)
			code, out, errs := command(t, "", append([]string{"mail", "test"}, row.args...)...)
			if code != row.code || out != "" || !strings.Contains(errs, row.says) {
				t.Errorf("exit code %d, %q, %q", code, out, errs)
			}
		})
	}
	if got := sink.Wait(t, 1); len(got) != 1 || got[0].To != "ann@acme.test" || got[0].Subject != "Vestibule can send mail" {
		t.Errorf("%d mails have come: %+v", len(got), got)
	}
}

// Proves: 4.6
func TestABrokenTemplateIsRefusedAtStart(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "letter.html"), []byte("<p>\n{{.Nonsense}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := command(t, "", "serve", "--database", "sqlite:"+filepath.Join(folder, "x.db"), "--mail-templates", folder)
	if code != 2 || !strings.Contains(errs, "--mail-templates: "+filepath.Join(folder, "letter.html:2")) {
		t.Errorf("exit code %d, %s", code, errs)
	}
}

// Proves: Q7, 4.7
func TestMailBounceMarksTheLetterAndItsAddress(t *testing.T) {
	database := "sqlite:" + filepath.Join(t.TempDir(), "x.db")
	on := func(args ...string) []string { return append(args, "--database", database) }
	for _, args := range [][]string{
		on("tenant", "create", "acme", "--name", "Acme"),
		on("user", "create", "--tenant", "acme", "--email", "gone@acme.test", "--name", "Gone", "--role", "user", "--password-stdin"),
	} {
		if code, _, errs := command(t, "sunny harbour 42\n", args...); code != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
	}
	early, token := letterToken(t, database, identity.LetterDeferred), letterToken(t, database, identity.LetterSent)
	report := strings.ReplaceAll(`To: bounce+`+token+`@door.test
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.test

Final-Recipient: rfc822; gone@acme.test
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b--
`, "\n", "\r\n")
	other := "b"
	if token[20] == 'b' {
		other = "c"
	}
	forged := strings.Replace(report, token, token[:20]+other+token[21:], 1)
	for _, row := range []struct {
		name, message string
		code          int
		says          string
	}{
		{"forged", forged, 1, "nothing was changed"},
		{"not yet sent", strings.Replace(report, token, early, 1), 75, "Bring the report again"},
		{"nothing", "", 1, "nothing was changed"},
		{"real", report, 0, "has bounced: 550 5.1.1 no such user"},
		{"again", report, 1, "nothing was changed"},
	} {
		if code, _, errs := command(t, row.message, on("mail", "bounce")...); code != row.code || !strings.Contains(errs, row.says) {
			t.Errorf("%s: exit code %d, %s", row.name, code, errs)
		}
		_, shown, _ := command(t, "", on("user", "show", "--tenant", "acme", "gone@acme.test")...)
		if marked := strings.Contains(shown, "bounced 20") && strings.Contains(shown, "550 5.1.1 no such user"); marked != (row.name == "real" || row.name == "again") {
			t.Errorf("%s: user show says %s", row.name, shown)
		}
	}
}

// letterToken makes a letter to the only user of which this has become, and
// returns its token.
func letterToken(t *testing.T, database string, state identity.LetterState) (token string) {
	t.Helper()
	ctx := t.Context()
	p := &program{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, now: time.Now}
	err := inTenant(ctx, config.Database{Database: config.Address(database)}, p, "acme", func(tenant store.Tenant) error {
		users, err := tenant.Users(ctx, "", 1)
		if err != nil {
			return err
		}
		task := identity.Task{ID: identity.NewTaskID(), Kind: identity.LetterPasswordChanged, User: users[0].ID, At: time.Now()}
		token = tenant.Keys().LetterToken(tenant.ID(), task.ID)
		return tenant.Tx(ctx, func(tx *store.Tx) error {
			done := store.Delivery{State: state, To: "gone@acme.test", At: time.Now(), Again: time.Now().Add(time.Hour)}
			return errors.Join(tx.Enqueue(ctx, task), tx.SetLetter(ctx, task, done))
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}
