package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

func init() {
	touchNoRows["Pack"], touchNoRows["Snapshot"] = true, true // what is read in a snapshot is read by methods of their own
	reads["CarryOut"] = sawAny(func(ctx context.Context, t store.Tenant) (rows [][]any, err error) {
		for _, sheet := range store.Sheets() {
			some, err := t.CarryOut(ctx, sheet, "", 9)
			if err != nil {
				return nil, err
			}
			rows = append(rows, some...)
		}
		return rows, nil
	})
	for _, name := range []string{"Enter", "CarryIn", "CarryEventsIn", "CarryHeadIn", "Arrive"} {
		writes[name] = in(anew)
	}
}

// anew removes a tenant and carries another in under its id.
func anew(ctx context.Context, tx *store.Tx) error {
	if err := gone(ctx, tx); err != nil {
		return err
	}
	if err := tx.Enter(ctx, identity.Tenant{ID: tx.ID(), Name: "Anew", Style: identity.Workspace, Status: identity.TenantActive}, noon); err != nil {
		return err
	}
	for _, sheet := range store.Sheets() {
		if err := tx.CarryIn(ctx, tx.Pack(sheet, [][]any{someRow(sheet)}), noon); err != nil {
			return err
		}
	}
	line := aPlace(1, "evt_1")
	line.Event = identity.Event{ID: "evt_1", Kind: "k", At: noon}
	line.Personal, line.Erased, line.Detail = []byte{}, []byte{}, "{}"
	return errors.Join(tx.CarryEventsIn(ctx, []store.ChainLine{line}, noon),
		tx.CarryHeadIn(ctx, store.ChainHead{Place: 1, MAC: line.MAC, BaseMAC: []byte{}, BaseSeal: []byte{}}),
		tx.Arrive(ctx, "anew-"+string(tx.ID()[4:]), identity.Workspace))
}

// someRow has something everywhere.
func someRow(sheet store.Sheet) []any {
	row := make([]any, len(sheet.Columns))
	for i, kind := range sheet.Kinds {
		row[i] = map[store.ColumnKind]any{store.TextColumn: "x", store.NullTextColumn: nil, store.NumberColumn: int64(7), store.TimeColumn: int64(7), store.BytesColumn: []byte("b")}[kind]
	}
	set := func(column, value string) {
		if at := sheet.At(column); at >= 0 {
			row[at] = value
		}
	}
	set("id", map[string]string{"links": string(thirdLinkID)}[sheet.Name])
	set("user_id", "")
	set("email", "new@x.test")
	set("password", string(aHash))
	return row
}

// stays are the tables and columns that are not carried to another
// installation, and why not.
var stays = map[string]string{
	"tenants":         "the first line of a file has it",
	"slugs":           "made when all has arrived",
	"addresses":       "made of the users' addresses",
	"events":          "carried in the order of the chain",
	"chain":           "made anew under the other's key",
	"chain_heads":     "made anew under the other's key",
	"unsealed":        "has its place by then, or gets it there",
	"sessions":        "everybody signs in again",
	"browsers":        "the hashes' key stays",
	"lanes":           "the hashes' key stays",
	"kept_forms":      "minutes old",
	"tasks":           "letters leave from where they were written",
	"due":             "letters leave from where they were written",
	"imports":         "a file holds no half import",
	"once":            "a day old at most",
	"moves":           "on the way itself",
	"secrets":         "the installation's",
	"signing_keys":    "the installation's",
	"operator_tokens": "the installation's",

	"users.import_id":          "a file holds no half import",
	"users.email_folded":       "made of email",
	"users.name_folded":        "made of name",
	"users.password_kind":      "made of password",
	"invitations.email_folded": "made of email",
	"links.hash":               "made under the other's key",
	"links.data":               "empty for invitations",
}

// A new column is carried, or somebody has said why not: else it would be lost
// on the way without a sound.
//
// Proves: G1, 5.6
func TestEveryColumnIsCarriedOrStays(t *testing.T) {
	raw := rawDB(t, storetest.Address(t, "sqlite"))
	known := map[string]bool{}
	for _, sheet := range store.Sheets() {
		for _, column := range sheet.Columns {
			known[sheet.Name+"."+column] = true
		}
	}
	for _, table := range append([]string{"slugs"}, scopedTables...) {
		if stays[table] != "" {
			continue
		}
		for _, column := range rawNames(t, raw, `SELECT name FROM pragma_table_info('`+table+`')`) {
			if name := table + "." + column; column != "tenant_id" && !known[name] && stays[name] == "" {
				t.Errorf("%s is neither carried to another installation nor said to stay", name)
			}
		}
	}
	for name := range stays {
		if known[name] {
			t.Errorf("%s is said to stay and is carried", name)
		}
	}
}

