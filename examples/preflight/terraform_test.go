package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/examples/internal/command"
)

// edited returns the embedded plan with a change made to it.
func edited(t *testing.T, edit func(plan map[string]any, change func(address string) map[string]any)) []byte {
	t.Helper()
	var file map[string]any
	if err := json.Unmarshal(demoPlan, &file); err != nil {
		t.Fatal(err)
	}
	edit(file, func(address string) map[string]any {
		for _, r := range file["resource_changes"].([]any) {
			if r := r.(map[string]any); r["address"] == address {
				return r["change"].(map[string]any)
			}
		}
		t.Fatalf("no %s", address)
		return nil
	})
	data, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// planned diagnoses a plan in the account of an embedded scenario.
func planned(t *testing.T, scenario string, data []byte) (plan, []result) {
	t.Helper()
	p, err := options{}.readTerraform("plan", data)
	if err != nil {
		t.Fatal(err)
	}
	return p, inScenario(t, scenario, p)
}

func inScenario(t *testing.T, scenario string, p plan) []result {
	t.Helper()
	a := embedded(t, scenario)
	a.open(p.pending)
	return p.diagnose(t.Context(), a)
}

func embedded(t *testing.T, scenario string) *account {
	t.Helper()
	all, err := checkstest.Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(s checkstest.Scenario) bool { return s.Name == scenario })
	return &account{id: "111122223333", region: "eu-west-1", scenario: &all[i]}
}

func codes(d checks.Diagnosis, status checks.Status) (all []string) {
	for _, f := range d.Findings {
		if f.Status == status {
			all = append(all, string(f.Code))
		}
	}
	return all
}

func TestPlanInAHealthyAccount(t *testing.T) {
	_, results := planned(t, "healthy-privatelink", demoPlan)
	if web := results[0]; web.err != nil || web.diagnosis.Status() != checks.Pass {
		t.Errorf("%v\n%s", web.err, checkstest.Outline(web.diagnosis))
	}
}

// A plan that changes what stands in the way may well mend it: what the account says of it now decides nothing.
func TestWhatThePlanChangesIsNotKnown(t *testing.T) {
	add := func(resourceType string, change map[string]any) []byte {
		return edited(t, func(file map[string]any, _ func(string) map[string]any) {
			file["resource_changes"] = append(file["resource_changes"].([]any), map[string]any{"address": resourceType + ".it", "mode": "managed",
				"type": resourceType, "name": "it", "change": change})
		})
	}
	rule := map[string]any{"actions": []any{"create"}, "after": map[string]any{"security_group_id": "sg-0endpoints"}, "after_unknown": map[string]any{"id": true}}
	for _, test := range []struct {
		scenario, without string
		data              []byte
		service           int
	}{
		{"endpoint-group-closed", "endpoint.group-closed", add("aws_vpc_security_group_ingress_rule", rule), 0},
		{"role-denied", "role.denied", add("aws_iam_role_policy", map[string]any{"actions": []any{"create"}, "after": map[string]any{"role": "web-execution"}}), 0},
		{"role-denied", "role.denied", add("aws_iam_policy", map[string]any{"actions": []any{"update"}, "after": map[string]any{"name": "pull"}}), 0},
		{"role-absent", "role.absent", add("aws_iam_role", map[string]any{"actions": []any{"create"}, "after": map[string]any{"name": "web-execution"}}), 0},
		{"route-none", "route.none", add("aws_route", map[string]any{"actions": []any{"create"}, "after": map[string]any{"route_table_id": "rtb-0private"}}), 0},
		{"healthy-privatelink", "image.absent", add("aws_ecr_repository", map[string]any{"actions": []any{"delete", "create"}, "after": map[string]any{"name": "web"}}), 1},
	} {
		t.Run(test.scenario, func(t *testing.T) {
			_, before := planned(t, test.scenario, demoPlan)
			if !slices.Contains(codes(before[test.service].diagnosis, checks.Fail), test.without) {
				t.Fatalf("the account has no %s:\n%s", test.without, checkstest.Outline(before[test.service].diagnosis))
			}
			_, after := planned(t, test.scenario, test.data)
			if after[test.service].diagnosis.Status() != checks.Unknown {
				t.Errorf("%s", checkstest.Outline(after[test.service].diagnosis))
			}
		})
	}
}

