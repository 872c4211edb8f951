package checks_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

// steps writes the steps of a plan.
func steps(p checks.Plan) (all []string) {
	for _, s := range p.Steps {
		all = append(all, fmt.Sprintf("%s: %s", s.Cause.Code, s.Fix.Summary))
	}
	return all
}

func codes(findings []checks.Finding) (all []checks.Code) {
	for _, f := range findings {
		all = append(all, f.Code)
	}
	return all
}

var (
	pull    = []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"}
	newNAT  = createNATGateway("nat-0new", "subnet-0public0")
	pushing = pushImage("111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1.5.0")
)

func TestPlan(t *testing.T) {
	withNAT := func(s *checks.Snapshot) { newNAT.apply(s) }
	without := func(ids ...string) func(*checks.Snapshot) {
		return func(s *checks.Snapshot) {
			top := topologyOf(*s)
			top.VPCEndpoints = slices.DeleteFunc(top.VPCEndpoints, func(e network.VPCEndpoint) bool { return slices.Contains(ids, e.ID) })
			for i, table := range top.RouteTables {
				top.RouteTables[i].Routes = slices.DeleteFunc(table.Routes, func(r network.Route) bool { return slices.Contains(ids, r.Target) })
			}
			top.InternetGateways = []network.InternetGateway{{ID: "igw-0main", VPC: top.VPC.ID, State: "available"}} // not read of a VPC that needs none
			withNAT(s)
		}
	}
	endpoint := func(id, service, kind string) alters {
		return changing("create-vpc-endpoint "+id, func(top *network.Topology) {
			e := network.VPCEndpoint{ID: id, Type: kind, Service: "com.amazonaws.eu-west-1." + service, State: "available", PrivateDNS: new(true), SecurityGroups: []string{"sg-0endpoints"}, Policy: new(`{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}`)}
			for i, s := range top.Subnets {
				if kind == "Gateway" {
					continue
				}
				in := network.NetworkInterface{ID: fmt.Sprint("eni-", id, i), Subnet: s.ID, Address: s.CIDR.Addr().Next().Next().String(), SecurityGroups: e.SecurityGroups}
				top.Interfaces, e.Interfaces, e.Subnets = append(top.Interfaces, in), append(e.Interfaces, in.ID), append(e.Subnets, s.ID)
			}
			top.VPCEndpoints = append(top.VPCEndpoints, e)
			for i, r := range top.RouteTables {
				if kind == "Gateway" {
					top.RouteTables[i].Routes = append(r.Routes, network.Route{PrefixList: "pl-6da54004", Target: id, State: "active"})
				}
			}
		})
	}
	nat := remedy("lead to the NAT gateway", createRoute("rtb-0private", "nat-0new"))
	for _, c := range []struct {
		name, scenario string
		alter          func(*checks.Snapshot)
		remedies       map[checks.Code][]checks.Remedy
		steps          []string
		proven         bool
		left           []checks.Code
	}{
		{"what can pull needs none", "healthy-nat", nil, nil, nil, true, nil},
		{"one fault, one fix", "endpoint-group-closed", nil, map[checks.Code][]checks.Remedy{"endpoint.group-closed": {remedy("open", authorizeIngress("sg-0endpoints", "sg-0task"))}},
			[]string{"endpoint.group-closed: open"}, true, nil},
		{"two faults, two fixes", "two-faults", nil, map[checks.Code][]checks.Remedy{"role.denied": {remedy("allow", allowActions(0, pull...))}, "image.absent": {remedy("push", pushing)}},
			[]string{"role.denied: allow", "image.absent: push"}, true, nil},
		{"two faults of two stages", "two-faults-of-two-stages", nil, map[checks.Code][]checks.Remedy{"role.denied": {remedy("allow", allowActions(0, pull...))},
			"group.egress-closed": {remedy("let out", authorizeEgress("sg-0task", "0.0.0.0/0"))}}, []string{"role.denied: allow", "group.egress-closed: let out"}, true, nil},
		{"one fix for two causes is less than one for each", "healthy-privatelink", without("vpce-0ecrapi", "vpce-0s3"), map[checks.Code][]checks.Remedy{"endpoint.missing": {
			{Text: "create", Changes: func(r checks.Repair) []checks.Change {
				if r.Finding.Subject == "com.amazonaws.eu-west-1.s3" {
					return []checks.Change{endpoint("vpce-new-s3", "s3", "Gateway")}
				}
				return []checks.Change{endpoint("vpce-new-api", "ecr.api", "Interface")}
			}}, nat}}, []string{"endpoint.missing: lead to the NAT gateway"}, true, nil},
		{"and where there is no such fix, it is one for each", "healthy-privatelink", without("vpce-0ecrapi", "vpce-0s3"), map[checks.Code][]checks.Remedy{"endpoint.missing": {
			{Text: "create", Changes: func(r checks.Repair) []checks.Change {
				if r.Finding.Subject == "com.amazonaws.eu-west-1.s3" {
					return []checks.Change{endpoint("vpce-new-s3", "s3", "Gateway")}
				}
				return []checks.Change{endpoint("vpce-new-api", "ecr.api", "Interface")}
			}}}}, []string{"endpoint.missing: create", "endpoint.missing: create"}, true, nil},
		{"of two fixes the one of fewer changes", "route-none", withNAT, map[checks.Code][]checks.Remedy{"route.none": {
			remedy("another NAT gateway", createNATGateway("nat-0more", "subnet-0public0"), createRoute("rtb-0private", "nat-0more")), nat}}, []string{"route.none: lead to the NAT gateway"}, true, nil},
		{"of two as small the narrower one", "role-denied", nil, map[checks.Code][]checks.Remedy{"role.denied": {
			remedy("attach all", allowActions(1, append(slices.Clone(pull), "ecr:GetAuthorizationToken")...)), remedy("allow", allowActions(0, pull...))}}, []string{"role.denied: allow"}, true, nil},
		{"of two as narrow the one that is named first", "role-denied", nil, map[checks.Code][]checks.Remedy{"role.denied": {remedy("this", allowActions(0, pull...)), remedy("that", allowActions(0, append([]string{"ecr:*"}, pull...)...))}},
			[]string{"role.denied: this"}, true, nil},
		{"a fix that does not work is none", "route-none", withNAT, map[checks.Code][]checks.Remedy{"route.none": {remedy("lead nowhere", createRoute("rtb-0private", "nat-0absent")), nat}},
			[]string{"route.none: lead to the NAT gateway"}, true, nil},
		{"a fix that leads into the open is worse than one that is proven", "route-none", withNAT, map[checks.Code][]checks.Remedy{"route.none": {remedy("lead on premises", createRoute("rtb-0private", "vgw-0")), nat}},
			[]string{"route.none: lead to the NAT gateway"}, true, nil},
		{"and better than none", "route-none", withNAT, map[checks.Code][]checks.Remedy{"route.none": {remedy("lead on premises", createRoute("rtb-0private", "vgw-0"))}},
			[]string{"route.none: lead on premises"}, false, []checks.Code{"route.beyond"}},
		{"what nobody knows a change for is left", "two-faults", nil, map[checks.Code][]checks.Remedy{"role.denied": {remedy("allow", allowActions(0, pull...))}, "image.absent": {remedy("push")}},
			[]string{"role.denied: allow"}, false, []checks.Code{"image.absent"}},
		{"an error that nothing explains is left", "stopped-digest-gone", nil, nil, nil, false, []checks.Code{"stopped.digest-gone"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := remedied(c.remedies)
			d := rerun(t, p, named(t, c.scenario), c.alter)
			plan, err := p.Plan(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.steps, steps(plan)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.left, codes(plan.Left)); diff != "" || plan.Proven != c.proven || !plan.Smallest {
				t.Errorf("proven %v, smallest %v, left (-want +got):\n%s", plan.Proven, plan.Smallest, diff)
			}
			if plan.Proven && plan.After.Status() != checks.Pass && plan.After.Status() != checks.Warn {
				t.Errorf("it is proven, and after it the status is %s", plan.After.Status())
			}
			for _, s := range plan.Steps {
				if s.Fix.Proof == nil || !s.Fix.Proof.Gone || plan.Proven && !s.Fix.Proof.Verified {
					t.Errorf("the step %s has the proof %+v", s.Fix.Summary, s.Fix.Proof)
				}
			}
			again, err := p.Plan(t.Context(), d)
			if err != nil || !slices.Equal(steps(again), steps(plan)) {
				t.Errorf("a second plan is %v (%v)", steps(again), err)
			}
		})
	}
}

