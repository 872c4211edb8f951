package checks_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

// someRemedies are for the commonest faults of the scenarios.
func someRemedies() map[checks.Code][]checks.Remedy {
	return map[checks.Code][]checks.Remedy{
		"endpoint.group-closed": {remedy("open", authorizeIngress("sg-0endpoints", "sg-0task"))},
		"role.denied":           {remedy("attach all", allowActions(1, append(slices.Clone(pull), "ecr:GetAuthorizationToken")...)), remedy("allow", allowActions(0, pull...))},
		"group.egress-closed":   {remedy("let out to one half", authorizeEgress("sg-0task", "0.0.0.0/1"), authorizeEgress("sg-0task", "128.0.0.0/1")), remedy("let out", authorizeEgress("sg-0task", "0.0.0.0/0"))},
		"image.absent":          {{Text: "push", Changes: func(r checks.Repair) []checks.Change { return []checks.Change{pushImage(r.Finding.Subject)} }}},
		"image.archived":        {{Text: "restore", Changes: func(r checks.Repair) []checks.Change { return []checks.Change{pushImage(r.Finding.Subject)} }}},
		"route.none":            {remedy("create a NAT gateway", newNAT, createRoute("rtb-0private", "nat-0new"), createRoute("rtb-0main", "nat-0new")), remedy("lead to it", createRoute("rtb-0main", "nat-0main"))},
		"route.nat-state":       {remedy("lead to a new one", newNAT, createRoute("rtb-0private", "nat-0new"))},
		"route.blackhole":       {remedy("lead to a new one", newNAT, createRoute("rtb-0private", "nat-0new")), remedy("lead on premises", createRoute("rtb-0private", "vgw-0"))},
		"route.nat-private":     {remedy("lead to a new one", newNAT, createRoute("rtb-0private", "nat-0new"))},
		"route.nat-no-internet": {remedy("lead on", createRoute("rtb-0public", "igw-0main"))},
	}
}

// provenScenarios is how many broken scenarios have a proven plan by the standard checks' own fixes, at least.
const provenScenarios = 94

// A plan is as small as any that trying out every sequence of the fixes that are offered finds.
func TestPlansAreMinimal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		checks.Prover
		floor int
	}{"a test's fixes": {remedied(someRemedies()), 12}, "the standard checks' fixes": {checks.Prover{}, provenScenarios}} {
		t.Run(name, func(t *testing.T) {
			proven := 0
			for _, s := range scenarios(t) {
				d := rerun(t, c.Prover, diagnose(t, s), nil)
				if d.Status() != checks.Fail || !slices.ContainsFunc(d.RootCauses(), offersChanges) {
					continue
				}
				plan, err := c.Plan(t.Context(), d)
				if err != nil {
					t.Fatal(err)
				}
				brute := bruteForce{t: t, p: c.Prover, d: d, most: 2}
				if plan.Proven {
					brute.most = len(plan.Steps)
				}
				brute.try(d, nil)
				if plan.Proven {
					proven++
				}
				if !plan.Smallest {
					t.Errorf("%s: not every smaller set of fixes was tried", s.Name)
				}
				if got := cost(plan); plan.Proven != brute.proven || plan.Proven && got != brute.best {
					t.Errorf("%s: the plan %v is proven %v with %v (steps, changes); the best of all is proven %v with %v", s.Name, steps(plan), plan.Proven, got, brute.proven, brute.best)
				}
			}
			if proven < c.floor {
				t.Errorf("%d scenarios have a proven plan, want %d", proven, c.floor)
			}
		})
	}
}

func offersChanges(f checks.Finding) bool {
	return slices.ContainsFunc(f.Fixes, func(fix checks.Fix) bool { return len(fix.Changes) > 0 })
}

// cost returns a plan's steps and its distinct changes.
func cost(p checks.Plan) [2]int {
	changes := map[string]bool{}
	for _, s := range p.Steps {
		for _, c := range s.Fix.Changes {
			changes[fmt.Sprint(c.Commands(), c.Terraform())] = true
		}
	}
	return [2]int{len(p.Steps), len(changes)}
}

// bruteForce tries every sequence of offered fixes up to a length.
type bruteForce struct {
	t      *testing.T
	p      checks.Prover
	d      checks.Diagnosis
	most   int
	best   [2]int // the steps and distinct changes of the cheapest that is proven
	proven bool
}

func (b *bruteForce) try(now checks.Diagnosis, taken []checks.Fix) {
	if len(taken) == b.most {
		return
	}
	for _, cause := range now.RootCauses() {
		for _, fix := range cause.Fixes {
			if len(fix.Changes) == 0 {
				continue
			}
			var all checks.Fix
			p := checks.Plan{}
			for _, f := range append(slices.Clone(taken), fix) {
				all.Changes = append(all.Changes, f.Changes...)
				p.Steps = append(p.Steps, checks.Step{Fix: f})
			}
			after, err := b.p.Verify(b.t.Context(), b.d, all)
			if err != nil {
				continue // it does not apply
			}
			if status := after.Status(); status == checks.Pass || status == checks.Warn {
				if c := cost(p); !b.proven || slices.Compare(c[:], b.best[:]) < 0 {
					b.proven, b.best = true, c
				}
				continue
			}
			b.try(after, append(slices.Clone(taken), fix))
		}
	}
}

