package checks

import (
	"slices"
	"strings"

	"github.com/canpull/canpull/iam"
)

// spare narrows every statement among policies that denies a request.
func (a *amendment) spare(n need, at iam.LayerName, policies []iam.Policy) bool {
	spared := false
	for i := range policies {
		p := &policies[i]
		for j := len(p.Document.Statements) - 1; j >= 0; j-- {
			if !a.denies(n, at, p.Document, j) {
				continue
			}
			if isAWSManaged(p.ARN) { // nobody else can change it
				p.Document.Statements, spared = nil, true
				break
			}
			d, ok := a.narrowed(n, at, *p, j)
			if !ok || d.Err() != nil {
				return false
			}
			p.Document, spared = d, true
		}
	}
	return spared
}

// denies reports whether one statement of a document denies a request by itself.
func (a *amendment) denies(n need, at iam.LayerName, d iam.Document, statement int) bool {
	return a.says(n, at, d.Version, d.Statements[statement]).Outcome == iam.ExplicitDeny
}

// says returns what a statement comes to beside one that allows everything: Allowed is certain not to be denied.
func (a *amendment) says(n need, at iam.LayerName, version string, s iam.Statement) iam.LayerDecision {
	everything := iam.Statement{Effect: iam.Allow, Actions: []string{"*"}, Resources: []string{"*"}}
	if at == iam.ResourceLayer || at == iam.EndpointLayer {
		everything.Principal = &iam.PrincipalSet{AWS: []string{"*"}}
	}
	only := &iam.Layer{Policies: []iam.Policy{{Document: iam.Document{Version: version, Statements: []iam.Statement{s, everything}}}}}
	p := a.policies(n)
	switch at {
	case iam.IdentityLayer:
		p.Identity = *only
	case iam.BoundaryLayer:
		p.Boundary = only
	case iam.ResourceLayer:
		p.Resource = only
	case iam.EndpointLayer:
		p.Endpoint = only
	}
	l, _ := layer(iam.Evaluate(n.request, p), at)
	return l
}

// narrowed returns a document in which a statement no longer denies a request: the first of its narrower forms that
// certainly does not, or, in a policy of the role's own, none.
func (a *amendment) narrowed(n need, at iam.LayerName, p iam.Policy, statement int) (iam.Document, bool) {
	d := p.Document
	own := at == iam.IdentityLayer && p.ARN == "" // nobody else has an inline policy
	for _, s := range narrower(d.Statements[statement], n.request, own) {
		if a.says(n, at, d.Version, s).Outcome == iam.Allowed {
			d.Statements = slices.Clone(d.Statements)
			d.Statements[statement] = s
			return d, true
		}
	}
	if own {
		d.Statements = slices.Delete(slices.Clone(d.Statements), statement, statement+1)
	}
	return d, own
}

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
