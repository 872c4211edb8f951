package main

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/canpull/canpull/checks"
)

// stack is what the tests look at of template.yaml. Functions are left as their arguments.
type stack struct {
	Resources struct {
		Rule struct {
			Properties struct {
				EventPattern struct {
					Source     []string
					DetailType []string `yaml:"detail-type"`
					Detail     map[string][]string
				} `yaml:"EventPattern"`
				Targets []map[string]any `yaml:"Targets"`
			} `yaml:"Properties"`
		} `yaml:"Rule"`
		Function struct {
			Properties struct {
				Timeout     int `yaml:"Timeout"`
				Environment struct {
					Variables map[string]string `yaml:"Variables"`
				} `yaml:"Environment"`
			} `yaml:"Properties"`
		} `yaml:"Function"`
		Role struct {
			Properties struct {
				Policies []struct {
					PolicyDocument struct {
						Statement []yaml.Node `yaml:"Statement"`
					} `yaml:"PolicyDocument"`
				} `yaml:"Policies"`
			} `yaml:"Properties"`
		} `yaml:"Role"`
	} `yaml:"Resources"`
}

func readStack(t *testing.T) (s stack, text string) {
	t.Helper()
	data, err := os.ReadFile("template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s, string(data)
}

// operations are what a client is used for, as IAM names it.
func operations[Client any](service string) (actions []string) {
	for m := range reflect.TypeFor[Client]().Methods() {
		actions = append(actions, service+":"+m.Name)
	}
	return actions
}

// The function may call what the checks and its own clients may call, and Lambda what it takes to log and to bury.
func TestPolicyIsTheLeast(t *testing.T) {
	s, _ := readStack(t)
	got := map[string][]string{}
	for _, node := range s.Resources.Role.Properties.Policies[0].PolicyDocument.Statement {
		if node.Tag == "!If" {
			node = *node.Content[1]
		}
		var statement struct {
			Sid      string    `yaml:"Sid"`
			Action   yaml.Node `yaml:"Action"`
			Resource string    `yaml:"Resource"`
		}
		if err := node.Decode(&statement); err != nil {
			t.Fatal(err)
		}
		actions := []string{statement.Action.Value}
		if statement.Action.Kind == yaml.SequenceNode {
			if err := statement.Action.Decode(&actions); err != nil {
				t.Fatal(err)
			}
		}
		got[statement.Resource] = append(got[statement.Resource], actions...)
	}
	asked := slices.DeleteFunc(checks.Actions(checks.Default(checks.Sources{})...), func(action string) bool {
		return strings.HasPrefix(action, "ecs:List") // its tasks come one at a time
	})
	want := map[string][]string{
		"*":               asked,
		"Table.Arn":       operations[updater]("dynamodb"),
		"Topic":           operations[publisher]("sns"),
		"WebhookSecret":   operations[secrets]("secretsmanager"),
		"Logs.Arn":        {"logs:CreateLogStream", "logs:PutLogEvents"}, // Lambda's own
		"DeadLetters.Arn": {"sqs:SendMessage"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Every task that the rule lets through is one that the handler wants, and the settings it reads are those it is given.
func TestRuleAndSettings(t *testing.T) {
	s, text := readStack(t)
	pattern := s.Resources.Rule.Properties.EventPattern
	if !slices.Equal(pattern.Detail["stopCode"], []string{"TaskFailedToStart"}) || !slices.Equal(pattern.DetailType, []string{"ECS Task State Change"}) {
		t.Errorf("%+v", pattern)
	}
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	var read []string
	for _, m := range regexp.MustCompile(`os\.Getenv\("([A-Z_]+)"\)`).FindAllStringSubmatch(string(source), -1) {
		read = append(read, m[1])
	}
	var given []string
	for name := range s.Resources.Function.Properties.Environment.Variables {
		given = append(given, name)
	}
	slices.Sort(read)
	slices.Sort(given)
	if !slices.Equal(read, given) {
		t.Errorf("it reads %s and is given %s", read, given)
	}
	if seconds := s.Resources.Function.Properties.Timeout; float64(seconds) < 2*toTell.Seconds() {
		t.Errorf("%d seconds leave no time to diagnose", seconds)
	}
	if target := s.Resources.Rule.Properties.Targets[0]; target["DeadLetterConfig"] == nil || strings.Count(text, "!GetAtt DeadLetters.Arn") < 3 {
		t.Error("what fails has nowhere to go")
	}
}
