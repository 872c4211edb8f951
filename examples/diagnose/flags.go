package main

import (
	"flag"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/examples/internal/command"
)

const usage = `Diagnose says whether an ECS task on Fargate can pull its images, and if not, why.

  diagnose                              an embedded scenario, offline
  diagnose -scenarios                   lists the embedded scenarios
  diagnose -scenario NAME               diagnoses one of them
  diagnose [-cluster C] -task ID|ARN    a task that was started or has stopped
  diagnose [-cluster C] -service NAME   a service, in every subnet it may place tasks in
  diagnose -event FILE                  the task of an EventBridge event, "ECS Task State Change",
                                        which ECS may have forgotten; - is standard input
  diagnose -task-definition TD -subnets A,B [-security-groups X,Y]
           [-assign-public-ip] [-platform-version V]
                                        a task that has not run yet; without groups it gets
                                        the VPC's default group
  diagnose -snapshot FILE               what -capture wrote, offline

With any of them but -scenarios:
  -format FORMAT        how to report: text (unless another is named), json, markdown,
                        html, sarif, junit
  -artifact FILE        the file that declares the task, at which sarif puts what it finds
  -lang en|ko           the language of the report; else that of LC_ALL, LC_MESSAGES or LANG
  -mask-accounts        writes letters in place of account IDs
  -o FILE               where to report; FILE is written completely or not at all
  -timeout D            bounds the whole run, such as 30s; what was found by then is reported
  -checks A,B           runs these checks only
  -skip A,B             runs all checks but these; what does not run counts as unknown
  -capture FILE         also writes the facts to FILE, readable by you only, as -snapshot takes them
  -redact               with -capture: hides names, account IDs and addresses, for a bug report

Credentials, Region and endpoint come from the AWS SDK's default chain (AWS_PROFILE, AWS_REGION,
AWS_ENDPOINT_URL, …); the Region in an ARN wins. Without -cluster, a task's or service's ARN names
the cluster, else it is the one called default. Nothing in the account is changed.

Exit status: 0 it can pull, 1 it cannot, 3 undetermined, 2 usage or tool error.
`

// options is what the flags say.
type options struct {
	mode           string // the flag that names what to diagnose; "" for the default scenario
	scenario       string
	cluster        string
	task           string
	event          string // a file
	service        string
	taskDefinition string
	subnets        command.List
	groups         command.List
	publicIP       bool
	platform       string
	snapshot       string

	format     string
	artifact   string
	language   string // "": that of the environment
	mask       bool
	output     string
	capture    string
	redact     bool
	timeout    time.Duration
	only, skip command.List
}

// modes are the flags that name what to diagnose, each with those that go with it only.
var modes = []struct {
	name string
	with []string
}{
	{"scenarios", nil},
	{"scenario", nil},
	{"task", []string{"cluster"}},
	{"service", []string{"cluster"}},
	{"event", nil},
	{"task-definition", []string{"subnets", "security-groups", "assign-public-ip", "platform-version"}},
	{"snapshot", nil},
}

func parse(args []string) (options, error) {
	o := options{groups: command.List{}}
	flags := flag.NewFlagSet("diagnose", flag.ContinueOnError)
	flags.Bool("scenarios", false, "")
	flags.StringVar(&o.scenario, "scenario", "", "")
	flags.StringVar(&o.cluster, "cluster", "", "")
	flags.StringVar(&o.task, "task", "", "")
	flags.StringVar(&o.event, "event", "", "")
	flags.StringVar(&o.service, "service", "", "")
	flags.StringVar(&o.taskDefinition, "task-definition", "", "")
	flags.Var(&o.subnets, "subnets", "")
	flags.Var(&o.groups, "security-groups", "")
	flags.BoolVar(&o.publicIP, "assign-public-ip", false, "")
	flags.StringVar(&o.platform, "platform-version", "", "")
	flags.StringVar(&o.snapshot, "snapshot", "", "")
	flags.StringVar(&o.format, "format", "text", "")
	flags.StringVar(&o.artifact, "artifact", "", "")
	flags.StringVar(&o.language, "lang", "", "")
	flags.BoolVar(&o.mask, "mask-accounts", false, "")
	flags.StringVar(&o.output, "o", "", "")
	flags.StringVar(&o.capture, "capture", "", "")
	flags.BoolVar(&o.redact, "redact", false, "")
	flags.DurationVar(&o.timeout, "timeout", 0, "")
	flags.Var(&o.only, "checks", "")
	flags.Var(&o.skip, "skip", "")
	given, err := command.Parse(flags, args)
	if err != nil {
		return o, err
	}
	if o.mode, err = modeOf(given); err != nil {
		return o, err
	}
	return o, o.check()
}

// modeOf returns the mode that the given flags ask for, and an error when they do not go together.
func modeOf(given []string) (mode string, err error) {
	var with []string
	for _, m := range modes {
		switch {
		case !slices.Contains(given, m.name):
		case mode != "":
			return "", command.Misused("-%s and -%s do not go together: each names what to diagnose", mode, m.name)
		default:
			mode, with = m.name, m.with
		}
	}
	for _, name := range given {
		var owners []string
		for _, m := range modes {
			if slices.Contains(m.with, name) {
				owners = append(owners, "-"+m.name)
			}
		}
		if len(owners) > 0 && !slices.Contains(with, name) {
			return "", command.Misused("-%s goes with %s only", name, strings.Join(owners, " and "))
		}
		if mode == "scenarios" && name != mode {
			return "", command.Misused("-scenarios takes no other flag, and -%s was given", name)
		}
	}
	return mode, nil
}

// check looks at the values.
func (o options) check() error {
	switch {
	case !slices.ContainsFunc(formats, o.isFormat):
		return command.Misused("-format is one of %s, not %q", strings.Join(formatNames(), ", "), o.format)
	case o.language != "" && !slices.Contains(languages(), o.language):
		return command.Misused("-lang is one of %s, not %q", strings.Join(languages(), ", "), o.language)
	case o.artifact != "" && o.format != "sarif":
		return command.Misused("-artifact goes with -format sarif only")
	case o.timeout < 0:
		return command.Misused("-timeout is negative")
	case o.redact && o.capture == "":
		return command.Misused("-redact goes with -capture only")
	case o.capture != "" && o.capture == o.output:
		return command.Misused("-capture and -o name the same file, %s", o.output)
	case o.mode == "task-definition" && len(o.subnets) == 0:
		return command.Misused("-task-definition takes -subnets: where would the task run?")
	}
	if in := clusterOf(o.named()); o.cluster != "" && in != "" && in != path.Base(o.cluster) {
		return command.Misused("-%s names a cluster, %s, and -cluster another, %s", o.mode, in, o.cluster)
	}
	if _, err := checks.Select(checks.Default(checks.Sources{}), o.only, o.skip); err != nil {
		return command.Misused("%w", err)
	}
	return nil
}

// named returns what the mode's flag names.
func (o options) named() string {
	switch o.mode {
	case "task", "event":
		return o.task
	case "service":
		return o.service
	case "task-definition":
		return o.taskDefinition
	}
	return ""
}

// clusterOf returns the cluster in a task's or service's ARN: "arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/ID". ARNs of the
// old format have none.
func clusterOf(name string) string {
	a, err := arn.Parse(name)
	if err != nil {
		return ""
	}
	if parts := strings.Split(a.Resource, "/"); len(parts) == 3 {
		return parts[1]
	}
	return ""
}
