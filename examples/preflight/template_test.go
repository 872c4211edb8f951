package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/examples/internal/command"
)

const stack = `
Parameters:
  Tag: {Type: String, Default: 1.4.2}
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>'}
Conditions:
  Arm: !Equals [!Ref Tag, arm]
Resources:
  Web:
    Type: AWS::ECS::Service
    Properties:
      LaunchType: FARGATE
      TaskDefinition: !Ref WebDefinition
      NetworkConfiguration:
        AwsvpcConfiguration:
          Subnets: !Ref Subnets
          SecurityGroups: [!ImportValue task-group]
  WebDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      ExecutionRoleArn: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/web-execution
      RuntimePlatform: !If [Arm, {CpuArchitecture: ARM64}, !Ref AWS::NoValue]
      EphemeralStorage: {SizeInGiB: "30"}
      ContainerDefinitions:
      - Name: web
        Image: !Join ["", [!Ref AWS::AccountId, .dkr.ecr., !Ref AWS::Region, ".", !Ref AWS::URLSuffix, "/web:", !Ref Tag]]
      - !If [Arm, {Name: proxy, Image: envoy}, !Ref AWS::NoValue]
`

var given = parameters{"Subnets": "subnet-0private0a, subnet-0private0b", "task-group": "sg-0task"}

func templated(t *testing.T, text string, given parameters) (plan, error) {
	t.Helper()
	return options{template: "stack.yaml", parameters: given}.readTemplate([]byte(text), embedded(t, checkstest.DefaultScenario))
}

func TestTemplate(t *testing.T) {
	p, err := templated(t, stack, given)
	if err != nil {
		t.Fatal(err)
	}
	r := inScenario(t, checkstest.DefaultScenario, p)[0]
	task := r.diagnosis.Task
	if r.err != nil || !slices.Contains(codes(r.diagnosis, checks.Fail), "endpoint.group-closed") || len(codes(r.diagnosis, checks.Unknown)) > 0 {
		t.Errorf("%v\n%s", r.err, checkstest.Outline(r.diagnosis))
	}
	if task.Containers[0].Image != "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1.4.2" || len(task.Containers) != 1 || task.EphemeralStorageGiB != 30 ||
		task.ExecutionRole != "arn:aws:iam::111122223333:role/web-execution" || len(task.Placement.Subnets) != 2 || task.Architecture != "" {
		t.Errorf("%+v", task)
	}
	p, err = templated(t, stack, parameters{"Tag": "arm", "Subnets": "subnet-1", "task-group": "sg-1"})
	if err != nil {
		t.Fatal(err)
	}
	if d := p.services[0].definition; len(d.ContainerDefinitions) != 2 || d.RuntimePlatform == nil || d.RuntimePlatform.CpuArchitecture != "ARM64" {
		t.Errorf("%+v", d)
	}
}

// What get-template prints holds the template as an object, or as a text.
func TestTemplateBody(t *testing.T) {
	for _, body := range []string{`{"TemplateBody": {"Resources": {"A": {"Type": "AWS::ECS::Service", "Properties": {"LaunchType": "EC2", "TaskDefinition": "web:1"}}}}}`,
		`{"TemplateBody": "Resources:\n  A:\n    Type: AWS::ECS::Service\n    Properties: {LaunchType: EC2, TaskDefinition: web:1}\n"}`} {
		if _, err := templated(t, body, nil); err == nil || !strings.Contains(err.Error(), "A runs on EC2, not on Fargate") {
			t.Error(err)
		}
	}
}

