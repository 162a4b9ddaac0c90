package moving

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// linesOf are what is in a file.
func linesOf(t testing.TB, file []byte) []string {
	t.Helper()
	plain, err := unarchived(t, file, words)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(plain, "\n"), "\n")
}

// fileOf is a file with such lines, by whoever knows the passphrase.
func fileOf(t testing.TB, lines []string) []byte {
	t.Helper()
	return archived(t, strings.Join(lines, "\n")+"\n")
}

// nothingLeft: no row of any tenant but those that were there, and nothing
// that is on its way.
func nothingLeft(t testing.TB, h *housetest.House, what string, id identity.TenantID) {
	t.Helper()
	ids, err := h.Store.IdleMoves(t.Context(), h.Clock.Now().Add(1000*time.Hour))
	if err != nil || len(ids) > 0 {
		t.Errorf("%s: on their way %v, %v", what, ids, err)
	}
	there := h.Store.Tenant(id)
	if _, err := there.Get(t.Context()); !errors.Is(err, problem.NotFound) {
		t.Errorf("%s: a tenant is left: %v", what, err)
	}
	users, uerr := there.Users(t.Context(), "", 9)
	events, eerr := there.Events(t.Context(), "", 9)
	if list, err := h.Store.Tenants(t.Context(), "", 9); len(users)+len(events)+len(list) > 0 || errors.Join(err, uerr, eerr) != nil {
		t.Errorf("%s: %d users, %d events and %d tenants are left, %v %v %v", what, len(users), len(events), len(list), err, uerr, eerr)
	}
}

// Whatever was changed in a file, cut off or put elsewhere: nothing of it is
// imported. (What is changed where, the archive's test tells.)
//
// Proves: G1, 5.6
func TestATamperedFileLeavesNothing(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		from := housetest.New(t, h.Address)
		acme := crowded(t, from, "acme", 600, 0)
		file := exported(t, from, "acme")
		if _, err := service(from).Operator.DeleteTenant(t.Context(), "acme", nil); err != nil {
			t.Fatal(err)
		}
		if len(file) < 2*sealed {
			t.Fatalf("the file has only %d bytes", len(file))
		}
		flip := bytes.Clone(file)
		flip[len(flip)-1] ^= 1
		for what, changed := range map[string][]byte{"a bit of its end": flip, "a piece too few": file[:len(file)-len(file)%sealed], "a byte too many": append(bytes.Clone(file), 0)} {
			if _, err := imported(t, h, changed, ""); !errors.Is(err, ErrArchiveBroke) {
				t.Errorf("%s: %v", what, err)
			}
			nothingLeft(t, h, what, acme.ID())
		}
		src := &changing{first: file, then: flip}
		if _, err := service(h).Import(t.Context(), src, passphrase(t, words), Options{}); !errors.Is(err, ErrArchiveBroke) {
			t.Errorf("changed between its two readings: %v", err)
		}
		nothingLeft(t, h, "changed between its two readings", acme.ID())
		if _, err := imported(t, h, file, ""); err != nil {
			t.Errorf("as it was: %v", err)
		}
	})
}

// changing is a file that somebody exchanges while it is read.
type changing struct {
	first, then []byte
	at          int64
	begun       int
}

func (c *changing) Read(p []byte) (int, error) {
	now := c.first
	if c.begun > 1 {
		now = c.then
	}
	if c.at >= int64(len(now)) {
		return 0, io.EOF
	}
	n := copy(p, now[c.at:])
	c.at += int64(n)
	return n, nil
}

func (c *changing) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		c.at = offset
		c.begun++
	case io.SeekEnd:
		c.at = int64(len(c.first))
	}
	return c.at, nil
}

