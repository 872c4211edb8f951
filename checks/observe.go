package checks

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
)

// Call is a call of AWS that has ended.
type Call struct {
	Action   string // the IAM action: "ec2:DescribeSubnets"
	Region   string
	Started  time.Time
	Elapsed  time.Duration // with all attempts and the waiting between them
	Attempts int           // how often it was sent; 0 when it was not
	Err      error
}

// ObserveCalls returns a configuration whose clients tell of every call when it has ended, as Runner.Observe does of checks.
// The context is the call's, which a span of it can be a child of. observe may be called from several goroutines at once.
func ObserveCalls(cfg aws.Config, observe func(context.Context, Call)) aws.Config {
	cfg = cfg.Copy()
	watch := middleware.InitializeMiddlewareFunc("canpull:ObserveCalls", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		c := Call{Started: time.Now(), Region: awsmiddleware.GetRegion(ctx),
			Action: strings.ToLower(strings.ReplaceAll(awsmiddleware.GetServiceID(ctx), " ", "")) + ":" + awsmiddleware.GetOperationName(ctx)}
		out, metadata, err := next.HandleInitialize(ctx, in)
		if attempts, ok := retry.GetAttemptResults(metadata); ok {
			c.Attempts = len(attempts.Results)
		}
		c.Elapsed, c.Err = time.Since(c.Started), err
		observe(ctx, c)
		return out, metadata, err
	})
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), func(s *middleware.Stack) error {
		return s.Initialize.Add(watch, middleware.After) // what names the operation comes before it
	})
	return cfg
}

// LogChecks returns what logs each check that has ended, as Runner.Observe takes it, at the level of debugging.
func LogChecks(log *slog.Logger) func(context.Context, Event) {
	return func(ctx context.Context, e Event) {
		if e.Ended {
			logged(ctx, log, "check", e.Elapsed, e.Err, slog.String("check", e.Check), slog.String("task", e.Task.subject()))
		}
	}
}

// LogCalls returns what logs each call of AWS, as ObserveCalls takes it, at the level of debugging.
func LogCalls(log *slog.Logger) func(context.Context, Call) {
	return func(ctx context.Context, c Call) {
		logged(ctx, log, "call", c.Elapsed, c.Err, slog.String("action", c.Action), slog.String("region", c.Region), slog.Int("attempts", c.Attempts))
	}
}

func logged(ctx context.Context, log *slog.Logger, what string, elapsed time.Duration, err error, about ...slog.Attr) {
	about = append(about, slog.Duration("elapsed", elapsed))
	if err != nil {
		about = append(about, slog.Any("error", err))
	}
	log.LogAttrs(ctx, slog.LevelDebug, what, about...)
}