// What is carried in is what was carried out, in another tenant too, on the
// other database too.
//
// Proves: G1, 5.6
func TestCarry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		fill(t, acme)
		for _, other := range storetest.Databases() {
			there := storetest.Open(t, storetest.Address(t, other)).Tenant(identity.NewTenantID())
			change(t, there, func(ctx context.Context, tx *store.Tx) error {
				return tx.Enter(ctx, identity.Tenant{ID: there.ID(), Style: identity.Workspace, Status: identity.TenantActive}, noon)
			})
			carried := map[string][][]any{}
			for _, sheet := range store.Sheets() {
				rows, err := acme.CarryOut(t.Context(), sheet, "", 99)
				if err != nil || len(rows) == 0 {
					t.Fatalf("%s: %d rows, %v", sheet.Name, len(rows), err)
				}
				change(t, there, func(ctx context.Context, tx *store.Tx) error { return tx.CarryIn(ctx, tx.Pack(sheet, rows), noon) })
				carried[sheet.Name] = rows
			}
			for _, sheet := range store.Sheets() {
				back, err := there.CarryOut(t.Context(), sheet, "", 99)
				if err != nil || !slices.EqualFunc(carried[sheet.Name], back, alike) {
					t.Errorf("%s in %s: %v came back, want %v (%v)", sheet.Name, other, back, carried[sheet.Name], err)
				}
			}
			hash, err := there.PasswordHash(t.Context(), "usr_ann")
			if err != nil || hash != aHash {
				t.Errorf("the hash does not open there: %v", err)
			}
			if u, err := there.UserByEmail(t.Context(), "ann@x.test"); err != nil || u.ID != "usr_ann" {
				t.Errorf("by address: %+v, %v", u, err)
			}
			if i, err := there.Invitation(t.Context(), "inn_1"); err != nil || i.Link.ID != invitedLinkID {
				t.Errorf("the invitation: %+v, %v", i, err)
			}
			if _, err := there.FindLink(t.Context(), identity.InvitationLink, invitedLinkID); err != nil {
				t.Errorf("its link: %v", err)
			}
		}
	})
}

func alike(a, b []any) bool {
	return slices.EqualFunc(a, b, func(one, two any) bool {
		x, isBytes := one.([]byte)
		y, _ := two.([]byte)
		return isBytes && string(x) == string(y) || !isBytes && one == two
	})
}

// Nobody adds rows to a tenant that is not on its way in, be it there or going.
//
// Proves: G1, 5.6
func TestOnlyWhatComesInIsAddedTo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		change(t, twin, func(ctx context.Context, tx *store.Tx) error { return tx.Leave(ctx, noon) })
		for _, tenant := range []store.Tenant{acme, twin} {
			for _, act := range []func(context.Context, *store.Tx) error{
				func(ctx context.Context, tx *store.Tx) error {
					return tx.CarryIn(ctx, tx.Pack(store.Sheets()[0], [][]any{someRow(store.Sheets()[0])}), noon)
				},
				func(ctx context.Context, tx *store.Tx) error {
					return tx.CarryEventsIn(ctx, []store.ChainLine{aPlace(1, "evt_1")}, noon)
				},
				func(ctx context.Context, tx *store.Tx) error { return tx.Arrive(ctx, "other", identity.Workspace) },
			} {
				if err := tenant.Tx(t.Context(), func(tx *store.Tx) error { return act(t.Context(), tx) }); !errors.Is(err, store.ErrMoveOver) {
					t.Errorf("%v, want ErrMoveOver", err)
				}
			}
		}
		err := acme.Tx(t.Context(), func(tx *store.Tx) error {
			return tx.Enter(t.Context(), identity.Tenant{Style: identity.Workspace}, noon)
		})
		if !errors.Is(err, problem.Exists) {
			t.Errorf("a second tenant with one id: %v", err)
		}
	})
}

// What others change while a snapshot is read, it does not see.
//
// Proves: G1, 5.6
func TestSnapshot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		fill(t, acme)
		fill(t, twin)
		before, err := acme.Users(t.Context(), "", 99)
		if err != nil {
			t.Fatal(err)
		}
		err = acme.Snapshot(t.Context(), func(then store.Tenant) error {
			if list, err := then.Users(t.Context(), "", 99); err != nil || len(list) != len(before) {
				t.Errorf("%d users, %v", len(list), err)
			}
			change(t, acme, func(ctx context.Context, tx *store.Tx) error {
				return errors.Join(tx.DeleteUser(ctx, ann()), tx.AddUser(ctx, identity.User{ID: "usr_new"}, ""))
			})
			list, err := then.Users(t.Context(), "", 99)
			if err != nil || !slices.Equal(list, before) {
				t.Errorf("the snapshot has moved: %v, %v", list, err)
			}
			if err := then.Tx(t.Context(), func(*store.Tx) error { return nil }); err == nil {
				t.Error("a change in a snapshot")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if after, err := acme.Users(t.Context(), "", 99); err != nil || slices.Equal(after, before) {
			t.Errorf("afterwards it is as before: %v", err)
		}
	})
}