// Who knows the passphrase can write what they like; what no other way into the
// installation lets in, this one does not either.
//
// Proves: G1, 5.6
func TestWhatIsInAFileIsChecked(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		from := housetest.New(t, h.Address)
		acme := lived(t, from)
		lines := linesOf(t, exported(t, from, "acme"))
		if _, err := service(from).Operator.DeleteTenant(t.Context(), "acme", nil); err != nil {
			t.Fatal(err)
		}
		trouble, speaks := `"bounced","550 <no>"`, `,"",""]`
		zoe := `"201","Zoë “help” <b>","help-desk","active"`
		for _, row := range []struct {
			name, old, new string
			err            error
		}{
			{"a newer format", `"format":1`, `"format":2`, ErrNewer},
			{"no format", `"format":1`, `"format":0`, ErrContent},
			{"more than is known of a tenant", `"slug":`, `"plan":"gold","slug":`, ErrNewer},
			{"the reserved tenant", string(acme.ID()) + `","slug"`, string(identity.Nowhere) + `","slug"`, ErrContent},
			{"no id", string(acme.ID()) + `","slug"`, `ten_1","slug"`, ErrContent},
			{"no slug", `"slug":"acme"`, `"slug":"../acme"`, ErrContent},
			{"a status", `"status":"active"`, `"status":"above"`, ErrContent},
			{"a style", `"style":"workspace"`, `"style":"fax"`, ErrContent},
			{"a colour that is CSS", `#0a66c2`, `red;}body{`, ErrContent},
			{"a time without end", `"idle-timeout":"30m0s"`, `"idle-timeout":"999999h0m0s"`, ErrContent},
			{"a fingerprint that is a path", `"logo":"0123456789abcdef"`, `"logo":"../../x"`, ErrContent},
			{"a logo that is HTML", base64.StdEncoding.EncodeToString([]byte("\x89PNG"))[:4], base64.StdEncoding.EncodeToString([]byte("<html>"))[:4], ErrContent},
			{"a role above all", `["help-desk","Help Desk",30`, `["help-desk","Help Desk",100`, ErrContent},
			{"a title too long", `["help-desk","Help Desk"`, `["help-desk","` + strings.Repeat("x", 150) + `"`, ErrContent},
			{"a title over two lines", `["help-desk","Help Desk"`, `["help-desk","Help\nDesk"`, ErrContent},
			{"permissions in another order", `users.read users.credentials`, `users.credentials users.read`, ErrContent},
			{"a permission twice", `users.read users.credentials`, `users.read users.read users.credentials`, ErrContent},
			{"a built-in role", `["help-desk","Help Desk",30`, `["admin","Help Desk",30`, ErrContent},
			{"a permission there is not", `users.read users.credentials`, `users.read everything.write`, ErrContent},
			{"a role nobody has defined", zoe, strings.Replace(zoe, "help-desk", "root", 1), ErrContent},
			{"a state there is not", zoe, strings.Replace(zoe, "active", "above", 1), ErrContent},
			{"a name over two lines", zoe, strings.Replace(zoe, "Zoë", `a\nb`, 1), ErrContent},
			{"a name with NUL", zoe, strings.Replace(zoe, "Zoë", `a\u0000b`, 1), ErrContent},
			{"an extension of letters", zoe, strings.Replace(zoe, "201", "abc", 1), ErrContent},
			{"an address that is none", `"helper@x.test","201"`, `"helper","201"`, ErrContent},
			{"an address in other letters than kept", `"helper@x.test","201"`, `" helper@x.test ","201"`, ErrContent},
			{"a user's id", `["usr_`, `["abc_`, ErrContent},
			{"a number that is text", `["help-desk","Help Desk",30`, `["help-desk","Help Desk","30"`, ErrContent},
			{"a text that is a number", `["help-desk","Help Desk"`, `["help-desk",7`, ErrContent},
			{"a hash that costs minutes", `m=8192,t=1`, `m=9999999,t=1`, ErrContent},
			{"a language that is HTML", speaks, `,"<script>",""]`, ErrContent},
			{"a time zone that is a path", speaks, `,"","../../etc/passwd"]`, ErrContent},
			{"a trouble there is not", trouble, strings.Replace(trouble, "bounced", "above", 1), ErrContent},
			{"an answer over two lines", trouble, strings.Replace(trouble, "<no>", `a\r\nb`, 1), ErrContent},
			{"an answer without end", trouble, strings.Replace(trouble, "<no>", strings.Repeat("x", 10_000), 1), ErrContent},
			{"an answer to nothing", trouble, strings.Replace(trouble, "bounced", "", 1), ErrContent},
			{"an address twice", `"off@x.test"`, `"helper@x.test"`, ErrContent},
			{"a detail that is no JSON", `"{\"a\":\"b\"}"`, `"{\"a\":"`, ErrContent},
			{"an unknown sheet", `{"sheet":"links"`, `{"sheet":"sessions"`, ErrNewer},
			{"an unknown column", `"time_zone"]`, `"password_hint"]`, ErrNewer},
			{"a column twice", `"language","time_zone"]`, `"language","language"]`, ErrNewer},
			{"sheets in another order", `{"sheet":"roles"`, `{"sheet":"users"`, ErrNewer},
			{"a column too few", `"language","time_zone"]`, `"language"]`, ErrContent},
			{"other numbers", `"end":{"users":6`, `"end":{"users":5`, ErrContent},
			{"no end", `{"end":`, `{"sheet":`, ErrNewer},
		} {
			refused(t, h, lines, row.name, row.old, row.new, row.err, acme.ID())
		}
		for name, changed := range map[string][]string{
			"without its end":       lines[:len(lines)-1],
			"more after the end":    append(lines[:len(lines):len(lines)], lines[1]),
			"an invitation of none": without(lines, `["usr_`, "open@x.test"),
			"the same event twice":  twice(lines, `["evt_`),
			"nothing":               {""},
			"a role that is a page": strings.Split(strings.ReplaceAll(strings.Join(lines, "\n"), `"help-desk"`, `"new"`), "\n"),
		} {
			if _, err := imported(t, h, fileOf(t, changed), ""); !errors.Is(err, ErrContent) {
				t.Errorf("%s: %v", name, err)
			}
			nothingLeft(t, h, name, acme.ID())
		}
		text := strings.Replace(strings.Join(lines, "\n"), speaks, `,"id","Asia/Jakarta"]`, 1)
		if _, err := imported(t, h, fileOf(t, strings.Split(text, "\n")), ""); err != nil {
			t.Errorf("as it was, and with a language and a time zone: %v", err)
		}
	})
}

