package main

import (
	"flag"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/canpull/canpull/examples/internal/command"
)

const usage = `Fleet says which services of a cluster cannot pull their images, and what few causes that has.

  fleet                         an embedded cluster, offline
  fleet -cluster NAME|ARN       the services of a cluster
  fleet -all                    the services of all clusters of the account in the Region

With -cluster or -all:
  -stopped              in place of the services, the tasks that failed to start in the last hour
  -assume-role A,B      in each of the accounts of these roles, which are assumed
  -regions A,B          in each of these Regions
  -log                  log every call of AWS on standard error

With any of them:
  -format text|jsonl    a table of causes, the widest first, or a line of JSON for each task as it
                        is done: its report, or the error with which it was not loaded (text)
  -timeout D            bounds the whole run, such as 5m; what was found by then is reported

Credentials, Region and endpoint come from the AWS SDK's default chain (AWS_PROFILE, AWS_REGION,
AWS_ENDPOINT_URL, …). Calls that AWS throttles are made again, ten times at most and slower
(AWS_MAX_ATTEMPTS, AWS_RETRY_MODE). Nothing in an account is changed.

Exit status: 0 all can pull, 1 some cannot, 3 undetermined, 2 usage or tool error.
`

// options is what the flags say.
type options struct {
	cluster string
	all     bool
	stopped bool
	roles   command.List
	regions command.List
	log     bool

	format  string
	timeout time.Duration
}

// live reports whether accounts of AWS are asked.
func (o options) live() bool { return o.all || o.cluster != "" }

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.StringVar(&o.cluster, "cluster", "", "")
	flags.BoolVar(&o.all, "all", false, "")
	flags.BoolVar(&o.stopped, "stopped", false, "")
	flags.Var(&o.roles, "assume-role", "")
	flags.Var(&o.regions, "regions", "")
	flags.BoolVar(&o.log, "log", false, "")
	flags.StringVar(&o.format, "format", "text", "")
	flags.DurationVar(&o.timeout, "timeout", 0, "")
	given, err := command.Parse(flags, args)
	if err != nil {
		return o, err
	}
	for _, name := range given {
		if !o.live() && name != "format" && name != "timeout" {
			return o, command.Misused("-%s goes with -cluster or -all", name)
		}
	}
	return o, o.check()
}

// check looks at the values.
func (o options) check() error {
	switch {
	case o.cluster != "" && o.all:
		return command.Misused("-cluster and -all do not go together: each names what to scan")
	case o.format != "text" && o.format != "jsonl":
		return command.Misused("-format is text or jsonl, not %q", o.format)
	case o.timeout < 0:
		return command.Misused("-timeout is negative")
	}
	for _, role := range o.roles {
		if a, err := arn.Parse(role); err != nil || a.Service != "iam" || !strings.HasPrefix(a.Resource, "role/") {
			return command.Misused("-assume-role takes ARNs of roles, and %q is none", role)
		}
	}
	if a, err := arn.Parse(o.cluster); err == nil && (len(o.regions) > 0 || len(o.roles) > 1) {
		return command.Misused("-cluster names one cluster, of account %s in %s: scan several by its name", a.AccountID, a.Region)
	}
	return nil
}
