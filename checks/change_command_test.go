package checks_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/canpull/canpull/checks"
)

// everyFix returns one fix of each change that there is, and those that are offered in the scenarios.
func everyFix(t *testing.T) map[string]checks.Fix {
	t.Helper()
	all := map[string]checks.Fix{}
	for _, c := range changes {
		all[reflect.TypeOf(c).Name()+" "+changeText(t, c)] = checks.Fix{Changes: []checks.Change{c}, Region: "eu-west-1"}
	}
	for _, o := range offers(t) {
		all[o.String()] = o.fix
	}
	return all
}

// clients have a method for each operation of a service, by what the AWS CLI calls the service.
var clients = map[string]reflect.Type{"ec2": reflect.TypeFor[*ec2.Client](), "ecr": reflect.TypeFor[*ecr.Client](), "ecs": reflect.TypeFor[*ecs.Client](),
	"iam": reflect.TypeFor[*awsiam.Client](), "kms": reflect.TypeFor[*kms.Client](), "secretsmanager": reflect.TypeFor[*secretsmanager.Client]()}

// global are options of every command.
var global = []string{"region", "query", "cli-input-json"}

// stand-ins for IDs, which no command may hold.
var internal = regexp.MustCompile(`\b(dopt|eigw|eipalloc|igw|nat|sg|vpce)-new\b`)

// A command calls an operation that there is, in a Region unless it is IAM's, with parameters that it has.
func TestChangesAreCommandsOfTheCLI(t *testing.T) {
	for name, fix := range everyFix(t) {
		for _, words := range fix.Commands() {
			if len(words) < 3 || words[0] != "aws" || clients[words[1]] == nil {
				t.Errorf("%s: %q is no command of the AWS CLI", name, words)
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
				if !ok || slices.Contains(global, option) {
					continue
				}
				field := pascal(strings.TrimPrefix(option, "no-"))
				if option == "ingress" { // the CLI's way to say that Egress is false
					field = "Egress"
				}
				if _, ok := input.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, field) }); !ok {
					t.Errorf("%s: %s has no parameter %s", name, words[2], word)
				}
				if given[field] {
					t.Errorf("%s: %q gives %s twice", name, words, word)
				}
				given[field] = true
			}
			if slices.Contains(words, "--region") == (words[1] == "iam") {
				t.Errorf("%s: %q names a Region where there is none, or none", name, words)
			}
			if i := slices.IndexFunc(words, func(w string) bool { return w == "" || internal.MatchString(w) }); i >= 0 {
				t.Errorf("%s: word %d of %q stands for nothing", name, i, words)
			}
		}
	}
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
	"aws_ec2_transit_gateway_vpc_attachment", "aws_ec2_transit_gateway_vpc_attachment_accepter", "aws_ecr_pull_through_cache_rule",
	"aws_ecr_registry_policy", "aws_ecr_repository_policy", "aws_ecs_service", "aws_ecs_task_definition",
	"aws_egress_only_internet_gateway", "aws_eip", "aws_iam_policy", "aws_iam_role", "aws_iam_role_policy", "aws_iam_role_policy_attachment",
	"aws_internet_gateway", "aws_internet_gateway_attachment", "aws_kms_key", "aws_kms_key_policy", "aws_nat_gateway",
	"aws_network_acl_rule", "aws_network_interface", "aws_route", "aws_route_table_association", "aws_secretsmanager_secret",
	"aws_secretsmanager_secret_policy", "aws_security_group", "aws_subnet", "aws_vpc", "aws_vpc_block_public_access_exclusion",
	"aws_vpc_dhcp_options", "aws_vpc_dhcp_options_association", "aws_vpc_endpoint", "aws_vpc_endpoint_policy",
	"aws_vpc_endpoint_private_dns", "aws_vpc_endpoint_route_table_association", "aws_vpc_peering_connection_accepter",
	"aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule",
}

var (
	resourceLine = regexp.MustCompile(`^resource "([a-z0-9_]+)" "([A-Za-z_][A-Za-z0-9_-]*)" \{$`)
	refersTo     = regexp.MustCompile(`= \[?([a-z0-9_]+\.[A-Za-z0-9_-]+)\.id`)
)

// What the provider's pages ask for beside a resource: a service is deployed again only if something changes, and private DNS
// names are one resource's to set.
func TestTerraformSaysWhatElseItTakes(t *testing.T) {
	for _, c := range []struct {
		change checks.Change
		want   string
	}{
		{checks.ForceNewDeployment{Service: "web"}, "  triggers             = { redeployment = plantimestamp() }\n"},
		{checks.ModifyVPCEndpoint{VPCEndpoint: "vpce-0", PrivateDNS: new(true)}, "# Leave private_dns_enabled out of the aws_vpc_endpoint that declares vpce-0.\n"},
	} {
		if got := c.change.Terraform(); !strings.Contains(got, c.want) {
			t.Errorf("%q is not in\n%s", c.want, got)
		}
	}
}

// Terraform is blocks of resources that there are, each declared once and before it is referred to, and comments.
func TestChangesAreTerraform(t *testing.T) {
	for name, fix := range everyFix(t) {
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
				if m := refersTo.FindStringSubmatch(line); m != nil && !declared[m[1]] && len(fix.Changes) > 1 {
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
