package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// unscopedStatements belong to no tenant. Adding one is a security review.
var unscopedStatements = map[string]string{
	"slugTenant":        "found before the tenant is known",
	"insertSlug":        "slugs are unique over all tenants",
	"listSlugs":         "the operator's list",
	"pingDatabase":      "asks for nothing",
	"addressTenants":    "found before the tenant is known; keyed hashes",
	"nextAddress":       "a stand-in where nobody has the address",
	"firstAddress":      "a stand-in where nobody has the address",
	"anyEmailStyle":     "a stand-in where nobody has the address",
	"dueTenants":        "what is due, before its tenant is known",
	"waitingLetters":    "how many letters wait, in all tenants together; no tenant is told",
	"unsealedTenants":   "events without a place in their chain, before their tenant is known",
	"idleMoves":         "who is on the way in or out, before the tenant is known",
	"tenantsByTail":     "a letter that came back, before its tenant is known",
	"createMigrations":  "the schema",
	"insertMigration":   "the schema",
	"appliedMigrations": "the schema",
	"migrationLock":     "the schema",
	"foreignTables":     "the catalog",
	"actingObjects":     "the catalog",
	"currentRole":       "the catalog",
	"setTenant":         "names the tenant",
	"setPatience":       "how long locks are waited for",
	"setLogin":          "names the role that serves",
	"grantRole":         "the catalog",
}

// only names the statements that one database alone can prepare.
var only = map[string]string{
	"foreignTables": "sqlite", "actingObjects": "sqlite", "claimDueSkipping": "postgres",
	"migrationLock": "postgres", "currentRole": "postgres", "setTenant": "postgres", "setPatience": "postgres", "setLogin": "postgres", "grantRole": "postgres",
}

// notShared is what one of the databases has and the other has not, or what
// they understand differently.
var notShared = regexp.MustCompile(`(?i)= ANY|\bnow\(\)|\bILIKE\b|\bFOR UPDATE\b|\bJSONB\b|\bSERIAL\b|\bTIMESTAMPTZ\b|\bCURRENT_TIMESTAMP\b|\bAUTOINCREMENT\b|\bLIKE\b|\bLOWER\(|\bUPPER\(|\bRANDOM\(|::|\bON CONFLICT DO\b|\bINSERT OR\b|\?`)

// Proves: 2.2, W2
func TestEveryStatementNamesItsTenant(t *testing.T) {
	statements := statements(t)
	for name, text := range statements {
		if unscopedStatements[name] != "" {
			continue
		}
		if why := unbound(text); why != "" {
			t.Errorf("%s %s:\n%s", name, why, text)
		}
	}
	for name := range unscopedStatements {
		if statements[name] == "" {
			t.Errorf("%s is on the list of unscoped statements and does not exist", name)
		}
	}
}

// The test above is only as good as its reading of SQL.
//
// Proves: 2.2
func TestStatementsWithoutTheirTenantAreSeen(t *testing.T) {
	for _, row := range []struct {
		name, text string
		bound      bool
	}{
		{"one table", `SELECT id FROM users WHERE tenant_id = $1 AND id = $2`, true},
		{"no predicate", `SELECT id FROM users WHERE id = $2`, false},
		{"another parameter", `SELECT id FROM users WHERE tenant_id = $2 AND id = $1`, false},
		{"a tenth parameter", `SELECT id FROM users WHERE tenant_id = $10`, false},
		{"one of two alternatives", `SELECT id FROM users WHERE tenant_id = $1 OR id = $2`, false},
		{"alternatives in brackets", `SELECT id FROM users WHERE tenant_id = $1 AND (id = $2 OR id = $3)`, true},
		{"in brackets with an alternative", `SELECT id FROM users WHERE (tenant_id = $1 OR id = $2)`, false},
		{"a join carried along", `SELECT 1 FROM users u JOIN sessions s ON s.tenant_id = u.tenant_id AND s.user_id = u.id WHERE u.tenant_id = $1`, true},
		{"a join that is not", `SELECT 1 FROM users u JOIN sessions s ON s.user_id = u.id WHERE u.tenant_id = $1`, false},
		{"the predicate of an inner query", `DELETE FROM users WHERE id IN (SELECT id FROM users WHERE tenant_id = $1)`, false},
		{"an inner query without", `DELETE FROM users WHERE tenant_id = $1 AND id IN (SELECT id FROM imports)`, false},
		{"a union's second half without", `SELECT id FROM users WHERE tenant_id = $1 UNION ALL SELECT id FROM users`, false},
		{"an insert", `INSERT INTO users (tenant_id, id) VALUES ($1, $2)`, true},
		{"an insert of another's", `INSERT INTO users (tenant_id, id) VALUES ($2, $1)`, false},
		{"an insert that reads without", `INSERT INTO users (tenant_id, id) VALUES ($1, (SELECT id FROM imports))`, false},
		{"a conflict over tenants", `INSERT INTO users (tenant_id, id) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET id = $2`, false},
		{"a row given away", `UPDATE users SET tenant_id = $2 WHERE tenant_id = $1`, false},
	} {
		if why := unbound(row.text); (why == "") != row.bound {
			t.Errorf("%s: bound %v (%q), want %v", row.name, why == "", why, row.bound)
		}
	}
}

