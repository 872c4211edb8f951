package checks

import (
	"slices"
	"strings"

	"github.com/canpull/canpull/iam"
)

// narrower returns narrower forms of a statement that denies a request, those first that leave the most of it in force: with
// the request's own value (its Region, its endpoint) among those that the statement excepts; for everybody but the role; for
// other actions; for other resources. Whether one spares the request is for iam.Evaluate to say. own: the policy is the role's
// alone, so that to exempt the role is no narrower than to drop the statement.
func narrower(s iam.Statement, r iam.Request, own bool) (forms []iam.Statement) {
	add := func(change func(*iam.Statement)) {
		form := s
		change(&form)
		forms = append(forms, form)
	}
	for i, c := range s.Conditions {
		value := valueIn(r, c.Key)
		if value == "" || !excepts(c.Operator) || slices.Contains(c.Values, value) {
			continue
		}
		add(func(f *iam.Statement) {
			f.Conditions = slices.Clone(s.Conditions)
			f.Conditions[i].Values = append(slices.Clip(c.Values), value)
		})
	}
	if r.Principal.ARN != "" && !own {
		add(func(f *iam.Statement) {
			f.Conditions = append(slices.Clip(s.Conditions), iam.Condition{Operator: "ArnNotEquals", Key: "aws:PrincipalArn", Values: []string{r.Principal.ARN}})
		})
	}
	if others := without(s.Actions, r.Action); len(others) > 0 && len(others) < len(s.Actions) {
		add(func(f *iam.Statement) { f.Actions = others })
	}
	if r.Resource != "" && r.Resource != anyResource {
		switch others := without(s.Resources, r.Resource); {
		case s.NotResources != nil:
			add(func(f *iam.Statement) { f.NotResources = append(slices.Clip(s.NotResources), r.Resource) })
		case len(s.Resources) == 1 && s.Resources[0] == anyResource:
			add(func(f *iam.Statement) { f.Resources, f.NotResources = nil, []string{r.Resource} })
		case len(others) > 0 && len(others) < len(s.Resources):
			add(func(f *iam.Statement) { f.Resources = others })
		}
	}
	return forms
}

// excepts reports an operator that a value more makes match less: the values of a negated one are joined by NOR.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
func excepts(operator string) bool {
	switch strings.TrimSuffix(operator, "IfExists") {
	case "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals", "ArnNotLike":
		return true
	}
	return false
}

// valueIn returns the one value that a request of a role has for a condition key; "" where it has none, several, or one that
// is not known. A request that AWS makes has none to build on.
func valueIn(r iam.Request, key string) string {
	if r.Principal.ARN == "" {
		return ""
	}
	if strings.EqualFold(key, "aws:PrincipalArn") {
		return r.Principal.ARN
	}
	for name, value := range r.Context {
		if strings.EqualFold(name, key) && value.State == iam.ValuePresent && len(value.Values) == 1 {
			return value.Values[0]
		}
	}
	return ""
}

// without leaves an item out of a list, whatever its case.
func without(list []string, item string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return strings.EqualFold(s, item) })
}
