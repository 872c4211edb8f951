package main

import (
	"os"
	"strings"
	"testing"

	"github.com/canpull/canpull/examples/internal/command"
)

// The README shows what the program prints.
func TestREADMEShowsTheOutput(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	o := fleet(t.Context())
	if o.Status != command.CannotPull || !strings.Contains(string(readme), "```\n"+o.Stdout+"```\n") {
		t.Errorf("exit status %d; README.md does not show this output:\n%s", o.Status, o.Stdout)
	}
}
