package report

import (
	"strings"

	"github.com/canpull/canpull/checks"
)

// htmlFinding is a finding as the template shows it.
type htmlFinding struct {
	*htmlPage
	f         checks.Finding
	withFixes bool
}

func (f htmlFinding) Class() string { return f.f.Status.String() }
func (f htmlFinding) Title() string { return f.safe(f.title(f.f.Check, f.f.Check)) }
func (f htmlFinding) Code() string  { return f.safe(string(f.f.Code)) }
func (f htmlFinding) Text() []part  { return f.parts(f.summary(f.f)) }
func (f htmlFinding) Scope() []part { return f.parts(f.held(f.f, f.d.Task)) }
func (f htmlFinding) Name() string  { return f.safe(f.bare.summary(f.f)) }

// Doing names the step that a failure stops.
func (f htmlFinding) Doing() string {
	if f.f.Status != checks.Fail {
		return ""
	}
	return f.doing(f.f.Stage)
}

func (f htmlFinding) Observed() []part { return f.parts(f.observation(f.f, f.d)) }

// htmlEvidence is a fact and where it comes from.
type htmlEvidence struct{ Fact, Source string }

func (f htmlFinding) Evidence() (rows []htmlEvidence) {
	for _, e := range newEvidence(f.f) {
		rows = append(rows, htmlEvidence{f.safe(e.Fact), f.safe(e.Source)})
	}
	return rows
}

// htmlFix is a fix as the template shows it.
type htmlFix struct {
	htmlFinding
	i int
}

func (f htmlFinding) Fixes() (fixes []htmlFix) {
	if !f.withFixes {
		return nil
	}
	for i := range f.f.Fixes {
		fixes = append(fixes, htmlFix{f, i})
	}
	return fixes
}

func (x htmlFix) Label() string {
	if x.i > 0 {
		return x.say("label.or")
	}
	return x.say("label.fix")
}

func (x htmlFix) Text() []part     { return x.parts(x.fix(x.f, x.i)) }
func (x htmlFix) Name() string     { return x.safe(x.bare.fix(x.f, x.i)) }
func (x htmlFix) TradeOff() []part { return x.parts(x.tradeOff(x.f, x.i)) }
func (x htmlFix) Docs() string     { return x.mask(webPage(x.f.Fixes[x.i].Docs)) }

// Verified reports that the fix was tried out on what was read, and its cause is gone then.
func (x htmlFix) Verified() bool {
	proof := x.f.Fixes[x.i].Proof
	return proof != nil && proof.Verified
}

// Commands returns the commands that make the changes, as a shell takes them.
func (x htmlFix) Commands() (commands []string) {
	for _, argv := range commandsOf(x.f.Fixes[x.i]) {
		commands = append(commands, x.safe(strings.Join(argv, " ")))
	}
	return commands
}

// Terraform returns what declares the changes.
func (x htmlFix) Terraform() (blocks []string) {
	for _, change := range x.f.Fixes[x.i].Changes {
		lines := strings.Split(strings.TrimSpace(change.Terraform()), "\n")
		for i, line := range lines {
			lines[i] = x.safe(line)
		}
		if text := strings.Join(lines, "\n"); text != "" {
			blocks = append(blocks, text)
		}
	}
	return blocks
}