// A root cause that another hides is found once that is fixed.
func TestAPlanFindsWhatIsHidden(t *testing.T) {
	p := remedied(map[checks.Code][]checks.Remedy{
		"route.none":            {remedy("create a NAT gateway", newNAT, createRoute("rtb-0private", "nat-0new"))},
		"route.nat-state":       {remedy("lead to another", newNAT, createRoute("rtb-0private", "nat-0new"))},
		"route.nat-no-internet": {remedy("lead the public subnet to the internet", createRoute("rtb-0public", "igw-0main"))},
	})
	d := rerun(t, p, named(t, "route-none"), func(s *checks.Snapshot) {
		for i, table := range topologyOf(*s).RouteTables {
			if table.ID == "rtb-0public" {
				topologyOf(*s).RouteTables[i].Routes = table.Routes[:1]
			}
		}
	})
	if n := len(d.RootCauses()); n != 1 {
		t.Fatalf("%d root causes", n)
	}
	plan, err := p.Plan(t.Context(), d)
	want := []string{"route.none: create a NAT gateway", "route.nat-no-internet: lead the public subnet to the internet"}
	if err != nil || !plan.Proven || !slices.Equal(steps(plan), want) {
		t.Errorf("the plan is %v (%v)", steps(plan), err)
	}
}

