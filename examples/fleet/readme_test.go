package main

import (
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
	o := fleet(t.Context())
	if o.status != cannotPull || !strings.Contains(string(readme), "```\n"+o.stdout+"```\n") {
		t.Errorf("exit status %d; README.md does not show this output:\n%s", o.status, o.stdout)
	}
}
