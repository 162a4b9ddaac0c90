package front

import (
	"net/http"
	"strings"
)

// ForgetFlows takes flow cookies back until at most keep are left: whoever has
// opened so many links does not come back to most of them, and a header has no
// room for all.
func ForgetFlows(w http.ResponseWriter, r *http.Request, keep int) {
	eachCookie(r, func(name, _ string) {
		id, isFlow := strings.CutPrefix(name, FlowCookie)
		if !isFlow || strings.ContainsFunc(id, notCookie) {
			return
		}
		if keep--; keep < 0 {
			ClearCookie(w, name)
		}
	})
}
