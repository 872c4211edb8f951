package main

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/canpull/canpull/examples/internal/command"
	"github.com/canpull/canpull/examples/internal/emulator"
)

// Clusters, accounts and Regions that are asked over HTTP.
func TestEmulatedAccounts(t *testing.T) {
	cfg := emulator.Start(t)
	// populate makes a cluster, and returns the route table that its services fail by.
	populate := func(cfg aws.Config, cluster string, launch types.LaunchType, services int) string {
		place := emulator.NewPlace(t, cfg)
		place.Services(t, cfg, cluster, "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.0", launch, services)
		return place.RouteTable
	}
	table := populate(cfg, "prod", types.LaunchTypeFargate, 12)
	populate(cfg, "batch", types.LaunchTypeEc2, 2)
	other, elsewhere := cfg.Copy(), cfg.Copy()
	const audit = "arn:aws:iam::444455556666:role/audit"
	other.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), audit))
	otherTable := populate(other, "prod", types.LaunchTypeFargate, 3)
	elsewhere.Region = "us-east-1"
	elsewhereTable := populate(elsewhere, "prod", types.LaunchTypeFargate, 4)

	o := fleet(t.Context(), "-cluster", "prod")
	o.Expect(t, command.CannotPull, "12 services: 12 cannot pull", "")
	if !strings.Contains(o.Stdout, "    12  route.none") || !strings.Contains(o.Stdout, table) {
		t.Errorf("twelve services have not one cause, %s:\n%s", table, o.Stdout)
	}
	o = fleet(t.Context(), "-all", "-log")
	o.Expect(t, command.CannotPull, "2 more are not on Fargate.", "msg=call action=ecs:ListClusters region=eu-west-1")
	for action, most := range map[string]int{"ecs:DescribeServices": 3, "ecs:DescribeTaskDefinition": 1, "ec2:DescribeRouteTables": 1} {
		if n := strings.Count(o.Stderr, "action="+action+" "); n == 0 || n > most {
			t.Errorf("%s was called %d times, want %d at most", action, n, most)
		}
	}
	fleet(t.Context(), "-all", "-stopped").Expect(t, command.CanPull, "0 tasks that failed to start", "")
	fleet(t.Context(), "-cluster", "nowhere").Expect(t, command.Undetermined, "Not loaded\n", "")

	o = fleet(t.Context(), "-all", "-assume-role", audit)
	o.Expect(t, command.CannotPull, "3 services: 3 cannot pull", "")
	if !strings.Contains(o.Stdout, otherTable) || strings.Contains(o.Stdout, table) {
		t.Errorf("the cause is not the other account's %s:\n%s", otherTable, o.Stdout)
	}
	o = fleet(t.Context(), "-cluster", "prod", "-assume-role", "arn:aws:iam::123456789012:role/audit,"+audit)
	o.Expect(t, command.CannotPull, "15 services: 15 cannot pull", "")
	if !strings.Contains(o.Stdout, otherTable) || !strings.Contains(o.Stdout, table) {
		t.Errorf("each account's tasks meet the checks of their own:\n%s", o.Stdout)
	}
	o = fleet(t.Context(), "-all", "-regions", "eu-west-1,us-east-1")
	o.Expect(t, command.CannotPull, "16 services: 16 cannot pull", "")
	if !strings.Contains(o.Stdout, elsewhereTable) || !strings.Contains(o.Stdout, table) {
		t.Errorf("each Region's tasks meet the checks of their own:\n%s", o.Stdout)
	}
	fleet(t.Context(), "-all", "-regions", "eu-north-1").Expect(t, command.Undetermined, "0 services", "")
}

func TestWithoutARegion(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	fleet(t.Context(), "-all").Expect(t, command.ToolError, "", "no Region is known")
}
