package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/examples/internal/command"
)

func TestASnapshotReportsTheSame(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "facts.json")
	captured := diagnose(t.Context(), "-scenario", checkstest.DefaultScenario, "-capture", file, "-format", "json")
	captured.Expect(t, command.CannotPull, "endpoint.group-closed", "")
	replayed := diagnose(t.Context(), "-snapshot", file, "-format", "json")
	times := regexp.MustCompile(`(?m)^  "(started|elapsed)": .*$`)
	captured.Stdout, replayed.Stdout = times.ReplaceAllString(captured.Stdout, "$1"), times.ReplaceAllString(replayed.Stdout, "$1")
	if replayed != captured {
		t.Errorf("replayed:\n%+v\nwant:\n%+v", replayed, captured)
	}
	onlyFiles(t, dir, "facts.json")
	healthy := filepath.Join(dir, "healthy.json")
	diagnose(t.Context(), "-scenario", "healthy-nat", "-capture", healthy).Expect(t, command.CanPull, "It can pull.", "")
	diagnose(t.Context(), "-snapshot", healthy).Expect(t, command.CanPull, "It can pull.", "")
}

// Facts show how an account is built: they are for their owner's eyes, whatever the umask and whoever could read the file.
func TestCapturedFactsAreForTheirOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old.json")
	if err := os.WriteFile(old, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{old, filepath.Join(dir, "new.json")} {
		diagnose(t.Context(), "-capture", file).Expect(t, command.CannotPull, "", "")
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
			t.Errorf("%v, %+v", err, info)
		}
	}
}

func TestRedactedFacts(t *testing.T) {
	dir := t.TempDir()
	open, file := filepath.Join(dir, "facts.json"), filepath.Join(dir, "redacted.json")
	diagnose(t.Context(), "-capture", open).Expect(t, command.CannotPull, "", "")
	diagnose(t.Context(), "-snapshot", open, "-capture", file, "-redact").Expect(t, command.CannotPull, "sg-0endpoints", "") // the report is the user's own
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"111122223333", "sg-0endpoints", "web-execution", "10.0.1.0/24"} {
		if strings.Contains(string(text), name) {
			t.Errorf("%s still shows", name)
		}
	}
	diagnose(t.Context(), "-snapshot", file).Expect(t, command.CannotPull, "[endpoint.group-closed]", "")
}

// What ran out of time is captured as far as it came, and redacted all the same.
func TestFactsOfARunThatEndedEarly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "facts.json")
	diagnose(t.Context(), "-scenario", "healthy-nat", "-timeout", "1ns", "-capture", file, "-redact").Expect(t, command.Undetermined, "", "ended early")
	diagnose(t.Context(), "-snapshot", file).Expect(t, command.Undetermined, "", "")
}

func TestSnapshotsThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	for name, tt := range map[string]struct{ text, want string }{
		"newer.json":  {`{"version": 9, "facts": {}}`, "version 9"},
		"cut.json":    {`{"version": 1, "facts"`, "ends too early"},
		"report.json": {`{"version": 1, "status": "pass"}`, "no snapshot"},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := diagnose(t.Context(), "-snapshot", file)
		r.Expect(t, command.ToolError, "", tt.want)
		if !strings.Contains(r.Stderr, name) {
			t.Errorf("the file is not named: %s", r.Stderr)
		}
	}
	diagnose(t.Context(), "-snapshot", filepath.Join(dir, "absent.json")).Expect(t, command.ToolError, "", "absent.json")
	diagnose(t.Context(), "-capture", filepath.Join(dir, "absent", "facts.json")).Expect(t, command.ToolError, "", "absent")
}
