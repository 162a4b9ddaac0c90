package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // the product's driver
)

// A row of the table that is updated; every worker has its own.
const (
	createCounters = `CREATE TABLE counters (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)`
	insertCounter  = `INSERT INTO counters (id, n) VALUES ($1, 0)`
	updateCounter  = `UPDATE counters SET n = n + 1 WHERE id = $1`
)

// beCommits updates rows of a table of its own in the database at address,
// prepared, each update its own durable commit.
func beCommits(ctx context.Context, address string) error {
	open := postgresCounters
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		address, open = path, sqliteCounters
	}
	update, err := open(ctx, address)
	if err != nil {
		return err
	}
	return answerRounds(func(d time.Duration) (float64, error) {
		return loop(ctx, clients, d, func(worker int) error { return update(ctx, worker) })
	})
}

// sqliteCounters has one connection, as SQLite has one writer, with the
// product's settings: a commit is on the disk when it has been answered.
func sqliteCounters(ctx context.Context, path string) (func(context.Context, int) error, error) {
	pragmas := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)"}}
	db, err := sql.Open("sqlite", "file:"+path+"?"+pragmas.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, createCounters); err != nil {
		return nil, err
	}
	for id := range clients {
		if _, err := db.ExecContext(ctx, insertCounter, id); err != nil {
			return nil, err
		}
	}
	prepared, err := db.PrepareContext(ctx, updateCounter)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, id int) error {
		_, err := prepared.ExecContext(ctx, id)
		return err
	}, nil
}

// postgresCounters has a connection for each worker.
func postgresCounters(ctx context.Context, address string) (func(context.Context, int) error, error) {
	var conns [clients]*pgx.Conn
	for id := range conns {
		conn, err := pgx.Connect(ctx, address)
		if err != nil {
			return nil, err
		}
		conns[id] = conn
		if id == 0 {
			if _, err := conn.Exec(ctx, createCounters); err != nil {
				return nil, fmt.Errorf("make the table: %w", err)
			}
		}
		if _, err := conn.Exec(ctx, insertCounter, id); err != nil {
			return nil, err
		}
		if _, err := conn.Prepare(ctx, "update", updateCounter); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, id int) error {
		_, err := conns[id].Exec(ctx, "update", id)
		return err
	}, nil
}
