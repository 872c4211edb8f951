package checks_test

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
)

// networkChecks are those whose fixes are changes to the network.
func networkChecks() []checks.Checker {
	return []checks.Checker{checks.DNS{}, checks.SecurityGroup{}, checks.NetworkACL{}, checks.Route{}, checks.PublicIP{}, checks.VPCEndpoints{}}
}

// unfixable are the codes of which no scenario proves a fix, and why.
var unfixable = map[checks.Code]string{
	"route.private-address":      "which network the address is in, and what leads there, is in nothing that EC2 shows of the VPC",
	"route.transit-unassociated": "which of the transit gateway's route tables is meant is not shown where its attachments use several",
}

func failCodes(checkers []checks.Checker) (codes []checks.Code) {
	for _, c := range checkers {
		for code, m := range c.Info().Codes {
			if m.Status == checks.Fail {
				codes = append(codes, code)
			}
		}
	}
	slices.Sort(codes)
	return codes
}

func isNetwork(f checks.Finding) bool {
	return slices.ContainsFunc(networkChecks(), func(c checks.Checker) bool { return c.Info().ID == f.Check })
}

// brokenNetworks returns the scenarios whose first root cause is one of the network's, with their diagnoses.
func brokenNetworks(t *testing.T) map[string]checks.Diagnosis {
	t.Helper()
	broken := map[string]checks.Diagnosis{}
	for _, s := range scenarios(t) {
		if d := diagnose(t, s); len(d.RootCauses()) > 0 && isNetwork(d.RootCauses()[0]) {
			broken[s.Name] = d
		}
	}
	return broken
}

// Every code that fails because of the network is a root cause in some scenario, and there a fix of it is proven: made to the
// captured facts, it takes the cause away and brings no other.
func TestNetworkFixesAreProven(t *testing.T) {
	broken := brokenNetworks(t)
	proven, shown := map[checks.Code]bool{}, map[checks.Code]bool{}
	for _, name := range slices.Sorted(maps.Keys(broken)) {
		d := broken[name]
		cause := d.RootCauses()[0]
		shown[cause.Code] = true
		for _, fix := range cause.Fixes {
			if len(fix.Changes) == 0 {
				continue
			}
			after, err := checks.Verify(t.Context(), d, fix)
			if err != nil {
				t.Errorf("%s: %s: %q: %v", name, cause.Code, fix.Summary, err)
				continue
			}
			for _, f := range after.Findings {
				was := slices.ContainsFunc(d.Findings, func(g checks.Finding) bool {
					return g.Status == checks.Fail && g.Code == f.Code && g.Subject == f.Subject
				})
				switch {
				case f.Code == cause.Code && f.Subject == cause.Subject:
					t.Errorf("%s: after %q, %s is still there: %s", name, fix.Summary, f.Code, f.Summary)
				case f.Status == checks.Fail && !was:
					t.Errorf("%s: %q breaks something else: %s", name, fix.Summary, f.Summary)
				}
			}
			proven[cause.Code] = true
		}
	}
	for _, code := range failCodes(networkChecks()) {
		switch {
		case !shown[code]:
			t.Errorf("no scenario has %s as its root cause", code)
		case !proven[code] && unfixable[code] == "":
			t.Errorf("no scenario proves a fix of %s", code)
		case proven[code] && unfixable[code] != "":
			t.Errorf("%s has a proven fix, and is listed as having none", code)
		}
	}
}

// A fix is made of changes that the AWS CLI and Terraform know.
func TestNetworkFixesAreCommandsOfTheCLI(t *testing.T) {
	clients := map[string]reflect.Type{"ec2": reflect.TypeFor[*ec2.Client](), "ecs": reflect.TypeFor[*ecs.Client]()}
	for name, d := range brokenNetworks(t) {
		for _, fix := range networkFixes(d) {
			for _, words := range fix.Commands() {
				if len(words) < 3 || words[0] != "aws" || clients[words[1]] == nil {
					t.Errorf("%s: %v is no command of the AWS CLI", name, words)
					continue
				}
				method, ok := clients[words[1]].MethodByName(pascal(words[2]))
				if !ok {
					t.Errorf("%s: %s has no operation %s", name, words[1], words[2])
					continue
				}
				input := method.Type.In(2).Elem()
				given := map[string]bool{}
				for _, word := range words[3:] {
					option, ok := strings.CutPrefix(word, "--")
					if !ok || option == "region" {
						continue
					}
					field := pascal(strings.TrimPrefix(option, "no-"))
					if option == "ingress" { // the CLI's way to say that Egress is false
						field = "Egress"
					}
					if _, ok := input.FieldByName(field); !ok {
						t.Errorf("%s: %s has no parameter %s", name, words[2], word)
					}
					if given[field] {
						t.Errorf("%s: %v gives %s twice", name, words, word)
					}
					given[field] = true
				}
				if !slices.Contains(words, "--region") {
					t.Errorf("%s: %v names no Region", name, words)
				}
				if i := slices.IndexFunc(words, func(w string) bool { return w == "" || strings.Contains(w, "-new") }); i >= 0 {
					t.Errorf("%s: word %d of %v stands for nothing", name, i, words)
				}
			}
		}
	}
}

