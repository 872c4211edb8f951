package main

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/canpull/canpull/examples/internal/command"
)

const usage = `Preflight says, before a deploy, whether the tasks that it plans will pull their images.

  preflight                            an embedded Terraform plan in an embedded account, offline
  preflight -plan FILE                 what "terraform show -json PLAN" prints
  preflight -template FILE [-parameter NAME=VALUE …]
                                       a CloudFormation template, JSON or YAML, as "cdk synth" and
                                       "aws cloudformation get-template --template-stage Processed" print it
  preflight -definition FILE -service FILE
                                       what "aws ecs register-task-definition" and "aws ecs create-service"
                                       take as --cli-input-json; -service may be given alone
  preflight -definition FILE -subnets A,B [-security-groups X,Y] [-assign-public-ip]
                                       a task definition in these subnets; with -plan or -template, the
                                       task definitions that no service of the file uses

With any of them:
  -account ID           the account that is deployed to (that of the credentials)
  -format markdown|text how to report (markdown)
  -o FILE               where to report (standard output)
  -sarif FILE           where to report as SARIF as well, for code scanning
  -artifact PATH        the file of the repository that declares the tasks: SARIF points there
  -timeout D            bounds the whole run, such as 30s; what was found by then is reported

FILE may be - for standard input. Credentials, Region and endpoint come from the AWS SDK's default
chain. Nothing in the account is changed. What the deployment itself creates or changes is not known.

Exit status: 0 all can pull, 1 one cannot, 3 undetermined, 2 usage or tool error.
`

// options is what the flags say.
type options struct {
	plan, template, definition, service string // files
	parameters                          parameters
	subnets, groups                     command.List
	publicIP                            bool
	accountID                           string
	format, output                      string
	sarif, artifact                     string
	timeout                             time.Duration
}

// demo reports whether the embedded plan is meant.
func (o options) demo() bool { return o.plan+o.template+o.definition+o.service == "" }

// parameters are values for a template: of its parameters, and of what other stacks export.
type parameters map[string]string

func (p *parameters) String() string { return strings.Join(slices.Sorted(maps.Keys(*p)), ",") }

func (p *parameters) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return fmt.Errorf("%q is not NAME=VALUE", s)
	}
	if *p == nil {
		*p = parameters{}
	}
	(*p)[name] = value
	return nil
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("preflight", flag.ContinueOnError)
	flags.StringVar(&o.plan, "plan", "", "")
	flags.StringVar(&o.template, "template", "", "")
	flags.Var(&o.parameters, "parameter", "")
	flags.StringVar(&o.definition, "definition", "", "")
	flags.StringVar(&o.service, "service", "", "")
	flags.Var(&o.subnets, "subnets", "")
	flags.Var(&o.groups, "security-groups", "")
	flags.BoolVar(&o.publicIP, "assign-public-ip", false, "")
	flags.StringVar(&o.accountID, "account", "", "")
	flags.StringVar(&o.format, "format", "markdown", "")
	flags.StringVar(&o.output, "o", "", "")
	flags.StringVar(&o.sarif, "sarif", "", "")
	flags.StringVar(&o.artifact, "artifact", "", "")
	flags.DurationVar(&o.timeout, "timeout", 0, "")
	if _, err := command.Parse(flags, args); err != nil {
		return o, err
	}
	return o, o.check()
}

// check looks at how the flags go together.
func (o options) check() error {
	files := 0
	for _, given := range []bool{o.plan != "", o.template != "", o.definition+o.service != ""} {
		if given {
			files++
		}
	}
	placed := len(o.subnets) > 0
	switch {
	case files > 1:
		return command.Misused("-plan, -template and -definition or -service do not go together: each names what to diagnose")
	case !slices.Contains([]string{"markdown", "text"}, o.format):
		return command.Misused("-format is markdown or text, not %q", o.format)
	case o.timeout < 0:
		return command.Misused("-timeout is negative")
	case o.artifact != "" && o.sarif == "":
		return command.Misused("-artifact goes with -sarif only")
	case o.parameters != nil && o.template == "":
		return command.Misused("-parameter goes with -template only")
	case (len(o.groups) > 0 || o.publicIP) && !placed:
		return command.Misused("-security-groups and -assign-public-ip go with -subnets only")
	case placed && (files == 0 || o.service != ""):
		return command.Misused("-subnets goes with -definition, -plan or -template only")
	case o.definition != "" && o.service == "" && !placed:
		return command.Misused("-definition takes -service or -subnets: where would the task run?")
	case o.definition == "-" && o.service == "-":
		return command.Misused("-definition and -service are both standard input")
	}
	return nil
}
