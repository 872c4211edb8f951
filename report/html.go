package report

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/canpull/canpull/checks"
)

// HTML writes a diagnosis as one page that needs nothing else: no network, no script. It holds the verdict, each root
// cause with what would fix it and the commands to copy, in which order (see [WithPlan]), a map of the pull with the rule
// of every hop, and the rest as tables; it is light or dark as the reader's system is, can be printed, and can be used by
// keyboard alone.
//
// Nothing that comes from the diagnosis is markup, and the page forbids its browser all that it does not have itself.
func HTML(w io.Writer, d checks.Diagnosis, options ...Option) error {
	o := settingsOf(options)
	words, err := wordsFor(o.language)
	if err != nil {
		return err
	}
	t, err := htmlTemplate()
	if err != nil {
		return err
	}
	p := &htmlPage{htmlWords: newHTMLWords(words, o.masking()), d: d, s: sectionsOf(d), plan: o.plan}
	b := bufio.NewWriter(w)
	if err := t.Execute(b, p); err != nil {
		return err
	}
	return b.Flush()
}

//go:embed html
var htmlFiles embed.FS

var htmlTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.ParseFS(htmlFiles, "html/page.tmpl")
})

var htmlStyle = sync.OnceValue(func() string {
	text, err := htmlFiles.ReadFile("html/style.css")
	if err != nil { // it is embedded, so a test would have failed
		return ""
	}
	return string(text)
})

// htmlWords says what a diagnosis holds, as parts of a text.
type htmlWords struct {
	words // they mark what comes from the diagnosis
	mask  func(string) string
	bare  words // they mark nothing
}

// The marks around what comes from a diagnosis and around English sentences. plain lets no such character through.
const (
	valueStart, valueEnd = '\ue000', '\ue001'
	proseStart, proseEnd = '\ue002', '\ue003'
)

func newHTMLWords(w words, mask func(string) string) htmlWords {
	h := htmlWords{w, mask, w}
	between := func(start, end rune) func(string) string {
		return func(text string) string {
			inner := strings.TrimLeft(h.safe(text), " ")
			if inner == "" {
				return ""
			}
			lead := ""
			if strings.HasPrefix(text, " ") { // an argument that follows a word
				lead = " "
			}
			return lead + string(start) + inner + string(end)
		}
	}
	h.value, h.prose = between(valueStart, valueEnd), between(proseStart, proseEnd)
	return h
}

// safe makes a string safe to show.
func (h htmlWords) safe(text string) string { return h.mask(plain(text)) }

// Say returns a message of the reports.
func (h htmlWords) Say(id string) string { return h.say(id) }

// part is a piece of a text: the catalogue's, a value, or a sentence that there is in English only.
type part struct {
	Text           string
	Value, English bool
}

// Short reports a name that a narrow line holds as a whole.
func (p part) Short() bool { return len(p.Text) <= 24 && !strings.Contains(p.Text, " ") }

// parts takes a text apart at its marks. Whatever marks it has, the pieces are no more than text.
func (h htmlWords) parts(text string) (parts []part) {
	now := part{}
	cut := func(next part, end int) {
		if now.Text = h.safe(text[:end]); now.Text != "" {
			parts = append(parts, now)
		}
		now = next
	}
	for {
		i := strings.IndexAny(text, string([]rune{valueStart, valueEnd, proseStart, proseEnd}))
		if i < 0 {
			cut(part{}, len(text))
			return parts
		}
		mark := []rune(text[i:])[0]
		cut(part{Value: mark == valueStart, English: mark == proseStart && h.Lang() != "en"}, i)
		text = text[i+len(string(mark)):]
	}
}

// Lang returns the page's language.
func (h htmlWords) Lang() string { return h.language.String() }

// htmlPage is what the template shows. All that it is given has been made safe.
type htmlPage struct {
	htmlWords
	d    checks.Diagnosis
	s    sections
	plan checks.Plan
	ids  int
}

func (p *htmlPage) Style() template.CSS { return template.CSS(htmlStyle()) }

