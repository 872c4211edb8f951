package checks_test

import (
	"context"
	"errors"
	"fmt"
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
