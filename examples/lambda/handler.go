package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/canpull/canpull/checks"
)

// handler handles events.
type handler struct {
	config   aws.Config
	log      *slog.Logger
	claims   claims
	channels []channel
}

// channel is who is told. What one was told already is not told again because another failed.
type channel struct {
	name string
	tell func(context.Context, notice) error
}

// toTell is kept back from the time of an invocation for telling what was found by then.
const toTell = 20 * time.Second

// handle diagnoses the task of an event and tells what it found, once for each task. An error has Lambda try again.
func (h *handler) handle(ctx context.Context, event json.RawMessage) error {
	task, why := concerns(event)
	if task == "" {
		_, err := checks.Loader{}.FromEvent(ctx, event) // which says what is wrong with it
		return err
	}
	log := h.log.With("task", task)
	if why != "" {
		log.Info("ignored: " + why)
		return nil
	}
	done, release, err := h.claims.claim(ctx, task)
	if err != nil {
		return err
	}
	defer release()
	var n *notice
	for _, c := range h.channels {
		if done[c.name] {
			continue
		}
		if n == nil {
			if n, err = h.diagnose(ctx, event); err != nil {
				return err
			}
			log.Info("diagnosed", "status", n.status, "causes", n.codes)
		}
		if err := c.tell(ctx, *n); err != nil {
			return fmt.Errorf("telling the %s: %w", c.name, err)
		}
		if err := h.claims.told(ctx, task, c.name); err != nil {
			return err
		}
	}
	if n == nil {
		log.Info("ignored: it was told of already")
	}
	return nil
}

// concerns returns the task of an event, and why it is not for us: that it did start, does not run on Fargate, or failed for
// another reason than a pull. An event without a task is none.
func concerns(event []byte) (task, why string) {
	var e struct {
		Detail struct {
			TaskARN, LaunchType, StopCode, StoppedReason string
			Containers                                   []struct{ Reason string }
		}
	}
	if err := json.Unmarshal(event, &e); err != nil || e.Detail.TaskARN == "" {
		return "", ""
	}
	d := e.Detail
	switch {
	case d.LaunchType == "EC2" || d.LaunchType == "EXTERNAL":
		return d.TaskARN, "it runs on " + d.LaunchType
	case d.StopCode != "TaskFailedToStart":
		return d.TaskARN, "its stop code is " + d.StopCode
	}
	texts := []string{d.StoppedReason}
	for _, c := range d.Containers {
		texts = append(texts, c.Reason)
	}
	for _, text := range texts {
		if _, ok := checks.ParseSymptom(text); ok {
			return d.TaskARN, ""
		}
	}
	return d.TaskARN, "it did not fail to pull"
}

// diagnose runs the checks. The sources are new each time, so that they see the account as it is.
func (h *handler) diagnose(ctx context.Context, event []byte) (*notice, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-toTell))
		defer cancel()
	}
	task, err := checks.LoaderFromConfig(h.config).FromEvent(ctx, event)
	if err != nil {
		return nil, err
	}
	// Where the time ran out, the diagnosis holds what was found until then, and says so.
	d, _ := checks.Run(ctx, task, checks.Default(checks.FromConfig(h.config))...)
	return noticeOf(d)
}
