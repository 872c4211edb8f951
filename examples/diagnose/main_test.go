package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/examples/internal/command"
	"github.com/canpull/canpull/examples/internal/command/commandtest"
)

// The machine's language is not the tests'.
func TestMain(m *testing.M) {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		os.Unsetenv(name)
	}
	os.Exit(m.Run())
}

func diagnose(ctx context.Context, args ...string) commandtest.Outcome {
	return commandtest.Run(ctx, program, args...)
}

// outcome is the part of the JSON report that the tests look at.
type outcome struct {
	Version    int
	Status     string
	Task       struct{ ARN, Cluster, Service, TaskDefinition, Region string }
	RootCauses []struct{ Code, Subject, Check string }
	Findings   []struct{ Check, Code, Status string }
}

func decoded(t *testing.T, text string) (o outcome) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return o
}

func TestDefaultScenario(t *testing.T) {
	r := diagnose(t.Context())
	r.Expect(t, command.CannotPull, "Security group sg-0endpoints has no inbound rule", "embedded scenario "+checkstest.DefaultScenario)
	first, _, _ := strings.Cut(r.Stdout, "\n")
	if !strings.HasPrefix(first, "It cannot pull: ") || !strings.Contains(first, "sg-0endpoints") {
		t.Errorf("the first line is %q", first)
	}
	for _, want := range []string{"Evidence", "Fix ", "no inbound rule"} {
		if !strings.Contains(r.Stdout, want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestJSON(t *testing.T) {
	r := diagnose(t.Context(), "-format", "json")
	o := decoded(t, r.Stdout)
	if r.Status != command.CannotPull || o.Version != 1 || o.Status != "fail" || len(o.RootCauses) == 0 {
		t.Fatalf("exit status %d, %+v", r.Status, o)
	}
	if c := o.RootCauses[0]; c.Code != "endpoint.group-closed" || c.Subject != "sg-0endpoints" {
		t.Errorf("root cause: %+v", c)
	}
}

func TestMarkdown(t *testing.T) {
	r := diagnose(t.Context(), "-format", "markdown", "-mask-accounts")
	r.Expect(t, command.CannotPull, "## It cannot pull: authenticating to the registry fails at `sg-0endpoints`.\n", "")
	if strings.Contains(r.Stdout, "111122223333") || !strings.Contains(r.Stdout, "AAAAAAAAAAAA") {
		t.Errorf("the account is not masked:\n%s", r.Stdout)
	}
}

func TestLanguage(t *testing.T) {
	const korean, english = "이미지를 가져올 수 없습니다", "It cannot pull"
	for _, tt := range []struct {
		env, args string
		want      string
	}{
		{"", "", english},
		{"", "-lang ko", korean},
		{"LC_ALL=ko_KR.UTF-8", "", korean},
		{"LC_ALL=ko_KR.UTF-8", "-lang en", english},
		{"LC_ALL=C LANG=ko_KR.UTF-8", "", english},
		{"LC_MESSAGES=ko LANG=en_US.UTF-8", "", korean},
		{"LANG=ko_KR.eucKR@x", "", korean},
		{"LANG=POSIX", "", english},
		{"LANG=C.UTF-8", "", english},
		{"LANG=fr_FR.UTF-8", "", english},
	} {
		t.Run(tt.env+" "+tt.args, func(t *testing.T) {
			for setting := range strings.FieldsSeq(tt.env) {
				name, value, _ := strings.Cut(setting, "=")
				t.Setenv(name, value)
			}
			diagnose(t.Context(), strings.Fields(tt.args)...).Expect(t, command.CannotPull, tt.want, "")
		})
	}
}

// A report that goes to a file or a pipe has no colour and its usual width.
func TestOutputThatIsNoTerminal(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if fitting := (options{}).fit(file); fitting != nil {
		t.Errorf("%d options for a file", len(fitting))
	}
	if r := diagnose(t.Context()); strings.Contains(r.Stdout, "\x1b") {
		t.Error("colours are written into a pipe")
	}
}

func TestFormats(t *testing.T) {
	for format, want := range map[string]string{
		"text": "It cannot pull: ", "markdown": "## It cannot pull: ", "json": `"status": "fail"`, "html": "<title>It cannot pull: ",
		"sarif": `"uri":"infra/task.tf"`, "junit": `<failure message="`,
	} {
		args := []string{"-format", format}
		if format == "sarif" {
			args = append(args, "-artifact", "infra/task.tf")
		}
		diagnose(t.Context(), args...).Expect(t, command.CannotPull, want, "")
	}
	if names := formatNames(); len(names) != 6 {
		t.Errorf("%q: is one of them not tested?", names)
	}
}

func TestScenarios(t *testing.T) {
	diagnose(t.Context(), "-scenarios").Expect(t, command.CanPull, checkstest.DefaultScenario, "")
	r := diagnose(t.Context(), "-scenario", "healthy-docker-hub")
	r.Expect(t, command.CanPull, "It can pull.\n", "")
	if r.Stderr != "" {
		t.Errorf("stderr: %s", r.Stderr)
	}
	diagnose(t.Context(), "-scenario", "nowhere").Expect(t, command.ToolError, "", checkstest.DefaultScenario)
	diagnose(t.Context(), "-scenario", "nowhere", "-timeout", "1ns").Expect(t, command.ToolError, "", "no scenario")
}

func TestExitStatus(t *testing.T) {
	for status, want := range map[checks.Status]int{
		checks.Pass: 0, checks.Warn: 0, checks.Fail: 1, checks.Unknown: 3, checks.Skip: 3,
	} {
		if got := exitStatus(status); got != want {
			t.Errorf("%s exits with %d, want %d", status, got, want)
		}
	}
}

func TestWhatDoesNotRunHasNotPassed(t *testing.T) {
	for _, c := range checks.Default(checks.Sources{}) {
		id := c.Info().ID
		for _, args := range [][]string{{"-skip", id}, {"-checks", id}} {
			for _, scenario := range []string{"healthy-docker-hub", checkstest.DefaultScenario} {
				if r := diagnose(t.Context(), append(args, "-scenario", scenario)...); r.Status != command.CannotPull && r.Status != command.Undetermined {
					t.Errorf("%s %s: exit status %d", args, scenario, r.Status)
				}
			}
		}
	}
	r := diagnose(t.Context(), "-skip", "security-group,stopped-reason,repository-policy")
	r.Expect(t, command.Undetermined, "Left out of this run, so unchecked\n  security-group, repository-policy, stopped-reason\n", "")
	diagnose(t.Context(), "-checks", "security-group").Expect(t, command.CannotPull, "[endpoint.group-closed]", "")
}

func TestTimeout(t *testing.T) {
	r := diagnose(t.Context(), "-timeout", "1ns", "-format", "json")
	r.Expect(t, command.Undetermined, "", "ended early (context deadline exceeded)")
	if o := decoded(t, r.Stdout); o.Status != "unknown" || len(o.Findings) != len(checks.Default(checks.Sources{})) {
		t.Errorf("%+v", o)
	}
	diagnose(t.Context(), "-timeout", "1h").Expect(t, command.CannotPull, "", "")
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	diagnose(ctx).Expect(t, command.Undetermined, "not checked to the end", "ended early (context canceled)")
}

func TestOutputFile(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "report.txt"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	r := diagnose(t.Context(), "-o", link)
	r.Expect(t, command.CannotPull, "", "")
	if r.Stdout != "" {
		t.Errorf("stdout: %s", r.Stdout)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(text), "It cannot pull: ") {
		t.Errorf("%v, %s", err, text)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, mode %v", err, info.Mode())
	}
	onlyFiles(t, dir, "link", "report.txt")
}

func TestOutputFileIsWrittenWhollyOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	diagnose(t.Context(), "-o", filepath.Join(dir, "taken")).Expect(t, command.ToolError, "", "taken")
	diagnose(t.Context(), "-o", filepath.Join(dir, "absent", "report")).Expect(t, command.ToolError, "", "absent")
	diagnose(t.Context(), "-o", filepath.Join(dir, "report"), "-skip", "nothing").Expect(t, command.ToolError, "", "nothing")
	onlyFiles(t, dir, "taken")
}

func onlyFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("files %q, want %q", got, want)
	}
}

func TestProgress(t *testing.T) {
	if newProgress(&strings.Builder{}) != nil {
		t.Error("progress is shown although nobody watches")
	}
	var b strings.Builder
	p := &progress{w: &b}
	observe := p.observer(checks.Default(checks.Sources{})[:2])
	observe(t.Context(), checks.Event{Check: "dns"})
	observe(t.Context(), checks.Event{Check: "a-check-with-a-very-long-name-that-would-not-fit-on-a-line"})
	observe(t.Context(), checks.Event{Check: "dns", Ended: true})
	p.clear()
	const erase = "\r\x1b[K"
	lines := strings.Split(b.String(), erase)
	if len(lines) != 5 || lines[1] != "0 of 2 checks done; waiting for dns" || lines[4] != "" {
		t.Errorf("%q", lines)
	}
	for _, line := range lines {
		if len([]rune(line)) > 79 {
			t.Errorf("%q would wrap", line)
		}
	}
}
