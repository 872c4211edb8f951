package iam

import "strings"

// words are AWS's own names for the policy types, which users have read in error messages and search for:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
var words = map[LayerName]string{
	IdentityLayer: "identity-based policy",
	BoundaryLayer: "permissions boundary",
	SessionLayer:  "session policy",
	SCPLayer:      "service control policy",
	RCPLayer:      "resource control policy",
	ResourceLayer: "resource-based policy",
	EndpointLayer: "VPC endpoint policy",
}

// Reason is the decision on a request in the words of AWS's access-denied messages, without a full stop: "no
// identity-based policy allows the ecr:BatchGetImage action".
func (d Decision) Reason(r Request) string {
	word := words[d.Layer]
	switch d.Outcome {
	case Allowed:
		return "the " + r.Action + " action is allowed by " + article(word) + " " + word
	case ExplicitDeny:
		return "the " + r.Action + " action is denied with an explicit deny in " + article(word) + " " + word
	case ImplicitDeny:
		return "no " + word + " allows the " + r.Action + " action"
	}
	reason := "whether the " + r.Action + " action is allowed is not known"
	if hangs := append(append([]string{}, d.Missing...), d.Keys...); len(hangs) > 0 {
		reason += ": it depends on " + strings.Join(hangs, ", ")
	}
	return reason
}

func article(word string) string {
	if strings.HasPrefix(word, "identity") {
		return "an"
	}
	return "a"
}
