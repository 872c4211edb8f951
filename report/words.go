package report

import (
	"fmt"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

// words says what a diagnosis holds in one language. What the catalogue does not have, such as a code of a user's own
// check, it says as the diagnosis does, in English.
type words struct {
	language  language.Tag // of the catalogue's, the one that was chosen
	localizer *i18n.Localizer
	phrases   map[string][]phrase
	// value writes what fills a blank and prose a sentence that is not the catalogue's, where a format sets them off. Nil
	// leaves them as they are.
	value, prose func(string) string
}

// wordsFor returns the words of the language that comes nearest to a tag.
func wordsFor(tag language.Tag) (words, error) {
	m, err := catalogue()
	if err != nil {
		return words{}, err
	}
	tags := m.LanguageTags()
	_, i, _ := language.NewMatcher(tags).Match(tag)
	return words{language: tags[i], localizer: i18n.NewLocalizer(m.Bundle, tags[i].String()), phrases: m.phrases}, nil
}

// translate fills a message's blanks. An error says that the language lacks the message, or that values lack a blank.
func (w words) translate(id string, count any, value func(string) (string, bool)) (string, error) {
	return w.localizer.Localize(&i18n.LocalizeConfig{MessageID: id, PluralCount: count, TemplateData: value, TemplateParser: blanks{}})
}

func (w words) fill(id string, values map[string]string) (string, error) {
	return w.translate(id, nil, func(name string) (string, bool) { v, ok := values[name]; return v, ok })
}

// valued writes something that comes from the diagnosis.
func (w words) valued(text string) string {
	if w.value == nil {
		return text
	}
	return w.value(text)
}

// english writes a sentence as the diagnosis has it.
func (w words) english(text string) string {
	if w.prose == nil {
		return text
	}
	return w.prose(text)
}

// say returns a message of the reports. pairs are the names of its blanks and what fills them.
func (w words) say(id string, pairs ...string) string {
	text, err := w.fill(id, paired(pairs))
	if err != nil && text == "" {
		return id
	}
	return text
}

// count returns a message in the form that goes with a number, which fills the blank n.
func (w words) count(id string, n int, pairs ...string) string {
	values := paired(append(pairs, "n", fmt.Sprint(n)))
	text, err := w.translate(id, n, func(name string) (string, bool) { v, ok := values[name]; return v, ok })
	if err != nil && text == "" {
		return id
	}
	return text
}

func paired(pairs []string) map[string]string {
	values := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return values
}

// summary returns a finding's sentence.
func (w words) summary(f checks.Finding) string { return w.ofCode(f, string(f.Code), f.Summary) }

// fix returns what the i-th fix of a finding says to do.
func (w words) fix(f checks.Finding, i int) string {
	return w.ofCode(f, fixID(f.Code, i), f.Fixes[i].Summary)
}

// tradeOff returns what the i-th fix of a finding costs, "" where there is no choice.
func (w words) tradeOff(f checks.Finding, i int) string {
	return w.ofCode(f, tradeOffID(f.Code, i), f.Fixes[i].TradeOff)
}

// ofCode translates what a code says with a finding's arguments.
func (w words) ofCode(f checks.Finding, id, english string) string {
	if english == "" || w.language == language.English && w.value == nil {
		return w.english(english)
	}
	text, err := w.translate(id, nil, func(name string) (string, bool) {
		v, ok := f.Args[name]
		if name == "title" {
			return w.title(f.Check, v), ok
		}
		said, _ := w.phrase(name, v)
		return said, ok
	})
	if err != nil {
		return w.english(english)
	}
	return text
}

// word returns a message that has no blanks, or what stands for it in English.
func (w words) word(id, english string) string {
	text, _ := w.fill(id, nil)
	if text == "" {
		return english
	}
	return text
}

// title returns a check's title.
func (w words) title(check, english string) string { return w.word("check."+check, english) }

// assumption returns what a diagnosis takes for granted.
func (w words) assumption(english string) string {
	return w.sentence("assumption", english)
}

// explanation returns why a finding explains the observed error, or why not.
func (w words) explanation(e checks.Explanation) string {
	return w.sentence("explanation", e.Reason)
}

func (w words) sentence(name, english string) string {
	if text, ok := w.phrase(name, english); ok {
		return text
	}
	return w.english(english)
}

// host returns a host's name. Some are phrases.
func (w words) host(name string) string {
	text, _ := w.phrase("hosts", name)
	return text
}

// The names of what a diagnosis holds.
func (w words) status(s checks.Status) string { return w.word("status."+s.String(), s.String()) }
func (w words) stage(s checks.Stage) string   { return w.word("arg.stage."+s.String(), s.String()) }
func (w words) doing(s checks.Stage) string   { return w.word("doing."+s.String(), s.String()) }
func (w words) kind(k network.Kind) string    { return w.word("hop."+string(k), string(k)) }

// passage returns whether traffic passes a hop.
func (w words) passage(s network.Status) string { return w.word("passage."+s.String(), s.String()) }

// reason returns why traffic does not pass a hop; "" where it does.
func (w words) reason(r network.Reason) string {
	if r == "" {
		return ""
	}
	return w.word("reason."+string(r), string(r))
}

// listing joins names as a sentence does. list is "list.and" or "list.or".
func (w words) listing(names []string, list string) string {
	valued := make([]string, len(names))
	for i, name := range names {
		valued[i] = w.valued(name)
	}
	last := len(names) - 1
	if last < 1 {
		return strings.Join(valued, "")
	}
	return w.say(list, "first", strings.Join(valued[:last], ", "), "last", valued[last])
}
