package checks_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
)

// codesFile explains every code. What its findings rest on is taken from the scenarios that show it.
const codesFile = "CODES.md"

func TestCodesPageIsUpToDate(t *testing.T) {
	recorded(t, codesFile, codesPage(t))
}

func codesPage(t *testing.T) string {
	read, shown := map[checks.Code]map[string]bool{}, map[checks.Code]string{}
	for _, s := range scenarios(t) {
		for _, f := range diagnose(t, s).Findings {
			if read[f.Code] == nil {
				read[f.Code], shown[f.Code] = map[string]bool{}, s.Name
			}
			for _, e := range f.Evidence {
				read[f.Code][e.Source] = true
			}
		}
	}
	var b strings.Builder
	b.WriteString("# Codes\n\nWhat each finding of the standard checks means, by its code. Words in {braces} are filled in from the account. A test\n" +
		"writes this page: `go test ./checks -run TestCodesPageIsUpToDate -update`.\n")
	for _, c := range checks.Default(checks.Sources{}) {
		info := c.Info()
		fmt.Fprintf(&b, "\n## %s: `%s`\n", info.Title, info.ID)
		for _, code := range slices.Sorted(maps.Keys(info.Codes)) {
			m := info.Codes[code]
			fmt.Fprintf(&b, "\n### `%s`: %s\n\n%s\n", code, m.Status, m.Text)
			if sources := slices.Sorted(maps.Keys(read[code])); len(sources) > 0 {
				fmt.Fprintf(&b, "\nEvidence: `%s`\n", strings.Join(sources, "`, `"))
			}
			if shown[code] != "" {
				fmt.Fprintf(&b, "\nShown by: [%[1]s](checkstest/scenarios/%[1]s.txtar)\n", shown[code])
			}
			for i, fix := range m.Fixes {
				if i == 0 {
					b.WriteString("\nFixes:\n\n")
				}
				fmt.Fprintf(&b, "- %s ([AWS](%s))", fix.Text, fix.Docs)
				if fix.TradeOff != "" {
					fmt.Fprintf(&b, ": %s", fix.TradeOff)
				}
				b.WriteString("\n")
			}
		}
	}
	fmt.Fprintf(&b, "\n## In place of a check\n\n### `%s`: unknown\n\nIt ended with an error, most often because the time ran out, or said nothing.\n"+
		"\n### `%s`: unknown\n\nIt was left out of the run.\n", checks.Unfinished, checks.LeftOut)
	return b.String()
}
