package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/examples/internal/command"
)

func TestUsageErrors(t *testing.T) {
	const taskARN = "arn:aws:ecs:eu-west-1:111122223333:task/prod/0f1e"
	for _, tt := range []struct {
		args string
		want string // each word of it is in the message
	}{
		{"prod", `unexpected "prod"`},
		{"-region eu-west-1", "not defined -region"},
		{"-timeout soon", "-timeout soon"},
		{"-timeout -1s", "-timeout negative"},
		{"-format yaml", "-format yaml text json markdown html sarif junit"},
		{"-artifact main.tf", "-artifact -format sarif"},
		{"-lang fr", "-lang fr en ko"},
		{"-task= -cluster prod", "-task empty"},
		{"-checks=,", "-checks empty"},
		{"-scenarios -scenario healthy-nat", "-scenarios -scenario"},
		{"-scenarios -format json", "-scenarios -format"},
		{"-scenario healthy-nat -task 0f1e", "-scenario -task"},
		{"-cluster prod -task 0f1e -service web", "-task -service"},
		{"-task 0f1e -event event.json", "-task -event"},
		{"-cluster prod -event event.json", "-cluster -task -service"},
		{"-event=", "-event empty"},
		{"-service web -task-definition web:1 -subnets subnet-a", "-service -task-definition"},
		{"-cluster prod", "-cluster -task -service"},
		{"-cluster prod -task-definition web:1 -subnets subnet-a", "-cluster -task -service"},
		{"-subnets subnet-a", "-subnets -task-definition"},
		{"-task 0f1e -security-groups sg-a", "-security-groups -task-definition"},
		{"-service web -assign-public-ip", "-assign-public-ip -task-definition"},
		{"-scenario healthy-nat -platform-version 1.4.0", "-platform-version -task-definition"},
		{"-task-definition web:1", "-task-definition -subnets"},
		{"-snapshot a.json -task 0f1e", "-snapshot -task"},
		{"-snapshot a.json -scenario healthy-nat", "-snapshot -scenario"},
		{"-snapshot a.json -cluster prod", "-cluster -task -service"},
		{"-snapshot= -format json", "-snapshot empty"},
		{"-scenarios -capture a.json", "-scenarios -capture"},
		{"-redact", "-redact -capture"},
		{"-capture a -o a", "-capture -o same"},
		{"-cluster staging -task " + taskARN, "-task prod -cluster staging"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			r := diagnose(t.Context(), strings.Fields(tt.args)...)
			r.Expect(t, command.ToolError, "", "Run diagnose -h for help.")
			for word := range strings.FieldsSeq(tt.want) {
				if !strings.Contains(r.Stderr, word) {
					t.Errorf("no %s in: %s", word, r.Stderr)
				}
			}
		})
	}
}

func TestUnknownCheckListsTheChecks(t *testing.T) {
	for _, flag := range []string{"-checks", "-skip"} {
		r := diagnose(t.Context(), flag, "route,firewall")
		r.Expect(t, command.ToolError, "", `"firewall"`)
		for _, c := range checks.Default(checks.Sources{}) {
			if !strings.Contains(r.Stderr, c.Info().ID) {
				t.Errorf("%s is not listed: %s", c.Info().ID, r.Stderr)
			}
		}
	}
}

func TestHelp(t *testing.T) {
	r := diagnose(t.Context(), "-h")
	if r.Status != 0 || r.Stdout != usage || r.Stderr != "" {
		t.Errorf("%+v", r)
	}
	for line := range strings.Lines(usage) {
		if len([]rune(line)) > 101 {
			t.Errorf("too long for 100 columns: %s", line)
		}
	}
}

func TestParse(t *testing.T) {
	o, err := parse(strings.Fields("-task-definition web:7 -subnets subnet-a,subnet-b, -assign-public-ip -platform-version 1.3.0 -checks dns,route"))
	if err != nil {
		t.Fatal(err)
	}
	p := o.placement()
	if !slices.Equal(p.Subnets, []string{"subnet-a", "subnet-b"}) || p.SecurityGroups == nil || len(p.SecurityGroups) != 0 || !*p.PublicIP {
		t.Errorf("placement %+v", p)
	}
	if o.mode != "task-definition" || o.platform != "1.3.0" || !slices.Equal(o.only, command.List{"dns", "route"}) {
		t.Errorf("%+v", o)
	}
	if o, err = parse(strings.Fields("-task-definition web:7 -subnets subnet-a -security-groups sg-a")); err != nil || *o.placement().PublicIP || !slices.Equal(o.groups, command.List{"sg-a"}) {
		t.Errorf("%v, %+v", err, o)
	}
}

func TestARNsNameClusterAndRegion(t *testing.T) {
	for _, tt := range []struct{ args, cluster, region string }{
		{"-task arn:aws:ecs:eu-west-1:111122223333:task/prod/0f1e", "prod", "eu-west-1"},
		{"-cluster prod -task arn:aws:ecs:eu-west-1:111122223333:task/prod/0f1e", "prod", "eu-west-1"},
		{"-cluster arn:aws:ecs:eu-west-1:111122223333:cluster/prod -task 0f1e", "", "eu-west-1"},
		{"-task arn:aws:ecs:eu-west-1:111122223333:task/0f1e", "", "eu-west-1"},
		{"-service arn:aws-cn:ecs:cn-north-1:111122223333:service/prod/web", "prod", "cn-north-1"},
		{"-task-definition arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7 -subnets subnet-a", "", "eu-west-1"},
		{"-task 0f1e", "", ""},
	} {
		o, err := parse(strings.Fields(tt.args))
		if err != nil {
			t.Errorf("%s: %v", tt.args, err)
		} else if cluster := clusterOf(o.named()); cluster != tt.cluster || o.region() != tt.region {
			t.Errorf("%s: cluster %q, Region %q", tt.args, cluster, o.region())
		}
	}
}
