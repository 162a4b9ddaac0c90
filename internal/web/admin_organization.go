package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

const organizationPath = "/admin/organization"

func (p *Pages) organizationRoutes() []front.Route {
	write := front.Can(policy.OrganizationWrite)
	return []front.Route{
		front.Get(organizationPath, front.Can(policy.OrganizationRead), p.opened(p.organization)),
		front.Post(organizationPath, write, p.sent(p.changeOrganization)).Like("PATCH /api/v1/organization"),
		front.Post("/admin/organization/logo", write, p.setLogo).Like("PUT /api/v1/organization/logo"),
		front.Post("/admin/organization/logo/remove", write, p.sent(p.dropLogo)).Like("DELETE /api/v1/organization/logo"),
		front.Get("/t/{slug}/logo/{file}", front.Anyone, p.logo),
	}
}

// organizationDone is what the page says after something has been done.
var organizationDone = map[string]string{
	"saved": "Saved. It holds from now on.", "same": "Nothing was different, so nothing was changed.",
	"logo": "The logo was changed.", "logo-gone": "The logo was taken away.",
}

type organizationPage struct {
	frame
	Parts    []tab // on the left
	Cards    []organizationCard
	MayWrite bool
	Done     string // may be empty
	Problem  string // one sentence, where no field has one
	LogoSays string // what is wrong with the picture that was sent
}

// An organizationCard is one form of the page.
type organizationCard struct {
	ID, Title string
	Settings  []shownSetting
}

// A shownSetting is one key of the tenant's settings, as a person sees it.
type shownSetting struct {
	Input   field
	Was     string       // what is chosen now; "" for nothing
	Holds   string       // for those who may not write
	Options []chosenWord // a list to choose one of
	Boxes   []chosenWord // or any of
	Sure    chosenWord   // asks whether it is meant; no Value: nothing to ask
}

// A chosenWord is a value with its words.
type chosenWord struct {
	Value, Text string
	Chosen      bool
}

// settingWords are the keys of the settings as the page has them.
var settingWords = []struct {
	id, title string
	settings  []settingWord
}{
	{"look", "Name and appearance", []settingWord{
		{key: "name", label: "Name"},
		{key: "accent", label: "Accent Colour", hint: "Like #0a66c2. It is kept readable in light and dark."},
		{key: "language", label: "Language", hint: "Of letters to people who have chosen none.", options: []string{"en", "English", "id", "Bahasa Indonesia"}},
		{key: "time-zone", label: "Time Zone", hint: "Of times shown to people who have chosen none: a name like Europe/Berlin."},
	}},
	{"contact", "Contact", []settingWord{
		{key: "support-contact", label: "Support Contact", hint: "Whom people ask for help: an address, a number or a place."},
		{key: "imprint", label: "Imprint", hint: "The address of a page, linked where people sign in."},
		{key: "privacy", label: "Privacy Notice", hint: "Likewise."},
		{key: "mail-sender", label: "Sender of Letters", hint: "The name letters come from. Unless you choose: your organization’s name."},
	}},
	{"sign-in", "Sign-in", []settingWord{
		{key: "style", label: "Sign-in Style", options: []string{"workspace", "Tenant slug and email address", "extension", "Extension and tenant code", "email", "Email address alone"}},
		{key: "landing", label: "First Page", hint: "Where people arrive after signing in.", options: []string{"/home", "Home", "/phone", "Phone"}},
		{key: "sign-in-attempts", label: "Attempts", hint: "Failed ones of one person at one place before a wait."},
		{key: "sign-in-wait", label: "Wait", hint: "How long it is."},
		{key: "stranger-attempts", label: "Attempts of Strangers", hint: "Failed ones on one person from all unknown browsers."},
		{key: "source-attempts", label: "Attempts of a Source", hint: "Failed ones from one network address on anybody."},
	}},
	{"times", "Sessions", []settingWord{
		{key: "idle-timeout", label: "Idle Time", hint: "A session ends when its person has done nothing for so long."},
		{key: "session-lifetime", label: "Longest Session", hint: "It ends then whatever its person does."},
		{key: "access-token-ttl", label: "Access Token", hint: "How long one lasts before it is renewed in the background."},
		{key: "refresh-grace", label: "Repeated Renewal", hint: "How long the same renewal gets the same answer."},
	}},
	{"links", "Links in letters", []settingWord{
		{key: "reset-link-ttl", label: "Reset Links", hint: "How long they work."},
		{key: "invitation-ttl", label: "Invitations", hint: "How long they can be accepted."},
	}},
	{"passwords", "Passwords", []settingWord{
		{key: "password-min-length", label: "Fewest Characters", hint: "From 8 to 64."},
		{key: "password-classes", label: "Compulsory Characters", hint: "Long passwords are better than such rules, which make people choose alike.",
			boxes: []string{"lower", "Lower-case letters", "upper", "Upper-case letters", "digit", "Numbers", "special", "Special characters"}},
		{key: "change-initial", label: "Initial Passwords", options: []string{"yes", "Must be changed at the first sign-in", "no", "May be kept"}},
		{key: "password-changes", label: "Password Changes", options: []string{"web", "On these pages only", "web+api", "On these pages and by programs"}},
	}},
	{"audit", "Audit trail", []settingWord{
		{key: "audit-retention", label: "Events Are Kept", hint: "Older ones are given up."},
	}},
}

