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
	refused := slices.ContainsFunc(t.Containers, func(c Container) bool { return c.PinNotRead != "" })
	return t.Service != "" && t.ServiceRevision == "" && !refused
}

// pinNotRead says why it is not known whether a digest is pinned for one of the named containers; "" when it is known.
func (t Task) pinNotRead(containers []string) string {
	for _, c := range t.Containers {
		if c.PinNotRead != "" && slices.Contains(containers, c.Name) {
			return c.PinNotRead
		}
	}
	return ""
}

// pinUnread returns a finding about an image of which a service may have pinned another digest than the one that its tag
// leads to, so that nothing that was read of the tag holds for its tasks.
func (i Info) pinUnread(stage Stage, code Code, ref registry.Reference, containers []string, reason string) Finding {
	f := i.Finding(stage, code, ref.String(), map[string]string{"reason": unsettled([]string{describeRevisions}, nil)})
	f.Scope = containers
	return f.because([]string{describeRevisions}, map[string]error{describeRevisions: errors.New(reason)})
}
