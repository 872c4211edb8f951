package report

import (
	"bufio"
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"
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
	j := jsonWriter{Writer: bufio.NewWriter(w), mask: settingsOf(options).maskingOf(runsOfJSON)}
	j.WriteString("{")
	j.member("version", version)
	j.member("status", d.Status())
	j.member("task", taskOf(d.Task))
	j.list("rootCauses", mapped(d.RootCauses(), func(f checks.Finding) any { return rootCauseOf(d, f) }))
	j.list("findings", mapped(d.Findings, func(f checks.Finding) any { return filled(f) }))
	j.list("paths", mapped(d.Paths, func(p checks.Path) any { return pathOf(p) }))
	j.member("assumptions", listed(d.Assumptions))
	if !d.Started.IsZero() {
		j.member("started", d.Started.UTC())
	}
	if d.Elapsed != 0 {
		j.member("elapsed", seconds(d.Elapsed))
	}
	j.WriteString("\n}\n")
	if err := cmp.Or(j.err, j.Flush()); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// jsonWriter writes an object member by member, and a list in it element by element, so that the whole is never held. It keeps
// the first value that cannot be encoded, and its writer the first error until it is flushed.
type jsonWriter struct {
	*bufio.Writer
	mask    func(string) string
	started bool // a member was written
	err     error
}

func (j *jsonWriter) member(key string, value any) {
	j.key(key)
	j.value("  ", value)
}

func (j *jsonWriter) list(key string, values iter.Seq[any]) {
	j.key(key)
	j.WriteString("[")
	end := ""
	for v := range values {
		j.WriteString(end + "\n    ")
		j.value("    ", v)
		end = ","
	}
	if end != "" {
		j.WriteString("\n  ")
	}
	j.WriteString("]")
}

func (j *jsonWriter) key(key string) {
	if j.started {
		j.WriteString(",")
	}
	j.started = true
	fmt.Fprintf(j, "\n  %q: ", key)
}

func (j *jsonWriter) value(margin string, value any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(margin, "  ")
	if err := e.Encode(value); err != nil {
		j.err = cmp.Or(j.err, err)
	}
	j.Write(escaped(j.mask(strings.TrimSuffix(b.String(), "\n"))))
}

// Schema returns the JSON Schema (draft 2020-12) of what [JSON] writes. It admits keys that it does not name, as a later
// version of this package may write more of them.
func Schema() string { return schema }

//go:embed schema.json
var schema string

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

func taskOf(t checks.Task) task {
	p := t.Placement
	t.Containers = listed(t.Containers)
	return task{t, placement{listed(p.Subnets), p.SecurityGroups, p.PublicIP}}
}

func rootCauseOf(d checks.Diagnosis, f checks.Finding) rootCause {
	cause := rootCause{Finding: filled(f)}
	if e, ok := d.Explain(f); ok {
		cause.Observed = &e
	}
	return cause
}

func pathOf(p checks.Path) path {
	p.Containers, p.Hops = listed(p.Containers), listed(p.Hops)
	return path{Path: p}
}

// filled returns a finding without a null in it. A user's own checker may leave its lists nil.
func filled(f checks.Finding) checks.Finding {
	f.Scope, f.Evidence, f.Fixes, f.Missing = listed(f.Scope), listed(f.Evidence), slices.Clone(listed(f.Fixes)), listed(f.Missing)
	for i, fix := range f.Fixes {
		if fix.Proof != nil {
			proof := *fix.Proof
			proof.Left = slices.Clone(listed(proof.Left))
			for j, left := range proof.Left {
				proof.Left[j] = filled(left)
			}
			f.Fixes[i].Proof = &proof
		}
	}
	if f.Args == nil {
		f.Args = map[string]string{}
	}
	return f
}

func mapped[E any](list []E, as func(E) any) iter.Seq[any] {
	return func(yield func(any) bool) {
		for _, e := range list {
			if !yield(as(e)) {
				return
			}
		}
	}
}

func listed[E any](list []E) []E {
	if list == nil {
		return []E{}
	}
	return list
}

// escaped writes what a terminal may obey as \u escapes. In a JSON text such characters stand in strings only, and
// encoding/json has escaped those below U+0020 already, and U+FFFD where it stands for what is not UTF-8.
func escaped(doc string) []byte {
	out := make([]byte, 0, len(doc))
	for _, r := range doc {
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
