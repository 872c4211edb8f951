package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
)

// account is what is deployed to.
type account struct {
	id, region string
	sources    checks.Sources
	loader     checks.Loader

	config   aws.Config
	scenario *checkstest.Scenario
}

// account finds out which account it is. That takes no permission.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func (o options) account(ctx context.Context) (*account, error) {
	if o.demo() {
		scenarios, err := checkstest.Scenarios()
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(scenarios, func(s checkstest.Scenario) bool { return s.Name == checkstest.DefaultScenario })
		return &account{id: "111122223333", region: "eu-west-1", scenario: &scenarios[i]}, nil
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	a := &account{id: o.accountID, region: cfg.Region, config: cfg}
	if a.region == "" {
		return nil, errors.New("no Region is known: set AWS_REGION")
	}
	if a.id == "" {
		out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return nil, fmt.Errorf("which account is deployed to is not known, and -account does not say so: %w", err)
		}
		a.id = aws.ToString(out.Account)
	}
	return a, nil
}

// open makes the account's sources, which do not answer for what is pending.
func (a *account) open(p pending) {
	if a.scenario != nil {
		a.scenario.Before(func(_ context.Context, action string, input any) error { return p.refuse(action, input) })
		a.loader, a.sources = checks.Loader{ECS: a.scenario.ECS, Interfaces: a.scenario.EC2}, a.scenario.Sources()
		return
	}
	a.config.APIOptions = append(a.config.APIOptions, p.middleware)
	a.loader, a.sources = checks.LoaderFromConfig(a.config), checks.FromConfig(a.config)
}

// read reads the file that the command line names.
func (o options) read(a *account) (plan, error) {
	switch {
	case o.demo():
		return o.readTerraform("the embedded plan", demoPlan)
	case o.plan != "":
		return reading(o.plan, func(data []byte) (plan, error) { return o.readTerraform(o.plan, data) })
	case o.template != "":
		return reading(o.template, func(data []byte) (plan, error) { return o.readTemplate(data, a) })
	}
	return o.readECS()
}

// maxFile is more than any template or plan that a person would deploy has, in bytes.
const maxFile = 64 << 20

func reading(name string, parse func([]byte) (plan, error)) (plan, error) {
	data, err := readFile(name)
	if err != nil {
		return plan{}, err
	}
	return parse(data)
}

func readFile(name string) ([]byte, error) {
	file := os.Stdin
	if name != "-" {
		var err error
		if file, err = os.Open(name); err != nil {
			return nil, err
		}
		defer file.Close()
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s: it is longer than %d MiB", name, maxFile>>20)
	}
	return data, err
}
