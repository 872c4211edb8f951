package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/canpull/canpull/checks"
)

// verdict answers the question in one sentence.
func (w words) verdict(d checks.Diagnosis, s sections) string {
	switch d.Status() {
	case checks.Fail:
		if len(s.causes) == 0 { // findings that explain each other
			return w.say("verdict.fail-circular")
		}
		first := s.causes[0]
		text := w.say("verdict.fail", "doing", w.doing(first.Stage), "at", w.at(first.Subject, d.Task), "part", w.part(first, d.Task))
		if more := len(s.causes) - 1; more > 0 {
			text += " " + w.count("verdict.more", more)
		}
		return text
	case checks.Pass:
		return w.say("verdict.pass")
	case checks.Warn:
		return w.count("verdict.warn", len(s.warnings))
	}
	switch {
	case len(s.unknowns) > 0:
		return w.count("verdict.unknown", len(s.unknowns))
	case len(s.leftOut) > 0:
		return w.count("verdict.left-out", len(s.leftOut))
	}
	return w.say("verdict.nothing")
}

// at names what is at fault, unless that is the task itself. An ARN is cut to what fits into the first line; the finding
// has the whole.
func (w words) at(subject string, t checks.Task) string {
	if slices.Contains([]string{"", t.ARN, t.Service, t.TaskDefinition}, subject) {
		return ""
	}
	if parts := strings.SplitN(subject, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		subject = parts[5]
	}
	return w.say("at", "subject", w.valued(subject))
}

// part says for what part of the task a finding holds when it is not all of it.
func (w words) part(f checks.Finding, t checks.Task) string {
	if subnets := w.someSubnets(f, t); subnets != "" {
		return w.say("part.subnets", "subnets", subnets)
	}
	if f.Container != "" && len(t.Containers) > 1 {
		return w.say("part.container", "container", w.valued(f.Container))
	}
	return ""
}

// someSubnets counts the subnets that a finding holds for; it returns "" when they are all of the task's, or none.
func (w words) someSubnets(f checks.Finding, t checks.Task) string {
	held := 0
	for _, subnet := range t.Placement.Subnets {
		if slices.Contains(f.Scope, subnet) {
			held++
		}
	}
	if held == 0 || held == len(t.Placement.Subnets) {
		return ""
	}
	return w.say("subnets.some", "held", fmt.Sprint(held), "all", fmt.Sprint(len(t.Placement.Subnets)))
}

// about says what was diagnosed.
func (w words) about(t checks.Task) string {
	name := w.say("about.task")
	switch {
	case t.ARN != "" && t.Service != "":
		name = w.say("about.task-of-service", "task", w.valued(t.ARN), "service", w.valued(t.Service))
	case t.ARN != "":
		name = w.say("about.named-task", "task", w.valued(t.ARN))
	case t.Service != "":
		name = w.say("about.service", "service", w.valued(t.Service), "cluster", w.valued(t.Cluster[strings.LastIndex(t.Cluster, "/")+1:]))
	case t.TaskDefinition != "":
		name = w.say("about.definition", "definition", w.valued(t.TaskDefinition))
	}
	platform := "about.platform"
	if t.Windows {
		platform = "about.platform-windows"
	}
	where := []string{w.say(platform, "name", name, "version", w.valued(cmp.Or(t.PlatformVersion, "LATEST")))}
	if subnets := t.Placement.Subnets; len(subnets) > 0 {
		where = append(where, w.say("about.subnets", "subnets", w.listing(subnets, "list.or")))
	}
	switch groups := t.Placement.SecurityGroups; {
	case groups == nil:
		where = append(where, w.say("about.groups-unknown"))
	case len(groups) == 0:
		where = append(where, w.say("about.groups-default"))
	default:
		where = append(where, w.say("about.groups", "groups", w.listing(groups, "list.and")))
	}
	switch ip := t.Placement.PublicIP; {
	case ip == nil:
		where = append(where, w.say("about.public-ip-unknown"))
	case *ip:
		where = append(where, w.say("about.public-ip"))
	default:
		where = append(where, w.say("about.public-ip-none"))
	}
	text := strings.Join(where, ", ") + "."
	var images []string
	for _, c := range t.Containers {
		image := c.Image
		if c.PinnedDigest != "" {
			image += "@" + c.PinnedDigest
		}
		if !slices.Contains(images, image) {
			images = append(images, image)
		}
	}
	if len(images) > 0 {
		text += " " + w.say("about.images", "images", w.listing(images, "list.and"))
	}
	return text
}

// held names what a finding holds for, and counts it where it is a part of the task's subnets.
func (w words) held(f checks.Finding, t checks.Task) string {
	names := make([]string, len(f.Scope))
	for i, name := range f.Scope {
		names[i] = w.valued(name)
	}
	text := strings.Join(names, ", ")
	if some := w.someSubnets(f, t); some != "" {
		text += " (" + some + ")"
	}
	return text
}

// step says what a step of a plan does.
func (w words) step(s checks.Step) string {
	for i, fix := range s.Cause.Fixes {
		if fix.Summary == s.Fix.Summary {
			return w.fix(s.Cause, i)
		}
	}
	return w.english(s.Fix.Summary)
}

// isVerified reports a fix that is proven to take its cause away.
func isVerified(fix checks.Fix) bool { return fix.Proof != nil && fix.Proof.Verified }

// observation holds a root cause against the error that the task stopped with; "" where there is none.
func (w words) observation(f checks.Finding, d checks.Diagnosis) string {
	e, ok := d.Explain(f)
	switch {
	case !ok:
		return ""
	case e.Explains:
		return w.say("observed.explains", "reason", w.explanation(e))
	}
	return w.say("observed.other", "reason", w.explanation(e))
}

// general returns what a code says of any subject, or what stands for that in English.
func (w words) general(id, english string) string {
	text, err := w.translate(id, nil, func(string) (string, bool) { return "…", true })
	if err != nil {
		return english
	}
	return text
}

// nameOf names a task briefly.
func nameOf(t checks.Task) string {
	resource := func(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
	switch {
	case t.Service != "":
		return strings.TrimPrefix(resource(t.Cluster)+"/"+t.Service, "/")
	case t.TaskDefinition != "":
		return resource(t.TaskDefinition)
	}
	return cmp.Or(resource(t.ARN), "task")
}
