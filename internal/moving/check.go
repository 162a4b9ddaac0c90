package moving

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image/png"
	"slices"
	"strings"
	"unicode"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// A checker holds what stands in a file to the rules of everybody else who
// brings something in: whoever wrote the file knew the passphrase, and that is
// all that is known of them. What is wrong it answers as part of a sentence,
// without the value; "" is nothing.
type checker struct {
	tenant tenantLine
	roles  map[string]bool // that the file brings along
}

// header checks what the first line says of the tenant.
func (c *checker) header(h header) string {
	c.tenant, c.roles = h.Tenant, map[string]bool{}
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
	switch sheet.Name {
	case "logos":
		return c.logo(f)
	case "roles":
		return c.ownRole(f)
	case "users":
		return c.user(f)
	case "links":
		if !isID(f.text("id"), "lnk") || f.text("purpose") != string(identity.InvitationLink) {
			return "the link is none of an invitation"
		}
	case "invitations":
		if !isID(f.text("id"), "inn") || !c.role(f.text("role")) || !isEmail(f.text("email")) {
			return "the invitation's id, address or role will not do"
		}
	case "events":
		return c.event(f)
	}
	return ""
}

func (c *checker) user(f fields) string {
	name, extension := f.text("name"), f.text("extension")
	status := identity.UserStatus(f.text("status"))
	switch {
	case !isID(f.text("id"), "usr"):
		return "the user's id is none"
	case !isEmail(f.text("email")):
		return "the user's address is none"
	case extension != "" && !parses(identity.ParseExtension, extension):
		return "the user's extension is none"
	case name != "" && !parses(identity.ParseName, name):
		return "the user's name will not do"
	case !c.role(f.text("role")):
		return "the user's role is not in the file"
	case !slices.Contains([]identity.UserStatus{identity.Invited, identity.Active, identity.Deactivated}, status):
		return "the user has an unknown status"
	case f.number("lot") < 0 || f.number("credential") < 0:
		return "the user has a number that will not do"
	case !parses(identity.ParseLanguage, f.text("language")) || !parses(identity.ParseTimeZone, f.text("time_zone")):
		return "the user's language or time zone is none"
	case !troubled(f):
		return "why the user's mail does not arrive will not do"
	}
	if hash := f.text("password"); hash != "" {
		if _, err := secret.Accept(hash); err != nil {
			return "the user's password hash cannot be used: " + err.Error()
		}
	}
	return ""
}

// maxAnswer is more than is ever kept of what a mail server said, in bytes.
const maxAnswer = 2000

// troubled: a kind of trouble with an answer on one line and its time, or none
// of the three.
func troubled(f fields) bool {
	answer, at := f.text("mail_answer"), f.number("mail_trouble_at")
	switch f.text("mail_trouble") {
	case "":
		return answer == "" && at == 0
	case identity.MailRefused, identity.MailBounced:
		return at > 0 && len(answer) <= maxAnswer && !strings.ContainsFunc(answer, unicode.IsControl)
	}
	return false
}

func (c *checker) role(name string) bool {
	return policy.BuiltIn(name).Name != "" || c.roles[name]
}

func (c *checker) ownRole(f fields) string {
	name, permissions := f.text("name"), f.text("permissions")
	if !parses(identity.ParseRoleName, name) || name == "new" || policy.BuiltIn(name).Name != "" { // “new” is a page's
		return "the role's name will not do"
	}
	if !parses(policy.ParseTitle, f.text("title")) {
		return "the role's title will not do"
	}
	if rank := f.number("rank"); rank < policy.MinRank || rank > policy.MaxRank {
		return "the role's rank is not from 1 to 99"
	}
	known, err := policy.ParsePermissions(strings.Fields(permissions))
	if err != nil {
		return "the role has a permission that is unknown here"
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

func (c *checker) event(f fields) string {
	detail := map[string]string{}
	switch erased := len(f.bytes("personal")) > 0; {
	case !isID(f.text("id"), "evt") || f.text("kind") == "":
		return "the event has no id or no kind"
	case json.Unmarshal([]byte(f.text("detail")), &detail) != nil:
		return "the event's detail is none"
	case erased && (f.text("address") != "" || f.text("user_agent") != "" || f.text("detail") != nothing):
		return "the event says what was erased"
	}
	return ""
}

// fields reads a row by the names of its columns.
type fields struct {
	sheet store.Sheet
	row   []any
}

func (f fields) text(column string) string {
	text, _ := f.row[f.sheet.At(column)].(string)
	return text
}

func (f fields) number(column string) int64 { return f.row[f.sheet.At(column)].(int64) }
func (f fields) bytes(column string) []byte { return f.row[f.sheet.At(column)].([]byte) }

func isID(text, prefix string) bool {
	_, err := identity.Bytes(text)
	return err == nil && strings.HasPrefix(text, prefix+"_")
}

// isEmail: the empty text is none, and that is right.
func isEmail(text string) bool {
	email, err := identity.ParseEmail(text)
	return text == "" || err == nil && email.Typed == text
}

// parses reports whether a text is what people may type, as it is kept.
func parses(parse func(string) (string, error), text string) bool {
	kept, err := parse(text)
	return err == nil && kept == text
}
