package readertest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/canpull/canpull/report"
)

// SARIF's own validator finds no error by the schema, by the specification's rules and by GitHub's.
// https://github.com/microsoft/sarif-sdk/blob/main/docs/multitool-usage.md
func TestSARIFIsValid(t *testing.T) {
	t.Parallel()
	multitool := npm(t, "@microsoft/sarif-multitool-linux/Sarif.Multitool")
	type log struct {
		Schema  string            `json:"$schema"`
		Version string            `json:"version"`
		Runs    []json.RawMessage `json:"runs"`
	}
	var all log // the runs of all reports, as the validator takes its time for each file
	for name, d := range diagnoses(t) {
		for _, tag := range report.Languages() {
			var b bytes.Buffer
			if err := report.SARIF(&b, d, report.WithLanguage(tag), report.WithArtifact("infra/task.tf")); err != nil {
				t.Fatal(err)
			}
			var one log
			if err := json.Unmarshal(b.Bytes(), &one); err != nil || len(one.Runs) != 1 {
				t.Fatalf("%s: %d runs, %v", name, len(one.Runs), err)
			}
			all = log{one.Schema, one.Version, append(all.Runs, one.Runs...)}
		}
	}
	for runs := range slices.Chunk(all.Runs, 20) { // GitHub takes no more in a file
		if errors := validate(t, multitool, log{all.Schema, all.Version, runs}); len(errors) > 0 {
			t.Errorf("%q", errors)
		}
	}
	broken := log{all.Schema, all.Version, []json.RawMessage{[]byte(`{"tool":{"driver":{"name":"t"}},"results":[{"bogus":1}]}`)}}
	if errors := validate(t, multitool, broken); len(errors) == 0 {
		t.Error("it has no objection to a result without a message")
	}
}

// validate returns the errors that the validator finds.
func validate(t *testing.T, multitool string, log any) (errors []string) {
	t.Helper()
	text, err := json.Marshal(log)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "log.sarif")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), multitool, "validate", file, "--rule-kind", "Sarif;Ghas", "--level", "Error")
	run.Env = append(os.Environ(), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1") // it would want a library of ICU
	said, err := run.CombinedOutput()                                         // it ends with an error where it finds one
	if !strings.Contains(string(said), "files scanned") {
		t.Fatalf("it did not look: %v\n%s", err, said)
	}
	for line := range strings.Lines(string(said)) {
		if strings.Contains(line, ": error ") {
			errors = append(errors, line)
		}
	}
	return errors
}
