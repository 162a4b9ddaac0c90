package web_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

// dot is a picture of a size, as PNG.
func dot(t *testing.T, width, height int) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	m.Set(0, 0, color.NRGBA{R: 200, A: 255})
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// uploadLogo sends a picture as the page's form does.
func (b *browser) uploadLogo(picture []byte, fields ...string) *browser {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		if err := w.WriteField(name, value); err != nil {
			b.t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("logo", "logo.png")
	if err != nil {
		b.t.Fatal(err)
	}
	part.Write(picture)
	w.Close()
	return b.postRaw("/admin/organization/logo", w.FormDataContentType(), body.String())
}

// Every setting is on the page with what is chosen, the default and the floor.
//
// Proves: G7, 5.5
func TestOrganizationPage(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		acme, _, boss, manager := bureau(t, s, identity.Workspace)
		bounds, err := policy.ParseFloors([]string{"idle-timeout=5h"})
		if err != nil {
			t.Fatal(err)
		}
		s.pages.Admin.Operator = policy.Above(s.pages.Admin.Operator, bounds)
		page := boss.get("/admin/organization").expect(200, "<h1>Organization</h1>", "Unless you choose: 4h (4 hours).", "at most 5h").body
		for _, key := range policy.Keys() {
			if n := strings.Count(page, `name="was.`+key+`"`); n != 1 {
				t.Errorf("%s is on the page %d times", key, n)
			}
		}
		save := func(fields ...string) *browser {
			return boss.act("/admin/organization", "/admin/organization", fields...)
		}
		save("was.idle-timeout=", "idle-timeout=30m", "was.name=Acme Inc.", "name=Acme & Co", "was.landing=", "landing=/phone").expect(303, "/admin/organization?done=saved")
		kept, err := acme.Get(t.Context())
		if err != nil || time.Duration(kept.Policy.IdleTimeout) != 30*time.Minute || kept.Name != "Acme & Co" || kept.Policy.Landing != "/phone" {
			t.Fatalf("%+v, %v", kept, err)
		}
		boss.get("/admin/organization?done=saved").expect(200, "Saved.", `value="30m"`, `value="/phone" selected`, "Acme & Co")

		// Who would sign everybody out at once is asked first.
		save("was.idle-timeout=30m", "idle-timeout=1s", "was.session-lifetime=", "session-lifetime=299s").
			expect(422, "Nothing was saved", "who pause for longer than this are signed out, you too", "Everybody is signed out so long after signing in", `value="1s"`, `name="sure.idle-timeout" value="yes">`, `name="sure.session-lifetime" value="yes">`)
		save("was.idle-timeout=30m", "idle-timeout=1s", "sure.idle-timeout=yes", "was.session-lifetime=", "session-lifetime=0s").
			expect(422, "This must be", `name="sure.idle-timeout" value="yes" checked>`)
		save("was.accent=", "accent=red;", "was.sign-in-wait=", "sign-in-wait=ages").
			expect(422, "Nothing was saved: Accent Colour and Wait are not right yet.", `value="red;"`, `value="ages"`)
		for _, sent := range []string{"", "no", "YES", "yes,no"} {
			save("was.idle-timeout=30m", "idle-timeout=1s", "sure.idle-timeout="+sent).expect(422, "Nothing was saved", `name="sure.idle-timeout" value="yes">`)
		}
		save("was.idle-timeout=30m", "idle-timeout=299s", "sure.idle-timeout=yes").expect(303, "/admin/organization?done=saved")
		boss.get("/admin/organization").expect(200, `value="4m59s"`).lacks("sure.")
		save("was.idle-timeout=4m59s", "idle-timeout=5m").expect(303, "/admin/organization?done=saved")
		save("was.idle-timeout=5m", "idle-timeout=30m").expect(303, "/admin/organization?done=saved")

		// Somebody else has changed it meanwhile: what this form has not touched
		// stays as they have it.
		save("was.idle-timeout=", "idle-timeout=", "was.imprint=", "imprint=https://acme.test/imprint").expect(303)
		if kept, _ := acme.Get(t.Context()); time.Duration(kept.Policy.IdleTimeout) != 30*time.Minute || kept.Policy.Imprint == "" {
			t.Errorf("%+v", kept)
		}
		save("was.idle-timeout=30m", "idle-timeout=6h", "was.accent=", "accent=#123456").expect(422, "must be at most 5h", `value="6h"`, `value="#123456"`, "Nothing was saved")
		save("was.accent=", "accent=red;}body{").expect(422, "like #0a66c2")
		save("was.name=Acme & Co", "name=").expect(422, "a name of 1 to 200 characters")
		save("was.idle-timeout=30m", "idle-timeout=30m").expect(303, "/admin/organization?done=same")
		save("was.password-classes=", "password-classes.digit=yes", "password-classes.lower=yes", "was.privacy=", "privacy=https://acme.test/privacy").expect(303)
		if kept, _ := acme.Get(t.Context()); kept.Policy.PasswordClasses != "lower,digit" || kept.Policy.Accent != "" {
			t.Errorf("%+v", kept)
		}
		s.browser(t).get("/t/acme/login").expect(200, `href="https://acme.test/imprint"`, `href="https://acme.test/privacy"`)
		s.browser(t).get("/login").expect(200).lacks("acme.test/imprint")

		manager.get("/admin/organization").expect(200, "30m").lacks("<button>Upload", `name="was.name"`)
		manager.act("/admin/organization", "/admin/organization", "was.name=x", "name=Mine").expect(403)
		s.browser(t).get("/admin/organization").expect(303)
	})
}

