package checks_test

import (
	"context"
	"fmt"
	"log"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

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

// All services of a cluster, and what stops the most of them.
func ExampleRunAll() {
	ctx := context.Background()
	scenarios, err := checkstest.Scenarios()
	if err != nil {
		log.Fatal(err)
	}
	s := scenarios[slices.IndexFunc(scenarios, func(s checkstest.Scenario) bool { return s.Name == "nat-deleted" })]
	loader := checks.Loader{ECS: s.ECS, Interfaces: s.EC2} // in earnest: checks.LoaderFromConfig(cfg)
	var tally checks.Tally
	for diagnosis, err := range checks.RunAll(ctx, loader.LoadCluster(ctx, "prod"), checks.Default(s.Sources())...) {
		if err != nil {
			log.Print(err) // this one was not loaded
			continue
		}
		tally.Add(diagnosis)
	}
	for _, impact := range tally.Impacts() {
		fmt.Println(impact.Tasks, impact.Code, impact.Subject, impact.Services)
	}
	// Output:
	// 1 route.nat-state nat-0main [arn:aws:ecs:eu-west-1:111122223333:service/prod/web]
}

// Clusters of several accounts: the checks of a task are those of its own account, which ask with a role there.
func ExampleRunner_RunAll() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	loaders, checkers := []checks.Loader{}, map[string][]checks.Checker{}
	for _, account := range []string{"111122223333", "444455556666"} {
		of := cfg.Copy()
		of.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), "arn:aws:iam::"+account+":role/audit"))
		loaders, checkers[account] = append(loaders, checks.LoaderFromConfig(of)), checks.Default(checks.FromConfig(of))
	}
	tasks := func(yield func(checks.Task, error) bool) {
		for _, loader := range loaders {
			for task, err := range loader.LoadCluster(ctx, "prod") {
				if !yield(task, err) {
					return
				}
			}
		}
	}
	runner := checks.Runner{CheckersFor: func(task checks.Task) []checks.Checker { return checkers[task.Account] }}
	for diagnosis, err := range runner.RunAll(ctx, tasks) {
		fmt.Println(diagnosis.Task.Account, diagnosis.Task.Service, diagnosis.Status(), err)
	}
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
