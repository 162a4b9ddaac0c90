package archtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"

	"github.com/vestibule-id/vestibule/internal/api"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/policy"
)

const permissionsHead = `# Permissions

A role is a set of permissions with a rank; every user has one. These three are built in. Beside the permission rank
decides: to act on somebody one needs a rank at least theirs, and to give a role one needs a rank at least the role's
and every permission in it. So it is with what lets one become somebody, which is giving them a password, changing their
e-mail address or seeing the link of their invitation: one needs their rank and every permission they have. The operator, on the command line, stands above permissions and ranks, but not above the
rule that a tenant keeps at least one active administrator.

A tenant makes roles of its own, at most 100: by ` + "`/admin/roles`, the API or `vestibule role`" + `. Each has a name that never
changes, a title, a rank from 1 to 99 and any of the permissions. Who edits one stays within their own rank and permissions,
with what it was and with what it becomes; nobody edits a role they hold, and one that somebody has cannot be deleted. Who may change a thing may see it: a permission
is given only together with the one it needs. A role from before that was asked for holds what it holds until somebody
saves its permissions, who then gives it both; in a [tenant's file](../operate/moving.md) it gets both on the way in. A title
is no other role's and looks like none, and a word of it is written in one script; one from before that may stay while
all else about its role is changed, and comes in with a tenant's file unless it looks like a built-in role's.

Access tokens carry the permissions of their user, for applications.

`

func permissionsReference(*source) (string, error) {
	var page strings.Builder
	page.WriteString(permissionsHead + "| permission | what it is for | needs |")
	line := "|---|---|---|"
	for _, role := range policy.BuiltInRoles() {
		fmt.Fprintf(&page, " %s (rank %d) |", role.Name, role.Rank)
		line += "---|"
	}
	page.WriteString("\n" + line + "\n")
	for _, p := range policy.AllPermissions() {
		needs := ""
		if p.Needs != "" {
			needs = " `" + string(p.Needs) + "`"
		}
		fmt.Fprintf(&page, "| `%s` | %s |%s |", p.Permission, cell(p.Words), needs)
		for _, role := range policy.BuiltInRoles() {
			mark := ""
			if policy.Holds(role, p.Permission) {
				mark = " ●"
			}
			page.WriteString(mark + " |")
		}
		page.WriteString("\n")
	}
	return page.String(), nil
}

const eventsHead = `# Events

Everything that matters to security leaves an event, written in the transaction of what it tells: in the tenant it is
about, or in the reserved tenant where there is none (tries at an unknown slug, signing keys, starts and stops). An
event has a kind from this list, a result (` + "`ok`" + `, or the code of a [problem](problems.md)), the user it is about, who
acted, the session, address, user agent and request id, a time, and details, some named in the second column. It never
holds a secret. On PostgreSQL the role the server works under cannot change or delete events.

| kind | remarks | written by |
|---|---|---|
`

func eventsReference(s *source) (string, error) {
	kinds, err := s.constants("internal/identity/event.go")
	if err != nil {
		return "", err
	}
	var page strings.Builder
	page.WriteString(eventsHead)
	for _, k := range kinds {
		if k.name == "EventOK" {
			continue
		}
		var writers []string
		for _, dir := range slices.Sorted(maps.Keys(s.usersOf("identity", k.name))) {
			writers = append(writers, "`"+path.Base(dir)+"`")
		}
		if len(writers) == 0 {
			return "", fmt.Errorf("nobody writes the event %s", k.name)
		}
		fmt.Fprintf(&page, "| `%s` | %s | %s |\n", k.value, cell(k.remark), strings.Join(writers, ", "))
	}
	return page.String(), nil
}

const apiHead = `# API

Every call there is, with the codes of the [problems](problems.md) it answers; ` + "`/api/v1/openapi.json`" + ` describes
queries, bodies and answers field by field. Any call may also answer ` + "`internal`" + `, one that changes something
` + "`cross_origin`" + `, one with a name behind its question mark that is not in this table ` + "`invalid_query`" + `, and
an address or method that is not in it ` + "`not_found`" + ` or ` + "`method_not_allowed`" + `. How to use the calls is told in
[docs/integrate/api.md](../integrate/api.md).

| call | what it does | who may | answer | problems |
|---|---|---|---|---|
`

// described is what of an OpenAPI description the table shows.
type described struct {
	Paths map[string]map[string]struct {
		Summary    string
		Parameters []struct{ Name, In string }
		Security   []map[string]any
		Responses  map[string]struct{ Description string }
	}
}

func apiReference(*source) (string, error) {
	doc, err := description()
	if err != nil {
		return "", err
	}
	var page strings.Builder
	page.WriteString(apiHead)
	for _, address := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[address])) {
			call := doc.Paths[address][method]
			who, success := "anyone", ""
			if len(call.Security) > 0 {
				who = "signed in"
				if call.Security[0]["operator_token"] != nil {
					who = "operator token"
				}
			}
			does := cell(call.Summary)
			for _, p := range call.Parameters {
				if p.In == "query" {
					does += " `?" + p.Name + "=`"
				}
			}
			var problems []string
			for _, status := range slices.Sorted(maps.Keys(call.Responses)) {
				if status == "default" { // is told above
					continue
				}
				if status < "400" {
					success = status
					continue
				}
				codes := strings.TrimSuffix(strings.TrimPrefix(call.Responses[status].Description, "Problem with the code "), ".")
				problems = append(problems, fmt.Sprintf("%s: `%s`", status, strings.ReplaceAll(codes, ", ", "`, `")))
			}
			fmt.Fprintf(&page, "| `%s %s` | %s | %s | %s | %s |\n",
				strings.ToUpper(method), address, does, who, success, strings.Join(problems, "; "))
		}
	}
	return page.String(), nil
}

// description asks the API for its own description, as a program would.
func description() (doc described, err error) {
	for _, route := range (&api.API{Product: "Vestibule", Version: "any"}).Routes() {
		if route.Pattern != "GET /api/v1/openapi.json" {
			continue
		}
		answer := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodGet, "/api/v1/openapi.json", nil)
		if err := route.Handle(answer, request, &front.Visit{}); err != nil {
			return doc, err
		}
		return doc, json.Unmarshal(answer.Body.Bytes(), &doc)
	}
	return doc, errors.New("the API does not describe itself")
}