// Proves: G7, 5.5
func TestLogoOnThePage(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		acme, _, boss, manager := bureau(t, s, identity.Workspace)
		s.AddTenant(t, "twin", identity.Workspace)
		bound := boss.get("/admin/organization").expect(200).bound()
		boss.uploadLogo(dot(t, 300, 100), bound...).expect(303, "/admin/organization?done=logo")
		kept, err := acme.Get(t.Context())
		path := policy.LogoPath(kept)
		if err != nil || path == "" {
			t.Fatalf("%q, %v", path, err)
		}
		boss.get("/home").expect(200, `<img class="logo" src="`+path+`" alt="">`)
		stranger := s.browser(t)
		stranger.get("/t/acme/login").expect(200, `<img class="logo" src="`+path+`" alt="">`)
		stranger.get(path).expect(200)
		if m, err := png.Decode(strings.NewReader(stranger.body)); err != nil || m.Bounds().Dx() != 256 || m.Bounds().Dy() != 85 {
			t.Errorf("the picture is %v, %v", m, err)
		}
		for name, want := range map[string]string{"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": front.APICSP, "Cache-Control": "public, max-age=31536000, immutable"} {
			if got := stranger.answer.Get(name); got != want {
				t.Errorf("%s: %s", name, got)
			}
		}
		for _, other := range []string{strings.Replace(path, "acme", "twin", 1), strings.Replace(path, "acme", "nobody", 1), "/t/acme/logo/0000000000000000.png", "/t/acme/logo/x"} {
			stranger.get(other).expect(404)
		}
		for _, bad := range [][]byte{nil, []byte("<html><script>alert(1)</script>"), append([]byte("\x89PNG\r\n\x1a\n"), "<script>"...), make([]byte, 1<<20+1), make([]byte, 2<<20)} {
			boss.uploadLogo(bad, bound...).expect(422, "The logo must be a PNG, JPEG or WebP picture")
		}
		// Without the session's own form it is refused, and for whoever may not.
		boss.uploadLogo(dot(t, 1, 1)).expect(409)
		boss.uploadLogo(dot(t, 1, 1), append(bound, bound[0])...).expect(422)
		manager.uploadLogo(dot(t, 1, 1), manager.get("/home").bound()...).expect(403)
		if after, _ := acme.Get(t.Context()); after != kept {
			t.Errorf("changed: %+v", after)
		}
		boss.act("/admin/organization", "/admin/organization/logo/remove").expect(303)
		boss.get("/home").expect(200).lacks(path)
		stranger.get(path).expect(404)
	})
}

// What comes too late is shown again, filled in.
//
// Proves: W10, 5.5
func TestLateOrganizationForm(t *testing.T) {
	s := sqlite(t)
	acme, _, boss, _ := bureau(t, s, identity.Workspace)
	fields := append(boss.get("/admin/organization").expect(200).bound(), "was.imprint=", "imprint=https://acme.test/late")
	s.Clock.Advance(5 * time.Hour)
	boss.post("/admin/organization", fields...).expect(303)
	_, query, _ := strings.Cut(boss.answer.Get("Location"), "?")
	boss.post("/t/acme/login?"+query, "email=boss@acme.test", right).arrive().expect(200, `value="https://acme.test/late"`, "nothing has been changed yet")
	if kept, _ := acme.Get(t.Context()); kept.Policy.Imprint != "" {
		t.Error("it was executed")
	}
}
