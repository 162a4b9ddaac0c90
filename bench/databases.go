package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/vestibule-id/vestibule/internal/secret"
)

// A database is one of the two kinds; fresh makes an empty one of it.
type database struct {
	name    string
	keyFile string // the sealing key of all of them
	fresh   func(ctx context.Context) (address string, err error)
}

const sqliteName, postgresName = "SQLite", "PostgreSQL"

// openDatabases prepares both kinds; closing removes what was made.
func openDatabases(ctx context.Context, dir string) (list []*database, closing func(), err error) {
	keyFile := filepath.Join(dir, "sealing.key")
	if err := os.WriteFile(keyFile, []byte(secret.NewSealingKey()), 0o600); err != nil {
		return nil, nil, err
	}
	base := os.Getenv("VESTIBULE_TEST_POSTGRES")
	if base == "" {
		return nil, nil, errors.New("VESTIBULE_TEST_POSTGRES is not set; “make bench” starts a PostgreSQL that waits for the disk")
	}
	var schemas []string
	list = []*database{
		{name: sqliteName, keyFile: keyFile, fresh: func(context.Context) (string, error) {
			return "sqlite:" + filepath.Join(dir, strings.ToLower(rand.Text())+".db"), nil
		}},
		{name: postgresName, keyFile: keyFile, fresh: func(ctx context.Context) (string, error) {
			schema := "bench_" + strings.ToLower(rand.Text())
			schemas = append(schemas, schema)
			if err := admin(ctx, base, "CREATE SCHEMA "+schema); err != nil {
				return "", err
			}
			return inSchema(base, schema)
		}},
	}
	return list, func() {
		for _, schema := range schemas {
			if err := admin(context.WithoutCancel(ctx), base, "DROP SCHEMA "+schema+" CASCADE"); err != nil {
				say("drop schema %s: %v", schema, err)
			}
		}
	}, durable(ctx, base)
}

func inSchema(base, schema string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", errors.New("VESTIBULE_TEST_POSTGRES is no address")
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String(), nil
}

func admin(ctx context.Context, address, statement string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// durable refuses a server that does not wait for the disk: its commits would
// be no measure.
func durable(ctx context.Context, address string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var fsync, commit string
	err = conn.QueryRow(ctx, `SELECT current_setting('fsync'), current_setting('synchronous_commit')`).Scan(&fsync, &commit)
	if err == nil && (fsync != "on" || commit != "on") {
		return errors.New("this PostgreSQL does not wait for the disk; start one with “scripts/postgres.sh run --durable”")
	}
	return err
}
