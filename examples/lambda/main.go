// Lambda diagnoses every task on Fargate that failed to start because of a pull, as soon as ECS says so: an EventBridge rule
// hands it the event, and it tells an SNS topic and, if there is one, a webhook. template.yaml is all that it takes.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	h, err := newHandler(context.Background(), log)
	if err != nil {
		log.Error(err.Error())
		os.Exit(1)
	}
	lambda.Start(h.handle)
}

// newHandler reads the settings that template.yaml gives: TOPIC, the ARN of an SNS topic; TABLE, the name of a DynamoDB
// table; and WEBHOOK_SECRET, the name or ARN of a secret whose value is a webhook's URL, "" for none.
func newHandler(ctx context.Context, log *slog.Logger) (*handler, error) {
	topic, table := os.Getenv("TOPIC"), os.Getenv("TABLE")
	if err := cmp.Or(missing("TOPIC", topic), missing("TABLE", table)); err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	h := &handler{config: cfg, log: log, claims: claims{dynamodb.NewFromConfig(cfg), table},
		channels: []channel{{"topic", topicOf(sns.NewFromConfig(cfg), topic)}}}
	if secret := os.Getenv("WEBHOOK_SECRET"); secret != "" {
		h.channels = append(h.channels, channel{"webhook", webhookOf(secretsmanager.NewFromConfig(cfg), secret)})
	}
	return h, nil
}

func missing(name, value string) error {
	if value != "" {
		return nil
	}
	return fmt.Errorf("%s is not set", name)
}

var errBusy = errors.New("another invocation is at this task: try again later")
