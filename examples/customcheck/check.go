package main

import (
	"context"
	"errors"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/registry"
)

// OurRegistry checks that every image comes from one registry.
type OurRegistry struct{ Host string }

// Info describes the check. Its sentences hold blanks that a finding's Args fill; subject is always one.
func (c OurRegistry) Info() checks.Info {
	return checks.Info{ID: "our-registry", Title: "Our registry", Codes: map[checks.Code]checks.Meaning{
		"our-registry.only":    {Status: checks.Pass, Text: "All images come from " + c.Host + "."},
		"our-registry.foreign": {Status: checks.Warn, Text: "{subject} comes from {registry}.", Fixes: []checks.Remedy{{Text: "Copy {subject} to " + c.Host}}},
	}}
}

// Check looks at the references. The error of one that is malformed becomes a finding by itself: that something is not known.
func (c OurRegistry) Check(_ context.Context, task checks.Task) (found []checks.Finding, err error) {
	for _, container := range task.Containers {
		ref, malformed := registry.Parse(container.Image)
		if err = errors.Join(err, malformed); malformed == nil && ref.Registry != c.Host {
			found = append(found, c.Info().Finding(checks.Resolve, "our-registry.foreign", container.Image, map[string]string{"registry": ref.Registry}))
		}
	}
	if len(found) == 0 && err == nil {
		found = append(found, c.Info().Finding(checks.Resolve, "our-registry.only", "task", nil))
	}
	return found, err
}
