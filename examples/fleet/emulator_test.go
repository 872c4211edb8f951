package main

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/canpull/canpull/examples/internal/emulator"
)

// Clusters, accounts and Regions that are asked over HTTP.
func TestEmulatedAccounts(t *testing.T) {
	emulator.Start(t)
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
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
	o.expect(t, cannotPull, "12 services: 12 cannot pull", "")
	if !strings.Contains(o.stdout, "    12  route.none") || !strings.Contains(o.stdout, table) {
		t.Errorf("twelve services have not one cause, %s:\n%s", table, o.stdout)
	}
	o = fleet(t.Context(), "-all", "-log")
	o.expect(t, cannotPull, "2 more are not on Fargate.", "msg=call action=ecs:ListClusters region=eu-west-1")
	for action, most := range map[string]int{"ecs:DescribeServices": 3, "ecs:DescribeTaskDefinition": 1, "ec2:DescribeRouteTables": 1} {
		if n := strings.Count(o.stderr, "action="+action+" "); n == 0 || n > most {
			t.Errorf("%s was called %d times, want %d at most", action, n, most)
		}
	}
	fleet(t.Context(), "-all", "-stopped").expect(t, canPull, "0 tasks that failed to start", "")
	fleet(t.Context(), "-cluster", "nowhere").expect(t, undetermined, "Not loaded\n", "")

	o = fleet(t.Context(), "-all", "-assume-role", audit)
	o.expect(t, cannotPull, "3 services: 3 cannot pull", "")
	if !strings.Contains(o.stdout, otherTable) || strings.Contains(o.stdout, table) {
		t.Errorf("the cause is not the other account's %s:\n%s", otherTable, o.stdout)
	}
	o = fleet(t.Context(), "-cluster", "prod", "-assume-role", "arn:aws:iam::123456789012:role/audit,"+audit)
	o.expect(t, cannotPull, "15 services: 15 cannot pull", "")
	if !strings.Contains(o.stdout, otherTable) || !strings.Contains(o.stdout, table) {
		t.Errorf("each account's tasks meet the checks of their own:\n%s", o.stdout)
	}
	o = fleet(t.Context(), "-all", "-regions", "eu-west-1,us-east-1")
	o.expect(t, cannotPull, "16 services: 16 cannot pull", "")
	if !strings.Contains(o.stdout, elsewhereTable) || !strings.Contains(o.stdout, table) {
		t.Errorf("each Region's tasks meet the checks of their own:\n%s", o.stdout)
	}
	fleet(t.Context(), "-all", "-regions", "eu-north-1").expect(t, undetermined, "0 services", "")
}

func TestWithoutARegion(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	fleet(t.Context(), "-all").expect(t, toolError, "", "no Region is known")
}
