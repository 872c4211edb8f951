package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/canpull/canpull/examples/internal/command"
	"github.com/canpull/canpull/examples/internal/emulator"
)

const definition = `{"family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
	"containerDefinitions": [{"name": "web", "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.0", "essential": true, "cpu": 0,
		"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "web"}}}], "volumes": [], "tags": []}`

// A definition that is not registered, in an account that is asked over HTTP.
func TestEmulatedDefinition(t *testing.T) {
	cfg := emulator.Start(t)
	in := emulator.NewPlace(t, cfg)
	name := file(t, "web.json", definition)

	o := preflight(t.Context(), "-definition", name, "-subnets", in.Subnet, "-security-groups", in.SecurityGroup, "-format", "text")
	for _, want := range []string{"[role.none]", "[route.none]", "[image.repository-absent]", in.RouteTable} {
		o.Expect(t, command.CannotPull, want, "")
	}
	described := file(t, "described.json", `{"taskDefinition": `+definition+`}`)
	service, err := json.Marshal(map[string]any{"serviceName": "web", "launchType": "FARGATE", "networkConfiguration": map[string]any{
		"awsvpcConfiguration": map[string]any{"subnets": []string{in.Subnet}, "securityGroups": []string{in.SecurityGroup}, "assignPublicIp": "ENABLED"}}})
	if err != nil {
		t.Fatal(err)
	}
	o = preflight(t.Context(), "-definition", described, "-service", file(t, "service.json", string(service)), "-format", "text")
	if text := strings.Join(strings.Fields(o.Stdout), " "); o.Status != command.CannotPull || !strings.Contains(text, ", with a public IP.") {
		t.Errorf("%+v", o)
	}
	preflight(t.Context(), "-service", file(t, "service.json", string(service))).Expect(t, command.ToolError, "", "it names no taskDefinition")

	registered := emulator.Call(t, ecs.NewFromConfig(cfg).RegisterTaskDefinition, &ecs.RegisterTaskDefinitionInput{Family: aws.String("web"), NetworkMode: "awsvpc",
		RequiresCompatibilities: []ecstypes.Compatibility{"FARGATE"}, Cpu: aws.String("256"), Memory: aws.String("512"),
		ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: aws.String("web"), Image: aws.String("123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.0"), Memory: aws.Int32(512)}}})
	named := strings.Replace(string(service), "{", `{"taskDefinition": "web:1", `, 1)
	preflight(t.Context(), "-service", file(t, "service.json", named), "-format", "text").
		Expect(t, command.CannotPull, *registered.TaskDefinition.TaskDefinitionArn, "")

	// The SDK's clients refuse what a template changes, as the embedded account does.
	template := `{"Resources": {
		"Web": {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": "web:1", "LaunchType": "FARGATE", "NetworkConfiguration": {"AwsvpcConfiguration": {
			"Subnets": ["` + in.Subnet + `"], "SecurityGroups": ["` + in.SecurityGroup + `"]}}}},
		"Way": {"Type": "AWS::EC2::Route", "Properties": {"RouteTableId": "` + in.RouteTable + `"}}}}`
	o = preflight(t.Context(), "-template", file(t, "stack.json", template), "-format", "text")
	o.Expect(t, command.CannotPull, "the deployment creates or changes Way", "")
	if strings.Contains(o.Stdout, "[route.none]") {
		t.Errorf("a route is missing that the template may make:\n%s", o.Stdout)
	}
}

func TestWithoutAnAccount(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	preflight(t.Context(), "-definition", file(t, "web.json", definition), "-subnets", "subnet-1").Expect(t, command.ToolError, "", "no Region is known")
}
