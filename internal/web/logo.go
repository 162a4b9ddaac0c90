package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// LogoPath is where the tenant's logo is; "" where it has none.
func (f frame) LogoPath() string { return policy.LogoPath(f.Tenant) }

// logo shows a tenant's logo to anybody: the sign-in page has it. It is a
// picture of ours by now, and opened as a page it can do nothing (front.APICSP).
func (p *Pages) logo(w http.ResponseWriter, r *http.Request, _ *front.Visit) error {
	at, err := p.place(r)
	if err != nil {
		return front.ErrNoRoute
	}
	found, err := p.logoAt(r.Context(), at)
	if errors.Is(err, problem.NotFound) || err == nil && found.Fingerprint+".png" != r.PathValue("file") {
		return front.ErrNoRoute
	} else if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("ETag", `"`+found.Fingerprint+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(found.Picture))
	return nil
}

// setLogo takes a picture. The form is of another kind than all others, so it
// is bound to its session here.
func (p *Pages) setLogo(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	f, picture, err := readPicture(w, r)
	if again(err) != nil && f.has(formTokenField) {
		return p.logoAgain(w, r, v, err)
	} else if err != nil {
		return err
	}
	if err := p.checkBinding(f, v); err != nil {
		return err
	}
	if v.Live, err = p.Sessions.Interact(r.Context(), v.Live); err != nil {
		return err
	}
	if _, err := p.Admin.SetLogo(r.Context(), p.office(v), v.Actor, picture, v.Peer); err != nil {
		return p.logoAgain(w, r, v, err)
	}
	return turned(w, r, organizationPath, "logo")
}

func (p *Pages) dropLogo(w http.ResponseWriter, r *http.Request, v *front.Visit, _ form) error {
	if _, err := p.Admin.DropLogo(r.Context(), p.office(v), v.Actor, v.Peer); err != nil {
		return err
	}
	return turned(w, r, organizationPath, "logo-gone")
}

func (p *Pages) logoAgain(w http.ResponseWriter, r *http.Request, v *front.Visit, err error) error {
	about := again(err)
	if about == nil {
		return err
	}
	v.Page = organizationPath
	pg, err := p.organizationPage(r, v, nil)
	if err != nil {
		return err
	}
	pg.LogoSays = sentence(about)
	return render(w, front.Status(about.Kind), pg)
}

// The field a picture comes in, and the longest text beside it, in bytes.
const (
	logoField  = "logo"
	maxBeside  = 4 << 10
	partsOfOne = 8
)

// readPicture reads a form that brings a picture (RFC 7578), in memory and no
// more of it than there may be. As in readForm, no field may come twice.
func readPicture(w http.ResponseWriter, r *http.Request) (f form, picture []byte, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, admin.MaxLogo+partsOfOne*maxBeside)
	parts, err := r.MultipartReader()
	if err != nil || r.Header.Get("Content-Encoding") != "" {
		return nil, nil, front.ErrContentType.Because("The form must be sent as multipart/form-data.")
	}
	f = form{}
	for range partsOfOne {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f, picture, nil
		} else if err != nil {
			return f, nil, unreadPicture(err)
		}
		name, limit := part.FormName(), int64(maxBeside)
		if name == logoField {
			limit = admin.MaxLogo
		}
		content, err := io.ReadAll(io.LimitReader(part, limit+1))
		switch {
		case err != nil:
			return f, nil, unreadPicture(err)
		case f.has(name):
			return f, nil, ErrForm.Because("A field of the form was sent more than once.")
		case int64(len(content)) > limit && name == logoField:
			return f, nil, admin.ErrLogo
		case int64(len(content)) > limit || name != logoField && !utf8.Valid(content):
			return f, nil, ErrForm
		}
		if f[name] = string(content); name == logoField {
			f[name], picture = "", content
		}
	}
	return f, nil, ErrForm
}

// unreadPicture says why the rest of an upload was not read.
func unreadPicture(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return admin.ErrLogo
	}
	return ErrForm.Because("The form did not arrive whole.")
}
