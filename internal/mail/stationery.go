package mail

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	text "text/template"

	"golang.org/x/text/language"
)

//go:embed words/*.json templates/letter.*
var builtIn embed.FS

// The files an operator may put into a folder of their own; beside them, words
// of further languages, such as “de.json”.
const (
	htmlFile = "letter.html"
	textFile = "letter.txt"
	jsonEnd  = ".json"
	original = "en"
)

// Stationery is what letters are written on and with: the catalogue and the
// two templates.
type Stationery struct {
	words   []words // beside languages
	matcher language.Matcher
	tags    []language.Tag
	html    *template.Template
	text    *text.Template
}

// NewStationery reads the built-in words and templates and lays the operator's
// folder over them; "" is none. Words of a file replace those of the built-in
// file of the language, letter by letter; a language we do not have begins
// with English. An error names the file and the line.
func NewStationery(folder string) (*Stationery, error) {
	s := &Stationery{}
	english, err := builtInWords(original, words{})
	if err != nil {
		return nil, err
	}
	indonesian, err := builtInWords("id", words{})
	if err != nil {
		return nil, err
	}
	s.add(language.English, english)
	s.add(language.Indonesian, indonesian)
	sheets := map[string]string{}
	for _, name := range []string{htmlFile, textFile} {
		content, err := builtIn.ReadFile("templates/" + name)
		if err != nil {
			return nil, err
		}
		sheets[name] = string(content)
	}
	if folder != "" {
		if err := s.overlay(folder, sheets); err != nil {
			return nil, err
		}
	}
	s.matcher = language.NewMatcher(s.tags)
	if s.html, err = template.New(htmlFile).Option("missingkey=error").Parse(sheets[htmlFile]); err != nil {
		return nil, errors.New(named(err, htmlFile, folder))
	}
	if s.text, err = text.New(textFile).Funcs(text.FuncMap{"wrap": wrap}).Option("missingkey=error").Parse(sheets[textFile]); err != nil {
		return nil, errors.New(named(err, textFile, folder))
	}
	return s, s.tryAll(folder)
}

func builtInWords(name string, base words) (words, error) {
	content, err := builtIn.ReadFile("words/" + name + jsonEnd)
	if err != nil {
		return words{}, err
	}
	return parseWords(name+jsonEnd, content, base)
}

func (s *Stationery) add(tag language.Tag, w words) {
	if i := slices.Index(s.tags, tag); i >= 0 {
		s.words[i] = w
		return
	}
	s.tags, s.words = append(s.tags, tag), append(s.words, w)
}

// maxOverlay bounds a file of the operator's folder, in bytes.
const maxOverlay = 1 << 20

// overlay reads the operator's folder. A file it does not know is refused: a
// misspelt name would be ignored for ever.
func (s *Stationery) overlay(folder string, sheets map[string]string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		file := path.Join(folder, name)
		content, err := readOverlay(folder, name)
		if err != nil {
			return err
		}
		code, isWords := strings.CutSuffix(name, jsonEnd)
		switch {
		case sheets[name] != "":
			sheets[name] = content
		case isWords:
			tag, err := language.Parse(code)
			if err != nil {
				return fmt.Errorf("%s: its name is no language, such as de.json", file)
			}
			base := s.words[0]
			if i := slices.Index(s.tags, tag); i >= 0 {
				base = s.words[i]
			}
			w, err := parseWords(file, []byte(content), base)
			if err != nil {
				return err
			}
			s.add(tag, w)
		default:
			return fmt.Errorf("%s: is neither %s nor %s nor words of a language, such as de.json", file, htmlFile, textFile)
		}
	}
	return nil
}

func readOverlay(folder, name string) (string, error) {
	file := path.Join(folder, name)
	info, err := fs.Stat(os.DirFS(folder), name)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular() || info.Size() > maxOverlay || info.Size() == 0:
		return "", fmt.Errorf("%s: is not a file of 1 byte to 1 MB", file)
	}
	content, err := os.ReadFile(file)
	return string(content), err
}

// tryAll writes every letter in every language, so that what a template gets
// wrong shows before the first person waits for a letter.
func (s *Stationery) tryAll(folder string) error {
	for i := range s.tags {
		for _, kind := range kinds {
			for _, facts := range []Facts{sample, {}} {
				if _, err := s.write(i, kind, facts); err != nil {
					return errors.New(named(err, "", folder))
				}
			}
		}
	}
	return nil
}

// named puts a template's error, which begins “template: letter.html:12:”,
// behind the folder the template came from.
func named(err error, file, folder string) string {
	said := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "html/template:"), "template: ")
	if folder == "" || !strings.HasPrefix(said, "letter.") {
		return strings.TrimSpace(said)
	}
	return path.Join(folder, said)
}
