package moving

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

// What is in a file has times that can be told, is no larger than what people
// type, and goes together as it does elsewhere.
//
// Proves: G1, 5.6
func TestWhatIsInAFileGoesTogether(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		from := housetest.New(t, h.Address)
		acme := lived(t, from)
		lines := linesOf(t, exported(t, from, "acme"))
		if _, err := service(from).Operator.DeleteTenant(t.Context(), "acme", nil); err != nil {
			t.Fatal(err)
		}
		users, open, role := lineWith(t, lines, `["usr_`, "helper@x.test"), lineWith(t, lines, `["usr_`, "open@x.test"), lineWith(t, lines, `["help-desk"`, "")
		happened, link := lineWith(t, lines, `["evt_`, `"Browser"`), lineWith(t, lines, `["lnk_`, "open@x.test")
		invitation, hash := lineWith(t, lines, `["inn_`, "accepted@x.test"), string(housetest.Params.Hash(housetest.Password(t, right), nil))
		erased := lineWith(t, lines, `["evt_`, identity.EventLoginSuccess)
		used := lineWith(t, lines, `["lnk_`, "accepted@x.test")
		set := func(sheet, line, column string, value any) string { return withValue(t, sheet, line, column, value) }
		for _, row := range []struct{ name, old, new string }{
			{"a user of the year 38000", users, set("users", users, "created_at", 1<<60)},
			{"who signed in before all time", users, set("users", users, "last_sign_in_at", -1<<62)},
			{"a password that ends in 2201", users, set("users", users, "initial_until", year(2201))},
			{"trouble from 1999", users, set("users", users, "mail_trouble_at", year(1999))},
			{"a role without an age", role, set("roles", role, "changed_at", 1<<60)},
			{"a link for ever", link, set("links", link, "expires_at", 1<<60)},
			{"an invitation for ever", invitation, set("invitations", invitation, "accepted_at", 1<<60)},
			{"an event that is to come", happened, set("events", happened, "at", 1<<60)},
			{"a tenant of the year 9999", `"created_at":"0001`, `"created_at":"9999`},
			{"a user agent that is a book", happened, set("events", happened, "user_agent", strings.Repeat("x", 1001))},
			{"a detail that is one", happened, set("events", happened, "detail", `{"a":"`+strings.Repeat("x", maxDetail)+`"}`)},
			{"what was erased is one", erased, set("events", erased, "personal", strings.Repeat("AAAA", 30))},
			{"a line that is one", happened, happened + strings.Repeat(" ", maxRow)},
			{"who invited is a book", invitation, set("invitations", invitation, "invited_by", strings.Repeat("x", 900))},
			{"a link of nobody's making", link, set("links", link, "made_by", "x")},
			{"a link to nobody's address", link, set("links", link, "address", "x")},
			{"a trail that ended over two lines", `"chain":{"head":"`, `"chain":{"head":"a\nb`},
			{"an escape to the terminal", `"base_place"`, `"broken":"\u001b[2J","base_place"`},
			{"a second role of one title", role, role + "\n" + set("roles", role, "name", "front-desk")},
			{"a title of everybody's", role, set("roles", role, "title", "ADMIN")},
			{"a title like it", role, set("roles", role, "title", "Ａdｍin")},
			{"a title that runs together like it", role, set("roles", role, "title", "Adrnin")},
			{"a title with a foreign letter like it", role, set("roles", role, "title", "Аdmin")},
			{"a kind that is none", happened, set("events", happened, "kind", "<b>")},
			{"a kind without end", happened, set("events", happened, "kind", strings.Repeat("x", 65))},
			{"a result in colours", happened, set("events", happened, "result", "x\x1b[2J")},
			{"a result that is a row", happened, set("events", happened, "result", "x\nroot")},
			{"on whom there cannot be", happened, set("events", happened, "user_id", "nobody")},
			{"by whom there cannot be", happened, set("events", happened, "actor_id", "usr_\u202e")},
			{"a session that is none", happened, set("events", happened, "session_id", "ses_\u009b2J")},
			{"an address that is none", happened, set("events", happened, "address", "there")},
			{"an address with a zone", happened, set("events", happened, "address", "fe80::1%\x1b[2J")},
			{"a browser that rings", happened, set("events", happened, "user_agent", "a\u0007")},
			{"a browser from right to left", happened, set("events", happened, "user_agent", "a\u202eb")},
			{"a request over two lines", happened, set("events", happened, "request_id", "a\u2028b")},
			{"a detail that clears the screen", happened, set("events", happened, "detail", `{"\u001b[2J":"b"}`)},
			{"a detail without a name", happened, set("events", happened, "detail", `{"":"b"}`)},
			{"active without a password", users, set("users", users, "password", "")},
			{"nothing to sign in with", users, set("users", users, "email", "")},
			{"an address where extensions are asked for", `"style":"workspace"`, `"style":"extension"`},
			{"half a must", users, set("users", users, "must_change", 2)},
			{"an open invitation for who is active", open, set("users", set("users", open, "status", "active"), "password", hash)},
			{"a second open link", used, strings.Replace(link, link[:40], used[:40], 1)},
		} {
			refused(t, h, lines, row.name, row.old, row.new, ErrContent, acme.ID())
		}
	})
}

