package report

import (
	"embed"
	"fmt"
	"slices"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"github.com/canpull/canpull/checks"
)

// lang holds a file for each language: what it calls the IDs of messages. What English says of a code stands in package
// checks, so en.json has the rest only. Another language is one more file.
//
//	role.absent             the sentence of a code
//	role.absent.fix.0       its first remedy
//	role.absent.tradeOff.0  what that one costs
//	check.route             the title of a check
//	arg.reason.missing      what an argument called reason may say: see words.phrase
//	stage.… status.… hop.…  and other words of the reports
//
//go:embed lang/*.json
var lang embed.FS

// messages are those of all languages.
type messages struct {
	*i18n.Bundle
	phrases map[string][]phrase // what arguments may say in English, by their names
}

// catalogue reads the languages once; nothing changes them after that.
var catalogue = sync.OnceValues(func() (m messages, err error) {
	m = messages{i18n.NewBundle(language.English), map[string][]phrase{}}
	files, err := lang.ReadDir("lang")
	if err != nil {
		return m, err
	}
	for _, entry := range files {
		text, err := lang.ReadFile("lang/" + entry.Name())
		if err != nil {
			return m, err
		}
		file, err := m.ParseMessageFileBytes(text, entry.Name())
		if err != nil {
			return m, fmt.Errorf("report: lang/%s: %w", entry.Name(), err)
		}
		if file.Tag == language.English {
			m.phrases = phrasesOf(file.Messages)
		}
	}
	return m, m.AddMessages(language.English, source()...)
})

// source is what package checks says in English.
func source() (said []*i18n.Message) {
	add := func(id, text string) {
		if text != "" {
			said = append(said, &i18n.Message{ID: id, Other: text})
		}
	}
	checkers := checks.Default(checks.Sources{})
	for _, c := range checkers {
		add("check."+c.Info().ID, c.Info().Title)
	}
	for code, m := range checks.Meanings(checkers...) {
		add(string(code), m.Text)
		for i, r := range m.Fixes {
			add(fixID(code, i), r.Text)
			add(tradeOffID(code, i), r.TradeOff)
		}
	}
	return said
}

func fixID(code checks.Code, i int) string      { return fmt.Sprintf("%s.fix.%d", code, i) }
func tradeOffID(code checks.Code, i int) string { return fmt.Sprintf("%s.tradeOff.%d", code, i) }

// Languages returns the languages that reports can be written in, English first.
func Languages() []language.Tag {
	m, err := catalogue()
	if err != nil { // of the files that are embedded, so a test would have failed
		return []language.Tag{language.English}
	}
	return slices.Clone(m.LanguageTags())
}
