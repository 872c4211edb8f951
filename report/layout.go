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
	width int // the number of columns that lines are wrapped at; a word that is longer stays whole
	color bool
	mask  func(string) string // of account IDs
}

// The styles of a terminal. What they set off is said in words or signs too.
var (
	plainly  = ansi.Style{}
	strong   = ansi.NewStyle(ansi.AttrBold)
	faint    = ansi.NewStyle(ansi.AttrFaint)
	failing  = ansi.NewStyle(ansi.AttrBold, ansi.AttrRedForegroundColor)
	warning  = ansi.NewStyle(ansi.AttrYellowForegroundColor)
	passing  = ansi.NewStyle(ansi.AttrGreenForegroundColor)
	commands = ansi.NewStyle(ansi.AttrCyanForegroundColor)
)

// span is text in one style.
type span struct {
	text  string
	style ansi.Style
}

// safe makes a string safe to print, and masks what is to be masked.
func (p page) safe(s string) string { return p.mask(plain(s)) }

func (p page) line(style ansi.Style, text string) { p.paragraph("", span{text, style}) }

// heading starts a section.
func (p page) heading(text string) {
	p.WriteString("\n")
	p.line(strong, text)
}

func (p page) styled(style ansi.Style, text string) string {
	if !p.color || text == "" {
		return text
	}
	return style.Styled(text)
}

// paragraph writes wrapped text after a lead, under whose end the further lines begin.
func (p page) paragraph(lead string, spans ...span) {
	l := p.from(lead)
	for _, s := range spans {
		for word := range strings.FieldsSeq(p.safe(s.text)) {
			l.word(s.style, word)
		}
	}
	l.end()
}

// lines are those of a paragraph while it is written.
type lines struct {
	page
	lead   string // not written yet
	start  int    // where the lines begin
	column int
	reach  int    // the columns that are kept free for what ends a line that goes on
	more   string // what ends such a line
	empty  bool   // nothing stands on the line after its start
}

func (p page) from(lead string) *lines {
	start := ansi.StringWidth(lead)
	return &lines{page: p, lead: lead, start: start, column: start, empty: true}
}

// word writes a word on this line or, where it does not fit, on the next.
func (l *lines) word(style ansi.Style, word string) {
	width := ansi.StringWidth(word)
	switch {
	case l.empty:
		l.WriteString(l.lead)
		l.lead = ""
	case l.column+1+width+l.reach > l.width:
		l.WriteString(l.more + "\n" + strings.Repeat(" ", l.start))
		l.column = l.start
	default:
		l.WriteString(" ")
		l.column++
	}
	l.WriteString(l.styled(style, word))
	l.column += width
	l.empty = false
}

func (l *lines) end() {
	l.WriteString(strings.TrimRight(l.lead, " ") + "\n")
}

// row is a label and what stands beside it.
type row struct {
	label string
	write func(page, string) // after a lead
}

// said is a row of text.
func said(label string, spans ...span) row {
	return row{label, func(p page, lead string) { p.paragraph(lead, spans...) }}
}

// rows writes rows with their texts in one column, or under their labels where these are too wide.
func (p page) rows(indent int, rows []row) {
	longest := 0
	for i := range rows {
		rows[i].label = p.safe(rows[i].label)
		longest = max(longest, ansi.StringWidth(rows[i].label))
	}
	margin := strings.Repeat(" ", indent)
	stacked := indent+longest+2 > p.width*2/5
	for _, r := range rows {
		gap := longest - ansi.StringWidth(r.label) + 2
		lead := margin + r.label + strings.Repeat(" ", gap)
		if stacked {
			if r.label != "" {
				p.paragraph(margin, span{r.label, plainly})
			}
			lead = margin + "  "
		}
		r.write(p, lead)
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
