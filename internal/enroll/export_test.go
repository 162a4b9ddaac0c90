package enroll_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// odd are users whose export needs care.
const odd = header + "\n" +
	"Ann@X.test,201,\"O'Hara, \"\"Ann\"\"\",admin," + aHash + ",true\n" +
	"bob@bücher.test,,''=HYPERLINK(0),user,pbkdf2_sha256$60000$e9df010dd67dbc44$uDRXrAuvTyYUs0pxIAjMkpIqiJYbkENlmQ183JcOWpI=,false\n" +
	"+cid@x.test,,@cid,manager,,\n" +
	"'-dan@x.test,,'Dan,user,,1\n" +
	"eve@x.test,202,＝eve,user,,\n"

// Whatever is exported with hashes is imported as it was.
//
// Proves: 2.4, G2
func TestExportsComeBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant, twin := storetest.Twins(t, s)
		if r, err := bring(t, tenant, odd, enroll.Options{}); err != nil {
			t.Fatalf("%+v, %v", r, err)
		}
		var file bytes.Buffer
		n, err := svc.Export(t.Context(), tenant, operator, &file, true, identity.Peer{})
		if err != nil || n != 5 {
			t.Fatalf("%d users, %v", n, err)
		}
		if r, err := bring(t, twin, file.String(), enroll.Options{}); err != nil || r.Imported != 5 {
			t.Fatalf("%+v, %v", r, err)
		}
		before, after := users(t, tenant), users(t, twin)
		if diff := cmp.Diff(before, after, cmpopts.IgnoreFields(identity.User{}, "ID")); diff != "" {
			t.Errorf("they came back changed:\n%s", diff)
		}
		var again bytes.Buffer
		if _, err := svc.Export(t.Context(), twin, operator, &again, true, identity.Peer{}); err != nil || again.String() != file.String() {
			t.Errorf("the second export differs, %v", err)
		}
	})
}

// No cell of an export is a formula, and nothing but names and addresses is
// changed for it.
//
// Proves: 2.4
func TestExportsHoldNoFormulas(t *testing.T) {
	tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Workspace)
	if _, err := bring(t, tenant, odd, enroll.Options{}); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := svc.Export(t.Context(), tenant, operator, &file, true, identity.Peer{}); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, record := range records {
		names = append(names, record[2])
		for _, cell := range record {
			if cell != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(cell)[0]) {
				t.Errorf("the cell %q is a formula", cell)
			}
		}
	}
	if want := []string{"name", `O'Hara, "Ann"`, "''=HYPERLINK(0)", "'@cid", "'Dan", "'＝eve"}; !slices.Equal(names, want) {
		t.Errorf("names %q", names)
	}
}

// Proves: 2.4, G2, G4
func TestWhatAnExportHolds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant, twin := storetest.Twins(t, s)
		for _, one := range []store.Tenant{tenant, twin} {
			if _, err := bring(t, one, people(1201), enroll.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		off := users(t, tenant)[7].ID
		err := tenant.Tx(t.Context(), func(tx *store.Tx) error { return tx.SetStatus(t.Context(), off, identity.Deactivated) })
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct {
			hashes bool
			want   int // hashes in the file
		}{{true, 1200}, {false, 0}} {
			var file bytes.Buffer
			n, err := svc.Export(t.Context(), tenant, operator, &file, row.hashes, identity.Peer{})
			if err != nil || n != 1201 || strings.Count(file.String(), "\n") != 1202 || strings.Count(file.String(), aHash) != row.want {
				t.Errorf("with hashes %v: %d users, %d hashes, %v", row.hashes, n, strings.Count(file.String(), aHash), err)
			}
			if !strings.HasPrefix(file.String(), header+"\nperson1@example.test,,Person 1,user,") {
				t.Errorf("it begins %q", file.String()[:200])
			}
		}
		if got := exportEvents(t, tenant); len(got) != 2 || got[0].Detail["users"] != "1201" || got[0].Detail["hashes"] != "true" || got[1].Detail["hashes"] != "false" {
			t.Errorf("events %+v", got)
		}
	})
}

