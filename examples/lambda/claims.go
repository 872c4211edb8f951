package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// claims see to it that each task is told of once, although EventBridge and Lambda deliver an event at least once, and ECS
// tells of a stopped task more than once. An item of the table is a task: until when an invocation is at it, and who was told
// of it. An invocation that dies leaves its claim to run out, and the next try goes on where it ended; so a notice is lost
// never, and repeated only if the invocation dies between telling and noting that.
//
// A FIFO topic would forget after five minutes, sooner than Lambda's last try, and takes neither e-mail nor chat.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
// https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html
type claims struct {
	api   updater
	table string
}

type updater interface {
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
}

const (
	remembered = 7 * 24 * time.Hour // after which no event comes again
	longest    = 15 * time.Minute   // that an invocation may take
)

// claim takes a task for this invocation and returns who was told of it. While another invocation has it, it is errBusy: that
// one may yet fail.
func (c claims) claim(ctx context.Context, task string) (done map[string]bool, release func(), err error) {
	now := time.Now()
	until, ok := ctx.Deadline()
	if !ok {
		until = now.Add(longest)
	}
	out, err := c.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &c.table, Key: key(task), ReturnValues: types.ReturnValueAllNew,
		ConditionExpression:      aws.String("attribute_not_exists(#until) OR #until < :now"),
		UpdateExpression:         aws.String("SET #until = :until, #expires = :expires"),
		ExpressionAttributeNames: map[string]string{"#until": "until", "#expires": "expires"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":now": number(now.Unix()), ":until": number(until.Unix() + 1),
			":expires": number(now.Add(remembered).Unix())},
	})
	if _, busy := errors.AsType[*types.ConditionalCheckFailedException](err); busy {
		return nil, nil, errBusy
	}
	if err != nil {
		return nil, nil, fmt.Errorf("claiming the task: %w", err)
	}
	done = map[string]bool{}
	for name := range out.Attributes {
		done[name] = true
	}
	return done, func() { c.release(ctx, task) }, nil
}

// release gives a task back. What fails runs out by itself.
func (c claims) release(ctx context.Context, task string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_, _ = c.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &c.table, Key: key(task), UpdateExpression: aws.String("SET #until = :until"),
		ExpressionAttributeNames: map[string]string{"#until": "until"}, ExpressionAttributeValues: map[string]types.AttributeValue{":until": number(0)}})
}

// told notes who was told of a task.
func (c claims) told(ctx context.Context, task, channel string) error {
	_, err := c.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &c.table, Key: key(task), UpdateExpression: aws.String("SET #channel = :yes"),
		ExpressionAttributeNames: map[string]string{"#channel": channel}, ExpressionAttributeValues: map[string]types.AttributeValue{
			":yes": &types.AttributeValueMemberBOOL{Value: true}}})
	if err != nil {
		return fmt.Errorf("noting that the %s was told: %w", channel, err)
	}
	return nil
}

func key(task string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"task": &types.AttributeValueMemberS{Value: task}}
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}