// networkFixes returns every fix with changes of a diagnosis's findings about the network.
func networkFixes(d checks.Diagnosis) (fixes []checks.Fix) {
	for _, f := range d.Findings {
		for _, fix := range f.Fixes {
			if isNetwork(f) && len(fix.Changes) > 0 {
				fixes = append(fixes, fix)
			}
		}
	}
	return fixes
}

// pascal writes an option or an operation of the CLI as the SDK does.
func pascal(kebab string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(kebab, "-") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// terraformResources are the resources of the hashicorp/aws provider that changes declare.
var terraformResources = []string{
	"aws_ec2_instance_state", "aws_ec2_transit_gateway_route", "aws_ec2_transit_gateway_route_table_association",
	"aws_ec2_transit_gateway_vpc_attachment", "aws_ec2_transit_gateway_vpc_attachment_accepter", "aws_ecs_service",
	"aws_egress_only_internet_gateway", "aws_eip", "aws_internet_gateway", "aws_internet_gateway_attachment", "aws_nat_gateway",
	"aws_network_acl_rule", "aws_network_interface", "aws_route", "aws_route_table_association", "aws_security_group", "aws_subnet",
	"aws_vpc", "aws_vpc_block_public_access_exclusion", "aws_vpc_dhcp_options", "aws_vpc_dhcp_options_association", "aws_vpc_endpoint",
	"aws_vpc_endpoint_private_dns", "aws_vpc_endpoint_route_table_association", "aws_vpc_peering_connection_accepter",
	"aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule",
}

var (
	resourceLine = regexp.MustCompile(`^resource "([a-z0-9_]+)" "([A-Za-z_][A-Za-z0-9_-]*)" \{$`)
	refersTo     = regexp.MustCompile(`= \[?([a-z0-9_]+\.[A-Za-z0-9_-]+)\.id`)
)

func TestNetworkFixesAreTerraform(t *testing.T) {
	for name, d := range brokenNetworks(t) {
		for _, fix := range networkFixes(d) {
			declared := map[string]bool{}
			for _, c := range fix.Changes {
				depth := 0
				for line := range strings.Lines(c.Terraform()) {
					line = strings.TrimSuffix(line, "\n")
					if m := resourceLine.FindStringSubmatch(line); m != nil {
						if !slices.Contains(terraformResources, m[1]) {
							t.Errorf("%s: %s is no resource of the provider's", name, m[1])
						}
						if declared[m[1]+"."+m[2]] {
							t.Errorf("%s: %s.%s is declared twice", name, m[1], m[2])
						}
						declared[m[1]+"."+m[2]] = true
					} else if depth == 0 && line != "" && !strings.HasPrefix(line, "#") {
						t.Errorf("%s: %T: the line %q is no block", name, c, line)
					}
					if m := refersTo.FindStringSubmatch(line); m != nil && !declared[m[1]] {
						t.Errorf("%s: %T refers to %s, which nothing declares before it", name, c, m[1])
					}
					depth += strings.Count(line, "{") - strings.Count(line, "}")
				}
				if c.Terraform() == "" || depth != 0 {
					t.Errorf("%s: %T is not Terraform:\n%s", name, c, c.Terraform())
				}
			}
		}
	}
}

// What a fix is made of survives JSON, so that a report's reader can verify it.
func TestChangesSurviveJSON(t *testing.T) {
	for name, d := range brokenNetworks(t) {
		for _, f := range d.Findings {
			for _, fix := range f.Fixes {
				data, err := json.Marshal(fix)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				var back checks.Fix
				if err := json.Unmarshal(data, &back); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if diff := cmp.Diff(fix, back); diff != "" {
					t.Errorf("%s: %s (-before +after):\n%s", name, f.Code, diff)
				}
			}
		}
	}
}

// A rule that a fix adds to a group is the narrowest: from the task's group, and to anywhere only where the traffic goes to
// hosts whose addresses are not known.
func TestGroupRulesOfFixesAreNarrow(t *testing.T) {
	for name, d := range brokenNetworks(t) {
		for _, fix := range networkFixes(d) {
			for _, c := range fix.Changes {
				switch c := c.(type) {
				case checks.AuthorizeSecurityGroupIngress:
					if len(c.Rule.CIDRs) > 0 && d.Task.Placement.SecurityGroups != nil {
						t.Errorf("%s: an inbound rule names addresses: %v", name, c.Rule)
					}
				case checks.AuthorizeSecurityGroupEgress:
					if c.Rule.Protocol == "-1" || c.Rule.Ports.From != c.Rule.Ports.To {
						t.Errorf("%s: an outbound rule is for more than a port: %v", name, c.Rule)
					}
				}
			}
		}
	}
}

// Changes are made to a copy: the facts of the diagnosis stay as they were read.
func TestVerifyLeavesTheFactsAlone(t *testing.T) {
	for name, d := range brokenNetworks(t) {
		before, err := json.Marshal(d.Facts)
		if err != nil {
			t.Fatal(err)
		}
		for _, fix := range networkFixes(d) {
			if _, err := checks.Verify(context.Background(), d, fix); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		after, err := json.Marshal(d.Facts)
		if err != nil {
			t.Fatal(err)
		}
		if string(before) != string(after) {
			t.Errorf("%s: a fix changed the facts that it was verified on", name)
		}
	}
}

// A fix may have requests take another way, about which the organization was not asked: it is assumed to deny nothing, as
// where it may not be asked, unless it denied the request before.
func TestFactsDoNotKnowWhatTheOrganizationWasNotAsked(t *testing.T) {
	const role, action = "arn:aws:iam::111122223333:role/web-execution", "ecr:BatchGetImage"
	asked := iam.Guardrails{Role: role, Actions: []string{action}, Context: iam.Context{"aws:SourceVpce": iam.Absent()}}
	another := iam.Guardrails{Role: role, Actions: []string{action}, Context: iam.Context{"aws:SourceVpce": iam.Present("vpce-0ecrdkr")}}
	for _, allowed := range []bool{true, false} {
		facts := checks.Facts{Organizations: []checks.Answer[iam.Guardrails, iam.Organization]{
			{Question: asked, Fact: &iam.Organization{Allowed: map[string]bool{action: allowed}}},
		}}
		source := facts.Sources().Organizations
		if again, err := source.Organization(t.Context(), asked); err != nil || again.Allowed[action] != allowed {
			t.Errorf("the organization said %t and says %v again (%v)", allowed, again, err)
		}
		other, err := source.Organization(t.Context(), another)
		if allowed && (err != nil || other.Unread == nil || len(other.Allowed) != 0) {
			t.Errorf("what was not asked is answered with %v (%v)", other, err)
		}
		if !allowed && err == nil {
			t.Errorf("after a denial, what was not asked is answered with %v", other)
		}
	}
}

// The law, for fixes: one that is proven although something was not read is proven when it is read, too.
func TestAFixThatIsProvenWithLessIsProvenWithMore(t *testing.T) {
	for _, s := range scenarios(t) {
		whole := diagnose(t, s)
		if len(whole.RootCauses()) == 0 || !isNetwork(whole.RootCauses()[0]) {
			continue
		}
		for _, denied := range network.Actions() {
			s.Before(func(_ context.Context, action string, _ any) error {
				if action == denied {
					return faults["denied"](action)
				}
				return nil
			})
			part := diagnose(t, s)
			for _, fix := range networkFixes(part) {
				after, err := checks.Verify(t.Context(), part, fix)
				if err != nil {
					continue // what it changes was not read
				}
				if full, err := checks.Verify(t.Context(), whole, fix); after.Status() == checks.Pass && (err != nil || full.Status() != checks.Pass) {
					t.Errorf("%s without %s: %q is proven, and with it leaves %s (%v)", s.Name, denied, fix.Summary, full.Status(), err)
				}
			}
		}
	}
}
