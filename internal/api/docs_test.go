package api_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/api"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// People read in a browser what every call takes and answers, without any
// script or anything from elsewhere.
//
// Proves: 2.8
func TestTheManual(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	c := caller{t, handlerOf(h)}
	r := c.send("GET", "/api/docs", "").want(200, "")
	if csp := r.Header().Get("Content-Security-Policy"); csp != front.PageCSP {
		t.Errorf("the policy is %s", csp)
	}
	text := r.Body.String()
	for _, route := range (&api.API{SignIn: h.SignIn, Sessions: h.Sessions, Product: "Vestibule"}).Routes() {
		method, path, _ := strings.Cut(route.Pattern, " ")
		if strings.HasPrefix(path, "/api/v1/") && path != "/api/v1/openapi.json" &&
			!strings.Contains(text, "<b>"+method+"</b> <code>"+path+"</code></h2>") {
			t.Errorf("%s is not in the manual", route.Pattern)
		}
	}
	for _, want := range []string{
		"<code>refresh_token</code>", "<code>user.email</code>", "<code>items[].kind</code>", "One of browser, program.",
		"string, in the path", "invalid_credentials", `<span class="tag">signed in</span>`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the manual lacks %s", want)
		}
	}
	for _, not := range []string{"<script", "style=", "<iframe", "<img", "$schema"} {
		if strings.Contains(text, not) {
			t.Errorf("there is %s in the manual", not)
		}
	}
	for _, found := range regexp.MustCompile(`(?:href|src)="([^#"][^"]*)"`).FindAllStringSubmatch(text, -1) {
		if address := found[1]; address != "data:," {
			c.send("GET", address, "").want(200, "")
		}
	}
}
