package server_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
)

const fresh = "violet lantern ember"

// sent is what a request of each route that changes something carries, so that
// it is done where it may be done: a form, a JSON object, or a file.
var sent = map[string]string{
	"POST /theme":                             "theme=dark&return_to=/login",
	"POST /login":                             "tenant={{slug}}&email={{email}}&password=" + right,
	"POST /login/choice":                      "choice_token=made-up&tenant={{slug}}",
	"POST /login/initial-password":            "change_token=made-up&new_password=" + fresh + "&confirm_password=" + fresh,
	"POST /t/{slug}/login":                    "email={{email}}&password=" + right,
	"POST /t/{slug}/login/initial-password":   "change_token=made-up&new_password=" + fresh + "&confirm_password=" + fresh,
	"POST /forgot-password":                   "tenant={{slug}}&email={{email}}",
	"POST /t/{slug}/forgot-password":          "email={{email}}",
	"POST /reset-password/{flow}":             "new_password=" + fresh + "&confirm_password=" + fresh,
	"POST /invitation/{flow}":                 "name=New&new_password=" + fresh + "&confirm_password=" + fresh,
	"POST /undo-address/{flow}":               "",
	"POST /confirm-address/{flow}":            "",
	"POST /logout":                            "",
	"POST /session/renew":                     "interaction=true",
	"POST /session/password":                  "password=" + right,
	"POST /settings/profile":                  "name=New Name",
	"POST /settings/region":                   "language=id&time_zone=Asia/Jakarta",
	"POST /settings/email":                    "email={{new}}&current_password=" + right,
	"POST /settings/email/resend":             "",
	"POST /settings/email/cancel":             "",
	"POST /settings/password":                 "current_password=" + right + "&new_password=" + fresh + "&confirm_password=" + fresh,
	"POST /settings/sessions/{id}/end":        "",
	"POST /settings/sessions/end-others":      "",
	"POST /admin/organization":                "was.name=Home&name=New Home",
	"POST /admin/organization/logo":           "multipart logo",
	"POST /admin/organization/logo/remove":    "",
	"POST /admin/roles":                       "name=role-{{number}}&title=role-{{number}}&rank=5",
	"POST /admin/roles/{name}":                "title=role-{{number}}&rank=5",
	"POST /admin/roles/{name}/delete":         "",
	"POST /admin/invitations":                 "lines={{new}}&role=user",
	"POST /admin/invitations/{id}/resend":     "",
	"POST /admin/invitations/{id}/revoke":     "",
	"POST /admin/invitations/{id}/link":       "",
	"POST /admin/audit/export":                "format=csv",
	"POST /admin/audit/erase":                 "user_id={{user}}",
	"POST /admin/users":                       "access=initial&name=New&email={{new}}&role=user",
	"POST /admin/users/import":                "multipart file",
	"POST /admin/users/export":                "",
	"POST /admin/users/{id}":                  "name=New Name",
	"POST /admin/users/{id}/password-reset":   "",
	"POST /admin/users/{id}/initial-password": "",
	"POST /admin/users/{id}/unlock":           "",
	"POST /admin/users/{id}/sessions/end":     "",
	"POST /admin/users/{id}/deactivate":       "",
	"POST /admin/users/{id}/reactivate":       "",
	"POST /admin/users/{id}/delete":           "",
	"POST /admin/users/{id}/invitation":       "",

	"POST /api/v1/sessions":                    `{"tenant":"{{slug}}","email":"{{email}}","password":"` + right + `"}`,
	"POST /api/v1/sessions/refresh":            `{"refresh_token":"{{refresh}}"}`,
	"POST /api/v1/me/initial-password":         `{"change_token":"made-up","new_password":"` + fresh + `"}`,
	"DELETE /api/v1/sessions/current":          "",
	"DELETE /api/v1/sessions":                  "",
	"DELETE /api/v1/sessions/{id}":             "",
	"PATCH /api/v1/me":                         `{"name":"New Name"}`,
	"PUT /api/v1/me/password":                  `{"current_password":"` + right + `","new_password":"` + fresh + `"}`,
	"POST /api/v1/password-resets":             `{"tenant":"{{slug}}","email":"{{email}}"}`,
	"POST /api/v1/password-resets/redeem":      `{"token":"{{reset}}","new_password":"` + fresh + `"}`,
	"POST /api/v1/me/email":                    `{"email":"{{new}}","current_password":"` + right + `"}`,
	"POST /api/v1/me/email/resend":             "",
	"DELETE /api/v1/me/email":                  "",
	"POST /api/v1/address-changes/confirm":     `{"token":"{{address}}"}`,
	"POST /api/v1/address-changes/undo":        `{"token":"{{undo}}"}`,
	"POST /api/v1/invitations":                 `{"email":"{{new}}","role":"user"}`,
	"POST /api/v1/invitations/{id}/link":       "",
	"POST /api/v1/invitations/{id}/resend":     "",
	"DELETE /api/v1/invitations/{id}":          "",
	"POST /api/v1/invitations/accept":          `{"token":"{{invitation}}","name":"New","new_password":"` + fresh + `"}`,
	"POST /api/v1/users":                       `{"name":"New","email":"{{new}}","role":"user","make_initial_password":true}`,
	"PATCH /api/v1/users/{id}":                 `{"name":"New Name"}`,
	"DELETE /api/v1/users/{id}":                "",
	"POST /api/v1/users/{id}/deactivate":       "",
	"POST /api/v1/users/{id}/reactivate":       "",
	"DELETE /api/v1/users/{id}/sessions":       "",
	"POST /api/v1/users/{id}/password-reset":   "",
	"POST /api/v1/users/{id}/initial-password": "",
	"POST /api/v1/users/{id}/unlock":           "",
	"POST /api/v1/users/{id}/invitation":       "",
	"POST /api/v1/users/import":                "csv",
	"POST /api/v1/users/export":                "",
	"PATCH /api/v1/organization":               `{"settings":{"name":"New Home"}}`,
	"PUT /api/v1/organization/logo":            "png",
	"DELETE /api/v1/organization/logo":         "",
	"POST /api/v1/roles":                       `{"name":"role-{{number}}","title":"role-{{number}}","rank":5,"permissions":[]}`,
	"PATCH /api/v1/roles/{name}":               `{"rank":5}`,
	"DELETE /api/v1/roles/{name}":              "",
	"POST /api/v1/audit-events/export":         `{"format":"csv"}`,
	"POST /api/v1/audit-events/erasures":       `{"user_id":"{{user}}"}`,

	"POST /api/v1/operator/tenants":                `{"slug":"{{made}}","name":"Made","administrator":{"email":"{{new}}"}}`,
	"PATCH /api/v1/operator/tenants/{slug}":        `{"settings":{"name":"New Home"}}`,
	"DELETE /api/v1/operator/tenants/{slug}":       "",
	"POST /api/v1/operator/tenants/{slug}/suspend": "",
	"POST /api/v1/operator/tenants/{slug}/resume":  "",
}

