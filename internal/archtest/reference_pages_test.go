package archtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/web"
)

const pagesHead = `# Pages that act

Every form there is, with its twin: the [call](api.md) that does the same by the same use case. Who gets which answer from
each of them, and from every call, is in [routes.txt](../../internal/server/testdata/routes.txt), which a test asks for.

| form | who may | the call that does the same |
|---|---|---|
`

func pagesReference(*source) (string, error) {
	var rows []string
	for _, page := range (&web.Pages{}).Routes() {
		if strings.HasPrefix(page.Pattern, "GET ") {
			continue
		}
		who, twin := "signed in", "`"+page.Twin+"`"
		if page.Guard.Check(front.Nobody) == nil {
			who = "anyone"
		}
		if page.Twin == "" {
			twin = "none: " + page.Alone
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |\n", page.Pattern, who, cell(twin)))
	}
	slices.Sort(rows)
	return pagesHead + strings.Join(rows, ""), nil
}
