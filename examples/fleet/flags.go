package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
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
	roles   list
	regions list
	log     bool

	format  string
	timeout time.Duration
}

// live reports whether accounts of AWS are asked.
func (o options) live() bool { return o.all || o.cluster != "" }

// list is a flag of names with commas between them.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(s string) error {
	*l = nil
	for name := range strings.SplitSeq(s, ",") {
		if name = strings.TrimSpace(name); name != "" {
			*l = append(*l, name)
		}
	}
	return nil
}

// usageError is a command line that makes no sense.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func misused(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run prints errors and help
	flags.StringVar(&o.cluster, "cluster", "", "")
	flags.BoolVar(&o.all, "all", false, "")
	flags.BoolVar(&o.stopped, "stopped", false, "")
	flags.Var(&o.roles, "assume-role", "")
	flags.Var(&o.regions, "regions", "")
	flags.BoolVar(&o.log, "log", false, "")
	flags.StringVar(&o.format, "format", "text", "")
	flags.DurationVar(&o.timeout, "timeout", 0, "")
	if err := flags.Parse(args); err != nil {
		return o, usageError{err}
	}
	if flags.NArg() > 0 {
		return o, misused("unexpected argument %q", flags.Arg(0))
	}
	var err error
	flags.Visit(func(f *flag.Flag) {
		switch name := f.Name; {
		case err != nil:
		case f.Value.String() == "": // most likely a variable that is not set
			err = misused("-%s is empty", name)
		case !o.live() && name != "format" && name != "timeout":
			err = misused("-%s goes with -cluster or -all", name)
		}
	})
	if err != nil {
		return o, err
	}
	return o, o.check()
}

// check looks at the values.
func (o options) check() error {
	switch {
	case o.cluster != "" && o.all:
		return misused("-cluster and -all do not go together: each names what to scan")
	case o.format != "text" && o.format != "jsonl":
		return misused("-format is text or jsonl, not %q", o.format)
	case o.timeout < 0:
		return misused("-timeout is negative")
	}
	for _, role := range o.roles {
		if a, err := arn.Parse(role); err != nil || a.Service != "iam" || !strings.HasPrefix(a.Resource, "role/") {
			return misused("-assume-role takes ARNs of roles, and %q is none", role)
		}
	}
	if a, err := arn.Parse(o.cluster); err == nil && (len(o.regions) > 0 || len(o.roles) > 1) {
		return misused("-cluster names one cluster, of account %s in %s: scan several by its name", a.AccountID, a.Region)
	}
	return nil
}
