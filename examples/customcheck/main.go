// Customcheck runs a company's own check beside the standard ones: that images come from the company's registry only.
//
//	customcheck                    a task of an embedded scenario, offline
//	customcheck CLUSTER SERVICE    a service of the account that the AWS SDK's default chain leads to
package main

import (
	"context"
	"errors"
	"io"
	"log"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/report"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background(), os.Stdout, os.Args[1:]...); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, args ...string) error {
	task, sources, err := load(ctx, args)
	if err != nil {
		return err
	}
	checkers := append(checks.Default(sources), OurRegistry{"111122223333.dkr.ecr.eu-west-1.amazonaws.com"})
	d, err := checks.Run(ctx, task, checkers...)
	if err != nil {
		return err
	}
	return report.Text(w, d)
}

func load(ctx context.Context, args []string) (checks.Task, checks.Sources, error) {
	switch len(args) {
	case 0:
		scenarios, err := checkstest.Scenarios()
		if err != nil {
			return checks.Task{}, checks.Sources{}, err
		}
		s := scenarios[slices.IndexFunc(scenarios, func(s checkstest.Scenario) bool { return s.Name == "docker-hub-anonymous" })]
		return s.Task, s.Sources(), nil
	case 2:
		cfg, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return checks.Task{}, checks.Sources{}, err
		}
		task, err := checks.LoaderFromConfig(cfg).LoadService(ctx, args[0], args[1])
		return task, checks.FromConfig(cfg), err
	}
	return checks.Task{}, checks.Sources{}, errors.New("customcheck takes a cluster and a service, or nothing")
}
