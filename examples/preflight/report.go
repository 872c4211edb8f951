package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/report"
)

// write puts the reports where the command line says, each as a whole.
func (o options) write(stdout io.Writer, p plan, results []result) error {
	var b bytes.Buffer
	encode := markdown
	if o.format == "text" {
		encode = plainText
	}
	if err := encode(&b, p, results); err != nil {
		return err
	}
	if o.sarif != "" {
		var log bytes.Buffer
		if err := sarif(&log, results, o.artifact); err != nil {
			return err
		}
		if err := os.WriteFile(o.sarif, log.Bytes(), 0o666); err != nil {
			return err
		}
	}
	if o.output != "" {
		return os.WriteFile(o.output, b.Bytes(), 0o666)
	}
	_, err := stdout.Write(b.Bytes())
	return err
}

// markdown writes a comment for a pull request: a line for each service, then each in full.
func markdown(w *bytes.Buffer, p plan, results []result) error {
	fmt.Fprint(w, "| planned | pull |\n|---|---|\n")
	for _, r := range results {
		fmt.Fprintf(w, "| %s | %s |\n", code(r.name), answer(r))
	}
	for _, note := range notes(p) {
		fmt.Fprintf(w, "\n%s\n", code(note))
	}
	for _, r := range results {
		fmt.Fprintf(w, "\n---\n\n# %s\n\n", code(r.name))
		if r.err != nil {
			fmt.Fprintf(w, "Not diagnosed: %s\n", code(r.err.Error()))
			continue
		}
		if err := report.Markdown(w, r.diagnosis); err != nil {
			return err
		}
	}
	return nil
}

func plainText(w *bytes.Buffer, p plan, results []result) error {
	for i, r := range results {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "== %s\n", printable(r.name))
		if r.err != nil {
			fmt.Fprintf(w, "Not diagnosed: %s\n", printable(r.err.Error()))
			continue
		}
		if err := report.Text(w, r.diagnosis); err != nil {
			return err
		}
	}
	for _, note := range notes(p) {
		fmt.Fprintf(w, "\n%s\n", printable(note))
	}
	return nil
}

// answer says in a word whether a service's tasks will pull.
func answer(r result) string {
	switch r.diagnosis.Status() {
	case checks.Pass:
		return "yes"
	case checks.Warn:
		return "yes, with warnings"
	case checks.Fail:
		return "**no**"
	}
	return "not known"
}

// notes say what was not diagnosed, and what makes answers unknown.
func notes(p plan) (all []string) {
	for _, other := range p.others {
		all = append(all, "Left out: "+other)
	}
	var names []string
	for _, c := range p.pending {
		if len(names) == 0 || names[len(names)-1] != c.name {
			names = append(names, c.name)
		}
	}
	if len(names) > 0 {
		all = append(all, "Created or changed by the deployment itself, and so not known: "+strings.Join(names, ", "))
	}
	return all
}

// code sets off a text that others wrote, so that nothing in it is markup.
func code(text string) string {
	text = strings.ReplaceAll(printable(text), "|", "\\|")
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}

// printable replaces what a terminal obeys.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, text)
}
