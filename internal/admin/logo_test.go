package admin_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"runtime"
	"testing"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// claim is a PNG whose head claims a size and whose rest is not there.
func claim(width, height uint32) []byte {
	head := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(head[4:], width)
	binary.BigEndian.PutUint32(head[8:], height)
	head[12], head[13] = 8, 6 // eight bits of red, green, blue and alpha
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	out = append(out, head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

func encoded(t *testing.T, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := encode(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Proves: G7, 5.5
func TestLogos(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	acme := h.AddTenant(t, "acme", identity.Workspace)
	boss := h.AddUser(t, acme, housetest.Person{Email: "boss@acme.test", Role: identity.Admin, Password: "correct horse"})
	actor := identity.Actor{User: boss.ID, Role: policy.BuiltIn(boss.Role)}
	picture := func(width, height int) image.Image { return image.NewGray(image.Rect(0, 0, width, height)) }
	small := encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, picture(40, 20)) })
	webp, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name          string
		sent          []byte
		width, height int // of what is kept; 0: refused
	}{
		{"a PNG", small, 40, 20},
		{"a JPEG", encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, picture(1000, 500), nil) }), 256, 128},
		{"a WebP", webp, 1, 1},
		{"the largest", encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, picture(4096, 16)) }), 256, 1},
		{"a picture with a page behind it", append(bytes.Clone(small), "<html><script>alert(1)</script>"...), 40, 20},
		{"one pixel too wide", encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, picture(4097, 16)) }), 0, 0},
		{"30,000 × 30,000 in a few bytes", claim(30_000, 30_000), 0, 0},
		{"another kind", encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, picture(9, 9), nil) }), 0, 0},
		{"a drawing that could run scripts", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), 0, 0},
		{"a PNG that is HTML", []byte("\x89PNG\r\n\x1a\n<html>"), 0, 0},
		{"half a PNG", small[:len(small)/2], 0, 0},
		{"nothing", nil, 0, 0},
		{"more than a megabyte", append(bytes.Clone(small), make([]byte, 1<<20)...), 0, 0},
	} {
		before, err := acme.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var start, end runtime.MemStats
		runtime.ReadMemStats(&start)
		after, err := h.Admin().SetLogo(t.Context(), acme, actor, row.sent, identity.Peer{})
		runtime.ReadMemStats(&end)
		if row.width == 0 {
			if kept, _ := acme.Get(t.Context()); !errors.Is(err, admin.ErrLogo) || kept != before {
				t.Errorf("%s: %v, %+v", row.name, err, kept)
			}
			if spent := end.TotalAlloc - start.TotalAlloc; spent > 8<<20 {
				t.Errorf("%s: %d bytes of memory before it was refused", row.name, spent)
			}
			continue
		}
		logo, lerr := acme.Logo(t.Context())
		if err != nil || lerr != nil || after.Policy.Logo != logo.Fingerprint || logo.Fingerprint == "" {
			t.Errorf("%s: %v, %v", row.name, err, lerr)
			continue
		}
		m, err := png.Decode(bytes.NewReader(logo.Picture))
		if err != nil || m.Bounds().Size() != image.Pt(row.width, row.height) || bytes.Contains(logo.Picture, []byte("script")) {
			t.Errorf("%s: kept %v, %v", row.name, m, err)
		}
	}
}
