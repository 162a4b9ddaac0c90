package server_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/server"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
	"github.com/vestibule-id/vestibule/internal/web"
)

// openWorld opens a server on a fresh database, with a world in it.
func openWorld(t *testing.T) *world {
	t.Helper()
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	log := &strings.Builder{}
	s, err := server.New(t.Context(), server.Options{
		Store: h.Store, Now: h.Clock.Now, Version: "test", Log: front.NewLogger(log, 0), PublicURL: housetest.Issuer,
		Config: config.Serve{PasswordHash: "argon2id,m=8192,t=1,p=1", ProductName: "Vestibule", SignInStyle: "workspace"}, Demo: &web.Demo{},
	})
	must(t, err)
	return newWorld(t, h, s, log)
}

// A table is its rows, by column.
type table struct {
	columns []string
	rows    [][]string
}

// tables are the columns of all tables, looked up once.
func (w *world) tables(t *testing.T, db *sql.DB) map[string][]string {
	if w.schema == nil {
		w.schema = columnsOf(t, db)
	}
	return w.schema
}

// dump is what a tenant has in each table, with words in place of the values
// that are its own.
func (w *world) dump(t *testing.T, db *sql.DB, h *home) map[string]table {
	t.Helper()
	var words []string
	word := func(value, is string) { words = append(words, value, "<"+is+">") }
	for name, p := range h.people {
		word(string(p.user.ID), name)
		for _, is := range []struct{ value, of string }{{string(p.spare), "spare"}, {string(p.invitation), "invitation"}, {string(p.invitee), "invitee"}} {
			if is.value != "" {
				word(is.value, is.of+" of "+name)
			}
		}
	}
	word(string(h.row.ID), "tenant")
	word(h.row.Slug, "slug")
	own := strings.NewReplacer(words...)
	all := map[string]table{}
	for name, columns := range w.tables(t, db) {
		if !slices.Contains(columns, "tenant_id") {
			continue
		}
		found := table{columns: columns}
		rows, err := db.Query(`SELECT * FROM `+name+` WHERE tenant_id = ?`, string(h.row.ID))
		must(t, err)
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			must(t, rows.Scan(into...))
			line := make([]string, len(columns))
			for i, value := range values {
				if raw, is := value.([]byte); is {
					value = string(raw)
				}
				line[i] = own.Replace(fmt.Sprint(value))
				if strings.Contains(line[i], marker) {
					t.Errorf("%s.%s holds what came by a column: %q", name, columns[i], line[i])
				}
			}
			found.rows = append(found.rows, line)
		}
		must(t, rows.Err())
		must(t, rows.Close())
		all[name] = found
	}
	return all
}

// steady is a deed without the columns that differ between two deeds alike:
// ids, hashes and what is sealed.
func steady(d, one, other deed) map[string][]string {
	kept := map[string][]string{"answer": {d.short}}
	for name, found := range d.rows {
		var same []int
		for i := range found.columns {
			if slices.Equal(sorted(one.rows[name], i), sorted(other.rows[name], i)) {
				same = append(same, i)
			}
		}
		for _, row := range found.rows {
			var line []string
			for _, i := range same {
				line = append(line, found.columns[i]+"="+row[i])
			}
			kept[name] = append(kept[name], strings.Join(line, " "))
		}
		slices.Sort(kept[name])
	}
	return kept
}

func sorted(t table, column int) (values []string) {
	for _, row := range t.rows {
		values = append(values, row[column])
	}
	slices.Sort(values)
	return values
}