// Preparing a statement makes the database check its syntax, tables, columns
// and types, without a test for each method.
//
// Proves: 2.2
func TestEveryStatementIsShared(t *testing.T) {
	for name, text := range statements(t) {
		if word := notShared.FindString(text); word != "" && unscopedStatements[name] == "" && only[name] == "" {
			t.Errorf("%s says %q, which the databases do not share", name, word)
		}
	}
	for _, database := range storetest.Databases() {
		t.Run(database, func(t *testing.T) {
			raw := rawDB(t, storetest.Address(t, database))
			for name, text := range statements(t) {
				if only[name] != "" && only[name] != database {
					continue
				}
				stmt, err := raw.PrepareContext(t.Context(), text)
				if err != nil {
					t.Errorf("%s: %v\n%s", name, err, text)
					continue
				}
				stmt.Close()
			}
		})
	}
}

// SQL that is put together where it runs escapes the tests above.
//
// Proves: 2.2
func TestStatementsAreConstants(t *testing.T) {
	sql := regexp.MustCompile(`(?is)\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE|ALTER\s+TABLE|DROP\s+TABLE|WHERE\s+\w+\s*=|SELECT\s+\w+\()`)
	known := statements(t)
	for file, parsed := range sources(t) {
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GenDecl:
				return n.Tok != token.CONST
			case *ast.BasicLit:
				if n.Kind == token.STRING && sql.MatchString(n.Value) {
					t.Errorf("%s: SQL outside a constant: %s", file, n.Value)
				}
			case *ast.BinaryExpr:
				for _, side := range []ast.Expr{n.X, n.Y} {
					if id, ok := side.(*ast.Ident); ok && known[id.Name] != "" {
						t.Errorf("%s: %s is added to outside a constant", file, id.Name)
					}
				}
			case *ast.CallExpr:
				checkRewriting(t, file, n, known)
			}
			return true
		})
	}
}

// checkRewriting lets a statement go only where it is run, or through the two
// functions that widen one.
func checkRewriting(t *testing.T, file string, call *ast.CallExpr, known map[string]string) {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	runs := []string{"one", "all", "exec", "execOne", "later", "actOne", "query", "command", "candidate",
		"manyRows", "manyValues", "insertMany", "Exec", "Query", "QueryContext", "QueryRowContext", "Queue"}
	for _, arg := range call.Args {
		if id, ok := arg.(*ast.Ident); ok && known[id.Name] != "" && !slices.Contains(runs, name) {
			t.Errorf("%s: %s is handed to %s", file, id.Name, name)
		}
	}
}

// sources are the package's files without its tests.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		found[name], err = parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

var verb = regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|DO|ALTER|DROP|PRAGMA)\b`)

// statements evaluates the package's SQL constants. Fragments of statements,
// which begin with no verb, come in through the statements that use them.
func statements(t *testing.T) map[string]string {
	t.Helper()
	constants := map[string]ast.Expr{}
	for _, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			if decl, ok := n.(*ast.GenDecl); !ok || decl.Tok != token.CONST {
				return true
			}
			for _, spec := range n.(*ast.GenDecl).Specs {
				if spec := spec.(*ast.ValueSpec); len(spec.Values) == len(spec.Names) {
					for i, name := range spec.Names {
						constants[name.Name] = spec.Values[i]
					}
				}
			}
			return false
		})
	}
	found := map[string]string{}
	for name := range maps.Keys(constants) {
		if text := evaluate(constants, constants[name]); verb.MatchString(text) {
			found[name] = strings.TrimSpace(text)
		}
	}
	if len(found) < 50 {
		t.Fatalf("found only %d statements; has the way they are declared changed?", len(found))
	}
	return found
}

func evaluate(constants map[string]ast.Expr, e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value) // numbers are no text
		return text
	case *ast.BinaryExpr:
		return evaluate(constants, e.X) + evaluate(constants, e.Y)
	case *ast.Ident:
		return evaluate(constants, constants[e.Name])
	}
	return ""
}
