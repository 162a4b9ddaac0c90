package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// What the library that reads the command line says, in its words.
var (
	lacksValue   = regexp.MustCompile(`^--([a-z-]+): expected \S+ value but got "EOL"`)
	badValue     = regexp.MustCompile(`^--([a-z-]+): (time: |expected |bool value must be)`)
	badEnum      = regexp.MustCompile(`^--([a-z-]+) must be one of (.*) but got `)
	lacksCommand = regexp.MustCompile(`^expected one of (.*)$`)
	lacksWord    = regexp.MustCompile(`^expected "(.*)"$`)
)

// plain puts the library's commonest complaints into sentences that say what
// is wanted, and that repeat no value. Others are left as they are.
func plain(err error, app *kong.Application) error {
	flags, text := flagsOf(app), err.Error()
	if found := lacksValue.FindStringSubmatch(text); found != nil {
		return fmt.Errorf("--%s needs a value", found[1])
	}
	if found := badValue.FindStringSubmatch(text); found != nil && flags[found[1]] != nil {
		return fmt.Errorf("--%s must be %s", found[1], kindOf(flags[found[1]]))
	}
	if found := badEnum.FindStringSubmatch(text); found != nil {
		words := strings.ReplaceAll(strings.TrimPrefix(found[2], `"",`), `"`, "")
		return fmt.Errorf("--%s must be one of %s", found[1], strings.ReplaceAll(words, ",", ", "))
	}
	if found := lacksCommand.FindStringSubmatch(text); found != nil {
		return fmt.Errorf("a command is missing, one of %s; --help lists them all", strings.ReplaceAll(found[1], `"`, ""))
	}
	if found := lacksWord.FindStringSubmatch(text); found != nil {
		return errors.New("missing: " + strings.ToUpper(strings.NewReplacer("<", "", ">", "").Replace(found[1])) + "; --help tells more")
	}
	return err
}