// without leaves the first such line out, and is counted so.
func without(lines []string, begins, contains string) (rest []string) {
	for _, line := range lines {
		if strings.HasPrefix(line, begins) && strings.Contains(line, contains) {
			continue
		}
		line = strings.Replace(line, `"end":{"users":6`, `"end":{"users":5`, 1)
		rest = append(rest, strings.Replace(line, rowsAre(lines), rowsAre(lines[1:]), 1))
	}
	return rest
}

// twice repeats the first such line, and is counted so.
func twice(lines []string, begins string) (more []string) {
	done := false
	for _, line := range lines {
		if strings.HasPrefix(line, `{"end":`) {
			line = `{"end":` + oneMore(line) + `}`
		}
		more = append(more, line)
		if !done && strings.HasPrefix(line, begins) {
			more, done = append(more, line), true
		}
	}
	return more
}

// A file that an older version wrote lacks the columns it did not know: they
// are as if nobody had set them.
//
// Proves: G1, 5.6
func TestAnOlderFileIsTaken(t *testing.T) {
	h := housetest.New(t, sqlite(t))
	from := housetest.New(t, sqlite(t))
	lived(t, from)
	lines := linesOf(t, exported(t, from, "acme"))
	for i, line := range lines {
		if strings.HasPrefix(line, `["usr_`) {
			line = strings.TrimSuffix(line, `,"",""]`) + "]"
		}
		lines[i] = strings.Replace(line, `,"language","time_zone"]`, `]`, 1)
	}
	if _, err := imported(t, h, fileOf(t, lines), ""); err != nil {
		t.Fatal(err)
	}
	if err := signsIn(t, h, "acme", "helper@x.test"); err != nil {
		t.Error(err)
	}
}

// What a killed import has left nobody finds, it is in nobody's way, and it is
// taken away when it is dead for certain.
//
// Proves: G1, 5.6
func TestAKilledImportIsTakenAway(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		from := housetest.New(t, h.Address)
		acme := crowded(t, from, "acme", 500, 10)
		file := exported(t, from, "acme")
		if _, err := service(from).Operator.DeleteTenant(t.Context(), "acme", nil); err != nil {
			t.Fatal(err)
		}
		killed := h.Store.Tenant(acme.ID())
		tx(t, killed, func(tx *store.Tx) error {
			return tx.Enter(t.Context(), identity.Tenant{ID: acme.ID(), Style: identity.Email, Status: identity.TenantActive}, h.Clock.Now())
		})
		users := store.Sheets()[2]
		rows := make([][]any, 3)
		for i := range rows {
			rows[i] = aUser(users, i, "")
		}
		tx(t, killed, func(tx *store.Tx) error { return tx.CarryIn(t.Context(), tx.Pack(users, rows), h.Clock.Now()) })
		if ids, _, err := h.Store.TenantsByAddress(t.Context(), rows[0][users.At("email")].(string)); err != nil || len(ids) > 0 {
			t.Errorf("found by an address: %v, %v", ids, err)
		}
		in, err := imported(t, h, file, "")
		if err != nil || in.Was != acme.ID() {
			t.Fatalf("beside it: %+v, %v", in, err)
		}
		if _, err := killed.Get(t.Context()); err != nil {
			t.Errorf("it may live, and was taken away: %v", err)
		}
		h.Clock.Advance(3 * time.Minute)
		if err := service(h).Operator.TidyMoves(t.Context()); err != nil {
			t.Fatal(err)
		}
		if list, err := killed.Users(t.Context(), "", 9); err != nil || len(list) > 0 {
			t.Errorf("%d users are left, %v", len(list), err)
		}
		if told := housetest.Events(t, h.Store.Nowhere(), identity.EventTenantDeleted); len(told) != 1 {
			t.Errorf("the operator's trail tells of %d deletions, want the one", len(told))
		}
	})
}

