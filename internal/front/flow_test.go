package front

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Of many links the ones opened last go on; browsers send the oldest cookie
// first.
//
// Proves: 4.1
func TestForgetFlows(t *testing.T) {
	r := &http.Request{Header: http.Header{"Cookie": {
		"__Host-flow-1=a; __Host-session=s; __Host-flow-2=b", "__Host-flow-3=c; __Host-flow-;x=d; __Host-flow-é=e; __Host-browser=f",
	}}}
	for keep, want := range []string{
		"__Host-flow-1 __Host-flow-2 __Host-flow-3 __Host-flow-", "__Host-flow-1 __Host-flow-2 __Host-flow-3",
		"__Host-flow-1 __Host-flow-2", "__Host-flow-1", "", "",
	} {
		w := httptest.NewRecorder()
		ForgetFlows(w, r, keep)
		var cleared []string
		for _, line := range w.Header().Values("Set-Cookie") {
			name, _, _ := strings.Cut(line, "=")
			cleared = append(cleared, name)
		}
		if got := strings.Join(cleared, " "); got != want {
			t.Errorf("keeping %d, %q are taken back, want %q", keep, got, want)
		}
	}
}
