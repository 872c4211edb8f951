package main

import (
	"os"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
)

func TestOurRegistry(t *testing.T) {
	const ours = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
	for image, want := range map[string]checks.Code{
		ours + "/web:1": "our-registry.only",
		"nginx":         "our-registry.foreign",
		"UPPER/case":    "our-registry.foreign",
		"a b":           "our-registry.only",
	} {
		d, err := checks.Run(t.Context(), checks.Task{Containers: []checks.Container{{Name: "web", Image: image}}}, OurRegistry{ours})
		if err != nil || len(d.Findings) != 1 || d.Findings[0].Code != want {
			t.Errorf("%s: %v, %v; want %s", image, d.Findings, err, want)
		}
	}
}

// The README shows what the program prints of the check.
func TestREADMEShowsTheFinding(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(readme), "```") // the command's is the first
	shown := strings.TrimPrefix(blocks[len(blocks)-2], "\n")
	var b strings.Builder
	if err := run(t.Context(), &b); err != nil || !strings.Contains(shown, "[our-registry.foreign]") || !strings.Contains(b.String(), shown) {
		t.Errorf("%v; README.md shows\n%s\nand the program prints\n%s", err, shown, b.String())
	}
}