// A value that nothing tells is an error that names where it is missing.
func TestTemplateNamesWhatIsNotKnown(t *testing.T) {
	for _, test := range []struct {
		old, new string
		given    parameters
		want     []string
	}{
		{"", "", parameters{"task-group": "sg-1"}, []string{"Subnets of Web", "-parameter Subnets=VALUE"}},
		{"", "", parameters{"Subnets": "subnet-1"}, []string{"SecurityGroups of Web", "another stack exports it as task-group"}},
		{"!Ref Tag]]", "!Ref Tga]]", given, []string{"ContainerDefinitions[0].Image of WebDefinition", `"Tga"`}},
		{"!Ref Tag]]", "'{{resolve:ssm:tag}}']]", given, []string{"ContainerDefinitions[0].Image", "dynamic reference"}},
		{"!Ref Tag]]", "!Cidr [a, 1]]]", given, []string{"ContainerDefinitions[0].Image", "Fn::Cidr"}},
		{"EphemeralStorage: {SizeInGiB: \"30\"}", "EphemeralStorage: {SizeInGiB: big}", given, []string{"EphemeralStorage.SizeInGiB of WebDefinition", "big"}},
		{"!Ref WebDefinition", "!Ref Web", given, []string{"Web is no AWS::ECS::TaskDefinition"}},
		{"!Equals [!Ref Tag, arm]", "!Condition Arm", given, []string{"circle"}},
		{stack, "- a list", given, []string{"it is no object"}},
		{stack, "a: *b", given, []string{"no CloudFormation template"}},
	} {
		_, err := templated(t, strings.Replace(stack, test.old, test.new, 1), test.given)
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", test.new, err, want)
			}
		}
	}
}

// What the template holds may be created or changed by this very deployment.
func TestWhatTheTemplateHoldsIsNotKnown(t *testing.T) {
	for _, test := range []struct{ old, new, resource, code string }{
		{"!Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/web-execution", "!GetAtt Role.Arn", "Role: {Type: AWS::IAM::Role}", "role.absent-unknown"},
		{"", "", "Role: {Type: AWS::IAM::Role, Properties: {RoleName: web-execution}}", "role.absent-unknown"},
		{"", "", "Pull: {Type: AWS::IAM::Policy, Properties: {Roles: [web-execution]}}", "role.absent-unknown"},
		{"!ImportValue task-group", "!GetAtt Group.GroupId", "Group: {Type: AWS::EC2::SecurityGroup}", "security-group.unread"},
		{"", "", "Rule: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: sg-0endpoints}}", "security-group.unread"},
		{"", "", "Repository: {Type: AWS::ECR::Repository, Properties: {RepositoryName: web}}", "image.unread"},
	} {
		text := strings.Replace(stack, test.old, test.new, 1) + "  " + test.resource + "\n"
		p, err := templated(t, text, given)
		if err != nil {
			t.Fatal(err)
		}
		d := inScenario(t, "role-denied", p)[0].diagnosis
		if !slices.Contains(codes(d, checks.Unknown), test.code) {
			t.Errorf("%s: no %s in\n%s", test.resource, test.code, checkstest.Outline(d))
		}
		if strings.HasPrefix(test.code, "role.") && slices.Contains(codes(d, checks.Fail), "role.denied") {
			t.Errorf("%s: denied by the policies of before", test.resource)
		}
	}
}

// An image of a repository that the template makes has no name yet.
func TestImageOfARepositoryOfTheTemplate(t *testing.T) {
	text := strings.Replace(stack, "!Ref Tag]]", "!GetAtt Repository.RepositoryUri]]", 1) + "  Repository: {Type: AWS::ECR::Repository}\n"
	p, err := templated(t, text, given)
	if err != nil {
		t.Fatal(err)
	}
	results := inScenario(t, checkstest.DefaultScenario, p)
	if err := results[0].err; err == nil || !strings.Contains(err.Error(), "ContainerDefinitions[0].Image of WebDefinition") || statusOf(results) != command.Undetermined {
		t.Error(err)
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add(stack)
	f.Add(`{"Resources": {"A": {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": {"Ref": "A"}}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		o := options{template: "stack", parameters: given}
		p, err := o.readTemplate([]byte(text), &account{id: "111122223333", region: "eu-west-1"})
		if err == nil && len(p.services) == 0 {
			t.Error("nothing to diagnose, and no error")
		}
	})
}
