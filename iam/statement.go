package iam

import "slices"

// match is how far a statement applies to a request. The elements are an AND; the first that certainly does not match ends
// it, and the first at fault is kept for the reason.
type match struct {
	truth truth
	to    grant // what principals it applies to; nobody in particular in policies that name none

	// element is the first that is certainly no, or else the first that is unknown; reached counts the elements before it,
	// so that the statement that came nearest to matching can be told.
	element   string
	condition *Condition // the element, where it is one
	reached   int
	keys      []string
	warnings  []string
}

// fold adds one element, and says whether the statement may still match.
func (m *match) fold(element string, order int, op operand) bool {
	if op.truth < m.truth {
		m.truth, m.element, m.condition, m.reached = op.truth, element, nil, order
	}
	if op.truth == maybe {
		m.keys = append(m.keys, op.keys...)
		if op.warning != "" {
			m.warnings = append(m.warnings, op.warning)
		}
	}
	return m.truth != no
}

// match holds a statement of a policy of this type against the request.
func (a *asked) match(s *Statement, version string, layer LayerName) match {
	m := match{truth: yes, to: everyone}
	if s.Malformed != nil {
		m.fold(or(s.Malformed.Element, "Statement"), 0, operand{truth: maybe})
		return m
	}
	vars := variables{version: version, asked: a}
	if !a.matchAction(&m, s) || !a.matchResource(&m, s, vars, layer) || !a.matchPrincipal(&m, s, layer) {
		return m
	}
	for i := range s.Conditions {
		c, before := &s.Conditions[i], m.truth
		more := m.fold("", 4, a.condition(c, vars))
		if m.truth < before {
			m.condition = c
		}
		if !more {
			break
		}
	}
	return m
}

func (a *asked) matchAction(m *match, s *Statement) bool {
	switch {
	case s.Actions != nil:
		return m.fold("Action", 1, a.action(s.Actions))
	case s.NotActions != nil:
		op := a.action(s.NotActions)
		op.truth = not(op.truth)
		return m.fold("NotAction", 1, op)
	}
	return m.fold("Action", 1, operand{truth: maybe, warning: "a statement has no Action"})
}

func (a *asked) matchResource(m *match, s *Statement, vars variables, layer LayerName) bool {
	values, element := s.Resources, "Resource"
	if s.NotResources != nil {
		values, element = s.NotResources, "NotResource"
	}
	if values == nil {
		if layer == ResourceLayer { // repository policies and trust policies mean the resource they stand on
			return true
		}
		return m.fold(element, 2, operand{truth: maybe, warning: "a statement of a policy of type " + string(layer) + " has no Resource"})
	}
	var all disjunction
	for _, value := range values {
		all.add(a.resource(value, vars, layer))
	}
	return m.fold(element, 2, all.operand(s.NotResources != nil))
}

// disjunction is an OR over the values of an element.
type disjunction struct {
	truth            truth
	anyVoid, allVoid truth
	some             bool // there are values
	keys             []string
	warning          string
}

func (d *disjunction) add(op operand) {
	if !d.some {
		d.allVoid, d.some = yes, true
	}
	d.truth = max(d.truth, op.truth)
	d.keys = append(d.keys, op.keys...)
	d.warning = or(op.warning, d.warning)
	d.allVoid, d.anyVoid = min(d.allVoid, op.void), max(d.anyVoid, op.void)
}

// operand is the result, negated if asked. A value that is void matches no resource; beside others that match, and of the
// exceptions in NotResource, AWS does not say what becomes of the statement.
func (d *disjunction) operand(negated bool) operand {
	out := operand{truth: d.truth, keys: d.keys, warning: d.warning}
	if negated {
		out.truth = not(out.truth)
	}
	switch {
	case d.allVoid == yes && !negated:
		out.truth = no
	case d.anyVoid != no:
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
