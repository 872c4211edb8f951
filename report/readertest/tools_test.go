package readertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
)

// absent skips a test for want of a tool, but in CI fails it.
func absent(t *testing.T, tool string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not there: .ci/run installs it", tool)
	}
	t.Skipf("%s is not there: .ci/run says how to install it", tool)
}

// program returns the path of a program.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		absent(t, name)
	}
	return path
}

// npm returns the path of a file of an npm package.
func npm(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("CANPULL_NODE_MODULES")
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); dir == "" || err != nil {
		absent(t, name)
	}
	return path
}

// diagnoses returns those of all scenarios.
func diagnoses(t *testing.T) map[string]checks.Diagnosis {
	t.Helper()
	all, err := diagnosed()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var diagnosed = sync.OnceValues(func() (map[string]checks.Diagnosis, error) {
	scenarios, err := checkstest.Read(os.DirFS("../../checks/checkstest/scenarios"))
	if err != nil {
		return nil, err
	}
	all := map[string]checks.Diagnosis{"hostile": hostile(100), "long": hostile(10_000)}
	for _, s := range scenarios {
		if all[s.Name], err = checks.Run(context.Background(), s.Task, checks.Default(s.Sources())...); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return all, nil
})
