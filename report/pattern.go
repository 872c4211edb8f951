package report

import (
	"fmt"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// blanks parses messages with named blanks, "{subject} exists.", as those of package checks are.
type blanks struct{}

func (blanks) Cacheable() bool { return true }

func (blanks) Parse(src, _, _ string) (template.ParsedTemplate, error) { return parsePattern(src), nil }

// pattern is a message: texts, and between each two a blank.
type pattern struct{ texts, names []string }

func parsePattern(src string) (p pattern) {
	text := ""
	for {
		before, rest, found := strings.Cut(src, "{")
		name, after, closed := strings.Cut(rest, "}")
		text += before
		switch {
		case !found:
			p.texts = append(p.texts, text)
			return p
		case !closed || strings.Trim(name, letters) != "" || name == "": // a brace that opens no blank
			text += "{"
			src = rest
		default:
			p.texts, p.names = append(p.texts, text), append(p.names, name)
			text, src = "", after
		}
	}
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// Execute fills the blanks. data is a func(name string) (value string, ok bool); a blank that it does not know is an
// error.
func (p pattern) Execute(data any) (string, error) {
	value := data.(func(string) (string, bool))
	var b strings.Builder
	for i, name := range p.names {
		v, ok := value(name)
		if !ok {
			return "", fmt.Errorf("report: nothing fills the blank %s", name)
		}
		b.WriteString(p.texts[i])
		b.WriteString(v)
	}
	b.WriteString(p.texts[len(p.names)])
	return b.String(), nil
}

// match returns what fills the blanks where a text is this message, each as short as it can be.
func (p pattern) match(text string) (values map[string]string, ok bool) {
	text, ok = strings.CutPrefix(text, p.texts[0])
	if !ok || len(p.names) == 0 {
		return nil, ok && text == ""
	}
	values = map[string]string{}
	last := len(p.names) - 1
	for i, name := range p.names[:last] {
		if values[name], text, ok = strings.Cut(text, p.texts[i+1]); !ok {
			return nil, false
		}
	}
	values[p.names[last]], ok = strings.CutSuffix(text, p.texts[last+1])
	return values, ok
}
