package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/canpull/canpull/checks"
)

// version is raised when a reader of the JSON report would have to change; a new key does not raise it.
const version = 1

// JSON writes a diagnosis as one indented JSON object, which is a stable contract:
//
//	version      1
//	status       pass, warn, fail or unknown
//	task         what was diagnosed
//	rootCauses   the findings that stop the pull, the first one first; where an error was observed, observed says
//	             whether each explains it, and why or why not
//	findings     all findings, those included
//	assumptions  what no account shows and was taken for granted
//
// A finding has check, container (when it is about one), stage, status, code, subject, scope, summary, args, evidence,
// fixes and missing. A fix has summary, docs, tradeOff (where there is a choice), region (where there are changes) and changes:
// what it comes to in this account, each with type, the fields of that type of package checks, commands (the words of each
// call of the AWS CLI) and terraform. A type that a reader does not know can be shown all the same. Enumerations are lower-case strings. No list is null: an empty one holds nothing. What is not known
// about the task's placement (securityGroups, publicIP) is left out, as an empty securityGroups means the VPC's default
// group. Its sentences are English, whatever the language: code and args are there to be translated.
func JSON(w io.Writer, d checks.Diagnosis, options ...Option) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(documentOf(d)); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err := w.Write(escaped([]byte(settingsOf(options).masking()(b.String()))))
	return err
}

type document struct {
	Version     int              `json:"version"`
	Status      checks.Status    `json:"status"`
	Task        task             `json:"task"`
	RootCauses  []rootCause      `json:"rootCauses"`
	Findings    []checks.Finding `json:"findings"`
	Assumptions []string         `json:"assumptions"`
}

// rootCause is a finding and how it goes together with the error that was observed, if one was.
type rootCause struct {
	checks.Finding
	Observed *checks.Explanation `json:"observed,omitempty"`
}

// task is a checks.Task whose placement leaves out what is not known.
type task struct {
	checks.Task
	Placement placement `json:"placement"`
}

type placement struct {
	Subnets        []string `json:"subnets"`
	SecurityGroups []string `json:"securityGroups,omitzero"`
	PublicIP       *bool    `json:"publicIP,omitzero"`
}

func documentOf(d checks.Diagnosis) document {
	p := d.Task.Placement
	doc := document{
		Version:     version,
		Status:      d.Status(),
		Task:        task{d.Task, placement{listed(p.Subnets), p.SecurityGroups, p.PublicIP}},
		RootCauses:  []rootCause{},
		Findings:    filled(d.Findings),
		Assumptions: listed(d.Assumptions),
	}
	for _, f := range filled(d.RootCauses()) {
		cause := rootCause{Finding: f}
		if e, ok := d.Explain(f); ok {
			cause.Observed = &e
		}
		doc.RootCauses = append(doc.RootCauses, cause)
	}
	doc.Task.Containers = listed(doc.Task.Containers)
	return doc
}

// filled returns findings without a null in them. A user's own checker may leave its lists nil.
func filled(findings []checks.Finding) []checks.Finding {
	out := make([]checks.Finding, 0, len(findings))
	for _, f := range findings {
		f.Scope, f.Evidence, f.Fixes, f.Missing = listed(f.Scope), listed(f.Evidence), listed(f.Fixes), listed(f.Missing)
		if f.Args == nil {
			f.Args = map[string]string{}
		}
		out = append(out, f)
	}
	return out
}

func listed[E any](list []E) []E {
	if list == nil {
		return []E{}
	}
	return list
}

// escaped writes what a terminal may obey as \u escapes. In a JSON text such characters stand in strings only, and
// encoding/json has escaped those below U+0020 already.
func escaped(doc []byte) []byte {
	out := make([]byte, 0, len(doc))
	for _, r := range string(doc) {
		if r < 0x7f || unicode.IsPrint(r) {
			out = utf8.AppendRune(out, r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	return out
}
