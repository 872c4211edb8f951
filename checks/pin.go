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