// Two things that break at once are two root causes, and a plan by the standard checks' own fixes mends both.
func TestTwoFaultsArePlannedFor(t *testing.T) {
	for healthy, pairs := range map[string][][2]string{
		"healthy-nat": {
			{"role without policies", "no egress from sg-0task"}, {"role without policies", "deleted nat-0main"}, {"role absent", "closed ACL acl-0default"},
			{"role that trusts nobody", "detached igw-0main"}, {"role with an empty boundary", "no routes in rtb-0private"},
			{"policy of the repository of 111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1.4.2", "routes to the vanished nat-0main"},
			{"policy of the repository of 111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1.4.2", "role that trusts nobody"},
			{"no egress from sg-0task", "deleted nat-0main"},
		},
		"healthy-privatelink": {
			{"no ingress to sg-0endpoints", "policy of vpce-0s3"}, {"failed vpce-0ecrdkr", "no route tables of vpce-0s3"},
			{"policy of vpce-0ecrapi", "policy of vpce-0ecrdkr"}, {"private DNS off at vpce-0ecrapi", "role without policies"},
			{"enableDnsSupport off", "role that trusts nobody"},
		},
	} {
		d := named(t, healthy)
		known := faultsOf(snapshotOf(t, d))
		for _, pair := range pairs {
			t.Run(healthy+"/"+pair[0]+" and "+pair[1], func(t *testing.T) {
				s := snapshotOf(t, d)
				for _, fault := range pair {
					if known[fault] == nil {
						t.Fatalf("no fault is called %q", fault)
					}
					known[fault](s)
				}
				after, err := checks.Run(t.Context(), s.Task, checks.Default(s.Facts.Sources())...)
				if err != nil {
					t.Fatal(err)
				}
				if causes := after.RootCauses(); len(causes) != 2 {
					t.Errorf("the root causes are %v", codes(causes))
				}
				plan, err := after.Plan(t.Context())
				if err != nil || !plan.Proven || !plan.Smallest {
					t.Errorf("the plan is %v, proven %v, smallest %v, and leaves %v (%v)", steps(plan), plan.Proven, plan.Smallest, codes(plan.Left), err)
				}
				brute := bruteForce{t: t, d: after, most: len(plan.Steps)}
				if brute.try(after, nil); cost(plan) != brute.best {
					t.Errorf("the plan %v costs %v (steps, changes), and the best %v", steps(plan), cost(plan), brute.best)
				}
			})
		}
	}
}

// The law of the library, for plans: what is proven on less than what can be read is proven on all of it.
func TestAPlanThatIsProvenOnLessIsProvenOnMore(t *testing.T) {
	t.Parallel()
	p, proven := remedied(someRemedies()), 0
	for _, s := range some(t) {
		var recorded calls
		s.Before(recorded.record)
		all := diagnose(t, s)
		if d := rerun(t, p, all, nil); !slices.ContainsFunc(d.RootCauses(), offersChanges) {
			continue
		}
		for action := range recorded.counts {
			s.Before(func(_ context.Context, a string, _ any) error {
				if a == action {
					return faults["denied"](action)
				}
				return nil
			})
			plan, err := p.Plan(t.Context(), rerun(t, p, diagnose(t, s), nil))
			if err != nil {
				t.Fatal(err)
			}
			if !plan.Proven {
				continue
			}
			proven++
			var fix checks.Fix
			for _, step := range plan.Steps {
				fix.Changes = append(fix.Changes, step.Fix.Changes...)
			}
			if after, err := checks.Verify(t.Context(), all, fix); err != nil || after.Status() != checks.Pass && after.Status() != checks.Warn {
				t.Errorf("%s without %s: %v is proven, and with it is %s (%v)", s.Name, action, steps(plan), after.Status(), err)
			}
		}
	}
	if proven == 0 {
		t.Error("no plan was proven")
	}
}

// Of fixes that are as small, a plan of the standard checks' own takes the one that lets the least through.
func TestPlansPreferNarrowChanges(t *testing.T) {
	for scenario, want := range map[string]string{
		"role-denied":         "PutRolePolicy",
		"cache-nobody-allows": "PutRolePolicy",
		"group-egress-none":   "AuthorizeSecurityGroupEgress",
	} {
		plan, err := named(t, scenario).Plan(t.Context())
		if err != nil || len(plan.Steps) != 1 {
			t.Fatalf("%s: %d steps (%v)", scenario, len(plan.Steps), err)
		}
		if got := reflect.TypeOf(plan.Steps[0].Fix.Changes[0]).Name(); got != want {
			t.Errorf("%s: the plan is to %s", scenario, got)
		}
	}
	egress := func(blocks ...string) checks.Broad {
		rule := network.Rule{Protocol: "tcp", Ports: port(443), PrefixLists: []string{"pl-0"}}
		for _, b := range blocks {
			rule.CIDRs = append(rule.CIDRs, cidr(b))
		}
		return checks.AuthorizeSecurityGroupEgress{Group: "sg-0", Rule: rule}
	}
	for _, c := range []struct {
		change checks.Broad
		want   int
	}{{egress(), 0}, {egress("10.0.0.0/8"), 0}, {egress("0.0.0.0/0"), 1}, {egress("10.0.0.0/8", "::/0"), 1}, {checks.AttachRolePolicy{}, 1}, {checks.CreateRoute{}, 2}} {
		if got := c.change.Breadth(); got != c.want {
			t.Errorf("the breadth of %+v is %d, want %d", c.change, got, c.want)
		}
	}
}
