package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
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
//	paths        the ways of the pull from each subnet to each host, each with its hops
//	assumptions  what no account shows and was taken for granted
//	started      when the checks began to run, in RFC 3339
//	elapsed      how long they ran, in seconds
//
// A finding has check, container (when it is about one), stage, status, code, subject, scope, summary, args, evidence,
// fixes and missing. A fix has summary, docs, tradeOff (where there is a choice), region (where there are changes), changes
// and proof (what comes of them, if that was tried). Its changes are what it comes to in this account, each with type, the
// fields of that type of package checks, commands (the words of each call of the AWS CLI) and terraform; a type that a reader
// does not know can be shown all the same.
//
// Enumerations are lower-case strings. No list is null: an empty one holds nothing. What is not known about the task's
// placement (securityGroups, publicIP) is left out, as an empty securityGroups means the VPC's default group; started and
// elapsed are too where the diagnosis has none. Its sentences are English, whatever the language: code and args are there to
// be translated. [Schema] describes it and [Decode] reads it back.
func JSON(w io.Writer, d checks.Diagnosis, options ...Option) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(documentOf(d)); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err := w.Write(escaped([]byte(settingsOf(options).maskingOf(runsOfJSON)(b.String()))))
	return err
}

// Schema returns the JSON Schema (draft 2020-12) of what [JSON] writes. It admits keys that it does not name, as a later
// version of this package may write more of them.
func Schema() string { return schema }

//go:embed schema.json
var schema string

type document struct {
	Version     int              `json:"version"`
	Status      checks.Status    `json:"status"`
	Task        task             `json:"task"`
	RootCauses  []rootCause      `json:"rootCauses"`
	Findings    []checks.Finding `json:"findings"`
	Paths       []path           `json:"paths"`
	Assumptions []string         `json:"assumptions"`
	Started     time.Time        `json:"started,omitzero"`
	Elapsed     seconds          `json:"elapsed,omitzero"`
}

// path is a checks.Path without its ends, which the task's placement and the host tell.
type path struct {
	checks.Path
	From *struct{} `json:"from,omitempty"`
	To   *struct{} `json:"to,omitempty"`
}

// seconds are a duration as JSON.
type seconds time.Duration

// longest is the longest that is read, in seconds. A float64 is exact to the nanosecond until then.
const longest = 1e6

// MarshalJSON writes a number of seconds.
func (s seconds) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(s).Seconds()) }

// UnmarshalJSON reads a number of seconds.
func (s *seconds) UnmarshalJSON(data []byte) error {
	var f float64
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	if math.Abs(f) > longest {
		return fmt.Errorf("a run of %g seconds is longer than %g", f, longest)
	}
	*s = seconds(math.Round(f * float64(time.Second)))
	return nil
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
		Paths:       make([]path, 0, len(d.Paths)),
		Assumptions: listed(d.Assumptions),
		Started:     d.Started.UTC(),
		Elapsed:     seconds(d.Elapsed),
	}
	for _, p := range d.Paths {
		p.Containers, p.Hops = listed(p.Containers), listed(p.Hops)
		doc.Paths = append(doc.Paths, path{Path: p})
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
		f.Scope, f.Evidence, f.Fixes, f.Missing = listed(f.Scope), listed(f.Evidence), slices.Clone(listed(f.Fixes)), listed(f.Missing)
		for i, fix := range f.Fixes {
			if fix.Proof != nil {
				proof := *fix.Proof
				proof.Left = filled(proof.Left)
				f.Fixes[i].Proof = &proof
			}
		}
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
// encoding/json has escaped those below U+0020 already, and U+FFFD where it stands for what is not UTF-8.
func escaped(doc []byte) []byte {
	out := make([]byte, 0, len(doc))
	for _, r := range string(doc) {
		if r < 0x7f || unicode.IsPrint(r) && r != utf8.RuneError {
			out = utf8.AppendRune(out, r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	return out
}
