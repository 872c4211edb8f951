package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

// plan is what a file says will be deployed.
type plan struct {
	services []service
	others   []string // services and task definitions that are left out, and why
	pending  pending
}

// service is a service, or a task definition with a place to run in.
type service struct {
	name       string // as the file calls it
	definition *ecs.RegisterTaskDefinitionInput
	registered string // the ARN or family:revision of a definition that is in the account, in place of one
	place
	platformVersion string
	problem         error // why its task is not known
}

// place is where tasks run. What is false of it is known.
type place struct {
	vpc                                           types.AwsVpcConfiguration
	subnetsUnknown, groupsUnknown, addressUnknown bool
	why                                           string // what is not known is not
}

// task returns what the checks diagnose.
func (s service) task(ctx context.Context, a *account) (checks.Task, error) {
	if s.problem != nil {
		return checks.Task{}, s.problem
	}
	task, err := s.defined(ctx, a)
	if err != nil {
		return checks.Task{}, err
	}
	task.PlatformVersion = s.platformVersion
	if s.subnetsUnknown {
		task.Placement.Subnets = nil
	}
	if s.groupsUnknown {
		task.Placement.SecurityGroups = nil
	}
	if s.addressUnknown {
		task.Placement.PublicIP = nil
	}
	task.PlacementNotRead = s.why
	return task, nil
}

func (s service) defined(ctx context.Context, a *account) (checks.Task, error) {
	if s.definition != nil {
		return checks.PlannedTask(s.definition, &s.vpc, a.id, a.region)
	}
	if s.subnetsUnknown {
		return checks.Task{}, errors.New(s.why)
	}
	groups := s.vpc.SecurityGroups
	if groups == nil {
		groups = []string{} // the VPC's default group
	}
	return a.loader.Preflight(ctx, s.registered, s.platformVersion, network.Placement{
		Subnets: s.vpc.Subnets, SecurityGroups: groups, PublicIP: aws.Bool(s.vpc.AssignPublicIp == types.AssignPublicIpEnabled)})
}

// runsElsewhere says on what a service runs, if that is not Fargate. Of one that names neither a launch type nor a capacity
// provider the cluster's default decides; a task definition for Fargate tells what is meant.
func runsElsewhere(launchType string, providers []string, compatible []types.Compatibility) error {
	switch {
	case launchType == "FARGATE", slices.Contains(providers, "FARGATE"), slices.Contains(providers, "FARGATE_SPOT"):
		return nil
	case len(providers) > 0:
		return fmt.Errorf("runs on the capacity provider %s, not on Fargate", strings.Join(providers, ", "))
	case launchType != "":
		return fmt.Errorf("runs on %s, not on Fargate", launchType)
	case slices.Contains(compatible, types.CompatibilityFargate):
		return nil
	}
	return errors.New("names neither a launch type nor a capacity provider, and its task definition does not require FARGATE")
}

// alone returns a task definition as a service in the subnets of the command line.
func (o options) alone(name string, definition *ecs.RegisterTaskDefinitionInput) service {
	vpc := types.AwsVpcConfiguration{Subnets: o.subnets, SecurityGroups: o.groups, AssignPublicIp: types.AssignPublicIpDisabled}
	if o.publicIP {
		vpc.AssignPublicIp = types.AssignPublicIpEnabled
	}
	return service{name: name, definition: definition, place: place{vpc: vpc}}
}

// found refuses a plan that holds nothing to diagnose.
func (p plan) found(file string) (plan, error) {
	if len(p.services) > 0 {
		return p, nil
	}
	err := fmt.Errorf("%s: it plans no ECS service on Fargate", file)
	if len(p.others) > 0 {
		err = fmt.Errorf("%w (%s)", err, strings.Join(p.others, "; "))
	}
	return p, err
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}
