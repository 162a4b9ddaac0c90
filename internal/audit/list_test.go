package audit_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
)

// aTrail is a tenant with four events a day apart, and a twin with the same.
func aTrail(t *testing.T, h *housetest.House) (acme store.Tenant, ann, bob identity.User) {
	t.Helper()
	acme = h.AddTenant(t, "acme", identity.Workspace)
	other := h.AddTenant(t, "other", identity.Workspace)
	ann = h.AddUser(t, acme, housetest.Person{Name: "Ann Lee", Email: "ann@acme.test", Role: identity.Admin, Password: "a long password"})
	bob = h.AddUser(t, acme, housetest.Person{Name: "=Bob()", Email: "bob@acme.test", Password: "a long password"})
	from := identity.Peer{Address: "192.0.2.1", UserAgent: "Browser", RequestID: "req_1"}
	for i, e := range []identity.Event{
		{ID: "evt_1", Kind: identity.EventLoginSuccess, Result: identity.EventOK, User: ann.ID, Actor: ann.ID, Peer: from},
		{ID: "evt_2", Kind: identity.EventLoginFail, Result: "invalid_credentials", User: bob.ID, Peer: identity.Peer{Address: "2001:db8::7", UserAgent: "@SUM(1)"}},
		{ID: "evt_3", Kind: identity.EventPermissionsChanged, Result: identity.EventOK, User: bob.ID, Actor: ann.ID, Detail: map[string]string{"from": "user", "to": "manager"}, Peer: from},
		{ID: "evt_4", Kind: identity.EventUserDeleted, Result: identity.EventOK, User: "usr_gone", Actor: ann.ID, Peer: from},
	} {
		e.At = time.Date(2030, 1, 2+i, 12, 0, 0, 0, time.UTC)
		for _, tenant := range []store.Tenant{acme, other} {
			if err := tenant.Tx(t.Context(), func(tx *store.Tx) error { return tx.AddEvent(t.Context(), e) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	return acme, ann, bob
}

// Proves: G4, 5.4
func TestFilters(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann, bob := aTrail(t, h)
		admin := identity.Actor{User: ann.ID, Role: policy.BuiltIn(identity.Admin)}
		for _, row := range []struct {
			name string
			f    audit.Filter
			want string
		}{
			{"everything, the newest first", audit.Filter{}, "4321"},
			{"a kind", audit.Filter{Kind: identity.EventLoginFail}, "2"},
			{"a result", audit.Filter{Result: identity.EventOK}, "431"},
			{"on or by somebody", audit.Filter{User: string(ann.ID)}, "431"},
			{"on somebody", audit.Filter{User: string(bob.ID)}, "32"},
			{"on somebody deleted", audit.Filter{User: "usr_gone"}, "4"},
			{"somebody of a kind", audit.Filter{User: string(ann.ID), Kind: identity.EventLoginSuccess}, "1"},
			{"an address", audit.Filter{Address: "2001:0DB8:0:0::7"}, "2"},
			{"from a day on", audit.Filter{From: "2030-01-04"}, "43"},
			{"to the end of a day", audit.Filter{To: "2030-01-03"}, "21"},
			{"from a day of another zone on", audit.Filter{From: "2030-01-04", Zone: time.FixedZone("", 23*60*60)}, "432"},
			{"to the end of a day of another zone", audit.Filter{To: "2030-01-03", Zone: time.FixedZone("", -23*60*60)}, "321"},
			{"before a time", audit.Filter{To: "2030-01-03T12:00:00Z"}, "1"},
			{"a day", audit.Filter{From: "2030-01-03", To: "2030-01-03"}, "2"},
			{"a name", audit.Filter{Search: "ANN"}, "431"},
			{"an e-mail address", audit.Filter{Search: "bob@acme.test"}, "32"},
			{"a part of a kind", audit.Filter{Search: "login"}, "21"},
			{"a detail", audit.Filter{Search: "manager"}, "3"},
			{"the beginning of an IP address", audit.Filter{Search: "192.0."}, "431"},
			{"a request", audit.Filter{Search: "req_1"}, "431"},
			{"nothing fits", audit.Filter{Search: "%"}, ""},
		} {
			list, err := service(h).List(t.Context(), acme, admin, row.f, "", 9)
			got := ""
			for _, e := range list {
				got += strings.TrimPrefix(string(e.ID), "evt_")
			}
			if err != nil || got != row.want {
				t.Errorf("%s: %q (%v), want %q", row.name, got, err, row.want)
			}
		}
		list, err := service(h).List(t.Context(), acme, admin, audit.Filter{}, "evt_4", 1)
		if err != nil || len(list) != 1 || list[0].ID != "evt_3" || list[0].UserName != "=Bob()" || list[0].ActorName != "Ann Lee" {
			t.Errorf("the second page is %+v (%v)", list, err)
		}
		for name, f := range map[string]audit.Filter{
			"no address": {Address: "somewhere"}, "no day": {From: "yesterday"}, "no time": {To: "2030-13-01"},
			"before time": {From: "0001-01-01"}, "too long": {Search: strings.Repeat("x", 321)},
		} {
			if _, err := service(h).List(t.Context(), acme, admin, f, "", 9); !errors.Is(err, audit.ErrFilter) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, actor := range map[string]identity.Actor{"a manager": {User: bob.ID, Role: policy.BuiltIn(identity.Manager)}, "nobody": {}} {
			if _, err := service(h).List(t.Context(), acme, actor, audit.Filter{}, "", 9); err == nil {
				t.Errorf("%s reads the trail", name)
			}
		}
	})
}

// Proves: G4, 5.4
func TestExports(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann, bob := aTrail(t, h)
		admin := identity.Actor{User: ann.ID, Role: policy.BuiltIn(identity.Admin)}
		export := func(w audit.Wanted, actor identity.Actor) (*bytes.Buffer, int, error) {
			var out bytes.Buffer
			n, err := service(h).Export(t.Context(), acme, actor, w, &out, identity.Peer{Address: "192.0.2.9"})
			return &out, n, err
		}
		out, n, err := export(audit.Wanted{Format: audit.CSV, Filter: audit.Filter{User: string(bob.ID)}}, admin)
		if err != nil || n != 2 {
			t.Fatalf("exported %d (%v)", n, err)
		}
		rows, err := csv.NewReader(out).ReadAll()
		if err != nil || len(rows) != 3 || rows[0][0] != "id" || rows[1][0] != "evt_3" || rows[1][12] != `{"from":"user","to":"manager"}` {
			t.Errorf("the file is %v (%v)", rows, err)
		}
		for _, cell := range slices.Concat(rows...) {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
				t.Errorf("the cell %q is a formula", cell)
			}
		}
		out, n, err = export(audit.Wanted{Format: audit.JSONLines}, admin)
		if err != nil || n != 5 { // with the export before
			t.Errorf("exported %d (%v)", n, err)
		}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var line audit.Entry
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil || line.ID == "" || line.Detail == nil {
				t.Errorf("a line is %s (%v)", lines.Text(), err)
			}
		}
		for name, refused := range map[string]func() (*bytes.Buffer, int, error){
			"a format there is not": func() (*bytes.Buffer, int, error) { return export(audit.Wanted{Format: "xml"}, admin) },
			"a filter of no sense": func() (*bytes.Buffer, int, error) {
				return export(audit.Wanted{Format: audit.CSV, Filter: audit.Filter{From: "x"}}, admin)
			},
			"a manager": func() (*bytes.Buffer, int, error) {
				return export(audit.Wanted{Format: audit.CSV}, identity.Actor{User: bob.ID, Role: policy.BuiltIn(identity.Manager)})
			},
		} {
			if out, _, err := refused(); err == nil || out.Len() > 0 {
				t.Errorf("%s: %q (%v)", name, out, err)
			}
		}
		told := housetest.Events(t, acme, identity.EventAuditExported)
		if len(told) != 2 || told[0].Actor != ann.ID || told[0].Detail["format"] != "csv" || told[0].Detail["events"] != "2" || told[0].Detail["user"] != string(bob.ID) {
			t.Errorf("the exports are told of as %+v", told)
		}
		if _, err := service(h).Export(t.Context(), acme, admin, audit.Wanted{Format: audit.CSV}, broken{}, identity.Peer{}); err == nil {
			t.Error("an export nobody took went well")
		}
		if told := housetest.Events(t, acme, identity.EventAuditExported); len(told) != 3 || !slices.ContainsFunc(told, func(e identity.Event) bool { return e.Result == "failed" }) {
			t.Errorf("an export that broke off is told of as %+v", told)
		}
	})
}

// broken takes nothing.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("gone") }
