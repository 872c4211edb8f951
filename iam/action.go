package iam

import "strings"

// action holds the values of Action or NotAction against the request: without regard to case, with * and ? anywhere in
// the name of the action. The grammar has none in its service, and what AWS makes of "*:*" is not documented.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func (a *asked) action(values []string) operand {
	var all disjunction
	for _, value := range values {
		all.add(a.oneAction(value))
	}
	return all.operand(false)
}

func (a *asked) oneAction(value string) operand {
	service, name, prefixed := strings.Cut(value, ":")
	switch {
	case value == "*":
		return operand{truth: yes}
	case a.Action == "":
		return operand{truth: maybe}
	case !prefixed:
		return operand{truth: maybe, warning: "the action " + value + " has no service prefix"}
	case strings.ContainsAny(service, "*?"):
		if !wild(strings.ToLower(value)).matches(a.Action) {
			return operand{truth: no}
		}
		return operand{truth: maybe, warning: "whether a wildcard in the service of the action " + value + " counts is not known"}
	case !strings.EqualFold(service, a.service):
		return operand{truth: no}
	}
	if strings.Count(name, "*") > 1 {
		name = strings.ToLower(name) // to be searched for, which takes the same case
		return operand{truth: is(wild(name).matches(a.name))}
	}
	return operand{truth: is(pattern{text: name, fold: true}.matches(a.name))}
}
