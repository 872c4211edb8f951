package main

import (
	"bytes"
	"cmp"
	"context"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/report"
)

// notice is what is told of a task.
type notice struct {
	status   string
	codes    []string // of the root causes
	headline string
	text     string // the whole report
	chat     string // the short form, in Slack's markup
}

// noticeOf writes a diagnosis down.
func noticeOf(d checks.Diagnosis) (*notice, error) {
	var b bytes.Buffer
	if err := report.Text(&b, d); err != nil {
		return nil, err
	}
	n := &notice{status: d.Status().String(), codes: []string{}, text: b.String()}
	n.headline, _, _ = strings.Cut(n.text, "\n")
	chat := []string{"*" + escaped(n.headline) + "*", escaped(cmp.Or(d.Task.ARN, d.Task.TaskDefinition))}
	for _, cause := range d.RootCauses() {
		n.codes = append(n.codes, string(cause.Code))
		chat = append(chat, "• "+escaped(cause.Summary))
		if len(cause.Fixes) > 0 {
			chat = append(chat, "   Fix: "+escaped(cause.Fixes[0].Summary))
		}
	}
	n.chat = cut(strings.Join(chat, "\n"), 3500) // Slack folds longer ones, and cuts at 40,000 characters
	return n, nil
}

// escaped keeps a text from being markup or a mention.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func escaped(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// cut shortens a text to so many bytes.
func cut(text string, longest int) string {
	if len(text) <= longest {
		return text
	}
	const mark = "…"
	end := longest - len(mark)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}

// subject is what SNS takes: ASCII without line ends, under 100 characters.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
func subject(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, text)
	if len(text) > 99 {
		text = text[:96] + "..."
	}
	return text
}

type publisher interface {
	Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// topicOf tells an SNS topic, whose subscriptions may filter by status. SNS takes 256 KiB with the attributes.
func topicOf(api publisher, arn string) func(context.Context, notice) error {
	return func(ctx context.Context, n notice) error {
		_, err := api.Publish(ctx, &sns.PublishInput{TopicArn: &arn, Subject: aws.String(subject(n.headline)), Message: aws.String(cut(n.text, 250<<10)),
			MessageAttributes: map[string]types.MessageAttributeValue{"status": {DataType: aws.String("String"), StringValue: &n.status}}})
		return err
	}
}
