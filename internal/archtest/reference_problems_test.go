package archtest

import (
	"cmp"
	"fmt"
	"go/ast"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const problemsHead = `# Problems

Whatever cannot be done for a reason the caller may know is a problem: a code for programs, which never changes, and a
sentence for people, which may. The API answers with ` + "`application/problem+json`" + ` (RFC 9457); ` + "`type`" + ` leads to the
code's heading on this page, ` + "`detail`" + ` may say more about the case at hand than the sentence here, ` + "`errors`" + ` names the
fields that are wrong, ` + "`instance`" + ` is the request's id in the log. The command line prints the sentence and ends with exit
code 1, or 2 where the way it was called is wrong; some problems are met only there.

| code | status |
|---|---|
`

// remarks say what a caller does about a problem, where the sentence does not.
var remarks = map[string]string{
	"answer_lost":              "The server died between the change and its answer. The key is of no more use.",
	"idempotency_key_reused":   "Also where the first request was refused: a corrected request gets a key of its own.",
	"operator_token_required":  "There was none, or it is made up, over or revoked. A session's token is none.",
	"request_under_way":        "Ask again after `Retry-After` seconds, with the same key. A request whose server died is taken up by the next try a minute later.",
	"body_too_large":           "Nothing of the body was looked at.",
	"busy":                     "Too many passwords are being checked at this moment. Try again after `Retry-After` seconds; the try did not count.",
	"cross_origin":             "A browser says that another site sent the request, or a request with a session cookie does not say which site sent it. Programs that use cookies send the public address as `Origin`.",
	"internal":                 "Not a problem but an accident: the cause is in the log, under the request id that `instance` repeats.",
	"invalid_body":             "`errors` lists up to ten places where names are unknown, repeated or written in another case, or where values are missing or of another type. Values are never repeated.",
	"invalid_credentials":      "One answer for an unknown name, a wrong password, a deactivated or an invited user, and another tenant's code.",
	"invalid_query":            "`errors` names what is unknown, repeated or written in another case behind the question mark of the address. Nothing was done, and no list was left unfiltered.",
	"password_change_required": "The answer also has `change_token`, good for ten minutes and one purpose: `POST /api/v1/me/initial-password`.",
	"password_refused":         "`errors` has one sentence for each reason.",
	"session_ended":            "Signed out, ended by somebody, over by time, its user deactivated, its password changed, its tenant suspended; or the token never was one. Sign in again.",
	"sign_in_again":            "A `choice_token` is good for five minutes, a `change_token` for ten, and neither for longer than the password that was typed.",
	"tenant_choice_required":   "The answer also has `choice_token`, good for five minutes, and `choices`. Send `choice_token` and `tenant` to `POST /api/v1/sessions`.",
	"tenant_suspended":         "Only somebody who knows the password is told.",
	"too_many_attempts":        "`Retry-After` says for how many seconds. The right password does not help before; asking meanwhile neither counts nor lengthens the wait.",
}

// A declared problem is a code with all the sentences it is declared with.
type declaredProblem struct {
	code      string
	kind      problem.Kind
	sentences []string
	places    []string
}

func problemsReference(s *source) (string, error) {
	problems, err := s.problems()
	if err != nil {
		return "", err
	}
	var table, body strings.Builder
	for _, p := range problems {
		status := front.Status(p.kind)
		fmt.Fprintf(&table, "| [`%s`](#%s) | %d |\n", p.code, p.code, status)
		fmt.Fprintf(&body, "\n## %s\n\n%d %s. %s\n", p.code, status, http.StatusText(status), strings.Join(p.sentences, " "))
		if remark := remarks[p.code]; remark != "" {
			fmt.Fprintf(&body, "\n%s\n", remark)
		}
		fmt.Fprintf(&body, "\nDeclared as %s.\n", strings.Join(p.places, ", "))
	}
	for code := range remarks {
		if !slices.ContainsFunc(problems, func(p *declaredProblem) bool { return p.code == code }) {
			return "", fmt.Errorf("there is a remark on the problem %s, which is declared nowhere", code)
		}
	}
	return problemsHead + table.String() + body.String(), nil
}

// problems finds every problem.New of the source. A code may be declared more
// than once, but only with one kind: programs go by the two together.
func (s *source) problems() ([]*declaredProblem, error) {
	kinds, err := s.constants("internal/problem/problem.go")
	if err != nil {
		return nil, err
	}
	kindOf := map[string]problem.Kind{}
	for _, k := range kinds {
		kindOf[k.name] = problem.Kind(k.value)
	}
	found := map[string]*declaredProblem{}
	for _, file := range slices.Sorted(maps.Keys(s.files)) {
		for _, d := range declarations(s.files[file]) {
			if err := note(found, kindOf, d); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *declaredProblem) int { return cmp.Compare(a.code, b.code) }), nil
}

// A declaration is a variable and the call of problem.New behind it.
type declaration struct {
	place string
	args  []ast.Expr
}

func declarations(file *ast.File) (list []declaration) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, value := range spec.Values {
			if call, ok := value.(*ast.CallExpr); ok && isNew(file, call) {
				list = append(list, declaration{fmt.Sprintf("`%s.%s`", file.Name.Name, spec.Names[i].Name), call.Args})
			}
		}
		return true
	})
	return list
}

func isNew(file *ast.File, call *ast.CallExpr) bool {
	if len(call.Args) != 3 {
		return false
	}
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		pkg, ok := f.X.(*ast.Ident)
		return ok && pkg.Name == "problem" && f.Sel.Name == "New"
	case *ast.Ident:
		return file.Name.Name == "problem" && f.Name == "New"
	}
	return false
}

func note(found map[string]*declaredProblem, kindOf map[string]problem.Kind, d declaration) error {
	kind := problem.Kind("")
	switch k := d.args[0].(type) {
	case *ast.SelectorExpr:
		kind = kindOf[k.Sel.Name]
	case *ast.Ident:
		kind = kindOf[k.Name]
	}
	code, okCode := literal(d.args[1])
	sentence, okSentence := literal(d.args[2])
	if !okCode || !okSentence {
		return fmt.Errorf("%s: code and sentence are to be written out, so that docs/reference/problems.md can list them", d.place)
	}
	p := found[code]
	if p == nil {
		p = &declaredProblem{code: code, kind: kind}
		found[code] = p
	}
	if p.kind != kind {
		return fmt.Errorf("%s: the code %s is declared elsewhere with another kind", d.place, code)
	}
	if !slices.Contains(p.sentences, sentence) {
		p.sentences = append(p.sentences, sentence)
	}
	p.places = append(p.places, d.place)
	return nil
}
