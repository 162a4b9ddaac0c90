package api_test

import (
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// Proves: G2, 5.2, 5.7
func TestFilesOfUsersByAPI(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		c := caller{t, handlerOf(h)}
		_, bearers := office(t, h, c)
		boss := bearers[identity.Admin]
		csv := append([]string{"Content-Type", "text/csv; charset=utf-8"}, boss...)
		const path = "/api/v1/users/import"
		good := "email,name,role\none@x.test,=One,user\ntwo@x.test,Two,manager\n"
		wrong := good + "admin@x.test,Taken,user\n"
		if r := c.send("POST", path+"?check=true", wrong, csv...).want(200, "").Body.String(); !strings.Contains(r, `"read":3,"imported":0,"invited":0,"refused":1,"lines":[{"number":4,`) {
			t.Errorf("checked: %s", r)
		}
		if r := c.send("POST", path, wrong, csv...).want(422, "import_refused").Body.String(); !strings.Contains(r, `"number":4`) {
			t.Errorf("refused: %s", r)
		}
		if r := c.send("POST", path+"?partial=true", wrong, csv...).want(200, "").Body.String(); !strings.Contains(r, `"read":3,"imported":2,"invited":2,"refused":1`) {
			t.Errorf("imported: %s", r)
		}
		c.send("POST", path, good, boss...).want(415, "wrong_content_type")
		c.send("POST", path+"?check=maybe", good, csv...).want(422, "invalid_query")
		c.send("POST", path, "email;name\n", csv...).want(422, "import_header")
		c.send("POST", path, strings.Repeat("x", 9<<20), csv...).want(413, "body_too_large")
		c.send("POST", path, "email,name,role\nfour@x.test,Four,admin\n", append(csv[:2:2], bearers[identity.Manager]...)...).want(422, "import_refused")
		c.send("POST", path, good, append(csv[:2:2], bearers[identity.Member]...)...).want(403, "denied")

		out := c.send("POST", "/api/v1/users/export", "", boss...).want(200, "")
		if text := out.Body.String(); !strings.Contains(text, "one@x.test,,'=One,user,,false\n") || strings.Contains(text, "$argon2") || out.Header().Get("Content-Type") != "text/csv; charset=utf-8" {
			t.Errorf("exported: %s", text)
		}
		c.send("POST", "/api/v1/users/export", "", bearers[identity.Manager]...).want(403, "denied")
	})
}
