package admin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	_ "image/jpeg" // so that image.Decode knows it
	"image/png"
	"sync"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // likewise

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrLogo refuses what is no picture we take.
var ErrLogo = problem.New(problem.Invalid, "logo_refused",
	"The logo must be a PNG, JPEG or WebP picture of at most 1 MB and 4096 pixels a side.")

// Bounds of a logo: of what is sent, in bytes and pixels a side, and of what is
// made of it.
const (
	MaxLogo   = 1 << 20
	maxSide   = 4096
	shownSide = 256
)

// logoFormats are the pictures that are taken, whatever else a program that
// this package is part of knows.
var logoFormats = map[string]bool{"png": true, "jpeg": true, "webp": true}

// drawing lets one logo be drawn at a time: a large one takes a hundred
// megabytes of memory for a moment.
var drawing sync.Mutex

// SetLogo gives the organization a logo. Nothing of what was sent is kept but
// the picture that is seen: it is drawn anew, at most 256 pixels a side. The
// error is ErrLogo.
func (s *Service) SetLogo(ctx context.Context, t store.Tenant, actor identity.Actor, sent []byte, from identity.Peer) (after identity.Tenant, err error) {
	defer problem.Wrap(&err, "set logo")
	if err := policy.Allow(actor, policy.OrganizationWrite); err != nil {
		return after, err // spares strangers' requests the drawing
	}
	picture, err := draws(sent)
	if err != nil {
		return after, err
	}
	sum := sha256.Sum256(picture)
	logo := store.Logo{Fingerprint: hex.EncodeToString(sum[:8]), Picture: picture}
	return s.change(ctx, t, actor, from, func(tx *store.Tx, tenant identity.Tenant) (identity.Tenant, error) {
		tenant.Policy.Logo = logo.Fingerprint
		return tenant, tx.SetLogo(ctx, logo)
	})
}

// DropLogo takes the organization's logo away; doing so again changes nothing.
func (s *Service) DropLogo(ctx context.Context, t store.Tenant, actor identity.Actor, from identity.Peer) (after identity.Tenant, err error) {
	defer problem.Wrap(&err, "drop logo")
	return s.change(ctx, t, actor, from, func(tx *store.Tx, tenant identity.Tenant) (identity.Tenant, error) {
		tenant.Policy.Logo = ""
		return tenant, tx.DropLogo(ctx)
	})
}

// draws makes a small PNG of a picture. How large the picture is, is looked at
// before any of it is unpacked: a few bytes can claim to be gigabytes.
func draws(sent []byte) ([]byte, error) {
	if len(sent) > MaxLogo {
		return nil, ErrLogo
	}
	about, format, err := image.DecodeConfig(bytes.NewReader(sent))
	if err != nil || !logoFormats[format] || min(about.Width, about.Height) < 1 || max(about.Width, about.Height) > maxSide {
		return nil, ErrLogo
	}
	drawing.Lock()
	defer drawing.Unlock()
	whole, _, err := image.Decode(bytes.NewReader(sent))
	if err != nil {
		return nil, ErrLogo
	}
	size := whole.Bounds().Size()
	if longer := max(size.X, size.Y); longer > shownSide {
		size = image.Pt(max(1, size.X*shownSide/longer), max(1, size.Y*shownSide/longer))
	}
	small := image.NewNRGBA(image.Rectangle{Max: size})
	draw.CatmullRom.Scale(small, small.Bounds(), whole, whole.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small)
	return out.Bytes(), err
}
