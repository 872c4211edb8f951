package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/network"
)

// load returns the task to diagnose and where to ask about it. Beside an error stands as much of the task as is known.
func (o options) load(ctx context.Context) (checks.Task, checks.Sources, error) {
	switch o.mode {
	case "", "scenario":
		s, err := findScenario(cmp.Or(o.scenario, checkstest.DefaultScenario))
		if err != nil {
			return checks.Task{}, checks.Sources{}, err
		}
		return s.Task, s.Sources(), nil
	case "snapshot":
		return loadSnapshot(o.snapshot)
	}
	event, err := o.readEvent()
	if err != nil {
		return checks.Task{}, checks.Sources{}, err
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(o.region()))
	if err != nil {
		return o.asNamed(), checks.Sources{}, err
	}
	if cfg.Region == "" {
		return o.asNamed(), checks.Sources{}, errors.New("no Region is known: set AWS_REGION, or name the task by its ARN")
	}
	task, err := o.loadWith(ctx, checks.LoaderFromConfig(cfg), event)
	if err != nil {
		task = o.asNamed()
	}
	return task, checks.FromConfig(cfg), err
}

// readEvent returns the event that -event names, nil without that flag, and notes its task.
func (o *options) readEvent() ([]byte, error) {
	if o.mode != "event" {
		return nil, nil
	}
	file := os.Stdin
	if o.event != "-" {
		var err error
		if file, err = os.Open(o.event); err != nil {
			return nil, err
		}
		defer file.Close()
	}
	event, err := io.ReadAll(io.LimitReader(file, 2<<20)) // more than any event may have
	if err != nil {
		return nil, err
	}
	var of struct{ Detail struct{ TaskArn string } }
	_ = json.Unmarshal(event, &of) // what is wrong with it, FromEvent says
	o.task = of.Detail.TaskArn
	return event, nil
}

func (o options) loadWith(ctx context.Context, l checks.Loader, event []byte) (checks.Task, error) {
	cluster := cmp.Or(o.cluster, clusterOf(o.named()))
	switch o.mode {
	case "task":
		return l.LoadTask(ctx, cluster, o.task)
	case "event":
		return l.FromEvent(ctx, event)
	case "service":
		return l.LoadService(ctx, cluster, o.service)
	}
	return l.Preflight(ctx, o.taskDefinition, o.platform, o.placement())
}

// asNamed returns the task as the command line names it, for a report on a run that ended before more was loaded.
func (o options) asNamed() checks.Task {
	task := checks.Task{Cluster: cmp.Or(o.cluster, clusterOf(o.named()), "default"), Region: o.region()}
	switch o.mode {
	case "task", "event":
		task.ARN = o.task
	case "service":
		task.Service = o.service
	default:
		task.Cluster, task.TaskDefinition, task.PlatformVersion = "", o.taskDefinition, o.platform
		task.Placement = o.placement()
	}
	return task
}

func (o options) placement() network.Placement {
	return network.Placement{Subnets: o.subnets, SecurityGroups: o.groups, PublicIP: new(o.publicIP)}
}

// region returns the Region in an ARN on the command line. "" leaves it to the SDK's default chain.
func (o options) region() string {
	for _, name := range []string{o.named(), o.cluster} {
		if a, err := arn.Parse(name); err == nil {
			return a.Region
		}
	}
	return ""
}

func loadSnapshot(name string) (checks.Task, checks.Sources, error) {
	file, err := os.Open(name)
	if err != nil {
		return checks.Task{}, checks.Sources{}, err
	}
	defer func() { _ = file.Close() }() // it was only read
	s, err := checks.Replay(file)
	if err != nil {
		return checks.Task{}, checks.Sources{}, fmt.Errorf("%s: %w", name, err)
	}
	return s.Task, s.Facts.Sources(), nil
}

func findScenario(name string) (checkstest.Scenario, error) {
	scenarios, err := checkstest.Scenarios()
	if err != nil {
		return checkstest.Scenario{}, err
	}
	i := slices.IndexFunc(scenarios, func(s checkstest.Scenario) bool { return s.Name == name })
	if i < 0 {
		var names []string
		for _, s := range scenarios {
			names = append(names, s.Name)
		}
		return checkstest.Scenario{}, fmt.Errorf("no scenario is called %q; there are %s", name, strings.Join(names, ", "))
	}
	return scenarios[i], nil
}

func listScenarios(w io.Writer) error {
	scenarios, err := checkstest.Scenarios()
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range scenarios {
		fmt.Fprintf(table, "%s\t%s\n", s.Name, s.Summary)
	}
	return table.Flush()
}