// refused: nothing is left of a file in which one thing was written anew.
func refused(t testing.TB, h *housetest.House, lines []string, name, old, anew string, want error, id identity.TenantID) {
	t.Helper()
	text := strings.Join(lines, "\n")
	if !strings.Contains(text, old) {
		t.Errorf("%s: there is no %s in the file", name, old)
	}
	file := fileOf(t, strings.Split(strings.Replace(text, old, anew, 1), "\n"))
	if _, err := imported(t, h, file, ""); !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", name, err, want)
	}
	nothingLeft(t, h, name, id)
}

func year(y int) int64 { return time.Date(y, 6, 1, 0, 0, 0, 0, time.UTC).UnixMicro() }

// lineWith is the first such line.
func lineWith(t testing.TB, lines []string, begins, contains string) string {
	t.Helper()
	i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, begins) && strings.Contains(line, contains) })
	if i < 0 {
		t.Fatalf("there is no line with %s and %s", begins, contains)
	}
	return lines[i]
}

// withValue is a row with another value in a column.
func withValue(t testing.TB, sheet, line, column string, value any) string {
	t.Helper()
	all := sheets()
	at := all[slices.IndexFunc(all, func(s store.Sheet) bool { return s.Name == sheet })].At(column)
	var row []json.RawMessage
	text, err := json.Marshal(value)
	if err := errors.Join(err, json.Unmarshal([]byte(line), &row)); err != nil {
		t.Fatal(err)
	}
	row[at] = text
	whole, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	return string(whole)
}

// A piece is no larger than what the writer of the embedded database can spare
// others, whatever its rows are like, and nothing of it gets lost.
//
// Proves: G1, 5.6
func TestPiecesHaveASize(t *testing.T) {
	const rows, long = 2*piece + 7, 30_000
	row := func(n int) string {
		return fmt.Sprintf(`["%s","k","{\"a\":\"%s\"}"]`, identity.NewEventID(), strings.Repeat("x", n)) + "\n"
	}
	for _, n := range []int{1, long} {
		text := readable + `{"sheet":"events","columns":["id","kind","detail"]}` + "\n" + strings.Repeat(row(n), rows) +
			fmt.Sprintf(`{"end":{"events":%d,"rows":%d}}`, rows, rows)
		r, _, err := begin(strings.NewReader(text), &passing{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		all := 0
		err = r.rows(func(_ store.Sheet, rows [][]any) error {
			all += len(rows)
			if len(rows) > piece || (len(rows)-1)*n > pieceBytes {
				t.Errorf("a piece of %d rows of %d bytes", len(rows), n)
			}
			return nil
		})
		if err != nil || all != rows {
			t.Errorf("%d rows of %d bytes, %v", all, n, err)
		}
	}
}
