package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/canpull/canpull/checks"

	"github.com/canpull/canpull/examples/internal/command"
)

// account is one account in one Region.
type account struct {
	loader   checks.Loader
	checkers []checks.Checker
	owns     func(checks.Task) bool
	clusters []string // nil: all of them
	services int      // how many there are; 0: not known
}

type accounts []account

// accounts returns what the flags name, the embedded cluster where they name none.
func (o options) accounts(ctx context.Context, stderr io.Writer) (all accounts, err error) {
	if !o.live() {
		return embedded()
	}
	region := ""
	if a, err := arn.Parse(o.cluster); err == nil {
		region = a.Region
	}
	base, err := config.LoadDefaultConfig(ctx, config.WithRegion(region), patient)
	if err != nil {
		return nil, err
	}
	if base.Region == "" && len(o.regions) == 0 {
		return nil, errors.New("no Region is known: set AWS_REGION, or give -regions")
	}
	if o.log {
		log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
		base = checks.ObserveCalls(base, checks.LogCalls(log))
	}
	roles, regions := o.roles, o.regions
	if len(roles) == 0 {
		roles = command.List{""}
	}
	if len(regions) == 0 {
		regions = command.List{base.Region}
	}
	for _, region := range regions {
		for _, role := range roles {
			cfg := base.Copy()
			cfg.Region = region
			if role != "" {
				cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role))
			}
			all = append(all, o.account(cfg, role))
		}
	}
	return all, nil
}

// account returns an account with sources of its own: what they read is shared by all of its tasks.
func (o options) account(cfg aws.Config, role string) account {
	a := account{loader: checks.LoaderFromConfig(cfg), checkers: checks.Default(checks.FromConfig(cfg))}
	id, _ := arn.Parse(role)
	a.owns = func(t checks.Task) bool { return t.Region == cfg.Region && (role == "" || t.Account == id.AccountID) }
	if !o.all {
		a.clusters = []string{o.cluster}
	}
	return a
}

// patient has a scan outlast AWS's throttling: more attempts than the SDK makes by itself, and its rate limiter, which goes
// as fast as AWS lets it.
func patient(o *config.LoadOptions) error {
	if os.Getenv("AWS_MAX_ATTEMPTS") == "" {
		o.RetryMaxAttempts = 10
	}
	if os.Getenv("AWS_RETRY_MODE") == "" {
		o.RetryMode = aws.RetryModeAdaptive
	}
	return nil
}

// runner runs the checks of each task's own account.
func (all accounts) runner() checks.Runner {
	return checks.Runner{CheckersFor: func(t checks.Task) []checks.Checker {
		for _, a := range all {
			if a.owns(t) {
				return a.checkers
			}
		}
		return nil
	}}
}

// tasks yields what is to be diagnosed, account by account.
func (all accounts) tasks(ctx context.Context, o options) iter.Seq2[checks.Task, error] {
	return func(yield func(checks.Task, error) bool) {
		for _, a := range all {
			load := a.loader.Shared().LoadCluster
			if o.stopped {
				load = a.loader.Shared().LoadStopped
			}
			for cluster, err := range a.names(ctx) {
				if err != nil {
					if !yield(checks.Task{}, err) {
						return
					}
					continue
				}
				for task, err := range load(ctx, cluster) {
					if !yield(task, err) {
						return
					}
				}
			}
		}
	}
}

// names yields the clusters to scan.
func (a account) names(ctx context.Context) iter.Seq2[string, error] {
	if a.clusters == nil {
		return a.loader.Clusters(ctx)
	}
	return func(yield func(string, error) bool) {
		for _, name := range a.clusters {
			if !yield(name, nil) {
				return
			}
		}
	}
}

// total returns how many services there are, for the progress bar; 0 when that is not known.
func (all accounts) total(ctx context.Context, stopped bool) (n int) {
	if stopped {
		return 0
	}
	for _, a := range all {
		if a.services > 0 {
			n += a.services
			continue
		}
		var names []string
		for cluster, err := range a.names(ctx) {
			if err != nil {
				return 0
			}
			names = append(names, cmp.Or(cluster, "default"))
		}
		for part := range slices.Chunk(names, 100) { // that one call takes
			out, err := a.loader.ECS.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: part})
			if err != nil || len(out.Clusters) < len(part) {
				return 0
			}
			for _, c := range out.Clusters {
				n += int(c.ActiveServicesCount)
			}
		}
	}
	return n
}
