package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// manyAtOnce is how many rows travel in one statement: several to PostgreSQL,
// whose time goes into messages. SQLite looks every parameter up by its name,
// which takes longer the more there are.
func (d dialect) manyAtOnce() int {
	if d.name == sqliteDialect.name {
		return 1
	}
	return 10
}

// insertMany inserts rows several at a time, and what is left over one by one,
// so that two texts serve any number of them.
func (tx *Tx) insertMany(ctx context.Context, insert string, columns int, values []any) error {
	rows := tx.store.dialect.manyAtOnce()
	for some := range slices.Chunk(values, columns*rows) {
		if rows > 1 && len(some) == columns*rows {
			if err := tx.later(ctx, manyRows(insert, columns, rows), some...); err != nil {
				return err
			}
			continue
		}
		for one := range slices.Chunk(some, columns) {
			if err := tx.later(ctx, insert, one...); err != nil {
				return err
			}
		}
	}
	return nil
}

// widened keeps the texts manyRows and manyValues have made.
var widened sync.Map

// manyRows repeats the values of an INSERT ($1, …): $1 stays the tenant, each
// row has its own columns.
func manyRows(insert string, columns, count int) string {
	if known, ok := widened.Load(insert); ok {
		return known.(string)
	}
	head, _, _ := strings.Cut(insert, "VALUES")
	rows := make([]string, count)
	for r := range rows {
		row := "($1"
		for c := range columns {
			row += fmt.Sprintf(", $%d", 2+r*columns+c)
		}
		rows[r] = row + ")"
	}
	text := head + "VALUES " + strings.Join(rows, ", ")
	widened.Store(insert, text)
	return text
}

// inValues is how many values a widened IN has; padded repeats the last one
// as often as needed.
const inValues = 100

// manyValues widens "IN ($2)" to inValues values.
func manyValues(sql string) string {
	if known, ok := widened.Load(sql); ok {
		return known.(string)
	}
	values := make([]string, inValues)
	for i := range values {
		values[i] = fmt.Sprintf("$%d", 2+i)
	}
	text := strings.Replace(sql, "IN ($2)", "IN ("+strings.Join(values, ", ")+")", 1)
	widened.Store(sql, text)
	return text
}

func padded(values []string) []any {
	args := make([]any, inValues)
	for i := range args {
		args[i] = values[min(i, len(values)-1)]
	}
	return args
}
