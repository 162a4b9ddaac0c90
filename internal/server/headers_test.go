package server_test

import (
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Whoever answers, a page, the API, the mux itself or what is served beside
// them: the headers are there. The tables of routes are gone through where they
// stand.
//
// Proves: 3.5
func TestWhateverAnswersCarriesTheHeaders(t *testing.T) {
	s := assemble(t, housetest.New(t, storetest.Address(t, "sqlite")), nil)
	for _, path := range []string{"/", "/login", "/nothing", "/api/", "/api/v1/sessions", "/api/v1/openapi.json", "//login", "/a/../login", "/api/../login", "/readyz", "/assets/none"} {
		for _, method := range []string{"GET", "POST", "TRACE"} {
			header := ask(s, method, path, "", "").Header()
			for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy",
				"Cross-Origin-Resource-Policy", "Permissions-Policy", "X-Frame-Options", "Cache-Control", "Strict-Transport-Security"} {
				if header.Get(name) == "" {
					t.Errorf("%s %s: no %s", method, path, name)
				}
			}
		}
	}
}
