package front

import (
	"net/http"
	"strings"
)

// ForgetFlows takes flow cookies back until at most keep are left: whoever has
// opened so many links does not come back to most of them, and a header has no
// room for all. The newest stay; browsers send them last (RFC 6265, section
// 5.4).
func ForgetFlows(w http.ResponseWriter, r *http.Request, keep int) {
	var flows []string
	eachCookie(r, func(name, _ string) {
		if id, isFlow := strings.CutPrefix(name, FlowCookie); isFlow && !strings.ContainsFunc(id, notCookie) {
			flows = append(flows, name)
		}
	})
	for _, name := range flows[:max(len(flows)-keep, 0)] {
		ClearCookie(w, name)
	}
}
