package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/report"
)

// width is how long a line of the table is.
const width = 100

// line writes a task as a line of JSON: its report, or why it was not loaded.
func (r *results) line(w io.Writer, d checks.Diagnosis, err error) error {
	var b, compact bytes.Buffer
	if err != nil {
		text, err := json.Marshal(map[string]string{"error": err.Error(), "task": named(d.Task)})
		if err != nil {
			return err
		}
		compact.Write(text)
	} else if err := report.JSON(&b, d); err != nil {
		return err
	} else if err := json.Compact(&compact, b.Bytes()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, compact.String())
	return err
}

// table writes the causes, the one that stops the most tasks first, and what is not known.
func (r *results) table(w io.Writer) error {
	var b strings.Builder
	what := "services"
	if r.stopped {
		what = "tasks that failed to start"
	}
	s := r.tally.Statuses
	fmt.Fprintf(&b, "%d %s: %d cannot pull, %d can, %d undetermined.\n", r.tally.Tasks, what, s[checks.Fail], s[checks.Pass]+s[checks.Warn], s[checks.Unknown])
	for _, i := range r.tally.Impacts() {
		fmt.Fprintf(&b, "\n%6d  %s\n", i.Tasks, i.Code)
		wrap(&b, "        ", i.Summary)
		if len(i.Services) > 0 {
			wrap(&b, "        ", "Stops "+shortened(i.Services))
		}
	}
	if missing := r.tally.Missing(); len(missing) > 0 {
		b.WriteString("\nNot read, so that something is not known of so many tasks\n")
		for _, action := range slices.Sorted(maps.Keys(missing)) {
			fmt.Fprintf(&b, "%6d  %s\n", missing[action], action)
		}
	}
	if r.elsewhere > 0 {
		fmt.Fprintf(&b, "\n%d more are not on Fargate.\n", r.elsewhere)
	}
	if len(r.notLoaded) > 0 {
		fmt.Fprintf(&b, "\nNot loaded\n")
		for _, why := range r.notLoaded {
			wrap(&b, "        ", why)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// shortened names the first of some services, and how many there are besides.
func shortened(services []string) string {
	const most = 6
	var names []string
	for _, s := range services {
		names = append(names, s[strings.LastIndex(s, "/")+1:])
	}
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// wrap writes a text in lines that begin alike.
func wrap(b *strings.Builder, indent, text string) {
	line := indent
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word)+1 > width && line != indent {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent
		}
		line += word + " "
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}
