// Customcheck runs a company's own check beside the standard ones: that images come from the company's registry only.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"slices"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/report"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run diagnoses the task of an embedded scenario.
func run(ctx context.Context, w io.Writer) error {
	scenarios, err := checkstest.Scenarios() // in earnest: checks.LoaderFromConfig(cfg) and checks.FromConfig(cfg)
	if err != nil {
		return err
	}
	s := scenarios[slices.IndexFunc(scenarios, func(s checkstest.Scenario) bool { return s.Name == "docker-hub-anonymous" })]
	checkers := append(checks.Default(s.Sources()), OurRegistry{"111122223333.dkr.ecr.eu-west-1.amazonaws.com"})
	d, err := checks.Run(ctx, s.Task, checkers...)
	if err != nil {
		return err
	}
	return report.Text(w, d)
}
