package iam

import "strings"

// action holds the values of Action or NotAction against the request: without regard to case, with * and ? anywhere in
// the name of the action but not in its service.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func (a *asked) action(values []string) operand {
	ops := make([]operand, len(values))
	for i, value := range values {
		ops[i] = a.oneAction(strings.ToLower(value))
	}
	return anyOf(ops, false)
}

func (a *asked) oneAction(value string) operand {
	service, name, prefixed := strings.Cut(value, ":")
	_, asked, _ := strings.Cut(a.Action, ":")
	switch {
	case value == "*":
		return operand{truth: yes}
	case a.Action == "":
		return operand{truth: maybe}
	case !prefixed:
		return operand{truth: maybe, warning: "the action " + value + " has no service prefix"}
	}
	return operand{truth: is(service == a.service && wild(name).matches(asked))}
}
