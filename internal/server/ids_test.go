package server_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// Ids in the query of an address and in bodies are as good as those in a path:
// another tenant's gets the answer of what is nobody's.
//
// Proves: W2, 5.7
func TestIDsOfAnotherTenantAreNobodys(t *testing.T) {
	w := openWorld(t)
	admin, theirs := w.person(t, w.own, identity.Admin), w.person(t, w.other, colleague)
	user, session := string(theirs.user.ID), string(theirs.spare)
	pairs := map[string][2]string{
		"/admin/users?done=reset&of=": {user, string(identity.NewUserID())},
		"/admin/users?q=":             {user, string(identity.NewUserID())},
		"/admin/users?q= ":            {theirs.user.Email.Folded, strings.Replace(theirs.user.Email.Folded, "home", "nope", 1)},
		"/admin/audit?user=":          {user, string(identity.NewUserID())},
		"/admin/audit?q=":             {session, string(identity.NewSessionID())},
		"/admin/users?role=":          {w.other.spareRole(), "spare-of-none"},
		"/api/v1/audit-events?user=":  {user, string(identity.NewUserID())},
		"/api/v1/audit-events?q=":     {theirs.user.Email.Folded, "nobody@nowhere.test"},
		"/api/v1/users?q=":            {theirs.user.Email.Folded, "nobody@nowhere.test"},
		"/api/v1/users?role=":         {w.other.spareRole(), "spare-of-none"},
	}
	for path, ids := range pairs {
		first, second := w.look(t, admin, path, ids[0]), w.look(t, admin, path, ids[1])
		if diff := cmp.Diff(second, first); diff != "" {
			t.Errorf("%s (-nobody's +another tenant's)\n%s", path, diff)
		}
	}
	for call, body := range map[string]string{
		"POST /api/v1/users":       `{"name":"New","email":"a@x.test","role":"ID","make_initial_password":true}`,
		"POST /api/v1/invitations": `{"email":"a@x.test","role":"ID"}`,
	} {
		first, second := w.tell(t, admin, call, body, w.other.spareRole()), w.tell(t, admin, call, body, "spare-of-none")
		if diff := cmp.Diff(second, first); diff != "" || !strings.HasPrefix(first, "422") {
			t.Errorf("%s with another tenant's role: %s\n%s", call, first, diff)
		}
	}
}

// look opens an address as somebody, and answers what they see of it.
func (w *world) look(t *testing.T, by *person, path, id string) string {
	t.Helper()
	return w.seen(httptest.NewRequest("GET", housetest.Issuer+strings.TrimSpace(path)+id, nil), by, id)
}

// tell sends JSON as somebody.
func (w *world) tell(t *testing.T, by *person, call, body, id string) string {
	t.Helper()
	method, path, _ := strings.Cut(call, " ")
	r := httptest.NewRequest(method, housetest.Issuer+path, strings.NewReader(strings.Replace(body, "ID", id, 1)))
	r.Header.Set("Content-Type", "application/json")
	return w.seen(r, by, id)
}

// seen is status and body without the id that was asked for.
func (w *world) seen(r *http.Request, by *person, id string) string {
	r.RemoteAddr = "192.0.2.1:4000"
	r.Header.Set("Authorization", "Bearer "+by.bearer)
	r.AddCookie(&http.Cookie{Name: front.SessionCookie, Value: by.cookie})
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	got := httptest.NewRecorder()
	w.server.Public.ServeHTTP(got, r)
	text := strings.ReplaceAll(got.Body.String(), got.Header().Get("X-Request-Id"), "{request}")
	for _, written := range []string{id, url.QueryEscape(id), html.EscapeString(url.QueryEscape(id))} {
		text = strings.ReplaceAll(text, written, "{id}")
	}
	return fmt.Sprint(got.Code, " ", text)
}
