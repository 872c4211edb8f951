package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/canpull/canpull/examples/internal/emulator"
)

// place is a subnet that leads nowhere, and a group that lets everything out.
type madePlace struct{ subnet, table, group string }

func makePlace(t *testing.T, cfg aws.Config) (p madePlace) {
	t.Helper()
	client := ec2.NewFromConfig(cfg)
	vpc := *call(t, client.CreateVpc, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")}).Vpc.VpcId
	p.subnet = *call(t, client.CreateSubnet, &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: aws.String("10.0.1.0/24")}).Subnet.SubnetId
	p.group = *call(t, client.CreateSecurityGroup, &ec2.CreateSecurityGroupInput{VpcId: &vpc, GroupName: aws.String("web"), Description: aws.String("web")}).GroupId
	tables := call(t, client.DescribeRouteTables, &ec2.DescribeRouteTablesInput{Filters: []types.Filter{{Name: aws.String("vpc-id"), Values: []string{vpc}}}})
	p.table = *tables.RouteTables[0].RouteTableId
	return p
}

// call calls an operation of the emulator, which has to succeed.
func call[In, Out, Options any](t *testing.T, operation func(context.Context, *In, ...func(*Options)) (*Out, error), in *In) *Out {
	t.Helper()
	out, err := operation(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const definition = `{"family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
	"containerDefinitions": [{"name": "web", "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.0", "essential": true, "cpu": 0,
		"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "web"}}}], "volumes": [], "tags": []}`

// A definition that is not registered, in an account that is asked over HTTP.
func TestEmulatedDefinition(t *testing.T) {
	emulator.Start(t)
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in := makePlace(t, cfg)
	name := file(t, "web.json", definition)

	o := preflight(t.Context(), "-definition", name, "-subnets", in.subnet, "-security-groups", in.group, "-format", "text")
	for _, want := range []string{"[role.none]", "[route.none]", "[image.repository-absent]", in.table} {
		o.expect(t, cannotPull, want, "")
	}
	described := file(t, "described.json", `{"taskDefinition": `+definition+`}`)
	service, err := json.Marshal(map[string]any{"serviceName": "web", "launchType": "FARGATE", "networkConfiguration": map[string]any{
		"awsvpcConfiguration": map[string]any{"subnets": []string{in.subnet}, "securityGroups": []string{in.group}, "assignPublicIp": "ENABLED"}}})
	if err != nil {
		t.Fatal(err)
	}
	o = preflight(t.Context(), "-definition", described, "-service", file(t, "service.json", string(service)), "-format", "text")
	if text := strings.Join(strings.Fields(o.stdout), " "); o.status != cannotPull || !strings.Contains(text, ", with a public IP.") {
		t.Errorf("%+v", o)
	}
	preflight(t.Context(), "-service", file(t, "service.json", string(service))).expect(t, toolError, "", "it names no taskDefinition")

	registered := call(t, ecs.NewFromConfig(cfg).RegisterTaskDefinition, &ecs.RegisterTaskDefinitionInput{Family: aws.String("web"), NetworkMode: "awsvpc",
		RequiresCompatibilities: []ecstypes.Compatibility{"FARGATE"}, Cpu: aws.String("256"), Memory: aws.String("512"),
		ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: aws.String("web"), Image: aws.String("123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.0"), Memory: aws.Int32(512)}}})
	named := strings.Replace(string(service), "{", `{"taskDefinition": "web:1", `, 1)
	preflight(t.Context(), "-service", file(t, "service.json", named), "-format", "text").
		expect(t, cannotPull, *registered.TaskDefinition.TaskDefinitionArn, "")

	// The SDK's clients refuse what a template changes, as the embedded account does.
	template := `{"Resources": {
		"Web": {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": "web:1", "LaunchType": "FARGATE", "NetworkConfiguration": {"AwsvpcConfiguration": {
			"Subnets": ["` + in.subnet + `"], "SecurityGroups": ["` + in.group + `"]}}}},
		"Way": {"Type": "AWS::EC2::Route", "Properties": {"RouteTableId": "` + in.table + `"}}}}`
	o = preflight(t.Context(), "-template", file(t, "stack.json", template), "-format", "text")
	o.expect(t, cannotPull, "the deployment creates or changes Way", "")
	if strings.Contains(o.stdout, "[route.none]") {
		t.Errorf("a route is missing that the template may make:\n%s", o.stdout)
	}
}

func TestWithoutAnAccount(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	preflight(t.Context(), "-definition", file(t, "web.json", definition), "-subnets", "subnet-1").expect(t, toolError, "", "no Region is known")
}