// A new thing that hangs on another new one, and what stays as it is, change no answer.
func TestWhatThePlanDoesNotTouchIsKnown(t *testing.T) {
	data := edited(t, func(file map[string]any, _ func(string) map[string]any) {
		for _, change := range []map[string]any{
			{"actions": []any{"create"}, "after": map[string]any{}, "after_unknown": map[string]any{"security_group_id": true}},
			{"actions": []any{"no-op"}, "after": map[string]any{"security_group_id": "sg-0endpoints"}},
		} {
			file["resource_changes"] = append(file["resource_changes"].([]any), map[string]any{"address": "aws_vpc_security_group_ingress_rule.it",
				"mode": "managed", "type": "aws_vpc_security_group_ingress_rule", "name": "it", "change": change})
		}
	})
	if _, results := planned(t, checkstest.DefaultScenario, data); results[0].diagnosis.Status() != checks.Fail {
		t.Errorf("%s", checkstest.Outline(results[0].diagnosis))
	}
}

func TestContainersThatAreNotKnownYet(t *testing.T) {
	data := edited(t, func(_ map[string]any, change func(string) map[string]any) {
		c := change("aws_ecs_task_definition.web")
		delete(c["after"].(map[string]any), "container_definitions")
		c["after_unknown"].(map[string]any)["container_definitions"] = true
	})
	_, results := planned(t, checkstest.DefaultScenario, data)
	if err := results[0].err; err == nil || !strings.Contains(err.Error(), "the container_definitions of aws_ecs_task_definition.web is known only after the plan was applied") {
		t.Error(err)
	}
	if status := statusOf(results[:1]); status != command.Undetermined {
		t.Errorf("exit status %d", status)
	}
}

func TestSubnetsThatAreNotKnownYet(t *testing.T) {
	data := edited(t, func(_ map[string]any, change func(string) map[string]any) {
		c := change("aws_ecs_service.web")
		c["after_unknown"].(map[string]any)["network_configuration"] = []any{map[string]any{"subnets": []any{true, false}}}
	})
	_, results := planned(t, "healthy-privatelink", data)
	if d := results[0].diagnosis; d.Status() != checks.Unknown || len(d.Task.Placement.Subnets) > 0 {
		t.Errorf("%s", checkstest.Outline(d))
	}
}

// A reference is followed through the variables and outputs of modules, and no further than the configuration tells.
func TestTaskDefinitionThroughModules(t *testing.T) {
	service := func(file map[string]any) map[string]any {
		root := file["configuration"].(map[string]any)["root_module"].(map[string]any)
		return root["resources"].([]any)[0].(map[string]any)["expressions"].(map[string]any)
	}
	data := edited(t, func(file map[string]any, _ func(string) map[string]any) {
		service(file)["task_definition"] = map[string]any{"references": []any{"module.worker.definition", "module.worker"}}
		calls := file["configuration"].(map[string]any)["root_module"].(map[string]any)["module_calls"].(map[string]any)
		calls["worker"].(map[string]any)["module"].(map[string]any)["outputs"] = map[string]any{"definition": map[string]any{
			"expression": map[string]any{"references": []any{"aws_ecs_task_definition.worker.arn", "aws_ecs_task_definition.worker"}}}}
	})
	p, results := planned(t, checkstest.DefaultScenario, data)
	if got := results[0].diagnosis.Task.TaskDefinition; got != "worker" {
		t.Errorf("%q, %v", got, results[0].err)
	}
	if !slices.ContainsFunc(p.others, func(s string) bool { return strings.HasPrefix(s, "aws_ecs_task_definition.web is used by no service") }) {
		t.Error(p.others)
	}
	data = edited(t, func(file map[string]any, _ func(string) map[string]any) {
		service(file)["task_definition"] = map[string]any{"references": []any{"local.definition"}}
	})
	_, results = planned(t, checkstest.DefaultScenario, data)
	if err := results[0].err; err == nil || !strings.Contains(err.Error(), "local.definition") {
		t.Error(err)
	}
}

func TestServicesElsewhere(t *testing.T) {
	data := edited(t, func(_ map[string]any, change func(string) map[string]any) {
		change("aws_ecs_service.web")["after"].(map[string]any)["launch_type"] = "EC2"
	})
	p, results := planned(t, checkstest.DefaultScenario, data)
	if len(results) != 1 || !slices.Contains(p.others, "aws_ecs_service.web runs on EC2, not on Fargate") {
		t.Errorf("%d services, %v", len(results), p.others)
	}
}

