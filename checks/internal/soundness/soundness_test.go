package soundness

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
)

var (
	accounts = flag.Int("accounts", 6000, "how many random accounts the diagnosis is held against the oracle on")
	seed     = flag.Uint64("seed", 5, "what the accounts are made up from")
)

// What is certain agrees with an oracle that pulls packet by packet: a diagnosis that passes is of an account from all of
// whose subnets every pull works, one that warns of one from which some do, and one that fails of one from one of whose
// subnets none does. That holds as well where a part of the facts was not read. And on an account that was read whole,
// whose pulls do not depend on which of the internet's addresses a host has, hardly anything stays unknown.
func TestCertainAnswersAgreeWithTheOracle(t *testing.T) {
	t.Logf("%d accounts, by -seed %d", *accounts, *seed)
	met, decided, unknown := map[checks.Status]int{}, 0, 0
	codes := map[checks.Code]int{}
	for n := range *accounts {
		d := dice{rand.New(rand.NewPCG(*seed, uint64(n))), 1 + n/2%12}
		a := d.account()
		truth := map[string]outcome{}
		all, none, clear := true, false, true
		for _, subnet := range a.task.Placement.Subnets {
			o := oracle{a}.pulls(subnet)
			truth[subnet] = o
			all, none, clear = all && !o.fails, none || !o.works, clear && o.works != o.fails
		}
		var hidden []string
		if n%2 == 1 {
			hidden = a.hide(d)
		}
		diagnosis, err := checks.Run(t.Context(), a.task, checks.Default(a.sources())...)
		if err != nil {
			t.Fatal(err)
		}
		status := diagnosis.Status()
		met[status]++
		wrong := ""
		switch {
		case status == checks.Pass && !all:
			wrong = "it passes"
		case status == checks.Warn && none:
			wrong = "it only warns"
		case status == checks.Fail && !none:
			wrong = "it fails"
		}
		if wrong != "" {
			t.Errorf("account %d, without %v: %s, but: %v\n%s", n, hidden, wrong, truth, told(diagnosis))
		}
		if hidden == nil && clear {
			if decided++; status == checks.Unknown {
				unknown++
				for _, f := range diagnosis.Findings {
					if f.Status == checks.Unknown {
						codes[f.Code]++
					}
				}
				t.Logf("account %d: %v\n%s", n, truth, told(diagnosis))
			}
		}
		if t.Failed() && n > 200 {
			break
		}
	}
	share := 100 * float64(unknown) / float64(decided)
	t.Logf("%v; of %d accounts that were read whole and are clear, %d stay unknown (%.2f %%): %v", met, decided, unknown, share, codes)
	if share >= 1 {
		t.Errorf("%.2f %% of the accounts that were read whole stay unknown", share)
	}
	for _, status := range []checks.Status{checks.Pass, checks.Warn, checks.Fail, checks.Unknown} {
		if met[status] < *accounts/100 {
			t.Errorf("only %d accounts are %s", met[status], status)
		}
	}
}

// told lists what a diagnosis found that is not open.
func told(d checks.Diagnosis) string {
	var b strings.Builder
	for _, f := range d.Findings {
		if f.Status != checks.Pass && f.Status != checks.Skip {
			fmt.Fprintf(&b, "  %s %s %s %v: %s\n", f.Status, f.Code, f.Subject, f.Scope, f.Summary)
		}
	}
	return b.String()
}
