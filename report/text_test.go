package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

func TestVerdict(t *testing.T) {
	image := checks.Finding{Check: "image", Container: "log", Stage: checks.Resolve, Status: checks.Fail, Code: "image.absent", Subject: "fluent/fluent-bit:3"}
	for name, tt := range map[string]struct {
		findings []checks.Finding
		want     string
	}{
		"nothing":        {nil, "Not known whether it can pull: nothing was checked."},
		"skip only":      {[]checks.Finding{{Status: checks.Skip}}, "Not known whether it can pull: nothing was checked."},
		"pass":           {[]checks.Finding{{Status: checks.Pass}}, "It can pull."},
		"warn":           {[]checks.Finding{{Status: checks.Warn}, {Status: checks.Pass}}, "It can pull, with 1 warning."},
		"unknown":        {[]checks.Finding{{}, {}, {Status: checks.Warn}}, "Not known whether it can pull: 2 questions are open."},
		"left out":       {[]checks.Finding{{Code: checks.LeftOut}, {Status: checks.Pass}}, "Not known whether it can pull: 1 check was left out."},
		"fail":           {[]checks.Finding{{}, blackhole()}, "It cannot pull: authenticating to the registry fails at rtb-1 in 1 of 2 subnets."},
		"one container":  {[]checks.Finding{image}, "It cannot pull: resolving the image fails at fluent/fluent-bit:3 for container log."},
		"at an ARN":      {[]checks.Finding{{Status: checks.Fail, Subject: "arn:aws:iam::111122223333:role/web"}}, "It cannot pull: assuming the execution role fails at role/web."},
		"at the task":    {[]checks.Finding{{Status: checks.Fail, Subject: planned().TaskDefinition}}, "It cannot pull: assuming the execution role fails."},
		"several causes": {[]checks.Finding{image, blackhole()}, "It cannot pull: authenticating to the registry fails at rtb-1 in 1 of 2 subnets. There is 1 more root cause."},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.SplitAfter(text(t, checks.Diagnosis{Task: planned(), Findings: tt.findings}), "A task of")[0]
			got = strings.Join(strings.Fields(strings.TrimSuffix(got, "A task of")), " ")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAbout(t *testing.T) {
	place := network.Placement{Subnets: []string{"subnet-a", "subnet-b", "subnet-c"}, SecurityGroups: []string{"sg-1", "sg-2"}, PublicIP: new(true)}
	for _, tt := range []struct {
		task checks.Task
		want string
	}{
		{checks.Task{}, "A task on Fargate LATEST, security groups not known, public IP not known."},
		{checks.Task{Containers: []checks.Container{{Image: "web:1", PinnedDigest: "sha256:ab"}}},
			"A task on Fargate LATEST, security groups not known, public IP not known. It pulls web:1@sha256:ab."},
		{checks.Task{ARN: "arn:task/1", Service: "web", PlatformVersion: "1.4.0", Placement: place},
			"Task arn:task/1 of service web on Fargate 1.4.0, in subnet-a, subnet-b or subnet-c, with sg-1 and sg-2, with a public IP."},
		{checks.Task{Service: "web", Cluster: "arn:aws:ecs:eu-west-1:111122223333:cluster/prod", Windows: true, Placement: network.Placement{SecurityGroups: []string{}, PublicIP: new(false)}},
			"Service web in cluster prod on Fargate for Windows LATEST, with the VPC's default security group, without a public IP."},
		{planned(), "A task of arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7 on Fargate 1.4.0, in subnet-a or subnet-b, with sg-task, without a public IP. It pulls 111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1 and fluent/fluent-bit:3."},
	} {
		if diff := cmp.Diff(tt.want, english(t).about(tt.task)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestTextTellsEverything(t *testing.T) {
	d := checks.Diagnosis{Task: planned(), Assumptions: []string{"No firewall drops it."}, Findings: []checks.Finding{
		{Check: "execution-role", Status: checks.Pass, Code: "role.allowed", Summary: "The role may pull."},
		{Check: "image", Status: checks.Pass, Code: "image.present", Summary: "a exists."},
		{Check: "image", Status: checks.Pass, Code: "image.present", Summary: "b exists."},
		{Check: "repository-policy", Status: checks.Skip, Code: "repository.not-asked", Summary: "There is no policy."},
		{Check: "dns", Status: checks.Unknown, Code: checks.LeftOut, Summary: "DNS was left out."},
		{Check: "network-acl", Status: checks.Unknown, Code: "network-acl.unread", Summary: "The ACLs are not known.", Missing: []string{"ec2:DescribeNetworkAcls", "ec2:DescribeSubnets"},
			Evidence: []checks.Evidence{{Source: "ec2:DescribeNetworkAcls", Fact: "not read: UnauthorizedOperation"}}},
		{Check: "public-ip", Status: checks.Unknown, Code: "check.unfinished", Summary: "It could not be checked: the time ran out.",
			Evidence: []checks.Evidence{{Source: "public-ip", Fact: "the time ran out"}}},
		blackhole(),
		{Check: "vpc-endpoints", Status: checks.Warn, Code: "endpoint.shadows-nat", Subject: "vpce-1", Summary: "The endpoint shadows the NAT gateway.", Fixes: []checks.Fix{{Summary: "Turn it off"}}},
		{Check: "stopped-reason", Stage: checks.Resolve, Status: checks.Fail, Code: "stopped.timeout", Summary: "The host did not answer.",
			Evidence: []checks.Evidence{{Source: "ecs:DescribeTasks", Fact: "unable to pull secrets or registry auth: i/o timeout"}}, Fixes: []checks.Fix{{Summary: "Check everything"}}},
	}}
	d.Task.StoppedReason = "unable to pull secrets or registry auth: i/o timeout"
	const want = `It cannot pull: authenticating to the registry fails at rtb-1 in 1 of 2 subnets.
A task of arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7 on Fargate 1.4.0, in subnet-a or
subnet-b, with sg-task, without a public IP. It pulls
111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1 and fluent/fluent-bit:3.

Root cause
  The route of rtb-1 leads to nat-1, which no longer exists. [route.blackhole]
  Step      authenticating to the registry
  Observed  explains the error: it gives this error (timeout) in this step (authenticate)
  Evidence  rtb-1: 0.0.0.0/0 to nat-1, blackhole (ec2:DescribeRouteTables)
  Fix       Replace the target
            https://docs.example/routes
  or        Delete the route
  Scope     subnet-a (1 of 2 subnets)

Consequences
  - The host did not answer. [stopped.timeout]
    Evidence  unable to pull secrets or registry auth: i/o timeout (ecs:DescribeTasks)

Warnings
  - The endpoint shadows the NAT gateway. [endpoint.shadows-nat]
    Fix  Turn it off

Not known
  - The ACLs are not known. [network-acl.unread]
  - It could not be checked: the time ran out. [check.unfinished]

  The answers of these IAM actions are missing:
    ec2:DescribeNetworkAcls  not read: UnauthorizedOperation
    ec2:DescribeSubnets

Left out of this run, so unchecked
  dns

Passed
  execution-role  The role may pull.
  image           a exists. b exists.

Does not apply to this task, so unchecked
  repository-policy  There is no policy.

Taken for granted, because no account shows it
  - No firewall drops it.
`
	if diff := cmp.Diff(want, text(t, d)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTextGivesASharedPageOnce(t *testing.T) {
	f := blackhole()
	f.Fixes = []checks.Fix{{Summary: "Do this", Docs: "https://one"}, {Summary: "Do that", Docs: "https://one"}, {Summary: "Or else", Docs: "https://two"}}
	const want = "  Fix       Do this\n  or        Do that\n            https://one\n  or        Or else\n            https://two\n"
	if got := text(t, checks.Diagnosis{Findings: []checks.Finding{f}}); !strings.Contains(got, want) {
		t.Errorf("no\n%s in\n%s", want, got)
	}
}

func TestTextNumbersSeveralCauses(t *testing.T) {
	second := blackhole()
	second.Subject, second.Summary, second.Stage = "rtb-2", "rtb-2 is at fault.", checks.Download
	got := text(t, checks.Diagnosis{Task: planned(), Findings: []checks.Finding{second, blackhole()}})
	for _, want := range []string{"\nRoot causes\n  1. The route of rtb-1", "\n  2. rtb-2 is at fault."} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestTextWraps(t *testing.T) {
	f := blackhole()
	f.Summary = strings.Repeat("Ein längerer Satz über Routen. ", 20)
	f.Evidence[0].Fact = strings.Repeat("fact ", 60) + strings.Repeat("x", 150)
	for line := range strings.Lines(text(t, checks.Diagnosis{Task: planned(), Findings: []checks.Finding{f}})) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > usual && len(strings.Fields(line)) > 1 {
			t.Errorf("%d columns: %s", n, line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("blanks at the end of %q", line)
		}
	}
}
