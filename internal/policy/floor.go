package policy

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// ErrFloor refuses what is laxer than the operator allows any tenant to be.
var ErrFloor = problem.New(problem.Invalid, "below_floor", "The operator does not allow anything that lax.")

// A floor says which of two values of a setting is the stricter one, and what
// the operator's bound is called.
type floor struct {
	words string // before the bound
	held  func(to, chosen reflect.Value) reflect.Value
}

var (
	atMost  = floor{"at most", func(to, chosen reflect.Value) reflect.Value { return pick(to.Int() < chosen.Int(), to, chosen) }}
	atLeast = floor{"at least", func(to, chosen reflect.Value) reflect.Value { return pick(to.Int() > chosen.Int(), to, chosen) }}
	always  = floor{"always", func(to, _ reflect.Value) reflect.Value { return to }}
	allOf   = floor{"at least", func(to, chosen reflect.Value) reflect.Value {
		return reflect.ValueOf(inOrder(to.String() + "," + chosen.String()))
	}}
)

// floors are the settings that the operator may bound: times, attempts, how
// long links last, and the rules about passwords.
var floors = map[string]floor{
	"idle-timeout": atMost, "session-lifetime": atMost, "access-token-ttl": atMost, "refresh-grace": atMost,
	"sign-in-attempts": atMost, "stranger-attempts": atMost, "source-attempts": atMost, "sign-in-wait": atLeast,
	"reset-link-ttl": atMost, "invitation-ttl": atMost,
	"password-min-length": atLeast, "password-classes": allOf, "password-changes": always, "change-initial": always,
}

func pick(first bool, a, b reflect.Value) reflect.Value {
	if first {
		return a
	}
	return b
}

// ParseFloors reads the operator's bounds, each KEY=VALUE. A text without a
// key goes on with the value before it, whose commas have parted it. Errors
// name the key; they are ErrKey and ErrValue.
func ParseFloors(texts []string) (*identity.Policy, error) {
	var joined []string
	for _, text := range texts {
		if last := len(joined) - 1; last >= 0 && !strings.Contains(text, "=") {
			joined[last] += "," + text
			continue
		}
		joined = append(joined, text)
	}
	var bounds identity.Tenant
	given := map[string]bool{}
	for _, text := range joined {
		key, value, _ := strings.Cut(text, "=")
		_, can := floors[key]
		switch {
		case !can:
			return nil, ErrKey.Because("There is no floor for %q. There are: %s.", key, strings.Join(floorKeys(), ", "))
		case given[key]:
			return nil, ErrValue.Because("%s is given twice; leave one out.", key)
		case (key == "password-changes" && value == WebAndAPI) || (key == "change-initial" && value == no):
			return nil, ErrValue.Because("%s: %s forbids nothing; leave it out.", key, value)
		}
		given[key] = true
		if value == "" {
			value = "\x00" // nothing is no bound
		}
		if err := Set(&bounds, key, value); err != nil {
			return nil, err
		}
	}
	return &bounds.Policy, nil
}

// floorKeys lists the settings that the operator may bound, as Keys does.
func floorKeys() (keys []string) {
	for _, key := range Keys() {
		if _, can := floors[key]; can {
			keys = append(keys, key)
		}
	}
	return keys
}

// Above is the operator's policy with bounds that hold for every tenant, and
// for the operator's own choices too.
func Above(operator identity.Policy, bounds *identity.Policy) identity.Policy {
	operator.Floor = bounds
	hold(&operator)
	return operator
}

// hold makes p as strict as its floor.
func hold(p *identity.Policy) {
	if p.Floor == nil {
		return
	}
	bounds, values := reflect.ValueOf(p.Floor).Elem(), reflect.ValueOf(p).Elem()
	for i := range bounds.NumField() {
		if f, can := floors[keyOf(bounds.Type().Field(i))]; can && !bounds.Field(i).IsZero() {
			values.Field(i).Set(f.held(bounds.Field(i), values.Field(i)))
		}
	}
}

// SetWithin is Set for a tenant's own people: it also refuses what is laxer
// than the operator's floor (ErrFloor, naming it). What the tenant chose before
// there was a floor does not keep it from choosing something else.
func SetWithin(operator identity.Policy, t *identity.Tenant, key, value string) error {
	after := *t
	if err := Set(&after, key, value); err != nil {
		return err
	}
	if operator.Floor == nil || value == "" {
		*t = after
		return nil
	}
	held := after
	held.Policy.Floor = operator.Floor
	hold(&held.Policy)
	if Chosen(held)[key] != Chosen(after)[key] {
		message := key + ": must be " + strings.TrimPrefix(FloorText(operator, key), "always ") + ", for the operator of this installation allows nothing laxer."
		return ErrFloor.Because("%s", message).In(problem.Field{Location: key, Message: message})
	}
	*t = after
	return nil
}

// FloorText says what the operator's floor for a setting is, or "".
func FloorText(operator identity.Policy, key string) string {
	if operator.Floor == nil {
		return ""
	}
	bound := Chosen(identity.Tenant{Policy: *operator.Floor})[key]
	if bound == "" {
		return ""
	}
	return floors[key].words + " " + bound
}

// Chosen is what a tenant chose, by the keys, written as people write it in
// "tenant set"; what it did not choose is not in it.
func Chosen(t identity.Tenant) map[string]string { return chosen(t, shortly) }

func chosen(t identity.Tenant, written func(time.Duration) string) map[string]string {
	words := map[string]string{}
	if t.Style != "" {
		words["style"], words["name"] = string(t.Style), t.Name
	}
	values := reflect.ValueOf(t.Policy)
	for i := range values.NumField() {
		key, value := keyOf(values.Type().Field(i)), values.Field(i)
		if key == notKept || value.IsZero() {
			continue
		}
		switch of := value.Interface().(type) {
		case identity.Duration:
			words[key] = written(time.Duration(of))
		case int:
			words[key] = strconv.Itoa(of)
		default:
			words[key] = value.String()
		}
	}
	return words
}

// LogoPath is where a tenant's logo is shown, or "". What is behind it never
// changes: another logo has another path.
func LogoPath(t identity.Tenant) string {
	if t.Policy.Logo == "" {
		return ""
	}
	return "/t/" + t.Slug + "/logo/" + t.Policy.Logo + ".png"
}

// Differences tell from what to what a tenant's settings were changed, for the
// event about it.
func Differences(before, after identity.Tenant) map[string]string {
	old, now, detail := chosen(before, time.Duration.String), chosen(after, time.Duration.String), map[string]string{}
	for _, key := range append(Keys(), "logo") {
		if old[key] != now[key] {
			detail[key+".from"], detail[key+".to"] = old[key], now[key]
		}
	}
	return detail
}

// notKept is the JSON name of what is no tenant's choice.
const notKept = "-"

func keyOf(f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return key
}

// inOrder are the classes that a list names, in their order, each once.
func inOrder(list string) string {
	named := strings.Split(list, ",")
	return strings.Join(slices.DeleteFunc(slices.Clone(passwordClasses), func(class string) bool { return !slices.Contains(named, class) }), ",")
}

// shortly writes "4h" where Go writes "4h0m0s".
func shortly(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
