package report

import (
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// phrase is something that an argument may say in English: "the answer of {actions} is missing". Arguments come as text,
// from wherever a diagnosis was read, so a phrase is known by its English.
type phrase struct {
	id string
	pattern
}

// joins reports that a phrase is of two of the same argument: "{first}; {rest}".
func (p phrase) joins() bool { return slices.Contains(p.names, "rest") }

// phrasesOf returns what is said of arguments, those that join others first.
func phrasesOf(all []*i18n.Message) map[string][]phrase {
	phrases := map[string][]phrase{}
	for _, m := range all {
		if rest, ok := strings.CutPrefix(m.ID, "arg."); ok {
			name, _, _ := strings.Cut(rest, ".")
			phrases[name] = append(phrases[name], phrase{m.ID, parsePattern(m.Other)})
		}
	}
	for _, list := range phrases {
		slices.SortFunc(list, func(a, b phrase) int {
			if a.joins() != b.joins() {
				if a.joins() {
					return -1
				}
				return 1
			}
			return strings.Compare(a.id, b.id)
		})
	}
	return phrases
}

// phrase says what an argument does. ok is false for what is no phrase, such as an ID or a quotation: a value.
func (w words) phrase(name, text string) (said string, ok bool) {
	if w.language == language.English && w.value == nil {
		return text, false
	}
	for _, p := range w.phrases[name] {
		values, matches := p.match(text)
		if !matches {
			continue
		}
		known := !p.joins()
		for _, blank := range p.names { // in their order, as a mask tells accounts apart by it
			of := blank
			if p.joins() {
				of = name
			}
			value, ok := w.phrase(of, values[blank])
			values[blank], known = value, known || ok
		}
		if !known {
			continue // two things that are no phrases, joined by chance
		}
		if said, err := w.fill(p.id, values); err == nil {
			return said, true
		}
	}
	return w.valued(text), false
}