// A settingWord is a key with its words; of options and boxes each value is
// followed by its words.
type settingWord struct {
	key, label, hint string
	options, boxes   []string
}

// wasName, sureName and boxName are fields beside that of a key: what was chosen
// when the page was made, that it is meant, and one of several boxes.
func wasName(key string) string        { return "was." + key }
func sureName(key string) string       { return "sure." + key }
func boxName(key, value string) string { return key + "." + value }

func (p *Pages) organization(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	v.Page = organizationPath
	pg, err := p.organizationPage(r, v, nil)
	if err != nil {
		return err
	}
	typed, err := p.refill(r, v, &pg.frame)
	if err != nil {
		return err
	}
	if len(typed) > 0 {
		note := pg.Note
		if pg, err = p.organizationPage(r, v, typed); err != nil {
			return err
		}
		pg.Note = note
	}
	pg.Done = organizationDone[only(r.URL.Query(), doneName)]
	return render(w, http.StatusOK, pg)
}

// organizationPage shows what is chosen or, of a form, what was typed.
func (p *Pages) organizationPage(r *http.Request, v *front.Visit, typed form) (pg organizationPage, err error) {
	pg = organizationPage{frame: p.room("Organization", v), MayWrite: allowed(v, policy.OrganizationWrite)}
	t, err := p.Admin.Organization(r.Context(), p.office(v), v.Actor)
	if err != nil {
		return pg, err
	}
	pg.Tenant.Policy.Logo = t.Policy.Logo
	chosen := policy.Chosen(t)
	defaults := policy.Chosen(identity.Tenant{Policy: p.Admin.Operator})
	defaults["landing"] = policy.Landing(identity.Tenant{Style: t.Style, Policy: p.Admin.Operator})
	t.Policy = policy.Effective(p.Admin.Operator, t.Policy)
	holds := policy.Chosen(t)
	holds["landing"] = policy.Landing(t)
	for _, words := range settingWords {
		card := organizationCard{ID: words.id, Title: words.title}
		for _, word := range words.settings {
			was := chosen[word.key]
			value := typed.orElse(word, was)
			setting := word.shown(p.Admin.Operator, value, was, defaults[word.key], holds[word.key])
			if value != was && signsOutSoon(word.key, value) {
				setting.Sure = chosenWord{sureName(word.key), "Yes, sign people out that soon", typed.sure(word.key)}
			}
			card.Settings = append(card.Settings, setting)
		}
		pg.Cards, pg.Parts = append(pg.Cards, card), append(pg.Parts, tab{Text: card.Title, To: "#" + card.ID})
	}
	return pg, nil
}

// orElse is what was typed for a setting, if the form had it.
func (f form) orElse(word settingWord, otherwise string) string {
	if !f.has(wasName(word.key)) {
		return otherwise
	}
	return f.setting(word)
}

// setting is a setting as a form has it; boxes are put together.
func (f form) setting(word settingWord) string {
	if word.boxes == nil {
		return strings.TrimSpace(f[word.key])
	}
	var ticked []string
	for i := 0; i < len(word.boxes); i += 2 {
		if f.has(boxName(word.key, word.boxes[i])) {
			ticked = append(ticked, word.boxes[i])
		}
	}
	return strings.Join(ticked, ",")
}

