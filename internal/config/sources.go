package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// A value is what a source other than the command line says about a flag.
type value struct {
	text string
	from string // what to call the source in a message
	list bool   // the file has a list here
}

// sources finds the values of flags in the environment and the file. kong's
// own environment reading is not used: there a file beats the environment, and
// messages repeat values.
type sources struct {
	environ []string
	given   map[string]value // by the flag's name
}

// read is called by kong before flags are resolved, once for each step of the
// command line.
func (s *sources) read(chosen *kong.Context) error {
	if s.given != nil {
		return nil
	}
	flags := flagsOf(chosen.Model)
	given, err := fromEnvironment(s.environ, flags)
	if err != nil {
		return err
	}
	path := given[configFlag].text
	if named, ok := chosen.FlagValue(flags[configFlag]).(string); ok && named != "" {
		path = named
	}
	if path != "" {
		inFile, err := fromFile(path, flags)
		if err != nil {
			return err
		}
		for name, v := range inFile {
			if _, ok := given[name]; !ok {
				given[name] = v
			}
		}
	}
	s.given = given
	return nil
}

// flagsOf collects the flags of all commands by name. Commands that share a
// name share its meaning.
func flagsOf(app *kong.Application) map[string]*kong.Flag {
	flags := map[string]*kong.Flag{}
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && flag.Name != "help" {
			flags[flag.Name] = flag
		}
		return next(nil)
	})
	return flags
}

// Validate is asked for by kong; read has refused unknown names already.
func (s *sources) Validate(*kong.Application) error { return nil }

// Resolve tells kong what the environment or else the file says about a flag.
func (s *sources) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	v, ok := s.given[flag.Name]
	if !ok {
		return nil, nil
	}
	if v.list && flag.Target.Kind() != reflect.Slice {
		return nil, fmt.Errorf("%s takes one value, not a list", v.from)
	}
	trial := reflect.New(flag.Target.Type()).Elem()
	scan := kong.Scan().PushTyped(v.text, kong.FlagValueToken)
	if err := flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: scan}, trial); err != nil {
		return nil, fmt.Errorf("%s must be %s", v.from, kindOf(flag))
	}
	if flag.Enum != "" && !slices.Contains(flag.EnumSlice(), v.text) {
		return nil, fmt.Errorf("%s must be one of %s", v.from, strings.Join(flag.EnumSlice(), ", "))
	}
	return v.text, nil
}

// kindOf says what a flag's value looks like, so that messages need not repeat
// what was given.
func kindOf(flag *kong.Flag) string {
	switch flag.Target.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Int64:
		return "a duration such as 30m or 4h"
	}
	return "a value for " + flag.PlaceHolder
}

// variable is the name of a flag's environment variable.
func variable(flag string) string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// foreign are variables that begin like ours and are not: those of our tests,
// and those Kubernetes sets for a service called vestibule.
var foreign = regexp.MustCompile(`^VESTIBULE_(TEST_.*|SERVICE_HOST|SERVICE_PORT(_.+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// fromEnvironment reads VESTIBULE_X, or the file VESTIBULE_X_FILE names.
func fromEnvironment(environ []string, flags map[string]*kong.Flag) (map[string]value, error) {
	names := map[string]string{} // variable → flag
	for flag := range settings(flags) {
		names[variable(flag)] = flag
	}
	given := map[string]value{}
	for _, entry := range slices.Sorted(slices.Values(environ)) {
		name, text, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, Prefix) || foreign.MatchString(name) {
			continue
		}
		flag, ok := names[name]
		if !ok {
			base, isFile := strings.CutSuffix(name, "_FILE")
			if flag, ok = names[base]; !isFile || !ok {
				return nil, fmt.Errorf("unknown environment variable %s%s", name, instead(name, names, flags))
			}
			if flag == configFlag {
				return nil, fmt.Errorf("%s is not taken; name the file in %s", name, base)
			}
			var err error
			if text, err = fileOf(flags[flag], text); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		if before, twice := given[flag]; twice && before.from != name {
			return nil, fmt.Errorf("%s and %s are both set; leave one out", before.from, name)
		}
		given[flag] = value{text: text, from: name}
	}
	return given, nil
}

// settings are the flags that other sources may give.
func settings(flags map[string]*kong.Flag) map[string]*kong.Flag {
	taken := maps.Clone(flags)
	maps.DeleteFunc(taken, func(_ string, flag *kong.Flag) bool { return flag.Tag.Has(onlyFlag) })
	return taken
}

// instead says what to do instead of setting an unknown variable.
func instead(name string, names map[string]string, flags map[string]*kong.Flag) string {
	for flag := range flags {
		if v := variable(flag); names[v] == "" && (name == v || name == v+"_FILE") {
			return fmt.Sprintf(": --%s is a flag of a command only", flag)
		}
	}
	return didYouMean(name, names)
}

// fileOf reads the value of a flag from a file of its own.
func fileOf(flag *kong.Flag, path string) (string, error) {
	if path == "" {
		return "", errors.New("is empty; it must name a file")
	}
	if flag.Target.Type() == reflect.TypeFor[Secret]() {
		key, err := ReadKeyFile(path)
		return string(key), err
	}
	return readFile(path, os.FileMode(0))
}

// didYouMean suggests the nearest of some names, if one is near.
func didYouMean[V any](name string, names map[string]V) string {
	best, least := "", 4
	for candidate := range names {
		d := distance(name, candidate)
		if d < least || d == least && candidate < best {
			best, least = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %s?", best)
}

// distance is how many letters must be put in, left out or changed to get from
// one name to another.
func distance(from, to string) int {
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(from) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(to) {
			change := diagonal
			if from[i] != to[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(to)]
}
