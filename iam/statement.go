package iam

import "slices"

// match is how far a statement applies to a request. The elements are an AND; all are judged, and the first at fault is
// kept for the reason.
type match struct {
	truth truth
	to    grant // what principals it applies to; nobody in particular in policies that name none

	// element is the first that is certainly no, or else the first that is unknown; reached counts the elements before it,
	// so that the statement that came nearest to matching can be told.
	element  string
	reached  int
	keys     []string
	warnings []string
}

// fold adds one element.
func (m *match) fold(element string, order int, op operand) {
	if op.truth < m.truth {
		m.truth, m.element, m.reached = op.truth, element, order
	}
	if op.truth == maybe {
		m.keys = append(m.keys, op.keys...)
		if op.warning != "" {
			m.warnings = append(m.warnings, op.warning)
		}
	}
}

// match holds a statement of a policy of this type against the request.
func (a *asked) match(s Statement, version string, layer LayerName) match {
	m := match{truth: yes, to: everyone}
	if s.Malformed != nil {
		m.fold(or(s.Malformed.Element, "Statement"), 0, operand{truth: maybe, warning: "a statement is malformed"})
		return m
	}
	vars := variables{version: version, keys: a.keys}
	a.matchAction(&m, s)
	a.matchResource(&m, s, vars, layer)
	a.matchPrincipal(&m, s, layer)
	for _, c := range s.Conditions {
		m.fold("Condition."+c.Operator+"."+c.Key, 4, a.condition(c, vars))
	}
	return m
}

func (a *asked) matchAction(m *match, s Statement) {
	switch {
	case s.Actions != nil:
		m.fold("Action", 1, a.action(s.Actions))
	case s.NotActions != nil:
		op := a.action(s.NotActions)
		op.truth = not(op.truth)
		m.fold("NotAction", 1, op)
	default:
		m.fold("Action", 1, operand{truth: maybe, warning: "a statement has no Action"})
	}
}

func (a *asked) matchResource(m *match, s Statement, vars variables, layer LayerName) {
	values, element := s.Resources, "Resource"
	if s.NotResources != nil {
		values, element = s.NotResources, "NotResource"
	}
	if values == nil {
		if layer == ResourceLayer { // repository policies and trust policies mean the resource they stand on
			return
		}
		m.fold(element, 2, operand{truth: maybe, warning: "a statement of a policy of type " + string(layer) + " has no Resource"})
		return
	}
	ops := make([]operand, len(values))
	for i, value := range values {
		ops[i] = a.resource(value, vars, layer)
	}
	m.fold(element, 2, anyOf(ops, s.NotResources != nil))
}

// anyOf is an OR over values, negated if asked. A value that is void voids the whole statement, negated or not; beside
// others that match, AWS says only that it "might".
func anyOf(ops []operand, negated bool) operand {
	out := operand{truth: no}
	allVoid, anyVoid := yes, no
	for _, op := range ops {
		out.truth = max(out.truth, op.truth)
		out.keys = append(out.keys, op.keys...)
		if op.warning != "" {
			out.warning = op.warning
		}
		allVoid, anyVoid = min(allVoid, op.void), max(anyVoid, op.void)
	}
	if negated {
		out.truth = not(out.truth)
	}
	switch {
	case len(ops) > 0 && allVoid == yes:
		out.truth = no
	case anyVoid != no:
		out.truth = either(no, out.truth)
		out.warning = or(out.warning, voidBesideOthers)
	}
	return out
}

const voidBesideOthers = "a policy variable may have no value, which might void the statement although another value matches"

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// unique keeps the first of every value.
func unique(values []string) []string {
	var out []string
	for _, v := range values {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
