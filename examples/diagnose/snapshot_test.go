package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks/checkstest"
)

func TestASnapshotReportsTheSame(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "facts.json")
	captured := diagnose(t.Context(), "-scenario", checkstest.DefaultScenario, "-capture", file, "-format", "json")
	captured.expect(t, cannotPull, "endpoint.group-closed", "")
	replayed := diagnose(t.Context(), "-snapshot", file, "-format", "json")
	times := regexp.MustCompile(`(?m)^  "(started|elapsed)": .*$`)
	captured.stdout, replayed.stdout = times.ReplaceAllString(captured.stdout, "$1"), times.ReplaceAllString(replayed.stdout, "$1")
	if replayed != captured {
		t.Errorf("replayed:\n%+v\nwant:\n%+v", replayed, captured)
	}
	onlyFiles(t, dir, "facts.json")
	healthy := filepath.Join(dir, "healthy.json")
	diagnose(t.Context(), "-scenario", "healthy-nat", "-capture", healthy).expect(t, canPull, "It can pull.", "")
	diagnose(t.Context(), "-snapshot", healthy).expect(t, canPull, "It can pull.", "")
}

// Facts show how an account is built: they are for their owner's eyes, whatever the umask and whoever could read the file.
func TestCapturedFactsAreForTheirOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old.json")
	if err := os.WriteFile(old, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{old, filepath.Join(dir, "new.json")} {
		diagnose(t.Context(), "-capture", file).expect(t, cannotPull, "", "")
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
			t.Errorf("%v, %+v", err, info)
		}
	}
}

func TestRedactedFacts(t *testing.T) {
	dir := t.TempDir()
	open, file := filepath.Join(dir, "facts.json"), filepath.Join(dir, "redacted.json")
	diagnose(t.Context(), "-capture", open).expect(t, cannotPull, "", "")
	diagnose(t.Context(), "-snapshot", open, "-capture", file, "-redact").expect(t, cannotPull, "sg-0endpoints", "") // the report is the user's own
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"111122223333", "sg-0endpoints", "web-execution", "10.0.1.0/24"} {
		if strings.Contains(string(text), name) {
			t.Errorf("%s still shows", name)
		}
	}
	diagnose(t.Context(), "-snapshot", file).expect(t, cannotPull, "[endpoint.group-closed]", "")
}

// What ran out of time is captured as far as it came, and redacted all the same.
func TestFactsOfARunThatEndedEarly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "facts.json")
	diagnose(t.Context(), "-scenario", "healthy-nat", "-timeout", "1ns", "-capture", file, "-redact").expect(t, undetermined, "", "ended early")
	diagnose(t.Context(), "-snapshot", file).expect(t, undetermined, "", "")
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
		r.expect(t, toolError, "", tt.want)
		if !strings.Contains(r.stderr, name) {
			t.Errorf("the file is not named: %s", r.stderr)
		}
	}
	diagnose(t.Context(), "-snapshot", filepath.Join(dir, "absent.json")).expect(t, toolError, "", "absent.json")
	diagnose(t.Context(), "-capture", filepath.Join(dir, "absent", "facts.json")).expect(t, toolError, "", "absent")
}
