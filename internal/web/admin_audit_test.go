package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// Proves: G4, 5.4
func TestAuditPage(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		acme, ann, boss, manager := bureau(t, s, identity.Workspace)
		s.browser(t).post("/t/acme/login", "email=ann@acme.test", "password=wrong").expect(401)
		boss.get("/home").expect(200, `<a href="/admin/audit">Audit</a>`)
		boss.get("/admin/audit").expect(200, ">Sign-in failed</a>", "<code>authn_login_fail</code>", ">Signed in</a>", ">Ann Lee</a>", ">The Boss</a>", ">Export CSV</button>")
		boss.get("/admin/audit?q=LEE").expect(200, ">Sign-in failed</a>", `value="LEE"`).lacks(">The Boss</a>")
		boss.get("/admin/audit?result=ok").expect(200, ">The Boss</a>").lacks(">Ann Lee</a>")
		if boss.get("/admin/audit?result=%3Cb%3E").expect(200, "Nothing fits."); strings.Contains(boss.body, "<b>") {
			t.Error("what an address says becomes part of the page")
		}
		boss.get("/admin/audit?result=invalid_credentials").expect(200, `<option value="invalid_credentials" selected>refused</option>`)
		boss.get("/admin/audit?from=2030-01-02&to=2030-01-01").expect(200, "“To” is before “From”").lacks("Nothing fits.")
		boss.get("/admin/audit?from=2030-01-01&to=2030-01-01").expect(200, "Nothing fits.").lacks("is before")
		boss.get("/admin/audit?from=yesterday").expect(422, "This must be a day like")
		boss.get("/admin/audit?cursor=made-up").expect(200, ">The Boss</a>")
		manager.get("/admin/audit").expect(403)
		manager.act("/admin/users", "/admin/audit/export", "format=csv").expect(403)

		file := boss.act("/admin/audit?q=lee", "/admin/audit/export", "format=csv", "q=lee").expect(200)
		if lines := strings.Split(strings.TrimSpace(file.body), "\n"); len(lines) != 2 || !strings.HasPrefix(file.answer.Get("Content-Disposition"), "attachment") {
			t.Errorf("the file is %q, %v", file.body, file.answer)
		}
		boss.act("/admin/audit", "/admin/audit/export", "format=xml").expect(422)
		if told := housetest.Events(t, acme, identity.EventAuditExported); len(told) != 1 {
			t.Errorf("the export is told of as %v", told)
		}

		of := "/admin/audit?user=" + url.QueryEscape(string(ann.ID))
		boss.get(of).expect(200, "of Ann Lee.", "Erase this person").lacks(">The Boss</a>")
		boss.act(of, "/admin/audit/erase", "user_id="+string(ann.ID)).arrive().expect(200, "were taken out of 1 events")
		for _, e := range housetest.Events(t, acme, identity.EventLoginFail) {
			if e.User == ann.ID && e.Peer.Address != "" {
				t.Errorf("left of Ann: %+v", e)
			}
		}
		if r, err := (&audit.Service{Store: s.Store, Now: s.Clock.Now}).Verify(t.Context(), acme); err != nil || r.Break != nil || r.Erased != 1 {
			t.Errorf("the chain: %+v (%v)", r, err)
		}
	})
}

// Proves: G4, 5.4
func TestAuditPagesFollowEachOther(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		_, _, boss, _ := bureau(t, s, identity.Workspace)
		for range 51 {
			boss.act("/admin/audit", "/admin/audit/export", "format=jsonl").expect(200)
		}
		boss.get("/admin/audit?q=exported").expect(200, "Next page").lacks("First page")
		_, rest, _ := strings.Cut(boss.body, `class="button plain" href="`)
		next, _, _ := strings.Cut(rest, `"`)
		boss.get(strings.ReplaceAll(next, "&amp;", "&")).expect(200, "First page").lacks("Next page")
		if n := strings.Count(boss.body, "<code>audit_exported</code>"); n != 1 {
			t.Errorf("%d on the second page, want 1", n)
		}
	})
}
