package report

import (
	"bufio"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// page lays out text in a language. Its writer keeps the first error until it is flushed.
type page struct {
	*bufio.Writer
	words
	width int                 // the number of columns that lines are wrapped at; a word that is longer stays whole
	mask  func(string) string // of account IDs
}

func (p page) line(text string) { p.paragraph("", text) }

// heading starts a section.
func (p page) heading(text string) { p.WriteString("\n" + text + "\n") }

// paragraph writes wrapped text after a lead, under whose end the further lines begin.
func (p page) paragraph(lead, text string) {
	words := strings.Fields(p.mask(plain(text)))
	if len(words) == 0 {
		lead = strings.TrimRight(lead, " ")
	}
	start := ansi.StringWidth(lead)
	column := start
	p.WriteString(lead)
	for i, word := range words {
		length := ansi.StringWidth(word)
		switch {
		case i == 0:
		case column+1+length > p.width:
			p.WriteString("\n" + strings.Repeat(" ", start))
			column = start
		default:
			p.WriteString(" ")
			column++
		}
		p.WriteString(word)
		column += length
	}
	p.WriteString("\n")
}

// row is a label and what it says.
type row struct{ label, text string }

// rows writes rows with their texts in one column.
func (p page) rows(indent int, rows []row) {
	longest := 0
	for i := range rows {
		rows[i].label = p.mask(plain(rows[i].label))
		longest = max(longest, ansi.StringWidth(rows[i].label))
	}
	for _, r := range rows {
		gap := longest - ansi.StringWidth(r.label) + 2
		p.paragraph(strings.Repeat(" ", indent)+r.label+strings.Repeat(" ", gap), r.text)
	}
}

// plain makes a string safe to print: white space becomes blanks, and what has no shape of its own (terminal escapes,
// other controls, marks that turn the direction of text) becomes U+FFFD.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return utf8.RuneError
	}, s)
}
