package archtest

import (
	"fmt"
	"go/ast"
	"os"
	"regexp"
	"strings"
	"testing"
)

const wordsHead = `# Words

One word for a thing, in code, database, API, pages and papers. Where a word is a type its meaning is the type's own
comment.

| word | meaning | not | in the code |
|---|---|---|---|
`

// A word is one the product uses, and those it does not use instead.
type word struct {
	word, not string
	file, typ string // where its type is declared; empty: there is none
	meaning   string // only where there is no type
}

// words are what ARCHITECTURE.md's table says, with where each is declared.
var words = []word{
	{word: "tenant", not: "organization (pages may say it), realm, workspace", file: "internal/identity/identity.go", typ: "Tenant"},
	{word: "slug", not: "subdomain", meaning: "A tenant's short name in addresses and at the door; in a username it is the tenant code. 2 to 40 of a to z, 0 to 9 and inner hyphens."},
	{word: "user", not: "account, member, identity", file: "internal/identity/identity.go", typ: "User"},
	{word: "style", not: "mode, scheme", file: "internal/identity/identity.go", typ: "Style"},
	{word: "credential", not: "factor", meaning: "What a user proves who they are with: so far a password. Its version grows with every new one and is held against sessions and links made before."},
	{word: "session", not: "login", file: "internal/identity/identity.go", typ: "Session"},
	{word: "peer", not: "client, remote, device", file: "internal/identity/identity.go", typ: "Peer"},
	{word: "source", not: "IP", meaning: "What the limiter takes for one place: an IPv4 address or the /64 an IPv6 address is in."},
	{word: "actor", not: "principal, subject", file: "internal/identity/identity.go", typ: "Actor"},
	{word: "visit", not: "request context", file: "internal/front/front.go", typ: "Visit"},
	{word: "door", not: "gateway, middleware", file: "internal/front/front.go", typ: "Door"},
	{word: "guard", not: "filter, interceptor", file: "internal/front/front.go", typ: "Guard"},
	{word: "permission", not: "action, scope", file: "internal/policy/permissions.go", typ: "Permission"},
	{word: "role", not: "group", file: "internal/identity/role.go", typ: "Role"},
	{word: "policy", not: "preferences", file: "internal/identity/identity.go", typ: "Policy"},
	{word: "lane", not: "bucket, counter", file: "internal/policy/limits.go", typ: "Lane"},
	{word: "gate", not: "throttle", file: "internal/secret/gate.go", typ: "Gate"},
	{word: "grant", not: "token pair", file: "internal/session/session.go", typ: "Grant"},
	{word: "sealing key", not: "master key, KEK", file: "internal/secret/seal.go", typ: "SealingKeys"},
	{word: "root", not: "master secret", file: "internal/secret/seal.go", typ: "Root"},
	{word: "signing key", not: "JWT secret", file: "internal/secret/signing.go", typ: "SigningKey"},
	{word: "problem", not: "error (that is the accident)", file: "internal/problem/problem.go", typ: "Problem"},
	{word: "event", not: "log entry", file: "internal/identity/identity.go", typ: "Event"},
	{word: "operator", not: "superuser", meaning: "Who runs the installation; acts by command line and stands above ranks."},
	{word: "application", not: "client (OAuth's word)", meaning: "Something behind the door that people sign in to. Comes later."},
	{word: "link", not: "ticket, magic token", meaning: "A one-time address mailed to somebody."},
	{word: "task, letter", not: "job, message", meaning: "Work left for afterwards; a mail."},
}

func wordsReference(s *source) (string, error) {
	var page strings.Builder
	page.WriteString(wordsHead)
	for _, w := range words {
		meaning, declared := w.meaning, ""
		if w.typ != "" {
			file := s.files[w.file]
			if file == nil {
				return "", fmt.Errorf("%s: there is no %s", w.word, w.file)
			}
			if meaning = typeComment(file, w.typ); meaning == "" {
				return "", fmt.Errorf("%s: %s declares no type %s with a comment", w.word, w.file, w.typ)
			}
			declared = "`" + file.Name.Name + "." + w.typ + "`"
		}
		row := fmt.Sprintf("| **%s** | %s | %s | %s", w.word, cell(meaning), cell(w.not), declared)
		page.WriteString(strings.TrimRight(row, " ") + " |\n")
	}
	return page.String(), nil
}

// typeComment is the first paragraph of the comment above a type, on one line.
func typeComment(file *ast.File, name string) string {
	for _, d := range file.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, one := range group.Specs {
			spec, ok := one.(*ast.TypeSpec)
			if !ok || spec.Name.Name != name {
				continue
			}
			doc := spec.Doc
			if doc == nil && len(group.Specs) == 1 {
				doc = group.Doc
			}
			first, _, _ := strings.Cut(doc.Text(), "\n\n")
			return strings.Join(strings.Fields(first), " ")
		}
	}
	return ""
}

var wordRow = regexp.MustCompile(`(?m)^\| \*\*([^*]+)\*\* \|`)

// The short table in ARCHITECTURE.md uses no word the long one has not.
//
// Proves: 2.1
func TestArchitectureUsesTheWords(t *testing.T) {
	page, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, w := range words {
		known[w.word] = true
	}
	rows := wordRow.FindAllStringSubmatch(string(page), -1)
	if len(rows) == 0 {
		t.Error("the table of words is gone, or its words are no longer bold")
	}
	for _, row := range rows {
		if !known[row[1]] {
			t.Errorf("%q is not in docs/reference/words.md", row[1])
		}
	}
}
