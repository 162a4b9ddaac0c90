package store_test

import (
	"regexp"
	"slices"
	"strings"
)

// scopedTables have a tenant_id; TestEveryTableIsWalledOff holds the list to
// the schema.
var scopedTables = []string{"tenants", "imports", "users", "sessions", "lanes", "browsers", "events", "secrets", "signing_keys", "tasks", "due", "addresses", "links", "invitations", "kept_forms", "unsealed", "chain", "chain_heads", "logos", "moves", "operator_tokens", "once", "roles"}

var (
	tableWord  = regexp.MustCompile(`\b(FROM|JOIN|UPDATE|INTO)\s+(\w+)(?:\s+(?:AS\s+)?(\w+))?`)
	insertHead = regexp.MustCompile(`^INSERT INTO (\w+) \(tenant_id\b[^)]*\)\s+VALUES \(\$1\b`)
	conflict   = regexp.MustCompile(`\bON CONFLICT \(`)
	goodTarget = regexp.MustCompile(`\bON CONFLICT \(tenant_id\b`)
	givesAway  = regexp.MustCompile(`\bSET\b.*\btenant_id = .*\bWHERE\b`)
)

// unbound says how a statement fails to bind its tenant as $1: every table of
// every query in it must, by a predicate that no OR can get around, or by a
// chain of equalities from one that does.
func unbound(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if givesAway.MatchString(strings.SplitAfter(text, " WHERE ")[0]) {
		return "moves a row to another tenant"
	}
	if conflict.MatchString(text) && !goodTarget.MatchString(text) {
		return "meets rows of other tenants in a conflict"
	}
	if strings.HasPrefix(text, "INSERT") && !insertHead.MatchString(text) {
		return "does not insert its tenant as $1"
	}
	for _, block := range blocks(text) {
		if why := unboundBlock(block); why != "" {
			return why
		}
	}
	return ""
}

// blocks are the queries of a statement, each without what it has in brackets.
func blocks(text string) (list []string) {
	var outer strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '(' {
			outer.WriteByte(text[i])
			continue
		}
		end, depth := i, 0
		for ; end < len(text); end++ {
			switch text[end] {
			case '(':
				depth++
			case ')':
				depth--
			}
			if depth == 0 {
				break
			}
		}
		list = append(list, blocks(text[i+1:min(end, len(text))])...)
		outer.WriteString("()")
		i = end
	}
	return append(list, strings.Split(outer.String(), " UNION ALL ")...)
}

func unboundBlock(block string) string {
	var names, tables []string
	for _, m := range tableWord.FindAllStringSubmatch(block, -1) {
		table, alias := m[2], m[3]
		if !slices.Contains(scopedTables, table) || strings.HasPrefix(block, "INSERT") && m[1] == "INTO" {
			continue
		}
		if alias == "" || strings.ToUpper(alias) == alias { // no alias but the next word of SQL
			alias = table
		}
		names, tables = append(names, alias), append(tables, table)
	}
	if len(names) == 0 {
		return ""
	}
	_, condition, _ := strings.Cut(block, " WHERE ")
	if strings.Contains(condition, " OR ") {
		return "has an alternative beside its conditions"
	}
	bound := map[string]bool{}
	for range names { // a chain is at most as long as there are tables
		for _, name := range names {
			if binds(block, name, len(names) == 1, bound) {
				bound[name] = true
			}
		}
	}
	for i, name := range names {
		if !bound[name] {
			return "does not bind the tenant of " + tables[i] + " as $1"
		}
	}
	return ""
}

func binds(block, name string, alone bool, bound map[string]bool) bool {
	if regexp.MustCompile(`\b`+name+`\.tenant_id = \$1(\D|$)`).MatchString(block) ||
		alone && regexp.MustCompile(`[^.\w]tenant_id = \$1(\D|$)`).MatchString(block) {
		return true
	}
	for other := range bound {
		if strings.Contains(block, name+".tenant_id = "+other+".tenant_id") || strings.Contains(block, other+".tenant_id = "+name+".tenant_id") {
			return true
		}
	}
	return false
}
