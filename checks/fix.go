package checks

import "slices"

// Fix is something that an engineer would do about a finding.
type Fix struct {
	Summary  string `json:"summary"`            // a verb phrase
	Docs     string `json:"docs"`               // AWS's page about it
	TradeOff string `json:"tradeOff,omitempty"` // where there is a choice: what this one costs
	// Changes are what it comes to in this account, in the order in which to make them; empty where that is not known.
	Changes []Change `json:"changes"`
	// Region is the task's, in which Commands make the changes; "" where it is not known.
	Region string `json:"region,omitempty"`
	// Proof is what comes of the changes; nil if that was not tried. See Prove.
	Proof *Proof `json:"proof,omitempty"`
}

// Commands are the calls of the AWS CLI that make the changes, in their order. Each is the words of one, with its Region.
func (f Fix) Commands() [][]string {
	var all [][]string
	for _, c := range f.Changes {
		all = append(all, f.commands(c)...)
	}
	return all
}

func (f Fix) commands(c Change) [][]string {
	all := c.Commands()
	if all == nil {
		return [][]string{}
	}
	for i, words := range all {
		global := len(words) > 1 && words[1] == "iam"
		if f.Region != "" && !global && !slices.Contains(words, "--region") {
			all[i] = append(slices.Clone(words), "--region", f.Region)
		}
	}
	return all
}

// Change is one thing that a fix alters in an account or in a task. It is plain data: nothing carries it out but its reader.
type Change interface {
	// Commands are the calls of the AWS CLI that make the change. Each is the words of one, "aws" first; Fix.Commands adds
	// the Region to those that do not name one. A word in angle brackets stands for an ID that an earlier command prints.
	Commands() [][]string
	// Terraform is HCL that declares the change, for the hashicorp/aws provider.
	Terraform() string
	// Apply makes the change to captured facts, which are the change's to alter. An error says what the facts lack.
	Apply(*Snapshot) error
}

// Repair is what a Remedy works its changes out from.
type Repair struct {
	Finding Finding
	Snapshot
}

// Snapshot is a task with the facts that a diagnosis of it was made from.
type Snapshot struct {
	Task  Task  `json:"task"`
	Facts Facts `json:"facts"`
}

// propose works out what the fixes of the findings come to.
func (d *Diagnosis) propose(checkers []Checker) {
	codes := map[Code][]Remedy{}
	for _, c := range checkers {
		for code, m := range c.Info().Codes {
			codes[code] = m.Fixes
		}
	}
	for _, f := range d.Findings {
		for i, r := range codes[f.Code] {
			if r.Changes == nil || i >= len(f.Fixes) {
				continue
			}
			if f.Fixes[i].Changes = r.Changes(Repair{f, Snapshot{d.Task, d.Facts}}); len(f.Fixes[i].Changes) > 0 {
				f.Fixes[i].Region = d.Task.Region
			}
		}
	}
}
