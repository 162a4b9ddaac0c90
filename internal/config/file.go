package config

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"
)

// fromFile reads a YAML file whose keys are the names of flags. A value is
// plain, or a list of plain ones where the flag takes several. A file that
// holds a secret is refused, like a key file, when others may read it.
func fromFile(path string, flags map[string]*kong.Flag) (map[string]value, error) {
	text, err := readFile(path, 0)
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	top, err := mapping(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	given := map[string]value{}
	for i := 0; i+1 < len(top); i += 2 {
		key, content := top[i], top[i+1]
		from := fmt.Sprintf("%s, line %d: %s", path, key.Line, key.Value)
		flag, ok := flags[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			return nil, fmt.Errorf("%s, line %d: a key must be the name of a flag", path, key.Line)
		case ok && flag.Tag.Has(onlyFlag):
			return nil, fmt.Errorf("%s is not a known key: --%s is a flag of a command only", from, key.Value)
		case !ok || key.Value == configFlag:
			return nil, fmt.Errorf("%s is not a known key%s", from, didYouMean(key.Value, settings(flags)))
		}
		if _, twice := given[key.Value]; twice {
			return nil, fmt.Errorf("%s is there twice", from)
		}
		v, err := valueOf(content, flag)
		if err != nil {
			return nil, fmt.Errorf("%s %w", from, err)
		}
		v.from = from
		given[key.Value] = v
		if flag.Target.Type() == reflect.TypeFor[Secret]() {
			if _, err := ReadKeyFile(path); err != nil {
				return nil, fmt.Errorf("--config: holds %s, but %w", key.Value, err)
			}
		}
	}
	return given, nil
}

// mapping returns keys and values of the one document in a text, in turn. An
// empty document has none.
func mapping(text string) ([]*yaml.Node, error) {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, unreadable(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("must hold one document")
	}
	top := document.Content[0]
	switch {
	case top.Kind == yaml.ScalarNode && top.Tag == "!!null":
		return nil, nil
	case top.Kind != yaml.MappingNode:
		return nil, fmt.Errorf("line %d: must be lines of NAME: VALUE", top.Line)
	}
	return top.Content, nil
}

var yamlLine = regexp.MustCompile(`line \d+`)

// unreadable keeps of a YAML error only where it is: the rest may repeat what
// the file holds.
func unreadable(err error) error {
	if line := yamlLine.FindString(err.Error()); line != "" {
		return fmt.Errorf("%s: is not readable as YAML", line)
	}
	return errors.New("is not readable as YAML; is a value with special characters not in quotes?")
}

// valueOf is the text of a value or of a list of values.
func valueOf(content *yaml.Node, flag *kong.Flag) (value, error) {
	switch {
	case content.Kind == yaml.ScalarNode && content.Tag == "!!null":
		return value{}, errors.New("has no value; leave the key out or write \"\"")
	case content.Kind == yaml.ScalarNode:
		return value{text: content.Value}, nil
	case content.Kind != yaml.SequenceNode:
		return value{}, errors.New("takes a plain value")
	}
	var texts []string
	for _, item := range content.Content {
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			return value{}, errors.New("takes a list of plain values")
		}
		texts = append(texts, item.Value)
	}
	return value{text: kong.JoinEscaped(texts, flag.Tag.Sep), list: true}, nil
}