func (word settingWord) shown(operator identity.Policy, value, was, otherwise, holds string) shownSetting {
	s := shownSetting{Was: was, Holds: word.text(holds),
		Input: field{Name: word.key, Label: word.label, Type: "text", Autocomplete: "off", Value: value, Optional: word.key != "name"}}
	hints := []string{word.hint}
	if otherwise != "" && word.options == nil {
		hints = append(hints, "Unless you choose: "+word.text(otherwise)+".")
	}
	if bound := policy.FloorText(operator, word.key); bound != "" {
		hints = append(hints, "The operator allows nothing laxer: "+bound+".")
	}
	if was != "" && holds != was {
		hints = append(hints, "So "+word.text(holds)+" holds, whatever is chosen here.")
	}
	s.Input.Hint = strings.TrimSpace(strings.Join(hints, " "))
	if word.options != nil && word.key != "style" {
		s.Options = append(s.Options, chosenWord{Text: strings.TrimSuffix("Not chosen: "+word.text(otherwise), ": "), Chosen: value == ""})
	}
	for i := 0; i < len(word.options); i += 2 {
		s.Options = append(s.Options, chosenWord{word.options[i], word.options[i+1], word.options[i] == value})
	}
	ticked := strings.Split(value, ",")
	for i := 0; i < len(word.boxes); i += 2 {
		s.Boxes = append(s.Boxes, chosenWord{boxName(word.key, word.boxes[i]), word.boxes[i+1], slices.Contains(ticked, word.boxes[i])})
	}
	return s
}

// text is a value in the words of its setting.
func (word settingWord) text(value string) string {
	for i := 0; i < len(word.options); i += 2 {
		if word.options[i] == value {
			return word.options[i+1]
		}
	}
	if long, err := time.ParseDuration(value); err == nil && long > 0 {
		return value + " (" + inDays(long) + ")"
	}
	return value
}

// inDays is inWords, in days where a time is some.
func inDays(long time.Duration) string {
	const day = 24 * time.Hour
	if long > day && long%day == 0 {
		return fmt.Sprintf("%d days", long/day)
	}
	return inWords(long)
}

// changeOrganization changes what the form has otherwise than when it was
// opened. What somebody else has changed meanwhile stays as they have it.
func (p *Pages) changeOrganization(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	changes := map[string]string{}
	for _, words := range settingWords {
		for _, word := range words.settings {
			if was := wasName(word.key); f.has(was) && f.setting(word) != f[was] {
				changes[word.key] = f.setting(word)
			}
		}
	}
	if len(changes) == 0 {
		return turned(w, r, organizationPath, "same")
	}
	if err := f.surely(changes); err != nil {
		return p.organizationAgain(w, r, v, f, err)
	}
	if _, err := p.Admin.SetOrganization(r.Context(), p.office(v), v.Actor, changes, v.Peer); err != nil {
		return p.organizationAgain(w, r, v, f, err)
	}
	return turned(w, r, organizationPath, "saved")
}

// organizationAgain shows the page with what is wrong; an accident is for the
// door.
func (p *Pages) organizationAgain(w http.ResponseWriter, r *http.Request, v *front.Visit, f form, err error) error {
	about := again(err)
	if about == nil {
		return err
	}
	v.Page = organizationPath
	pg, err := p.organizationPage(r, v, f)
	if err != nil {
		return err
	}
	pg.Problem = sentence(about)
	var wrong []string
	for _, card := range pg.Cards {
		for i := range card.Settings {
			input := &card.Settings[i].Input
			if input.Error = messageFor(about, input.Name); input.Error != "" {
				if _, said, refused := strings.Cut(input.Error, ": must be "); refused {
					input.Error = "This must be " + said
					wrong = append(wrong, input.Label)
				}
				input.Wrong, input.Focus = true, len(wrong) < 2
			}
		}
	}
	switch len(wrong) {
	case 0:
	case 1:
		pg.Problem = "Nothing was saved: " + wrong[0] + " is not right yet."
	default:
		pg.Problem = "Nothing was saved: " + list(wrong) + " are not right yet."
	}
	return render(w, front.Status(about.Kind), pg)
}
