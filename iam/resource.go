package iam

import (
	"slices"
	"strings"
)

// The page is https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html.

// resource holds one value of Resource or NotResource against the request. Wildcards work within a segment of the ARN.
// The guides forbid them in its service and in the type of the resource and do not say what becomes of a policy that has
// one, while Amazon EC2's own examples write "arn:aws:ec2:region:account-id:*/*": such a value that matches is unknown.
func (a *asked) resource(value string, vars variables, layer LayerName) operand {
	if value == "*" {
		return operand{truth: yes}
	}
	parts, n := split(value)
	var last expansion
	if parts[0] == "arn" && n == len(parts) {
		last = vars.expand(parts[5]) // variables are replaced after the fifth colon only
	}
	switch {
	case last.state != resolved: // this voids the statement, whatever the resource is
		return last.operand()
	case a.Resource == "":
		return operand{truth: maybe}
	case parts[0] != "arn" && wild(value).matches(a.Resource):
		return operand{truth: maybe, warning: "the resource " + value + " is neither an ARN nor *"}
	case parts[0] != "arn", !a.isARN: // no ARN names the "*" of an action that takes no resource
		return operand{truth: no}
	case n < len(parts):
		return a.incomplete(value, parts[:n], layer)
	}
	head := parts[:5]
	switch {
	case a.within(head) && last.matches(a.segments[5]):
		if strings.ContainsAny(parts[2], "*?") || a.wildType(last.pattern) {
			return operand{truth: maybe, warning: "whether a wildcard in the service or in the resource type of " + value + " counts is not known"}
		}
		return operand{truth: yes}
	case crosses(head) && whole(value, parts[5], last.pattern).matches(a.Resource):
		return operand{truth: maybe, warning: crossing(value)}
	}
	return operand{truth: no}
}

// whole is the pattern of an ARN whose sixth part has been expanded.
func whole(value, sixth string, expanded pattern) pattern {
	if expanded.literal == nil && expanded.text == sixth {
		return wild(value)
	}
	head := value[:len(value)-len(sixth)]
	return pattern{text: head + expanded.text, literal: append(mark(nil, len(head), false), expanded.literal...)}
}

// incomplete completes an ARN of fewer than six parts. AWS documents this for identity policies and for no others.
func (a *asked) incomplete(value string, parts []string, layer LayerName) operand {
	head := arn{0: "*", 1: "*", 2: "*", 3: "*", 4: "*"}
	copy(head[:], parts)
	switch within := a.within(head[:5]); {
	case within && layer == IdentityLayer && !strings.ContainsAny(head[2], "*?"):
		return operand{truth: yes}
	case within:
		return operand{truth: maybe, warning: "the resource " + value + " is an incomplete ARN"}
	case crosses(parts) && wild(value).matches(a.Resource):
		return operand{truth: maybe, warning: crossing(value)}
	}
	return operand{truth: no}
}

func (a *asked) within(head []string) bool {
	for i, part := range head {
		if !wild(part).matches(a.segments[i]) {
			return false
		}
	}
	return true
}

// crosses tells of a segment that ends in *, which according to the guide "can expand to match beyond the colon", though
// the same page says that wildcards work within segments.
func crosses(parts []string) bool {
	return slices.ContainsFunc(parts, func(s string) bool { return strings.HasSuffix(s, "*") })
}

func crossing(value string) string {
	return "whether a * in " + value + " reaches past a colon is not known"
}

// typed are the services all of whose resources begin with their type. An S3 bucket or an SQS queue begins with its name,
// where wildcards are fine.
var typed = []string{"ecr", "ecs", "iam", "kms", "logs", "secretsmanager", "ssm"}

// wildType is whether the sixth part has a wildcard in the resource type: "*/12345", or "repo*", which spans it.
func (a *asked) wildType(p pattern) bool {
	if p.text == "*" || !slices.Contains(typed, a.segments[2]) {
		return false
	}
	if end := strings.IndexAny(p.text, "/:"); end >= 0 {
		p = p.slice(0, end)
	}
	return p.wildcards()
}
