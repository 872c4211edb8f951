package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/canpull/canpull/examples/internal/command"
	"github.com/canpull/canpull/examples/internal/command/commandtest"
)

func preflight(ctx context.Context, args ...string) commandtest.Outcome {
	return commandtest.Run(ctx, program, args...)
}

// file writes a file and returns its name.
func file(t *testing.T, name, text string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

var update = flag.Bool("update", false, "write what the program prints into README.md")

// The README shows what the program prints.
func TestREADMEShowsTheOutput(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	o := preflight(t.Context(), "-format", "text")
	o.Expect(t, command.CannotPull, "It cannot pull", "embedded plan")
	first, _, _ := strings.Cut(o.Stdout, "\nThe way of the pull\n")
	table, _, _ := strings.Cut(preflight(t.Context()).Stdout, "\n---\n")
	got := string(readme)
	for _, shown := range []struct{ after, text, before string }{
		{"prints first\n\n", "```\n" + first + "…\n```\n", "\nand the comment"},
		{"begins with\n\n", table, "\n## GitHub Actions"},
	} {
		head, rest, _ := strings.Cut(got, shown.after)
		_, tail, ok := strings.Cut(rest, shown.before)
		if !ok {
			t.Fatalf("README.md has nothing between %q and %q", shown.after, shown.before)
		}
		got = head + shown.after + shown.text + shown.before + tail
	}
	if *update {
		if err := os.WriteFile("README.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != string(readme) {
		t.Errorf("README.md does not show what the program prints: go test -run README -update, and look at the difference")
	}
}

// The README's jobs are YAML, and call the program as it is.
func TestREADMEShowsJobsThatRun(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	jobs := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(jobs) != 2 {
		t.Fatalf("%d jobs, want one for GitHub and one for GitLab", len(jobs))
	}
	for _, job := range jobs {
		var parsed map[string]any
		if err := yaml.Unmarshal([]byte(job[1]), &parsed); err != nil || parsed["jobs"] == nil && parsed["preflight"] == nil {
			t.Errorf("%v\n%s", err, job[1])
		}
		calls := regexp.MustCompile(`(?m)/\.?preflight"? (-.*?)( \|\| .*)?$`).FindAllStringSubmatch(job[1], -1)
		if len(calls) != 1 {
			t.Fatalf("%d calls of the program in\n%s", len(calls), job[1])
		}
		if _, err := parse(strings.Fields(calls[0][1])); err != nil {
			t.Errorf("%s: %v", calls[0][1], err)
		}
	}
}

// What the plan creates itself is not missing.
func TestWhatThePlanCreatesIsNotMissing(t *testing.T) {
	o := preflight(t.Context(), "-format", "text")
	_, worker, _ := strings.Cut(o.Stdout, "== module.worker.aws_ecs_service.worker")
	for _, want := range []string{"[role.absent-unknown]", "the deployment creates or changes module.worker.aws_iam_role.execution", "[security-group.unknown]",
		"as it refers to aws_security_group.worker.id", "[image.absent]"} {
		if !strings.Contains(worker, want) {
			t.Errorf("no %q in\n%s", want, worker)
		}
	}
	if strings.Contains(worker, "[role.absent]") {
		t.Errorf("a role that is to be created is called missing:\n%s", worker)
	}
}

// Code scanning takes one run for each ID, and shows results that have a place in a file.
func TestSARIF(t *testing.T) {
	name := filepath.Join(t.TempDir(), "preflight.sarif")
	preflight(t.Context(), "-sarif", name, "-artifact", "infra/main.tf").Expect(t, command.CannotPull, "", "")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var log struct {
		Version string
		Runs    []struct {
			AutomationDetails struct{ ID string }
			Results           []struct {
				RuleID, Level string
				Locations     []struct {
					PhysicalLocation struct{ ArtifactLocation struct{ URI string } }
				}
			}
		}
	}
	if err := json.Unmarshal(data, &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 2 || log.Runs[0].AutomationDetails.ID != "canpull/preflight/aws_ecs_service.web/" {
		t.Fatalf("%+v", log)
	}
	if r := log.Runs[0].Results[0]; r.RuleID != "endpoint.group-closed" || r.Level != "error" || r.Locations[0].PhysicalLocation.ArtifactLocation.URI != "infra/main.tf" {
		t.Errorf("%+v", r)
	}
}

func TestSARIFOfWhatWasNotDiagnosed(t *testing.T) {
	var b strings.Builder
	if err := sarif(&b, []result{{name: "web", err: errors.New("its image is not known")}}, ""); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"executionSuccessful":false`, "web was not diagnosed: its image is not known", `"results":[]`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in %s", want, b.String())
		}
	}
}

func TestUsage(t *testing.T) {
	for want, args := range map[string][]string{
		"unexpected argument": {"plan.json"},
		"do not go together":  {"-plan", "a", "-template", "b"},
		"goes with -template": {"-plan", "a", "-parameter", "A=b"},
		"is not NAME=VALUE":   {"-template", "a", "-parameter", "A"},
		"where would":         {"-definition", "a"},
		"-plan is empty":      {"-plan", ""},
		"goes with -sarif":    {"-plan", "a", "-artifact", "b"},
		"markdown or text":    {"-format", "html"},
		"-subnets goes with":  {"-service", "a", "-subnets", "b"},
		"go with -subnets":    {"-definition", "a", "-service", "b", "-security-groups", "sg-1"},
	} {
		o := preflight(t.Context(), args...)
		o.Expect(t, command.ToolError, "", want)
		if o.Stdout != "" || !strings.Contains(o.Stderr, "-h for help") {
			t.Errorf("%s: %+v", args, o)
		}
	}
	preflight(t.Context(), "-h").Expect(t, command.CanPull, "terraform show -json", "")
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	preflight(ctx).Expect(t, command.Undetermined, "not checked to the end", "ended early")
}
