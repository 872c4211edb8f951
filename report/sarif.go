package report

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/canpull/canpull/checks"
)

// SARIF writes a diagnosis as a log of SARIF 2.1.0, for code scanning and the viewers of IDEs. Each line of its results is
// one: what fails is an error, what warns a warning, and what is not known a note; what passed or does not apply is none.
// Rules are the codes that came up. A result's message goes on with its evidence and with what would fix it.
//
// GitHub shows results with a place in a file only: [WithArtifact] names it. It takes 25,000 results of a run and shows the
// first 5,000; https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
func SARIF(w io.Writer, d checks.Diagnosis, options ...Option) error {
	o := settingsOf(options)
	words, err := wordsFor(o.language)
	if err != nil {
		return err
	}
	if _, err := url.Parse(o.artifact); err != nil {
		return fmt.Errorf("report: the artifact's URI: %w", err)
	}
	l := &sarifLog{Writer: bufio.NewWriter(w), words: words, settings: o, mask: o.masking(), seen: map[string]int{}}
	s := sectionsOf(d)
	shown := slices.Concat(s.causes, s.consequences, s.warnings, s.unknowns, s.leftOut)
	l.WriteString(`{"$schema":"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json","version":"2.1.0","runs":[{` + "\n")
	l.member("tool", sarifTool{sarifDriver{Name: "canpull", InformationURI: "https://github.com/canpull/canpull", Language: words.language.String(), Rules: l.rules(shown)}})
	l.member("automationDetails", sarifAutomation{"canpull/" + l.safe(nameOf(d.Task)) + "/"})
	if !d.Started.IsZero() {
		l.member("invocations", []sarifInvocation{{d.Started.UTC(), d.Started.Add(d.Elapsed).UTC(), true}})
	}
	l.member("properties", map[string]any{"status": d.Status(), "verdict": l.safe(l.verdict(d, s)), "assumptions": l.assumptions(d)})
	l.WriteString(`"results":[`)
	for i, f := range shown {
		if i > 0 {
			l.WriteByte(',')
		}
		l.WriteByte('\n')
		l.value(l.result(f, d))
	}
	l.WriteString("\n]}]}\n")
	return cmp.Or(l.err, l.Flush())
}

