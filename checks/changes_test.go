package checks_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
)

// alters is a change that a test makes. Its name tells it from others.
type alters struct {
	Name    string
	breadth int
	apply   func(*checks.Snapshot) error
}

func (a alters) Commands() [][]string           { return [][]string{{"aws", a.Name}} }
func (a alters) Terraform() string              { return "" }
func (a alters) Apply(s *checks.Snapshot) error { return a.apply(s) }
func (a alters) Breadth() int                   { return a.breadth }

// changing is a change of the VPC that cannot go wrong.
func changing(name string, apply func(*network.Topology)) alters {
	return alters{Name: name, apply: func(s *checks.Snapshot) error {
		for _, a := range s.Facts.Networks {
			apply(a.Fact)
		}
		return nil
	}}
}

func admitted(group string) network.Rule {
	return network.Rule{Protocol: "tcp", Ports: network.Ports{From: 443, To: 443}, Groups: []string{group}}
}

func authorizeIngress(group, from string) alters {
	return changing("authorize-ingress "+group+" "+from, func(t *network.Topology) {
		for i, g := range t.SecurityGroups {
			if g.ID == group {
				t.SecurityGroups[i].Ingress = append(g.Ingress, admitted(from))
			}
		}
	})
}

func authorizeEgress(group string, blocks ...string) alters {
	return changing(fmt.Sprint("authorize-egress ", group, blocks), func(t *network.Topology) {
		for i, g := range t.SecurityGroups {
			if g.ID == group {
				rule := network.Rule{Protocol: "tcp", Ports: network.Ports{From: 443, To: 443}}
				for _, b := range blocks {
					rule.CIDRs = append(rule.CIDRs, network.ParseCIDR(b))
				}
				t.SecurityGroups[i].Egress = append(g.Egress, rule)
			}
		}
	})
}

// createRoute leads a table's default route to a target.
func createRoute(table, target string) alters {
	return changing("create-route "+table+" "+target, func(t *network.Topology) {
		for i, r := range t.RouteTables {
			if r.ID == table {
				t.RouteTables[i].Routes = append(slices.DeleteFunc(r.Routes, func(r network.Route) bool { return r.CIDR == network.ParseCIDR("0.0.0.0/0") }),
					network.Route{CIDR: network.ParseCIDR("0.0.0.0/0"), Target: target, State: "active"})
			}
		}
	})
}

func createNATGateway(id, subnet string) alters {
	return changing("create-nat-gateway "+id, func(t *network.Topology) {
		t.NATGateways = append(t.NATGateways, network.NATGateway{ID: id, Subnet: subnet, State: "available"})
	})
}

// allowActions adds a statement to the role.
func allowActions(breadth int, actions ...string) alters {
	return alters{Name: fmt.Sprint("allow-actions ", actions), breadth: breadth, apply: func(s *checks.Snapshot) error {
		document, err := iam.Parse(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["` + strings.Join(actions, `", "`) + `"], "Resource": "*"}]}`)
		for _, a := range s.Facts.Roles {
			a.Fact.Identity.Policies = append(a.Fact.Identity.Policies, iam.Policy{Name: "added", Document: document})
		}
		return err
	}}
}

// pushImage has a registry answer that an image is there.
func pushImage(ref string) alters {
	return alters{Name: "push " + ref, apply: func(s *checks.Snapshot) error {
		for _, a := range s.Facts.Images {
			if a.Question.String() == ref {
				a.Fact.Status = registry.Present
				return nil
			}
		}
		return errors.New("the facts have no image " + ref)
	}}
}

// remedy is one that comes to the same changes wherever it is offered.
func remedy(text string, changes ...checks.Change) checks.Remedy {
	return checks.Remedy{Text: text, Changes: func(checks.Repair) []checks.Change { return changes }}
}

// remedied are the standard checkers with a test's remedies in place of all others.
func remedied(remedies map[checks.Code][]checks.Remedy) checks.Prover {
	return checks.Prover{Checkers: func(s checks.Sources) []checks.Checker {
		var all []checks.Checker
		for _, c := range checks.Default(s) {
			all = append(all, remediedChecker{c, remedies})
		}
		return all
	}}
}

type remediedChecker struct {
	checks.Checker
	remedies map[checks.Code][]checks.Remedy
}

func (c remediedChecker) Info() checks.Info {
	info := c.Checker.Info()
	for code, m := range info.Codes {
		m.Fixes = c.remedies[code]
		info.Codes[code] = m
	}
	return info
}

func (c remediedChecker) Check(ctx context.Context, task checks.Task) ([]checks.Finding, error) {
	found, err := c.Checker.Check(ctx, task)
	for i, f := range found {
		found[i].Fixes = []checks.Fix{}
		for _, r := range c.remedies[f.Code] {
			found[i].Fixes = append(found[i].Fixes, checks.Fix{Summary: r.Text})
		}
	}
	return found, err
}
