package api_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// Proves: G7, 5.5, 5.7
func TestOrganizationByAPI(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		handler := handlerOf(h)
		c := caller{t, handler}
		_, bearers := office(t, h, c)
		boss := bearers[identity.Admin]
		const path = "/api/v1/organization"
		c.send("GET", path, "").want(401, "sign_in_required")
		c.send("GET", path, "", bearers[identity.Member]...).want(403, "denied")
		c.send("PATCH", path, `{"settings":{"name":"Mine"}}`, bearers[identity.Manager]...).want(403, "denied")
		for body, code := range map[string]string{
			`{"settings":{"tenant_id":"x"}}`:      "unknown_setting",
			`{"settings":{"Policy":"x"}}`:         "unknown_setting",
			`{"settings":{"accent":"red;}"}}`:     "invalid_setting",
			`{"settings":{"idle-timeout":30}}`:    "invalid_body",
			`{"settings":{},"status":"x"}`:        "invalid_body",
			`{"settings":{"style":"extension"}}`:  "style_shuts_out",
			`{"settings":{"name":"A","name":""}}`: "invalid_body",
		} {
			status := 422
			if code == "style_shuts_out" {
				status = 409
			}
			c.send("PATCH", path, body, boss...).want(status, code)
		}
		for body, says := range map[string][]string{
			`{"settings":{"idle-timeout":"ages"}}`:                  {`"location":"body.settings.idle-timeout"`},
			`{"settings":{"` + strings.Repeat("x", 400) + `":"x"}}`: {`"location":"body.settings"`},
			`{"settings":{"idle-timeout":"ages","accent":"red;}","colour":"red"}}`: {`"code":"invalid_tenant"`,
				`"location":"body.settings.idle-timeout"`, `"location":"body.settings.accent"`, `"location":"body.settings.colour"`},
		} {
			said := c.send("PATCH", path, body, boss...).Body.String()
			for _, one := range says {
				if !strings.Contains(said, one) || strings.Contains(said, "xxx") {
					t.Errorf("%.60s is answered %s", body, said)
				}
			}
		}
		var shown struct{ Settings, Effective, Defaults, Floors map[string]string }
		read := func(r reply) {
			t.Helper()
			shown.Settings, shown.Effective = nil, nil
			if err := json.Unmarshal(r.Body.Bytes(), &shown); err != nil {
				t.Fatal(err)
			}
		}
		read(c.send("PATCH", path, `{"settings":{"idle-timeout":"30m","sign-in-attempts":"3"}}`, boss...).want(200, ""))
		if shown.Settings["idle-timeout"] != "30m" || shown.Effective["sign-in-attempts"] != "3" || shown.Defaults["idle-timeout"] == "30m" || shown.Effective["landing"] != "/home" {
			t.Errorf("%+v", shown)
		}
		read(c.send("PATCH", path, `{"settings":{"idle-timeout":""}}`, boss...).want(200, ""))
		read(c.send("GET", path, "", bearers[identity.Manager]...).want(200, ""))
		if shown.Settings["idle-timeout"] != "" || shown.Settings["sign-in-attempts"] != "3" || shown.Effective["idle-timeout"] != shown.Defaults["idle-timeout"] {
			t.Errorf("%+v", shown)
		}

		var picture bytes.Buffer
		if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 9, 9))); err != nil {
			t.Fatal(err)
		}
		put := func(content, media string, headers []string) int {
			r := httptest.NewRequest("PUT", path+"/logo", strings.NewReader(content))
			r.Header.Set("Content-Type", media)
			for i := 0; i+1 < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			return w.Code
		}
		for _, row := range []struct {
			content, media, role string
			want                 int
		}{
			{picture.String(), "image/png", identity.Manager, 403},
			{picture.String(), "text/html", identity.Admin, 415},
			{"<html>", "image/png", identity.Admin, 422},
			{picture.String(), "image/png", identity.Admin, 200},
		} {
			if got := put(row.content, row.media, bearers[row.role]); got != row.want {
				t.Errorf("%s as %s by %s: %d, want %d", row.content[:4], row.media, row.role, got, row.want)
			}
		}
		if logo := c.send("GET", path, "", boss...).want(200, "").field("logo"); !strings.HasPrefix(logo, "/t/acme/logo/") {
			t.Errorf("logo %q", logo)
		}
		c.send("DELETE", path+"/logo", "", bearers[identity.Manager]...).want(403, "denied")
		c.send("DELETE", path+"/logo", "", boss...).want(204, "")
		if strings.Contains(c.send("GET", path, "", boss...).Body.String(), "logo") {
			t.Error("the logo is still there")
		}
	})
}