// An import that stands still so long that it is taken for dead ends with
// nothing.
//
// Proves: G1, 5.6
func TestAnImportThatStoodStill(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		from := housetest.New(t, h.Address)
		acme := crowded(t, from, "acme", 3*piece, 0)
		file := exported(t, from, "acme")
		if _, err := service(from).Operator.DeleteTenant(t.Context(), "acme", nil); err != nil {
			t.Fatal(err)
		}
		once := sync.Once{}
		_, err := service(h).Import(t.Context(), bytes.NewReader(file), passphrase(t, words), Options{Progress: func(done, total int64) {
			if done < total*3/4 {
				return
			}
			once.Do(func() {
				late := &operator.Service{Store: h.Store, Now: func() time.Time { return h.Clock.Now().Add(time.Hour) }}
				if err := late.TidyMoves(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}})
		if !errors.Is(err, store.ErrMoveOver) {
			t.Errorf("%v, want ErrMoveOver", err)
		}
		nothingLeft(t, h, "stood still", acme.ID())
	})
}

// Of two who import the same at once, one does.
//
// Proves: G1, 5.6
func TestTwoImportTheSame(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		from := housetest.New(t, h.Address)
		crowded(t, from, "acme", 2*piece, 0)
		file := exported(t, from, "acme")
		if _, err := service(from).Operator.DeleteTenant(t.Context(), "acme", nil); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		errs := make([]error, 2)
		for i := range errs {
			all.Go(func() { _, errs[i] = imported(t, h, file, "") })
		}
		all.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), operator.ErrSlugTaken) {
			t.Errorf("%v", errs)
		}
		if list, err := h.Store.Tenants(t.Context(), "", 9); err != nil || len(list) != 1 {
			t.Errorf("tenants %+v, %v", list, err)
		}
		if ids, err := h.Store.IdleMoves(t.Context(), h.Clock.Now().Add(time.Hour)); err != nil || len(ids) > 0 {
			t.Errorf("on their way: %v, %v", ids, err)
		}
	})
}

// readable is a first line.
const readable = `{"format":1,"tenant":{"id":"ten_0190000000007000800000000000000a","slug":"acme","name":"Acme","style":"email","status":"active","policy":{"idle-timeout":"30m0s"}},"chain":{"head":""}}` + "\n"

// Whatever stands in a file, reading it ends, with rows that fit their sheet or
// a problem.
func FuzzRead(f *testing.F) {
	const head = readable
	f.Add(head + `{"sheet":"roles","columns":["name","title","rank","permissions"]}` + "\n" + `["desk","Desk",30,"users.read"]` + "\n" +
		`{"sheet":"users","columns":["id","email","name","role","status"]}` + "\n" + `["usr_0190000000007000800000000000000b","a@x.test","Ann","desk","active"]` + "\n" +
		`{"end":{"users":1,"rows":2}}` + "\n")
	f.Add(head + `{"sheet":"events","columns":["id","at"]}` + "\n" + `["evt_1",1e9]`)
	f.Add(head + `{"sheet":"invitations","columns":["id","user_id"]}` + "\n" + `[null,null]`)
	f.Fuzz(func(t *testing.T, text string) {
		plain := strings.NewReader(text)
		r, _, err := begin(plain, &passing{}, nil)
		if err == nil {
			err = r.rows(func(sheet store.Sheet, rows [][]any) error {
				for _, row := range rows {
					if len(row) != len(sheet.Columns) {
						t.Errorf("%d values for %d columns", len(row), len(sheet.Columns))
					}
				}
				return nil
			})
		}
		if err != nil && problem.Of(err) == nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
