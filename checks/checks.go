// Package checks diagnoses whether an ECS task on Fargate can pull its images.
//
// A pull is a line of steps: ECS assumes the execution role, authenticates to the registry, resolves the manifest and
// downloads the layers. Each [Checker] asks about one thing those steps need, and says what it found as [Finding]s.
// [Run] runs any number of them and returns a [Diagnosis], whose root cause is the earliest step that is certain to fail.
//
//	task, err := checks.LoaderFromConfig(cfg).LoadTask(ctx, "prod", "1dc5c17a…")
//	diagnosis, err := checks.Run(ctx, task, checks.Default(checks.FromConfig(cfg))...)
//
// # Three answers
//
// A finding is certain (Pass, Warn, Fail) or Unknown, and an Unknown names the IAM actions that would settle it. A call
// that was denied, throttled or cancelled never turns into a certain answer. What no account can show is an assumption of
// the diagnosis.
//
// # What to do about it
//
// Each finding has [Fix]es, which say what to change where an account shows enough for that. The facts that a diagnosis was
// made from are part of it, so fixes are tried out on them and not on the account: [Prove] says of each whether its cause is
// certainly gone, and [Diagnosis.Plan] looks for the smallest set of fixes after which the pull is proven to work.
// [Capture] writes the facts down, [Redact] hides whose they are, and [Replay] reads them for another run, offline.
// [Diagnosis.Explain] holds a cause against the error that was observed, and Diagnosis.Paths has the way from each subnet to
// each host, for whoever draws it.
//
// # Limits
//
// Nothing here changes an account, sends a packet from its VPC or downloads a layer. So what no API of AWS tells is not
// known, or assumed and said to be assumed in Diagnosis.Assumptions:
//
//   - what virtual private gateways, AWS Cloud WAN, appliances, firewalls and other accounts' transit gateway tables do with
//     the traffic, and what name servers other than Amazon's answer;
//   - policies of AWS Organizations, but for what IAM's policy simulator says, and Route 53 Resolver rules and DNS Firewall;
//   - which of its addresses a host has at the time of the pull;
//   - the manifests of images that a pull-through-cache rule covers, as reading them could import them, and of those in
//     registries that this machine does not reach;
//   - whether a registry other than Amazon ECR answers the task as it answers this machine;
//   - what changes between the diagnosis and the pull.
package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A Checker asks about one thing that a pull needs.
type Checker interface {
	// Info returns the checker's constant description.
	Info() Info
	// Check returns what it found about a task. Findings count even beside an error; the error is for what kept the
	// check from going on, and becomes an Unknown finding in a diagnosis.
	Check(context.Context, Task) ([]Finding, error)
}

// Info describes a checker.
type Info struct {
	ID      string   // short and stable: "route"
	Title   string   // a noun phrase: "Routes"
	Actions []string // the IAM actions that its standard source may call
	Codes   map[Code]Meaning
	Assumes []string // what it takes for granted because no account shows it, unless a finding settles it
}

// Code names a kind of finding. It is stable.
type Code string

// Meaning is what all findings of one code have in common. Text and the remedies hold blanks in braces that a finding's
// Args fill.
type Meaning struct {
	Status Status
	Text   string
	Fixes  []Remedy // alternatives, the one to try first first
}

// Remedy is what makes a Fix of a finding of its code.
type Remedy struct {
	Text     string // a verb phrase
	Docs     string // AWS's page about it
	TradeOff string // where there is a choice: what this one costs, in a line
	// Changes works out what it comes to in an account. Nil, or a function that returns none, leaves it advice.
	Changes func(Repair) []Change
}

// Status is what a finding says about the pull.
type Status uint8

const (
	Unknown Status = iota // not decided by what was read
	Skip                  // does not apply to this task
	Pass                  // does not stand in the way
	Warn                  // will stop some pulls, or stop them later
	Fail                  // stops the pull
)

var statusNames = []string{"unknown", "skip", "pass", "warn", "fail"}