// Where there are too many sets of fixes to try them all, there is a plan all the same, which does not say that it is the
// smallest.
func TestAPlanOfManyFaults(t *testing.T) {
	const many = 12
	remedies := map[checks.Code][]checks.Remedy{"image.absent": {
		{Text: "push", Changes: func(r checks.Repair) []checks.Change { return []checks.Change{pushImage(r.Finding.Subject)} }},
		{Text: "push twice", Changes: func(r checks.Repair) []checks.Change {
			return []checks.Change{pushImage(r.Finding.Subject), alters{Name: "again", apply: func(*checks.Snapshot) error { return nil }}}
		}}}}
	p := remedied(remedies)
	d := rerun(t, p, named(t, "image-tag-absent"), func(s *checks.Snapshot) {
		for i := range many - 1 {
			image := *s.Facts.Images[0].Fact
			image.Reference.Tag = fmt.Sprint("2.", i)
			s.Facts.Images = append(s.Facts.Images, s.Facts.Images[0])
			last := &s.Facts.Images[len(s.Facts.Images)-1]
			last.Question, last.Fact = image.Reference, &image
			s.Task.Containers = append(s.Task.Containers, checks.Container{Name: fmt.Sprint("c", i), Image: image.Reference.String()})
		}
	})
	if n := len(d.RootCauses()); n != many {
		t.Fatalf("%d root causes", n)
	}
	p.States = 100
	plan, err := p.Plan(t.Context(), d)
	if err != nil || !plan.Proven || len(plan.Steps) != many || plan.Smallest {
		t.Errorf("%d steps, proven %v, smallest %v (%v): %v", len(plan.Steps), plan.Proven, plan.Smallest, err, steps(plan))
	}
}

// A context that ends in the midst of the search leaves the best plan until then.
func TestAPlanThatIsCutShort(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	last := alters{Name: "cancel", apply: func(*checks.Snapshot) error { cancel(); return nil }}
	p := remedied(map[checks.Code][]checks.Remedy{"role.denied": {remedy("allow", allowActions(0, pull...))}, "image.absent": {remedy("push", last)}})
	d := rerun(t, p, named(t, "two-faults"), nil)
	plan, err := p.Plan(ctx, d)
	if !errors.Is(err, context.Canceled) || plan.Smallest || plan.Proven || !slices.Equal(steps(plan), []string{"role.denied: allow"}) {
		t.Errorf("the plan is %v, smallest %v (%v)", steps(plan), plan.Smallest, err)
	}
}

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
	for _, s := range scenarios(t) {
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
