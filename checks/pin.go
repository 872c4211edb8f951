package checks

import (
	"errors"
	"slices"
	"strings"

	"github.com/canpull/canpull/registry"
)

// unpinned is what is taken for granted of a service that ECS shows no service revision of.
const unpinned = "A service that ECS shows no service revision of has pinned no image to a digest."

// reference returns what a pull of the container's image asks for.
func (c Container) reference() (registry.Reference, error) {
	if c.PinnedDigest == "" || strings.Contains(c.Image, "@") {
		return registry.Parse(c.Image)
	}
	return registry.Parse(c.Image + "@" + c.PinnedDigest)
}

// pinned reports whether any of the named containers pulls a digest that its service pinned.
func (t Task) pinned(containers []string) bool {
	return slices.ContainsFunc(t.Containers, func(c Container) bool {
		return c.PinnedDigest != "" && slices.Contains(containers, c.Name)
	})
}

// unpinned returns what the image of the first of the named containers that is pinned is called in the task definition.
func (t Task) unpinned(containers []string) registry.Reference {
	for _, c := range t.Containers {
		if c.PinnedDigest != "" && slices.Contains(containers, c.Name) {
			ref, _ := registry.Parse(c.Image) // a digest behind it was parsed
			return ref
		}
	}
	return registry.Reference{}
}

// redeployed has the task be one of a new deployment of its service, for which ECS resolves tags to digests again. Until then it
// pulls what they lead to now.
// https://aws.amazon.com/blogs/containers/announcing-software-version-consistency-for-amazon-ecs-services
func (t *Task) redeployed() {
	for i := range t.Containers {
		t.Containers[i].PinnedDigest = ""
	}
}

// assumesUnpinned reports whether the task's service may have pinned digests that no service revision shows.
func (t Task) assumesUnpinned() bool {
	return t.Service != "" && t.ServiceRevision == "" && t.RevisionNotRead == ""
}

// revisionUnread returns a finding about an image of which it takes the service revision to know what is pulled, and for
// which processor.
func (t Task) revisionUnread(info Info, stage Stage, code Code, ref registry.Reference, containers []string) Finding {
	f := info.Finding(stage, code, ref.String(), map[string]string{"reason": unsettled([]string{describeRevisions}, nil)})
	f.Scope = containers
	return f.because([]string{describeRevisions}, map[string]error{describeRevisions: errors.New(t.RevisionNotRead)})
}