func (s Status) String() string { return nameOf(statusNames, int(s)) }

// MarshalText returns the status in lower case.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Status) UnmarshalText(text []byte) error { return parseName(s, statusNames, "status", text) }

// outranks reports whether s decides over t: Fail > Unknown > Warn > Pass > Skip.
func (s Status) outranks(t Status) bool {
	rank := [...]int{Unknown: 3, Skip: 0, Pass: 1, Warn: 2, Fail: 4}
	return rank[s] > rank[t]
}

// Stage is a step of the pull.
type Stage uint8

const (
	Assume       Stage = iota // ECS assumes the execution role
	Authenticate              // the registry's token, and secrets
	Resolve                   // the manifest
	Download                  // the layers
	Unpack                    // the disk
)

var stageNames = []string{"assume", "authenticate", "resolve", "download", "unpack"}

func (s Stage) String() string { return nameOf(stageNames, int(s)) }

// MarshalText returns the stage in lower case.
func (s Stage) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Stage) UnmarshalText(text []byte) error { return parseName(s, stageNames, "stage", text) }

func nameOf(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprint(i)
}

func parseName[E ~uint8](e *E, names []string, what string, text []byte) error {
	i := slices.Index(names, string(text))
	if i < 0 {
		return fmt.Errorf("checks: no %s is called %q", what, text)
	}
	*e = E(i)
	return nil
}

// Finding is one thing that a check found.
type Finding struct {
	Check     string            `json:"check"`               // the checker's ID
	Container string            `json:"container,omitempty"` // "" when it is not about one container
	Stage     Stage             `json:"stage"`
	Status    Status            `json:"status"`
	Code      Code              `json:"code"`
	Subject   string            `json:"subject"`  // the ARN or ID of what it is about
	Scope     []string          `json:"scope"`    // the subnets or containers it holds for
	Summary   string            `json:"summary"`  // one English sentence: the code's text with Args filled in
	Args      map[string]string `json:"args"`     // what fills the blanks: translations use them
	Evidence  []Evidence        `json:"evidence"` // what was read
	Fixes     []Fix             `json:"fixes"`    // alternatives; never carried out
	Missing   []string          `json:"missing"`  // the IAM actions that would settle an Unknown, or may show what caused an error that nothing explains
	Settles   []string          `json:"-"`        // the check's assumptions that what was read made superfluous
	Assumes   []string          `json:"-"`        // what it takes for granted in their place
	// Observed is how a finding that stops the pull goes together with the error that was observed; nil without one. Of a
	// warning it is set where that tells of the error, and nothing that stops the pull explains it. See Diagnosis.Explain.
	Observed *Explanation `json:"observed,omitempty"`
}

// Evidence is a fact that was read, or the reason why it was not.
type Evidence struct {
	Source string `json:"source"` // the IAM action or the request it comes from
	Fact   string `json:"fact"`
}

// Finding returns a finding of one of the checker's codes. Its status, sentence and fixes are those of the code.
func (i Info) Finding(stage Stage, code Code, subject string, args map[string]string) Finding {
	m := i.Codes[code]
	if args == nil {
		args = map[string]string{}
	}
	if _, ok := args["subject"]; !ok {
		args["subject"] = subject
	}
	f := Finding{Check: i.ID, Stage: stage, Status: m.Status, Code: code, Subject: subject, Summary: fill(m.Text, args), Args: args,
		Scope: []string{}, Evidence: []Evidence{}, Fixes: []Fix{}, Missing: []string{}}
	for _, fix := range m.Fixes {
		f.Fixes = append(f.Fixes, Fix{Summary: fill(fix.Text, args), Docs: fix.Docs, TradeOff: fill(fix.TradeOff, args)})
	}
	return f
}

// fill replaces the blanks of a text.
func fill(text string, args map[string]string) string {
	pairs := make([]string, 0, 2*len(args))
	for name, value := range args {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
