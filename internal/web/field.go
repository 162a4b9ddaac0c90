package web

import (
	"strings"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// A field is one input of a form, as the template "field" shows it.
type field struct {
	Name, Label  string
	Type         string
	Autocomplete string // HTML, section 4.10.18.7
	Error        string // what is wrong with it, below it; may be empty
	Hint         string // below it; may be empty
	Below        *link  // below it; may be nil
	Value        string // what was typed; never a password
	Focus        bool   // the first that has yet to be filled in
	Wrong        bool   // the sentence above the form is about it
	Optional     bool
	Advice       *advice // below a new password; else nil
}

// A link leads elsewhere.
type link struct{ Text, To string }

// DescribedBy names the elements that say more about the field (WAI-ARIA 1.2,
// aria-describedby): what is wrong with it, or else the sentence above the form.
func (f field) DescribedBy() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, f.Name+"-error")
	} else if f.Wrong {
		ids = append(ids, "problem")
	}
	if f.Hint != "" && f.Error == "" { // what is wrong stands in its place
		ids = append(ids, f.Name+"-hint")
	}
	if f.Advice != nil {
		ids = append(ids, f.Name+"-advice")
	}
	return strings.Join(ids, " ")
}

// The longest name that is looked at, in bytes: more than any slug, address or
// username has.
const maxName = 320

// What the manuals of the styles call the way to a new password.
var forgotWords = map[identity.Style]string{
	identity.Workspace: "Forgot Password?", identity.Extension: "Forgot password?", identity.Email: "Forgot Password",
}

// slugHint says what the slug is, and where to find it.
const slugHint = "The short name of your organization, like acme-corp. It is in your invitation."

// nameWord is what people may forget besides their password where they sign in.
func (at place) nameWord() string {
	switch {
	case at.style == identity.Extension && at.told():
		return "extension"
	case at.style == identity.Extension:
		return "username"
	case at.style == identity.Workspace && !at.told():
		return "slug or email address"
	}
	return "email address"
}

// signInFields are the fields of a place's style, with what was typed kept.
func signInFields(at place, f form) []field {
	slug := field{Name: "tenant", Label: "Tenant Slug", Type: "text", Autocomplete: "organization",
		Hint: slugHint}
	email := field{Name: "email", Label: "Email Address", Type: "email", Autocomplete: "username"}
	username := field{Name: "username", Label: "Username", Type: "text", Autocomplete: "username",
		Hint: "Your extension and tenant code, like 201-example."}
	password := field{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password",
		Below: &link{Text: forgotWords[at.style], To: at.forgot()}}
	var fields []field
	switch {
	case at.style == identity.Extension && at.told():
		username.Hint = "Your extension, like 201."
		fields = []field{username, password}
	case at.style == identity.Extension:
		fields = []field{username, password}
	case at.style == identity.Workspace && !at.told():
		fields = []field{slug, email, password}
	default:
		fields = []field{email, password}
	}
	keep(fields, f)
	return fields
}

// keep fills in what was typed but for passwords, and sets the focus.
func keep(fields []field, f form) {
	focused := false
	for i := range fields {
		if fields[i].Type != "password" {
			fields[i].Value = f[fields[i].Name]
		}
		fields[i].Focus = !focused && fields[i].Value == ""
		focused = focused || fields[i].Focus
	}
}

// checkFields says which fields are empty or too long, in one sentence.
func checkFields(fields []field, f form) error {
	var empty, long []string
	var wrong []problem.Field
	for _, one := range fields {
		switch text := f[one.Name]; {
		case strings.Trim(text, " \t") == "":
			empty = append(empty, one.Label)
			wrong = append(wrong, problem.Field{Location: "body." + one.Name, Message: "This field is needed here."})
		case one.Type != "password" && len(text) > maxName:
			long = append(long, one.Label)
			wrong = append(wrong, problem.Field{Location: "body." + one.Name, Message: "This field is too long."})
		}
	}
	switch {
	case len(empty) > 0:
		return ErrForm.Because("Fill in %s.", list(empty)).In(wrong...)
	case len(long) > 0:
		return ErrForm.Because("Shorten %s.", list(long)).In(wrong...)
	}
	return nil
}

// messageFor is what a problem says about a field, or "".
func messageFor(p *problem.Problem, field string) string {
	for _, f := range p.Fields {
		if strings.TrimPrefix(f.Location, "body.") == field {
			return f.Message
		}
	}
	return ""
}

// list is "a", "a and b", "a, b and c".
func list(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
