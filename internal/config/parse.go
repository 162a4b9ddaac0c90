package config

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// Prefix begins the name of every environment variable of the product.
const Prefix = "VESTIBULE_"

// Input is what a program is started with.
type Input struct {
	Args    []string // without the program's name
	Environ []string // "NAME=value", as os.Environ has it
	Stdout  io.Writer
	Stderr  io.Writer
}

// A Usage error is a command line, variable or file that makes no sense. Its
// text is one sentence for standard error.
type Usage struct{ err error }

func (u *Usage) Error() string { return u.err.Error() }

// Unwrap returns the cause.
func (u *Usage) Unwrap() error { return u.err }

// ExitCode is the program's exit code for wrong usage.
func (u *Usage) ExitCode() int { return 2 }

// ErrHelp says that --help was asked for and has been answered; there is
// nothing left to do.
var ErrHelp = errors.New("help was shown")

// Parse fills cli, a pointer to a struct with kong's tags, from command line,
// environment, file and defaults, and calls Check of the chosen command's
// fields. It adds --config to the commands and never ends the process. Its
// errors are ErrHelp and *Usage.
func Parse(cli any, in Input, options ...kong.Option) (chosen *kong.Context, err error) {
	defer func() {
		switch left := recover().(type) {
		case nil:
		case leave:
			chosen, err = nil, ErrHelp
		default:
			panic(left)
		}
	}()
	found := &sources{environ: in.Environ}
	model, err := newModel(cli, append([]kong.Option{
		kong.Writers(in.Stdout, in.Stderr),
		kong.Exit(func(int) { panic(leave{}) }),
		kong.Resolvers(found),
		kong.WithBeforeResolve(found.read),
	}, options...)...)
	if err != nil {
		return nil, fmt.Errorf("command line: %w", err)
	}
	chosen, err = model.Parse(in.Args)
	if err == nil {
		err = check(chosen)
	}
	if err != nil {
		return nil, &Usage{err: plain(err, model.Model)}
	}
	return chosen, nil
}

// leave ends kong's parsing where it would end the process.
type leave struct{}

// file is the flag that names the YAML file.
type file struct {
	Config string `placeholder:"FILE" help:"A YAML file with settings; its keys are the names of the flags."`
}

const configFlag = "config"

func newModel(cli any, options ...kong.Option) (*kong.Kong, error) {
	return kong.New(cli, append([]kong.Option{
		kong.Name("vestibule"),
		kong.Embed(&file{}),
		kong.ValueFormatter(helpOf),
	}, options...)...)
}

// onlyFlag is the tag of what describes one act: a name, a role. It is taken
// from the command line alone, so that nothing left over in an environment
// becomes part of what a command does.
const onlyFlag = "only"

// helpOf is a flag's help with its default and the name of its variable.
func helpOf(value *kong.Value) string {
	if value.Flag == nil || value.Name == "help" {
		return value.Help
	}
	var more []string
	if value.Default != "" {
		more = append(more, "default "+value.Default)
	}
	if !value.Tag.Has(onlyFlag) {
		more = append(more, "$"+variable(value.Name))
	}
	if len(more) == 0 {
		return value.Help
	}
	return value.Help + " (" + strings.Join(more, ", ") + ")"
}

// check calls Check of every part of the commands that were chosen.
func check(chosen *kong.Context) error {
	for _, step := range chosen.Path {
		if step.Command == nil && step.App == nil {
			continue
		}
		target := step.Node().Target
		for i := range target.NumField() {
			part := target.Field(i)
			if !target.Type().Field(i).IsExported() || part.Kind() != reflect.Struct {
				continue
			}
			if checker, ok := part.Addr().Interface().(interface{ Check() error }); ok {
				if err := checker.Check(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
