package enroll

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// exportPage is how many users are held at a time.
const exportPage = 500

// Export writes a tenant's users as a CSV file that Import takes, in the order
// in which they were made, and says how many. Hashes are written withHashes,
// which only an operator may; but never those of deactivated users, for the
// file has no column to say that they may not sign in. Names and addresses
// that a spreadsheet would take for formulas have an apostrophe before them,
// which Import takes away again.
//
// Every export leaves an event, also one that broke off.
func (s *Service) Export(ctx context.Context, t store.Tenant, actor identity.Actor, w io.Writer, withHashes bool, from identity.Peer) (n int, err error) {
	defer problem.Wrap(&err, "export users")
	if err := policy.Allow(actor, policy.UsersExport); err != nil {
		return 0, err
	}
	if withHashes && !actor.Operator {
		return 0, policy.ErrDenied
	}
	n, err = write(ctx, t, w, withHashes)
	event := actor.Event(identity.EventDataExport, "", from, s.Now())
	event.Detail["users"], event.Detail["hashes"] = strconv.Itoa(n), strconv.FormatBool(withHashes)
	if err != nil {
		event.Result = "failed"
	}
	ctx = context.WithoutCancel(ctx) // what has left the house is told of
	if terr := t.Tx(ctx, func(tx *store.Tx) error { return tx.AddEvent(ctx, event) }); err == nil {
		err = terr
	}
	return n, err
}

func write(ctx context.Context, t store.Tenant, w io.Writer, withHashes bool) (n int, err error) {
	out := csv.NewWriter(w)
	if err := out.Write(columnNames[:]); err != nil {
		return 0, err
	}
	var record [columnCount]string
	for after := identity.UserID(""); ; {
		users, err := page(ctx, t, after, withHashes)
		if err != nil {
			return n, err
		}
		for _, u := range users {
			after = u.ID
			u.fill(&record)
			if err := out.Write(record[:]); err != nil {
				return n, err
			}
			n++
		}
		out.Flush()
		if err := out.Error(); err != nil || len(users) < exportPage {
			return n, err
		}
	}
}

// exported is a user, with its hash where that is to be written.
type exported store.UserHash

func page(ctx context.Context, t store.Tenant, after identity.UserID, withHashes bool) (list []exported, err error) {
	if withHashes {
		users, err := t.UserHashes(ctx, after, exportPage)
		for _, u := range users {
			list = append(list, exported(u))
		}
		return list, err
	}
	users, err := t.Users(ctx, after, exportPage)
	for _, u := range users {
		list = append(list, exported{User: u})
	}
	return list, err
}

func (u exported) fill(record *[columnCount]string) {
	record[columnEmail] = identity.GuardCell(u.Email.Typed)
	record[columnExtension] = u.Extension
	record[columnName] = identity.GuardCell(u.Name)
	record[columnRole] = u.Role
	record[columnHash] = string(u.Hash)
	if u.Status == identity.Deactivated {
		record[columnHash] = ""
	}
	record[columnMustChange] = strconv.FormatBool(u.MustChange)
}