// StyleHash names the only style that the page may have.
// https://www.w3.org/TR/CSP3/#framework-directive-source-list
func (p *htmlPage) StyleHash() string {
	sum := sha256.Sum256([]byte(htmlStyle()))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func (p *htmlPage) Title() string   { return p.safe(p.bare.verdict(p.d, p.s)) }
func (p *htmlPage) Class() string   { return p.d.Status().String() }
func (p *htmlPage) Word() string    { return p.status(p.d.Status()) }
func (p *htmlPage) Verdict() []part { return p.parts(p.verdict(p.d, p.s)) }
func (p *htmlPage) About() []part   { return p.parts(p.about(p.d.Task)) }

// Ran says when the checks ran, and for how long.
func (p *htmlPage) Ran() string {
	if p.d.Started.IsZero() {
		return ""
	}
	return p.say("footer.ran", "started", p.d.Started.UTC().Format(time.RFC3339), "elapsed", fmt.Sprintf("%.1f", p.d.Elapsed.Seconds()))
}

// htmlStage is a step of the pull.
type htmlStage struct {
	Number            int
	Name, Class, Word string
}

// Stages returns the steps of the pull, each with the most serious of what was found about it. That a step passed is said
// only where all of them did, as a finding may be about later steps too.
func (p *htmlPage) Stages() (stages []htmlStage) {
	for stage := checks.Assume; stage <= checks.Unpack; stage++ {
		s := htmlStage{Number: int(stage) + 1, Name: p.stage(stage)}
		var there []checks.Finding
		for _, f := range p.d.Findings {
			if f.Stage == stage {
				there = append(there, f)
			}
		}
		status := checks.Diagnosis{Findings: there}.Status()
		switch {
		case p.d.Status() == checks.Pass:
			s.Class = checks.Pass.String()
		case status == checks.Fail, status == checks.Warn, status == checks.Unknown && hasOpen(there):
			s.Class, s.Word = status.String(), p.status(status)
		}
		stages = append(stages, s)
	}
	return stages
}

// hasOpen reports whether something was not decided.
func hasOpen(findings []checks.Finding) bool {
	for _, f := range findings {
		if f.Status == checks.Unknown {
			return true
		}
	}
	return false
}

// htmlSection is a heading with findings under it.
type htmlSection struct {
	*htmlPage
	ID, Heading string
	Findings    []htmlFinding
}

func (s htmlSection) Count() int { return len(s.Findings) }

func (p *htmlPage) section(id, heading string, findings []checks.Finding, withFixes bool) htmlSection {
	s := htmlSection{p, id, heading, nil}
	for _, f := range findings {
		s.Findings = append(s.Findings, htmlFinding{p, f, withFixes})
	}
	return s
}

func (p *htmlPage) Causes() htmlSection {
	return p.section("causes", p.count("heading.causes", len(p.s.causes)), p.s.causes, true)
}

func (p *htmlPage) Consequences() htmlSection { // what fixes the cause ends them
	return p.section("consequences", p.say("heading.consequences"), p.s.consequences, false)
}

func (p *htmlPage) Warnings() htmlSection {
	return p.section("warnings", p.say("heading.warnings"), p.s.warnings, true)
}

func (p *htmlPage) Unknowns() htmlSection {
	return p.section("unknowns", p.say("heading.unknowns"), p.s.unknowns, true)
}

func (p *htmlPage) LeftOut() htmlSection {
	return p.section("left-out", p.say("heading.left-out"), p.s.leftOut, false)
}

func (p *htmlPage) Passed() htmlSection {
	return p.section("passed", p.say("heading.passed"), p.s.passed, false)
}

func (p *htmlPage) Skipped() htmlSection {
	return p.section("skipped", p.say("heading.skipped"), p.s.skipped, false)
}

// Missing returns the answers that would settle what is not known.
func (p *htmlPage) Missing() (rows []htmlEvidence) {
	for _, a := range missingOf(p.s.unknowns) {
		rows = append(rows, htmlEvidence{p.safe(a.why), p.safe(a.action)})
	}
	return rows
}

func (p *htmlPage) Assumptions() (said [][]part) {
	for _, a := range p.d.Assumptions {
		said = append(said, p.parts(p.assumption(a)))
	}
	return said
}