func TestPlanThatIsNone(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "terraform show -json",
		"{}":                        "format version is missing",
		`{"format_version": "1.2"}`: "plans no ECS service on Fargate",
		`{"format_version": "9.0"}`: "unsupported plan format version",
		`{"format_version": "1.2", "resource_changes"`:                       "at byte",
		`{"format_version": "1.2", "resource_changes":[{"address": "a.b"}]}`: "a.b has no change",
	} {
		if _, err := (options{}).readTerraform("plan", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// A repository's name may hold slashes, and a role's ARN a path.
func TestNamesOfWhatIsPending(t *testing.T) {
	p := pending{{name: "repository", actions: images, about: "team/web"}, {name: "role", actions: roles, about: "web-execution"}}
	for _, test := range []struct {
		action string
		input  any
		want   bool
	}{
		{"ecr:BatchGetImage", &ecr.BatchGetImageInput{RepositoryName: aws.String("team/web")}, true},
		{"ecr:BatchGetImage", &ecr.BatchGetImageInput{RepositoryName: aws.String("web")}, false},
		{"ecr:DescribeRepositories", &ecr.DescribeRepositoriesInput{RepositoryNames: []string{"team/web"}}, true},
		{"iam:GetRole", &iam.GetRoleInput{RoleName: aws.String("web-execution")}, true},
		{"iam:GetRole", &iam.GetRoleInput{RoleName: aws.String("other")}, false},
		{"iam:SimulatePrincipalPolicy", &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String("arn:aws:iam::111122223333:role/path/web-execution")}, true},
		{"ec2:DescribeVpcs", nil, false},
	} {
		if got := p.refuse(test.action, test.input) != nil; got != test.want {
			t.Errorf("%s %+v: %t", test.action, test.input, got)
		}
	}
}

func TestModuleNames(t *testing.T) {
	for address, want := range map[string]string{"": "", "module.a": "a", "module.a.module.b": "a b", `module.a["x.y"].module.b[0]`: "a b"} {
		if got := strings.Join(moduleNames(address), " "); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

// FuzzTerraform: whatever a plan holds, it is refused with an error or says what it deploys.
func FuzzTerraform(f *testing.F) {
	f.Add(string(demoPlan))
	f.Add(`{"format_version": "1.2", "resource_changes": [{"address": "a", "mode": "managed", "type": "aws_ecs_service", "change": {"actions": ["create"],
		"after": {"task_definition": "web:1", "network_configuration": [{"subnets": ["subnet-1"]}]}}}]}`)
	for _, plan := range noChange {
		f.Add(plan)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := options{plan: "plan"}.readTerraform("plan", []byte(text))
		if err == nil && len(p.services) == 0 {
			t.Error("nothing to diagnose, and no error")
		}
	})
}

// noChange are plans with nothing where a change would be.
var noChange = []string{
	`{"format_version": "1.2", "resource_changes": [null]}`,
	`{"format_version": "1.2", "resource_changes": [{"address": "a"}]}`,
	`{"format_version": "1.2", "deferred_changes": [null]}`,
	`{"format_version": "1.2", "deferred_changes": [{"reason": "provider_config_unknown"}]}`,
}

func TestTerraformWithoutAChangeIsRefused(t *testing.T) {
	for _, text := range noChange {
		if _, err := (options{plan: "plan"}).readTerraform("plan", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), "plan: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzDefinition: whatever a task definition holds, it is refused with an error or is a task that can be written down.
func FuzzDefinition(f *testing.F) {
	f.Add(`{"family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "executionRoleArn": "role", "ephemeralStorage": {"sizeInGiB": 30},
		"runtimePlatform": {"cpuArchitecture": "ARM64"}, "containerDefinitions": [{"name": "web", "image": "nginx", "repositoryCredentials": {"credentialsParameter": "hub"}}]}`)
	f.Add(`{"containerDefinitions": [{}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		definition, err := parseDefinition([]byte(text))
		if err != nil {
			return
		}
		task, err := checks.PlannedTask(definition, nil, "111122223333", "eu-west-1")
		if err == nil && len(task.Containers) == 0 {
			t.Errorf("a task without containers: %+v", task)
		}
		d, err := checks.Run(t.Context(), task, checks.Default(checks.Sources{})...)
		if err != nil || d.Status() == checks.Pass {
			t.Errorf("%s, %v", d.Status(), err)
		}
	})
}
