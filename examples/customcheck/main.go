// Customcheck runs a company's own check beside the standard ones: that images come from the company's registry only.
package main

import (
	"context"
	"log"
	"os"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/report"
)

func main() {
	log.SetFlags(0)
	scenarios, err := checkstest.Scenarios() // in earnest: checks.LoaderFromConfig(cfg) and checks.FromConfig(cfg)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range scenarios {
		if s.Name != "docker-hub-anonymous" {
			continue
		}
		checkers := append(checks.Default(s.Sources()), OurRegistry{"111122223333.dkr.ecr.eu-west-1.amazonaws.com"})
		d, err := checks.Run(context.Background(), s.Task, checkers...)
		if err == nil {
			err = report.Text(os.Stdout, d)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}
