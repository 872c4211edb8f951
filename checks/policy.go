package checks

import "encoding/json"

// Policy returns an IAM policy document that allows what Actions returns and nothing else: what to attach to whoever runs
// these checkers.
func Policy(checkers ...Checker) string {
	type statement struct {
		Effect   string
		Action   []string
		Resource string
	}
	text, _ := json.MarshalIndent(struct { // strings always marshal
		Version   string
		Statement []statement
	}{"2012-10-17", []statement{{"Allow", Actions(checkers...), "*"}}}, "", "  ")
	return string(text)
}