func exportEvents(t *testing.T, tenant store.Tenant) (list []identity.Event) {
	t.Helper()
	all, err := tenant.Events(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Kind == identity.EventDataExport {
			list = append(list, e)
		}
	}
	return list
}

// Of what came in and went out by the command line the trail says that it was
// the operator, as of everything else.
//
// Proves: G4
func TestTheTrailSaysWhoseFilesTheyWere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, row := range []struct {
			name, slug, by string
			actor          identity.Actor
		}{
			{"the operator", "theirs", "operator", operator},
			{"an admin", "ours", "", identity.Actor{User: "usr_a", Role: policy.BuiltIn(identity.Admin)}},
		} {
			tenant := storetest.AddTenant(t, s, row.slug, identity.Workspace)
			if err := tenant.Tx(t.Context(), func(tx *store.Tx) error {
				return tx.AddUser(t.Context(), identity.User{ID: "usr_a", Role: identity.Admin, Status: identity.Active}, "")
			}); err != nil {
				t.Fatal(err)
			}
			if _, err := svc.Import(t.Context(), tenant, row.actor, strings.NewReader(header+"\nann@x.test,,Ann,user,,\n"), enroll.Options{}, identity.Peer{}); err != nil {
				t.Fatal(err)
			}
			if _, err := svc.Export(t.Context(), tenant, row.actor, io.Discard, false, identity.Peer{}); err != nil {
				t.Fatal(err)
			}
			told := append(importEvents(t, tenant), exportEvents(t, tenant)...)
			if len(told) != 2 || told[0].Detail["imported"] != "1" || told[1].Detail["users"] != "2" {
				t.Errorf("%s: events %+v", row.name, told)
			}
			for _, e := range told {
				if e.Detail["by"] != row.by || e.Actor != row.actor.User || e.At.IsZero() {
					t.Errorf("%s: %s is by %q, actor %q, at %v", row.name, e.Kind, e.Detail["by"], e.Actor, e.At)
				}
			}
		}
	})
}

// Proves: G3
func TestWhoMayExport(t *testing.T) {
	tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Workspace)
	for _, row := range []struct {
		name   string
		actor  identity.Actor
		hashes bool
		err    error
	}{
		{"nobody", identity.Actor{}, false, policy.ErrSignIn},
		{"a manager", identity.Actor{User: "usr_m", Role: policy.BuiltIn(identity.Manager)}, false, policy.ErrDenied},
		{"an admin", identity.Actor{User: "usr_a", Role: policy.BuiltIn(identity.Admin)}, false, nil},
		{"an admin, with hashes", identity.Actor{User: "usr_a", Role: policy.BuiltIn(identity.Admin)}, true, policy.ErrDenied},
		{"the operator, with hashes", operator, true, nil},
	} {
		var file bytes.Buffer
		_, err := svc.Export(t.Context(), tenant, row.actor, &file, row.hashes, identity.Peer{})
		if !errors.Is(err, row.err) || (row.err != nil) != (file.Len() == 0) {
			t.Errorf("%s: %v, %d bytes", row.name, err, file.Len())
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// What has left the house in part is told of too.
//
// Proves: G4
func TestABrokenExportLeavesAnEvent(t *testing.T) {
	tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Workspace)
	if _, err := bring(t, tenant, people(10), enroll.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := svc.Export(t.Context(), tenant, operator, full{}, true, identity.Peer{}); err == nil {
		t.Error("a full disk is no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := svc.Export(ctx, tenant, operator, &bytes.Buffer{}, true, identity.Peer{}); err == nil {
		t.Log("the export ended before it was cancelled")
	}
	if got := exportEvents(t, tenant); len(got) != 2 || got[0].Result != "failed" {
		t.Errorf("events %+v", got)
	}
}
