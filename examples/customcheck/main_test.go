package main

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/canpull/canpull/examples/internal/emulator"
)

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

// In an account that is asked over HTTP, the check stands beside the standard ones.
func TestEmulatedAccount(t *testing.T) {
	cfg := emulator.Start(t)
	emulator.NewPlace(t, cfg).Services(t, cfg, "prod", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.0", types.LaunchTypeFargate, 1)
	var b strings.Builder
	if err := run(t.Context(), &b, "prod", "web-0"); err != nil || !strings.Contains(b.String(), "[our-registry.foreign]") || !strings.Contains(b.String(), "[route.none]") {
		t.Errorf("%v\n%s", err, b.String())
	}
	if err := run(t.Context(), &b, "prod"); err == nil || !strings.Contains(err.Error(), "takes a cluster and a service") {
		t.Error(err)
	}
}