// queries are what the addresses of some routes carry.
var queries = map[string]string{
	"GET /reset-password": "?token={{reset}}", "GET /invitation": "?token={{invitation}}", "GET /undo-address": "?token={{undo}}", "GET /confirm-address": "?token={{address}}",
	"DELETE /api/v1/operator/tenants/{slug}": "?confirm={{slug}}",
}

const csvOfOne = "email,name,role\n{{new}},New,user\n"

var picture = func() string {
	var text bytes.Buffer
	if err := png.Encode(&text, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		panic(err)
	}
	return text.String()
}()

// flowPurposes are the links behind pages with a {flow}.
var flowPurposes = map[string]string{"/reset-password/": "reset", "/invitation/": "invitation", "/undo-address/": "undo", "/confirm-address/": "address"}

const flowID = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// request makes the request of a route; more are fields added to a form.
func (w *world) request(t *testing.T, pattern string, a aim, more url.Values) *http.Request {
	t.Helper()
	method, path, _ := strings.Cut(pattern, " ")
	body, there := sent[pattern]
	if !there && method != http.MethodGet {
		t.Fatalf("%s is not in the table: say in “sent” what its request carries", pattern)
	}
	address := strings.NewReplacer("{$}", "", "{flow}", flowID).Replace(a.filledIn(path, "{", "}", url.PathEscape))
	address += a.filledIn(queries[pattern], "{{", "}}", url.QueryEscape)
	program := strings.HasPrefix(path, "/api/")
	var kind string
	switch {
	case program && (body == "csv" || body == "png"):
		kind = map[string]string{"csv": "text/csv", "png": "image/png"}[body]
		body = map[string]string{"csv": a.filledIn(csvOfOne, "{{", "}}", plain), "png": picture}[body]
	case program:
		kind, body = "application/json", a.filledIn(body, "{{", "}}", plain)
	case method == http.MethodPost:
		body, kind = a.form(t, body, more)
	}
	r := httptest.NewRequest(method, housetest.Issuer+address, strings.NewReader(body))
	w.n++
	r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:4000", w.n>>16&255, w.n>>8&255, w.n&255) // no source ever waits
	r.Header.Set("Content-Type", kind)
	if !program {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	switch {
	case a.by == nil:
	case program:
		r.Header.Set("Authorization", "Bearer "+a.by.bearer)
	default:
		r.AddCookie(&http.Cookie{Name: front.SessionCookie, Value: a.by.cookie})
	}
	for start, purpose := range flowPurposes {
		if strings.HasPrefix(path, start) {
			r.AddCookie(&http.Cookie{Name: front.FlowCookie + flowID, Value: a.values[purpose]})
		}
	}
	return r
}

// form is the body of a form, and its type.
func (a aim) form(t *testing.T, body string, more url.Values) (text, kind string) {
	t.Helper()
	file, isFile := strings.CutPrefix(body, "multipart ")
	values := url.Values{}
	if !isFile {
		for field := range strings.SplitSeq(body, "&") {
			if name, value, there := strings.Cut(field, "="); there {
				values.Set(name, a.filledIn(value, "{{", "}}", plain))
			}
		}
	} else if file == "file" {
		values.Set("act", "import")
	}
	if a.by != nil {
		values.Set("form_token", a.by.formToken)
	}
	for name, list := range more {
		values[name] = list
	}
	if !isFile {
		return values.Encode(), "application/x-www-form-urlencoded"
	}
	var out bytes.Buffer
	parts := multipart.NewWriter(&out)
	for name, list := range values {
		must(t, parts.WriteField(name, list[0]))
	}
	part, err := parts.CreateFormFile(file, "a.file")
	must(t, err)
	content := map[string]string{"file": a.filledIn(csvOfOne, "{{", "}}", plain), "logo": picture}[file]
	_, err = io.WriteString(part, content)
	must(t, err)
	must(t, parts.Close())
	return out.String(), parts.FormDataContentType()
}
