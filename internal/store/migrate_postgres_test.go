package store_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// The role that serves owns nothing. It starts on what is up to date; what is
// pending it leaves to the owner, and says so.
//
// Proves: 2.2
func TestWhoeverServesNeedNotOwnTheTables(t *testing.T) {
	onPostgres(t, func(t *testing.T, address string, _ *store.Store, _, _ store.Tenant) {
		raw := rawDB(t, address)
		login := loginAddress(t, address)
		for name, owner := range map[string]string{"alone": "", "with the owner's address": address} {
			if made, err := store.Make(t.Context(), login, owner, storetest.Sealing()); err != nil || made {
				t.Errorf("nothing is pending, %s: made %v, %v", name, made, err)
			}
		}
		rawExec(t, raw, `DELETE FROM migrations`)
		_, err := store.Make(t.Context(), login, "", storetest.Sealing())
		if !errors.Is(err, store.ErrMayNotMigrate) || !strings.Contains(err.Error(), "--migrate-database") {
			t.Errorf("something is pending: %v, want ErrMayNotMigrate", err)
		}
		rawExec(t, raw, `INSERT INTO migrations (name, applied_at) VALUES ('9999_later.sql', 0)`)
		if _, err := store.Make(t.Context(), login, "", storetest.Sealing()); !errors.Is(err, store.ErrNewSchema) {
			t.Errorf("a newer version was here: %v, want ErrNewSchema", err)
		}
	})
}

// loginAddress is address with a role that may take vestibule_app and has no
// other powers.
func loginAddress(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	name := "login_" + strings.TrimPrefix(u.Query().Get("search_path"), "test_")
	rawExec(t, rawDB(t, address), `CREATE ROLE `+name+` LOGIN`)
	rawExec(t, rawDB(t, address), `GRANT vestibule_app TO `+name)
	t.Cleanup(func() { rawExec(t, rawDB(t, address), `DROP ROLE `+name) })
	u.User = url.User(name)
	return u.String()
}

// Where nobody answers, the sentence comes first and the driver's words stay
// on its line, without the password.
//
// Proves: 2.2
func TestWhereNobodyAnswers(t *testing.T) {
	const address = "postgres://u:hush@127.0.0.1:1/x?connect_timeout=2"
	_, opened := store.Open(t.Context(), address, storetest.Sealing())
	_, made := store.Make(t.Context(), address, "", storetest.Sealing())
	for name, err := range map[string]error{"open": opened, "make": made} {
		p := problem.Of(err)
		if !errors.Is(err, store.ErrNoAnswer) || !strings.HasPrefix(p.Message, "The database cannot be reached (") ||
			strings.ContainsAny(p.Message, "\n\t") || strings.Contains(p.Message, "hush") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
