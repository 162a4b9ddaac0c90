package web_test

import (
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// invited is the token of an invitation that was mailed.
func invited(t *testing.T, s *site, tenantSlug string, style identity.Style, who enroll.Invitee) string {
	t.Helper()
	tenant := s.AddTenant(t, tenantSlug, style)
	if _, err := s.Invitations().Invite(t.Context(), tenant, housetest.Operator, who, false, identity.Peer{}); err != nil {
		t.Fatal(err)
	}
	letters := s.Work(t)
	if len(letters) != 1 || letters[0].Kind != identity.LetterInvitation {
		t.Fatalf("letters %v", letters)
	}
	return letters[0].Token()
}

// Proves: W7, W8, 4.4
func TestInvitationIsAccepted(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		token := invited(t, s, "acme", identity.Workspace, enroll.Invitee{Email: "bob@acme.test", Role: identity.Member})
		b := s.browser(t)
		b.follow("/invitation", token).expect(200, "Welcome to Acme", "acme", "bob@acme.test", "Your Name", "New Password", "Accept Invitation").lacks(token)
		action := b.action()
		b.post(action, "name= ", newWords, sameWords).expect(422, "Fill in Your Name.")
		b.post(action, "name=Bob\u202eby", newWords, sameWords).expect(422, "direction of writing")
		b.post(action, "name=Bob Baker", "new_password=bobbaker", "confirm_password=bobbaker").expect(422, "little more than the name", `value="Bob Baker"`)
		b.post(action, "name=Bob Baker", "role=admin", newWords, sameWords).expect(303, "/login?notice=invitation-accepted&tenant=acme")
		b.get(b.answer.Get("Location")).expect(200, "Your account is ready.", `value="acme"`)
		b.post("/login", "tenant=acme", "email=bob@acme.test", "password=violet lantern ember").expect(303)
		b.get("/home").expect(200, "Bob Baker", "User").lacks("Admin")
		b.follow("/invitation", token).expect(410, linkOver, "ask whoever invited you")
		b.post(action, "name=Eve", newWords+"!", sameWords+"!").expect(410, linkOver)
	})
}

// Proves: W7, 4.4
func TestInvitationInOtherStyles(t *testing.T) {
	s := sqlite(t)
	token := invited(t, s, "wicked-sprockets", identity.Extension, enroll.Invitee{Email: "eve@x.test", Extension: "201", Role: identity.Member})
	b := s.browser(t)
	action := b.follow("/invitation", token).expect(200, "201-wicked-sprockets").action()
	b.post(action, "name=Eve", newWords, sameWords).expect(303, "/t/wicked-sprockets/login?notice=invitation-accepted")
	b.post("/t/wicked-sprockets/login", "username=201", "password=violet lantern ember").expect(303, "/phone")
}

// Proves: 4.4
func TestInvitationsThatAreOver(t *testing.T) {
	s := sqlite(t)
	token := invited(t, s, "acme", identity.Workspace, enroll.Invitee{Email: "bob@acme.test", Role: identity.Member})
	tenant, err := s.Store.TenantBySlug(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser(t)
	action := b.follow("/invitation", token).expect(200).action()
	s.SetTenantStatus(t, s.Store.Tenant(tenant.ID), identity.TenantSuspended)
	b.get(action).expect(403, "This organization is suspended.")
	b.post(action, "name=Bob", newWords, sameWords).expect(403, "This organization is suspended.")
	s.SetTenantStatus(t, s.Store.Tenant(tenant.ID), identity.TenantActive)
	b.get(action).expect(200)
	s.Clock.Advance(7 * 24 * time.Hour)
	b.get(action).expect(410, linkOver)
	b.post(action, "name=Bob", newWords, sameWords).expect(410, linkOver)
}
