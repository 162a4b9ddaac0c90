package server_test

import (
	"fmt"
	"html"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// evil would be markup, an attribute, a script or a template, wherever it is
// not taken for text.
const evil = `"'></title></textarea><i data-evil onclick=alert(1)>{{.}}${7*7}</script><script>alert(1)</script>`

// names are columns that hold what people have written, or what others have
// said, and which pages show.
var names = []string{
	`tenants SET name = $2`, `tenants SET policy = json_set(policy, '$."support-contact"', $2, '$."mail-sender"', $2, '$.imprint', 'javascript:alert(1)//' || $2, '$.privacy', $2, '$.accent', $2)`,
	`users SET name = $2, mail_trouble = 'refused', mail_answer = $2`, `roles SET title = $2`, `invitations SET email = $2 || id`,
	`sessions SET user_agent = $2, address = $2`, `events SET user_agent = $2, address = $2, kind = $2, result = $2, detail = json_object($2, $2)`,
	`tasks SET answer = $2`,
}

// Scripts in every name are shown as text, on every page and in every form that
// is shown again.
//
// Proves: 5.2, 5.7
func TestScriptsInNamesAreText(t *testing.T) {
	w := openWorld(t)
	db := w.raw(t)
	for pattern := range sent { // leaves events, letters and invitations
		if strings.Contains(pattern, "password-reset") || strings.Contains(pattern, "/invitations") {
			a := w.aims(t, pattern, identity.Admin)[0]
			w.server.Public.ServeHTTP(httptest.NewRecorder(), w.request(t, pattern, a, nil))
		}
	}
	for _, set := range names {
		if _, err := db.Exec(`UPDATE `+set+` WHERE tenant_id = $1`, string(w.own.row.ID), evil); err != nil {
			t.Errorf("%s: %v", set, err)
		}
	}
	w.server.Sessions.Forget(w.own.row.ID)
	said := 0
	for _, route := range allRoutes() {
		if strings.HasPrefix(route.Pattern, "GET /api/") || strings.Contains(route.Pattern, " /api/") {
			continue
		}
		for _, visitor := range []string{identity.Admin, "nobody"} {
			a := w.aims(t, route.Pattern, visitor)[0]
			a.values["email"], a.values["new"] = evil, evil
			said += w.shows(t, route.Pattern, a)
		}
	}
	if said < 20 {
		t.Errorf("only %d pages show any of it", said)
	}
}

// shows asks for a page; of a form every field is filled in with the worst. It
// reports whether the page says it at all.
func (w *world) shows(t *testing.T, pattern string, a aim) int {
	t.Helper()
	more := url.Values{}
	if body := sent[pattern]; !strings.HasPrefix(body, "multipart") {
		for _, field := range []string{"name", "email", "extension", "role", "lines", "tenant", "username", "title", "access", "act", "theme", "return_to",
			"q", "format", "new_password", "current_password", "was.name", "accent", "support-contact", "language", "timezone", "form_page"} {
			more.Set(field, evil)
		}
		for field := range strings.SplitSeq(body, "&") {
			name, _, _ := strings.Cut(field, "=")
			more.Set(name, evil)
		}
		more.Del("")
	}
	got := httptest.NewRecorder()
	w.server.Public.ServeHTTP(got, w.request(t, pattern, a, more))
	page, kind := got.Body.String(), got.Header().Get("Content-Type")
	if !strings.HasPrefix(kind, "text/html") {
		return 0
	}
	for _, bad := range []string{"<i data-evil", "<script>alert", `href="javascript:`, "49</script>"} {
		if strings.Contains(page, bad) {
			t.Errorf("%s: the page has %s", pattern, bad)
		}
	}
	if got.Code >= 500 {
		t.Errorf("%s: %d\n%s", pattern, got.Code, w.log)
	}
	if strings.Contains(html.UnescapeString(page), fmt.Sprint(evil[:20])) {
		return 1
	}
	return 0
}
