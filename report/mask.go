package report

import (
	"regexp"
	"strings"
)

// account matches what has the form of an account ID, by itself or beside an underscore. A digest or another long name
// holds none.
var account = regexp.MustCompile(`(?:\b|_)[0-9]{12}(?:\b|_)`)

// mask returns a function that masks account IDs if that is asked for. It gives one account the same letters throughout,
// so an encoder uses one for all that it writes.
func (s settings) masking() func(string) string {
	if !s.mask {
		return func(text string) string { return text }
	}
	letters := map[string]string{}
	return func(text string) string {
		return account.ReplaceAllStringFunc(text, func(found string) string {
			id := strings.Trim(found, "_")
			if letters[id] == "" {
				letters[id] = strings.Repeat(string(rune('A'+min(len(letters), 25))), len(id))
			}
			return strings.Replace(found, id, letters[id], 1)
		})
	}
}
