package moving

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image/png"
	"strings"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// A checker holds what stands in a file to the rules of everybody else who
// brings something in: whoever wrote the file knew the passphrase, and that is
// all that is known of them. What is wrong it answers as part of a sentence,
// without the value; "" is nothing.
type checker struct {
	tenant tenantLine
	roles  map[string]bool   // that the file brings along
	titles map[string]bool   // of these roles
	called map[[16]byte]bool // the users who are invited
	admins int               // the active ones, so far
}

// header checks what the first line says of the tenant.
func (c *checker) header(h header) string {
	c.tenant, c.roles, c.titles, c.called = h.Tenant, map[string]bool{}, map[string]bool{}, map[[16]byte]bool{}
	t := h.Tenant
	if slug, err := identity.ParseSlug(t.Slug); err != nil || slug != t.Slug {
		return "the tenant's slug is none"
	}
	if !isID(string(t.ID), "ten") || t.ID == identity.Nowhere {
		return "the tenant's id is none"
	}
	if t.Status != identity.TenantActive && t.Status != identity.TenantSuspended {
		return "the tenant has an unknown status"
	}
	probe := identity.Tenant{}
	if policy.Set(&probe, "name", t.Name) != nil || probe.Name != t.Name || policy.Set(&probe, "style", string(t.Style)) != nil {
		return "the tenant's name or style will not do"
	}
	if h.Chain.BasePlace < 0 || h.Chain.BasePlace > 1<<50 || len(h.Chain.BaseMAC) > 64 {
		return "the trail begins nowhere"
	}
	if !fits(h.Chain.Head, 200) || !fits(h.Chain.Broken, 1000) {
		return "what is said of the trail will not do"
	}
	if made := t.CreatedAt; !made.IsZero() && !isTime(made.UnixMicro()) {
		return "the tenant is of no time there is"
	}
	return c.policy(t.Policy, probe)
}

// policy checks every setting as if it were set here.
func (c *checker) policy(p identity.Policy, probe identity.Tenant) string {
	if p.Logo != "" {
		if raw, err := hex.DecodeString(p.Logo); err != nil || len(raw) > 64 {
			return "the logo's fingerprint is none"
		}
		p.Logo, probe.Policy.Logo = "", p.Logo
	}
	text, err := json.Marshal(p)
	if err != nil {
		return "the settings will not do"
	}
	chosen := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&chosen); err != nil {
		return "the settings will not do"
	}
	for key, value := range chosen {
		if policy.Set(&probe, key, fmt.Sprint(value)) != nil {
			return "the setting " + key + " will not do"
		}
	}
	p.Logo = probe.Policy.Logo
	if probe.Policy != p {
		return "a setting is written in another way than here"
	}
	return ""
}

// row checks a row of a sheet by itself. That it is there once, and that what
// it points at is there, the database sees.
func (c *checker) row(sheet store.Sheet, row []any) string {
	f := fields{sheet, row}
	if why := f.bounded(); why != "" {
		return why
	}
	switch sheet.Name {
	case "logos":
		return c.logo(f)
	case "roles":
		return c.ownRole(f)
	case "users":
		return c.user(f)
	case "links":
		return c.link(f)
	case "invitations":
		if !isID(f.text("id"), "inn") || !c.role(f.text("role")) || !isEmail(f.text("email")) {
			return "the invitation's id, address or role will not do"
		}
		if !isNoneOrID(f.text("invited_by"), "usr") || !isNoneOrID(f.text("link_id"), "lnk") {
			return "who invited, or with which link, will not do"
		}
	case "events":
		return c.event(f)
	}
	return ""
}

func (c *checker) role(name string) bool {
	return policy.BuiltIn(name).Name != "" || c.roles[name]
}

// ownRole lets in whatever an installation ever let exist: titles that look alike
// or mix scripts, and permissions without what they need, which they get on the
// way in. Only who would be taken for a built-in role stays out.
func (c *checker) ownRole(f fields) string {
	name, permissions := f.text("name"), f.text("permissions")
	if !parses(identity.ParseRoleName, name) || name == "new" || policy.BuiltIn(name).Name != "" { // “new” is a page's
		return "the role's name will not do"
	}
	title := f.text("title")
	if !parses(policy.ParseKeptTitle, title) {
		return "the title of the role " + name + " will not do"
	}
	if like := policy.Resembles(title); like.Name != "" {
		return "the title of the role " + name + " looks like that of the built-in role " + like.Title + "; give it another where the file comes from"
	}
	if c.titles[title] {
		return "another role has the title of the role " + name
	}
	c.titles[title] = true
	if rank := f.number("rank"); rank < policy.MinRank || rank > policy.MaxRank {
		return "the role's rank is not from 1 to 99"
	}
	known, err := policy.ParseKeptPermissions(strings.Fields(permissions))
	if said := problem.Of(err); said != nil {
		return "of the role's permissions: " + strings.TrimSuffix(said.Message, ".")
	}
	if string(known) != permissions { // equal sets are equal values
		return "the role's permissions are in another order than here"
	}
	if len(c.roles) >= policy.MaxOwnRoles {
		return "there are too many roles"
	}
	c.roles[name] = true
	return ""
}

// maxLogo is as large as a picture gets here, encoded, in bytes.
const maxLogo = 1 << 20

func (c *checker) logo(f fields) string {
	picture := f.bytes("picture")
	if shape, err := png.DecodeConfig(bytes.NewReader(picture)); err != nil || len(picture) > maxLogo || shape.Width > 4096 || shape.Height > 4096 {
		return "the logo is no picture of ours"
	}
	if f.text("fingerprint") != c.tenant.Policy.Logo {
		return "the logo is another than the tenant's"
	}
	return ""
}
