package checks_test

import (
	"context"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
)

// A service of an account that the SDK's default configuration leads to.
func Example() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	task, err := checks.LoaderFromConfig(cfg).LoadService(ctx, "prod", "web")
	if err != nil {
		log.Fatal(err)
	}
	diagnosis, err := checks.Run(ctx, task, checks.Default(checks.FromConfig(cfg))...)
	if err != nil {
		log.Fatal(err) // the time ran out: the diagnosis holds what was found until then
	}
	fmt.Println(diagnosis.Status())
	for _, cause := range diagnosis.RootCauses() {
		fmt.Println(cause.Summary)
		fmt.Println("Fix:", cause.Fixes[0].Summary)
	}
}

// An account that is written down needs no credentials: in a unit test, or to try things out.
func ExampleRun() {
	scenarios, err := checkstest.Scenarios()
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range scenarios {
		if s.Name != checkstest.DefaultScenario {
			continue
		}
		diagnosis, err := checks.Run(context.Background(), s.Task, checks.Default(s.Sources())...)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(diagnosis.Status())
		for _, cause := range diagnosis.RootCauses() {
			fmt.Println(cause.Summary)
			fmt.Println("Fix:", cause.Fixes[0].Summary)
		}
	}
	// Output:
	// fail
	// Security group sg-0endpoints has no inbound rule that admits tcp/443 from the task to vpce-0ecrapi, vpce-0ecrdkr, where api.ecr.eu-west-1.amazonaws.com, 111122223333.dkr.ecr.eu-west-1.amazonaws.com lead in all of vpc-0a1b2c3d.
	// Fix: Add an inbound rule for tcp/443 from the task (sg-0task) to sg-0endpoints
}

// What to do about it, tried out on what was read and not on the account.
func ExampleDiagnosis_Plan() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	task, err := checks.LoaderFromConfig(cfg).LoadService(ctx, "prod", "web")
	if err != nil {
		log.Fatal(err)
	}
	diagnosis, err := checks.Run(ctx, task, checks.Default(checks.FromConfig(cfg))...)
	if err != nil {
		log.Fatal(err)
	}
	plan, err := diagnosis.Plan(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range plan.Steps {
		for _, change := range step.Fix.Changes {
			fmt.Println(change.Commands())
		}
	}
	if !plan.Proven {
		fmt.Println("That is not proven to be enough:")
		for _, finding := range plan.Left {
			fmt.Println(finding.Summary)
		}
	}
}
