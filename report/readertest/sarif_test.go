package readertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/canpull/canpull/report"
)

// SARIF's own validator finds no error by the schema, by the specification's rules and by GitHub's.
// https://github.com/microsoft/sarif-sdk/blob/main/docs/multitool-usage.md
func TestSARIFIsValid(t *testing.T) {
	multitool := npm(t, "@microsoft/sarif-multitool-linux/Sarif.Multitool")
	dir := t.TempDir()
	for name, d := range diagnoses(t) {
		for _, tag := range report.Languages() {
			f, err := os.Create(filepath.Join(dir, name+"."+tag.String()+".sarif"))
			if err != nil {
				t.Fatal(err)
			}
			if err := report.SARIF(f, d, report.WithLanguage(tag), report.WithArtifact("infra/task.tf")); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.sarif"), []byte(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[{"bogus":1}]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), multitool, "validate", filepath.Join(dir, "*.sarif"), "--rule-kind", "Sarif;Ghas", "--level", "Error")
	run.Env = append(os.Environ(), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1") // it would want a library of ICU
	said, err := run.CombinedOutput()
	if err != nil {
		t.Logf("%v", err) // it fails on what it finds
	}
	looked, broken := 0, false
	for line := range strings.Lines(string(said)) {
		if strings.Contains(line, "broken.sarif") && strings.Contains(line, "error") {
			broken = true
		} else if strings.Contains(line, ": error ") {
			t.Errorf("%s", line)
		}
		if strings.Contains(line, "files scanned") {
			looked++
		}
	}
	if !broken || looked == 0 {
		t.Errorf("it did not look:\n%s", said)
	}
}
