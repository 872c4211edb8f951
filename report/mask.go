package report

import (
	"regexp"
	"strings"
)

// Runs of letters and digits: where one of them has the form of an account ID, it is taken for one. A digest or another long
// name holds none. In a JSON text the letter of an escape is of no run.
var (
	runs       = regexp.MustCompile(`[0-9A-Za-z]+`)
	runsOfJSON = regexp.MustCompile(`\\u[0-9a-f]{4}|\\.|[0-9A-Za-z]+`)
)

func isAccount(run string) bool { return len(run) == 12 && strings.Trim(run, "0123456789") == "" }

// masking returns a function that masks account IDs if that is asked for. It gives one account the same letters throughout,
// so an encoder uses one for all that it writes.
func (s settings) masking() func(string) string { return s.maskingOf(runs) }

func (s settings) maskingOf(runs *regexp.Regexp) func(string) string {
	if !s.mask {
		return func(text string) string { return text }
	}
	letters := map[string]string{}
	return func(text string) string {
		return runs.ReplaceAllStringFunc(text, func(run string) string {
			if !isAccount(run) {
				return run
			}
			if letters[run] == "" {
				letters[run] = strings.Repeat(string(rune('A'+min(len(letters), 25))), len(run))
			}
			return letters[run]
		})
	}
}
