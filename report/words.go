package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/canpull/canpull/checks"
)

// verdict answers the question in one sentence.
func verdict(d checks.Diagnosis, s sections) string {
	switch d.Status() {
	case checks.Fail:
		if len(s.causes) == 0 { // findings that explain each other
			return "It cannot pull: see what fails below."
		}
		more := ""
		if n := len(s.causes) - 1; n > 0 {
			more = fmt.Sprintf(" There %s.", plural(n, "is %d more root cause", "are %d more root causes"))
		}
		first := s.causes[0]
		return fmt.Sprintf("It cannot pull: %s fails%s%s.%s", doing(first.Stage), at(first.Subject, d.Task), part(first, d.Task), more)
	case checks.Pass:
		return "It can pull."
	case checks.Warn:
		return fmt.Sprintf("It can pull, with %s.", plural(len(s.warnings), "%d warning", "%d warnings"))
	}
	const unknown = "Not known whether it can pull: "
	switch {
	case len(s.unknowns) > 0:
		return unknown + plural(len(s.unknowns), "%d question is open.", "%d questions are open.")
	case len(s.leftOut) > 0:
		return unknown + plural(len(s.leftOut), "%d check was left out.", "%d checks were left out.")
	}
	return unknown + "nothing was checked."
}

// doing names a step of the pull.
func doing(s checks.Stage) string {
	switch s {
	case checks.Assume:
		return "assuming the execution role"
	case checks.Authenticate:
		return "authenticating to the registry"
	case checks.Resolve:
		return "resolving the image"
	case checks.Download:
		return "downloading the layers"
	case checks.Unpack:
		return "unpacking the layers"
	}
	return s.String()
}

// at names what is at fault, unless that is the task itself. An ARN is cut to what fits into the first line; the finding
// has the whole.
func at(subject string, t checks.Task) string {
	if slices.Contains([]string{"", t.ARN, t.Service, t.TaskDefinition}, subject) {
		return ""
	}
	if parts := strings.SplitN(subject, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		subject = parts[5]
	}
	return " at " + subject
}

// part says for what part of the task a finding holds when it is not all of it.
func part(f checks.Finding, t checks.Task) string {
	if subnets := someSubnets(f, t); subnets != "" {
		return " in " + subnets
	}
	if f.Container != "" && len(t.Containers) > 1 {
		return " for container " + f.Container
	}
	return ""
}

// someSubnets counts the subnets that a finding holds for; it returns "" when they are all of the task's, or none.
func someSubnets(f checks.Finding, t checks.Task) string {
	held := 0
	for _, subnet := range t.Placement.Subnets {
		if slices.Contains(f.Scope, subnet) {
			held++
		}
	}
	if held == 0 || held == len(t.Placement.Subnets) {
		return ""
	}
	return fmt.Sprintf("%d of %d subnets", held, len(t.Placement.Subnets))
}

// about says what was diagnosed.
func about(t checks.Task) string {
	name := "A task"
	switch {
	case t.ARN != "" && t.Service != "":
		name = fmt.Sprintf("Task %s of service %s", t.ARN, t.Service)
	case t.ARN != "":
		name = "Task " + t.ARN
	case t.Service != "":
		name = fmt.Sprintf("Service %s in cluster %s", t.Service, t.Cluster[strings.LastIndex(t.Cluster, "/")+1:])
	case t.TaskDefinition != "":
		name = "A task of " + t.TaskDefinition
	}
	platform := "Fargate"
	if t.Windows {
		platform = "Fargate for Windows"
	}
	where := []string{name + " on " + platform + " " + cmp.Or(t.PlatformVersion, "LATEST")}
	if subnets := t.Placement.Subnets; len(subnets) > 0 {
		where = append(where, "in "+listing(subnets, "or"))
	}
	switch groups := t.Placement.SecurityGroups; {
	case groups == nil:
		where = append(where, "security groups not known")
	case len(groups) == 0:
		where = append(where, "with the VPC's default security group")
	default:
		where = append(where, "with "+listing(groups, "and"))
	}
	switch ip := t.Placement.PublicIP; {
	case ip == nil:
		where = append(where, "public IP not known")
	case *ip:
		where = append(where, "with a public IP")
	default:
		where = append(where, "without a public IP")
	}
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
	text := strings.Join(where, ", ") + "."
	if len(images) > 0 {
		text += fmt.Sprintf(" It pulls %s.", listing(images, "and"))
	}
	return text
}

// listing joins names as a sentence does.
func listing(names []string, word string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " " + word + " " + names[last]
}

// plural picks the words for a number and puts the number into them.
func plural(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf(one, n)
	}
	return fmt.Sprintf(many, n)
}
