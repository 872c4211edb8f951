package network_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/canpull/canpull/network"
)

// show writes a path for a failing test.
func show(p network.Path) string {
	var b strings.Builder
	for _, h := range p.Hops {
		fmt.Fprintf(&b, "  %-7s %s\n", h.Status, label(h))
	}
	fmt.Fprintf(&b, "  missing %s", p.Missing)
	return b.String()
}

// label writes all of a hop but its status and its free text.
func label(h network.Hop) string {
	subjects := strings.Split(h.Subject, ",")
	slices.Sort(subjects)
	var marks []string
	for mark, set := range map[string]bool{"in": h.Inbound, "reply": h.Reply, "dns": h.DNS, "depends": h.Depends} {
		if set {
			marks = append(marks, mark)
		}
	}
	slices.Sort(marks)
	return strings.TrimSpace(fmt.Sprintf("%s %s subnet=%s target=%s %q %v %v", h.Kind, strings.Join(subjects, ","), h.Subnet, h.Target, h.Reason, marks, h.Missing))
}
