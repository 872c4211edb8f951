package checks_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

// rerun returns a diagnosis of altered facts by a prover's checkers.
func rerun(t *testing.T, p checks.Prover, d checks.Diagnosis, alter func(*checks.Snapshot)) checks.Diagnosis {
	t.Helper()
	s := snapshotOf(t, d)
	if alter != nil {
		alter(&s)
	}
	checkers := p.Checkers
	if checkers == nil {
		checkers = checks.Default
	}
	after, err := checks.Run(t.Context(), s.Task, checkers(s.Facts.Sources())...)
	if err != nil {
		t.Fatal(err)
	}
	return after
}

// A fix is verified only if the cause is certainly gone and nothing new fails or is open.
func TestAFixIsVerifiedOnlyIfItIsProven(t *testing.T) {
	open := authorizeIngress("sg-0endpoints", "sg-0task")
	for _, c := range []struct {
		name, scenario string
		code           checks.Code
		alter          func(*checks.Snapshot)
		changes        []checks.Change
		want           checks.Proof // Left is compared by codes
		left           []checks.Code
	}{
		{"the rule that lacks", "endpoint-group-closed", "endpoint.group-closed", nil, []checks.Change{open}, checks.Proof{Verified: true, Gone: true, Status: checks.Pass}, nil},
		{"a rule elsewhere", "endpoint-group-closed", "endpoint.group-closed", nil, []checks.Change{authorizeIngress("sg-0task", "sg-0task")},
			checks.Proof{Reason: "the cause is still there", Status: checks.Fail}, []checks.Code{"endpoint.group-closed"}},
		{"a rule for one of two subnets", "endpoint-group-closed", "endpoint.group-closed", func(s *checks.Snapshot) {
			s.Task.Placement.Subnets = append(s.Task.Placement.Subnets, "subnet-0private0b")
			s.Task.Placement.SecurityGroups = []string{}
			top := topologyOf(*s)
			top.Subnets = append(top.Subnets, network.Subnet{ID: "subnet-0private0b", CIDR: network.ParseCIDR("10.0.2.0/24"), IPv6CIDRs: []network.CIDR{}, AvailabilityZone: "eu-west-1b", BlockPublicAccess: "off"})
			top.RouteTables[1].Subnets = append(top.RouteTables[1].Subnets, "subnet-0private0b")
		}, []checks.Change{changing("half", func(t *network.Topology) {
			for i, g := range t.SecurityGroups {
				if g.ID == "sg-0endpoints" {
					rule := admitted("")
					rule.Groups, rule.CIDRs = nil, []network.CIDR{network.ParseCIDR("10.0.1.0/24")}
					t.SecurityGroups[i].Ingress = append(g.Ingress, rule)
				}
			}
		})}, checks.Proof{Reason: "the cause is still there", Status: checks.Fail}, []checks.Code{"endpoint.group-closed"}},
		{"a fix that breaks something else", "endpoint-group-closed", "endpoint.group-closed", nil,
			[]checks.Change{open, changing("acl", func(t *network.Topology) { t.NetworkACLs[0].Entries = []network.ACLEntry{} })},
			checks.Proof{Gone: true, Status: checks.Fail, Reason: "the cause is gone, and then: Network ACL "}, []checks.Code{"acl.denied"}},
		{"a fix that makes it unknown", "route-one-subnet", "route.none", nil, []checks.Change{createRoute("rtb-0main", "vgw-0")},
			checks.Proof{Gone: true, Status: checks.Unknown, Reason: "the cause is gone, and whether that is enough is not known: "}, []checks.Code{"route.beyond"}},
		{"a fix that brings up what was never asked", "image-tag-absent", "image.absent", nil, []checks.Change{alters{Name: "rename", apply: func(s *checks.Snapshot) error {
			s.Task.Containers[0].Image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1.5.1"
			return nil
		}}}, checks.Proof{Gone: true, Status: checks.Unknown, Reason: "the cause is gone, and whether that is enough is not known: "}, nil},
		{"a fix that leaves open what was open", "nat-instance-source-dest-check", "route.source-dest-check", nil,
			[]checks.Change{changing("no check", func(t *network.Topology) {
				for i := range t.Interfaces {
					t.Interfaces[i].SourceDestCheck = new(false)
				}
			})}, checks.Proof{Gone: true, Status: checks.Unknown, Reason: "the cause is gone, and whether that is enough is not known: "}, []checks.Code{"route.beyond"}},
		{"one of two causes", "two-faults", "role.denied", nil, []checks.Change{allowActions(0, "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability")},
			checks.Proof{Verified: true, Gone: true, Status: checks.Fail}, []checks.Code{"image.absent"}},
		{"a change that does not fit", "image-tag-absent", "image.absent", nil, []checks.Change{pushImage("docker.io/library/nginx:1")},
			checks.Proof{Reason: "the facts have no image docker.io/library/nginx:1"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := remedied(map[checks.Code][]checks.Remedy{c.code: {remedy("advice"), remedy("do it", c.changes...)}})
			d := rerun(t, p, named(t, c.scenario), c.alter)
			proven, err := p.Prove(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			for i, f := range proven.Findings {
				if slices.ContainsFunc(d.Findings[i].Fixes, func(fix checks.Fix) bool { return fix.Proof != nil }) {
					t.Error("the diagnosis that was given is changed")
				}
				if f.Code != c.code {
					continue
				}
				if f.Fixes[0].Proof != nil {
					t.Errorf("advice has the proof %+v", f.Fixes[0].Proof)
				}
				got := *f.Fixes[1].Proof
				var left []checks.Code
				for _, l := range got.Left {
					if len(l.Fixes)+len(l.Evidence) > 0 {
						t.Errorf("%s is left with fixes or evidence", l.Code)
					}
					left = append(left, l.Code)
				}
				got.Left, got.Assumes = nil, nil // see TestGuardrailsOfAnotherWay
				if c.left != nil && !slices.Equal(left, c.left) || c.want.Status == checks.Pass && left != nil {
					t.Errorf("left are %v, want %v", left, c.left)
				}
				if strings.Contains(got.Reason, c.want.Reason) && c.want.Reason != "" {
					got.Reason = c.want.Reason
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// The error that was observed is one of the time before the fix, so it does not keep a fix from being verified.
func TestVerifyLeavesTheObservedErrorOut(t *testing.T) {
	d := named(t, "endpoint-group-closed")
	after, err := checks.Verify(t.Context(), d, checks.Fix{Changes: []checks.Change{authorizeIngress("sg-0endpoints", "sg-0task")}})
	if err != nil || after.Status() != checks.Pass {
		t.Errorf("after the fix it is %s (%v): %v", after.Status(), err, after.RootCauses())
	}
	if d.Task.StoppedReason == "" || len(d.RootCauses()) != 1 {
		t.Error("the diagnosis that was given is changed")
	}
	if same, err := checks.Verify(t.Context(), d, checks.Fix{Summary: "Think"}); err != nil || same.Status() != checks.Fail {
		t.Errorf("a fix that does not say what to change leads to %s (%v)", same.Status(), err)
	}
}

// A finding of a check that does not run again is not gone because it is not found again.
func TestWhatDoesNotRunAgainIsNotGone(t *testing.T) {
	own := fakeCheck{"own", func(context.Context) ([]checks.Finding, error) {
		return []checks.Finding{{Check: "own", Code: "own.broken", Status: checks.Fail, Fixes: []checks.Fix{{Changes: []checks.Change{authorizeIngress("sg-0endpoints", "sg-0task")}}}}}, nil
	}}
	s := scenario(t, "healthy-nat")
	d, err := checks.Run(t.Context(), s.Task, append(checks.Default(s.Sources()), own)...)
	if err != nil {
		t.Fatal(err)
	}
	proven, err := checks.Prove(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	proof := proven.RootCauses()[0].Fixes[0].Proof
	if proof == nil || proof.Verified || proof.Gone || !strings.Contains(proof.Reason, "own") {
		t.Errorf("the proof is %+v", proof)
	}
	plan, err := d.Plan(t.Context())
	if err != nil || plan.Proven || len(plan.Left) != 1 || plan.Left[0].Code != "own.broken" {
		t.Errorf("the plan is %+v (%v)", plan, err)
	}
}

// Facts that were not captured prove nothing.
func TestNothingIsProvenWithoutFacts(t *testing.T) {
	p := remedied(map[checks.Code][]checks.Remedy{"endpoint.group-closed": {remedy("open", authorizeIngress("sg-0endpoints", "sg-0task"))}})
	d := rerun(t, p, named(t, "endpoint-group-closed"), nil)
	d.Facts = checks.Facts{}
	proven, err := p.Prove(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if proof := proven.RootCauses()[0].Fixes[0].Proof; proof.Verified {
		t.Errorf("the proof is %+v", proof)
	}
	if plan, err := p.Plan(t.Context(), d); err != nil || plan.Proven {
		t.Errorf("the plan is %+v (%v)", plan, err)
	}
}

func TestProvingEndsWithItsContext(t *testing.T) {
	p := remedied(map[checks.Code][]checks.Remedy{"endpoint.group-closed": {remedy("open", authorizeIngress("sg-0endpoints", "sg-0task"))}})
	d := rerun(t, p, named(t, "endpoint-group-closed"), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	proven, err := p.Prove(ctx, d)
	if !errors.Is(err, context.Canceled) || len(proven.Findings) != len(d.Findings) {
		t.Errorf("%d findings, %v", len(proven.Findings), err)
	}
	plan, err := p.Plan(ctx, d)
	if !errors.Is(err, context.Canceled) || plan.Proven || plan.Steps == nil || len(plan.Left) == 0 {
		t.Errorf("the plan is %+v (%v)", plan, err)
	}
}

// Service control policies that denied something on the way that was asked about may deny it on another. Those that denied
// nothing are taken to deny nothing there either, which is no proof.
func TestGuardrailsOfAnotherWay(t *testing.T) {
	detour := changing("detour", func(top *network.Topology) {
		top.VPCEndpoints = []network.VPCEndpoint{}
		top.InternetGateways = []network.InternetGateway{} // which were not asked about, with no way to them
		for i, table := range top.RouteTables {
			for _, r := range table.Routes {
				if strings.HasPrefix(r.Target, "igw-") {
					top.InternetGateways = append(top.InternetGateways, network.InternetGateway{ID: r.Target, VPC: top.VPC.ID, State: "available"})
				}
			}
			top.RouteTables[i].Routes = slices.DeleteFunc(table.Routes, func(r network.Route) bool { return strings.HasPrefix(r.Target, "vpce-") })
		}
	})
	d := named(t, "role-organization-deny")
	after, err := checks.Verify(t.Context(), d, checks.Fix{Changes: []checks.Change{detour}})
	if err != nil {
		t.Fatal(err)
	}
	if role := strongest(byCheck(after)["execution-role"]); role == checks.Pass {
		t.Errorf("the role is %s", role)
	}
	p := remedied(map[checks.Code][]checks.Remedy{"group.egress-closed": {remedy("let out, elsewhere", authorizeEgress("sg-0task", "0.0.0.0/0"), detour, newNAT, createRoute("rtb-0private", "nat-0new"))}})
	d = rerun(t, p, named(t, "healthy-organization"), func(s *checks.Snapshot) {
		for i, g := range topologyOf(*s).SecurityGroups {
			if g.ID == "sg-0task" {
				topologyOf(*s).SecurityGroups[i].Egress = []network.Rule{}
			}
		}
	})
	const scp = "No service control policy of an AWS Organization denies what the pull calls."
	assumed := func(all []string) bool { return slices.Contains(all, scp) }
	if assumed(d.Assumptions) || len(d.RootCauses()) != 1 {
		t.Fatalf("the organization was not heard: %v, %v", d.Assumptions, codes(d.RootCauses()))
	}
	proven, err := p.Prove(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if proof := proven.RootCauses()[0].Fixes[0].Proof; proof.Verified || !proof.Gone || !assumed(proof.Assumes) || !strings.Contains(proof.Reason, scp) {
		t.Errorf("the proof is %+v", proof)
	}
	plan, err := p.Plan(t.Context(), d)
	if err != nil || plan.Proven || len(plan.Left) > 0 || !assumed(plan.Assumes) {
		t.Errorf("the plan is proven %v, leaves %v and assumes %v (%v)", plan.Proven, codes(plan.Left), plan.Assumes, err)
	}
}

// A fix that turns the only unknown into something certain cannot be told from a lie, so nothing unread becomes certain by
// being altered: what is not in the facts gives an error or stays unknown.
func TestAPlanOfWhatWasNotReadIsNotProven(t *testing.T) {
	p := remedied(map[checks.Code][]checks.Remedy{"image.absent": {remedy("push", pushImage("111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1.5.0"))}})
	d := rerun(t, p, named(t, "image-tag-absent"), func(s *checks.Snapshot) { topologyOf(*s).NATGateways = nil })
	plan, err := p.Plan(t.Context(), d)
	if err != nil || plan.Proven || len(plan.Steps) != 1 || len(plan.Left) == 0 {
		t.Fatalf("the plan is %+v (%v)", plan, err)
	}
	for _, f := range plan.Left {
		if f.Status != checks.Unknown {
			t.Errorf("left is %s, which is %s", f.Code, f.Status)
		}
	}
}
