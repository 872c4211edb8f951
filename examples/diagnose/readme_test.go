package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// The README shows what the program prints.
func TestREADMEShowsTheOutput(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if status := program.Run(t.Context(), nil, &stdout, &stderr); status != 1 {
		t.Fatalf("exit %d: %s", status, stderr.String())
	}
	if !strings.Contains(string(readme), "```\n"+stdout.String()+"```\n") {
		t.Errorf("README.md does not show this output:\n%s", stdout.String())
	}
}
