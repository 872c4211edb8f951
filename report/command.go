package report

import (
	"strings"

	"github.com/canpull/canpull/checks"
)

// commandsOf returns the commands of a fix in a form that a shell takes, each as its words.
func commandsOf(fix checks.Fix) (commands [][]string) {
	for _, argv := range fix.Commands() {
		quotedWords := make([]string, len(argv))
		for i, arg := range argv {
			quotedWords[i] = quote(arg)
		}
		commands = append(commands, quotedWords)
	}
	return commands
}

// bare are the characters that a POSIX shell takes as they are, anywhere in a word.
const bare = letters + "0123456789-_./:=,@%+"

// quote writes a word so that a POSIX shell takes it as it is.
func quote(word string) string {
	if word != "" && strings.Trim(word, bare) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// command writes a command that can be copied: a line that goes on ends with a backslash.
func (p page) command(lead string, argv []string) {
	l := p.from(lead)
	l.reach, l.more = 2, ` \`
	for _, word := range argv {
		l.word(commands, p.safe(word))
	}
	l.end()
}
