package report

import (
	"bufio"
	"strings"
	"unicode"
	"unicode/utf8"
)

// width is the number of columns that lines are wrapped at. A word that is longer stays whole, so that an ARN or a link
// can be copied.
const width = 100

// page lays out text. Its writer keeps the first error until it is flushed.
type page struct{ *bufio.Writer }

func (p page) line(text string) { p.paragraph("", text) }

// heading starts a section.
func (p page) heading(text string) { p.WriteString("\n" + text + "\n") }

// paragraph writes wrapped text after a lead, under whose end the further lines begin.
func (p page) paragraph(lead, text string) {
	words := strings.Fields(plain(text))
	if len(words) == 0 {
		lead = strings.TrimRight(lead, " ")
	}
	start := utf8.RuneCountInString(lead)
	column := start
	p.WriteString(lead)
	for i, word := range words {
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+length > width:
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
		rows[i].label = plain(rows[i].label)
		longest = max(longest, utf8.RuneCountInString(rows[i].label))
	}
	for _, r := range rows {
		gap := longest - utf8.RuneCountInString(r.label) + 2
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