// sarifLog writes a log. It keeps the first error.
type sarifLog struct {
	*bufio.Writer
	words
	settings
	mask func(string) string
	seen map[string]int // how many results have a fingerprint
	err  error
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	InformationURI string      `json:"informationUri"`
	Language       string      `json:"language"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID      string    `json:"id"`
	Short   sarifText `json:"shortDescription"`
	Full    sarifText `json:"fullDescription"`
	Help    sarifText `json:"help"`
	HelpURI string    `json:"helpUri,omitempty"`
	Default struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
	Properties struct {
		Tags []string `json:"tags"`
	} `json:"properties"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifAutomation struct {
	ID string `json:"id"`
}

type sarifInvocation struct {
	Start      time.Time `json:"startTimeUtc"`
	End        time.Time `json:"endTimeUtc"`
	Successful bool      `json:"executionSuccessful"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	Level        string            `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	Properties   map[string]any    `json:"properties"`
}

type sarifLocation struct {
	Physical *sarifPlace    `json:"physicalLocation,omitempty"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPlace struct {
	Artifact struct {
		URI string `json:"uri"`
	} `json:"artifactLocation"`
	Region struct {
		StartLine int `json:"startLine"`
	} `json:"region"`
}

type sarifLogical struct {
	Name string `json:"name"`
	Full string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

// member writes a member of the run's object, on a line of its own.
func (l *sarifLog) member(name string, v any) {
	fmt.Fprintf(l, "%q:", name)
	l.value(v)
	l.WriteString(",\n")
}

func (l *sarifLog) value(v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		l.err = cmp.Or(l.err, fmt.Errorf("report: %w", err))
		return
	}
	l.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// safe makes a string safe to show.
func (l *sarifLog) safe(text string) string { return l.mask(plain(text)) }

// text makes a string safe to show as a message, in which "[text](place)" would be a link: SARIF 2.1.0, 3.11.6.
func (l *sarifLog) text(s string) string {
	return strings.ReplaceAll(l.safe(s), "[", `\[`)
}

// levels are those of SARIF by a finding's status.
var levels = map[checks.Status]string{checks.Fail: "error", checks.Warn: "warning", checks.Unknown: "note"}

// rules returns a rule for each code of findings.
func (l *sarifLog) rules(findings []checks.Finding) []sarifRule {
	rules, has := []sarifRule{}, map[checks.Code]bool{}
	for _, f := range findings {
		if has[f.Code] {
			continue
		}
		has[f.Code] = true
		about := l.title(f.Check, f.Check)
		r := sarifRule{ID: l.safe(string(f.Code)), Short: sarifText{l.text(l.general(string(f.Code), about))}}
		r.Full = r.Short
		help := []string{l.text(about + ": " + string(f.Code))}
		for i, fix := range f.Fixes {
			help = append(help, "- "+l.text(l.general(fixID(f.Code, i), fix.Summary)))
			if page := webPage(fix.Docs); page != "" {
				r.HelpURI = cmp.Or(r.HelpURI, l.mask(page))
			}
		}
		r.Help.Text = strings.Join(help, "\n")
		r.Default.Level = levels[f.Status]
		r.Properties.Tags = []string{"canpull", l.safe(f.Check), f.Stage.String()}
		rules = append(rules, r)
	}
	return rules
}

// result returns a finding as a result.
func (l *sarifLog) result(f checks.Finding, d checks.Diagnosis) sarifResult {
	lines := []string{l.text(l.summary(f))}
	if observed := l.observation(f, d); observed != "" {
		lines = append(lines, l.say("label.observed")+": "+l.text(observed))
	}
	for _, e := range newEvidence(f) {
		lines = append(lines, fmt.Sprintf("%s: %s (%s)", l.say("label.evidence"), l.text(e.Fact), l.text(e.Source)))
	}
	label := l.say("label.fix")
	for i, fix := range f.Fixes {
		lines = append(lines, label+": "+l.text(l.fix(f, i)))
		for _, argv := range commandsOf(fix) {
			lines = append(lines, "    "+l.text(strings.Join(argv, " ")))
		}
		label = l.say("label.or")
	}
	if len(f.Missing) > 0 {
		lines = append(lines, l.say("heading.missing")+" "+l.text(strings.Join(f.Missing, ", ")))
	}
	subject := l.safe(f.Subject)
	place := sarifLocation{Logical: []sarifLogical{{subject[strings.LastIndexAny(subject, ":/")+1:], subject, "resource"}}}
	if l.artifact != "" {
		place.Physical = &sarifPlace{}
		place.Physical.Artifact.URI, place.Physical.Region.StartLine = l.artifact, 1
	}
	return sarifResult{
		RuleID: l.safe(string(f.Code)), Level: levels[f.Status], Message: sarifText{strings.Join(lines, "\n")},
		Locations: []sarifLocation{place}, Fingerprints: map[string]string{"primaryLocationLineHash": l.fingerprint(f)},
		Properties: map[string]any{"stage": f.Stage, "check": l.safe(f.Check), "scope": l.all(f.Scope)},
	}
}

// fingerprint tells a result from others, and is the same when it comes up again. Of those that SARIF has, this is the one
// that GitHub reads, with a number behind it for results that are alike.
func (l *sarifLog) fingerprint(f checks.Finding) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{l.safe(string(f.Code)), l.safe(f.Container), l.safe(f.Subject)}, "\n")))
	key := fmt.Sprintf("%x", sum[:8])
	l.seen[key]++
	return fmt.Sprintf("%s:%d", key, l.seen[key])
}

func (l *sarifLog) assumptions(d checks.Diagnosis) []string {
	said := []string{}
	for _, a := range d.Assumptions {
		said = append(said, l.safe(l.assumption(a)))
	}
	return said
}

func (l *sarifLog) all(names []string) []string {
	safe := []string{}
	for _, name := range names {
		safe = append(safe, l.safe(name))
	}
	return safe
}
