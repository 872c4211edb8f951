package iam

import (
	"slices"
	"strings"
)

// say is what one policy type, or one level of it, says about a request.
type say struct {
	name  LayerName
	level int

	allow    grant // by the way in which the principal is named; direct where policies name none
	deny     truth
	missing  []string
	allowing evidence
	denying  evidence
}

// evidence is what one answer of a policy type rests on.
type evidence struct {
	cite     citation
	unsure   bool // a statement's match is unknown, and cite is the first such
	keys     []string
	warnings []string
}

// citation is kept as pointers, since most are never written out.
type citation struct {
	policy    *Policy
	statement int // its index; -1: the whole document
	element   string
	condition *Condition // the element, where it is one
}

// text names the policy, the statement and the element; they are empty if nothing came near.
func (c citation) text() (policy, statement, element string) {
	if c.policy == nil {
		return "", "", ""
	}
	policy, element = c.policy.title(), c.element
	if c.condition != nil {
		element = "Condition." + c.condition.Operator + "." + c.condition.Key
	}
	if c.statement >= 0 {
		statement = c.policy.Document.Statements[c.statement].name(c.statement)
	}
	return policy, statement, element
}

func (p *Policy) title() string { return or(p.Name, p.ARN) }

// hear takes the OR over all statements of all policies. What is missing may allow and may deny.
func (a *asked) hear(name LayerName, level int, l *Layer) say {
	s := say{name: name, level: level, missing: l.Missing}
	if len(l.Missing) > 0 {
		s.unread()
	}
	nearest := 1 // an Allow for another action is not near
	for i := range l.Policies {
		p := &l.Policies[i]
		if m := p.Document.Malformed; m != nil {
			s.unread()
			at := citation{policy: p, statement: -1, element: m.Element}
			unknown := match{truth: maybe, warnings: []string{"policy " + p.title() + strings.TrimPrefix((&SyntaxError{Element: m.Element, Reason: m.Reason}).Error(), "policy document")}}
			s.allowing.doubt(at, unknown)
			s.denying.doubt(at, unknown)
		}
		for i := range p.Document.Statements {
			statement := &p.Document.Statements[i]
			m := a.match(statement, p.Document.Version, name)
			if bad := statement.Malformed; bad != nil {
				err := SyntaxError{Statement: statement.name(i), Element: bad.Element, Reason: bad.Reason}
				m.warnings = []string{"policy " + p.title() + strings.TrimPrefix(err.Error(), "policy document")}
			}
			if m.truth == no && m.reached <= 1 {
				continue // it is about something else
			}
			at := citation{p, i, m.element, m.condition}
			if statement.Effect != Allow { // Deny, or an effect that could not be read
				s.mayDeny(statement, m, at)
			}
			if statement.Effect != Deny {
				if statement.Effect != Allow {
					m.truth = min(m.truth, maybe)
				}
				nearest = s.mayAllow(m, at, nearest)
			}
		}
	}
	return s
}

func (s *say) unread() {
	s.allow = s.allow.or(grant{maybe, maybe, maybe})
	s.deny = max(s.deny, maybe)
}

func (s *say) mayDeny(statement *Statement, m match, at citation) {
	if statement.Effect != Deny {
		m.truth = min(m.truth, maybe)
	}
	if m.truth == yes && s.deny < yes {
		at.element, at.condition = "Effect", nil
		s.denying.cite = at
	}
	s.deny = max(s.deny, m.truth)
	if m.truth == maybe {
		s.denying.doubt(at, m)
	}
}

func (s *say) mayAllow(m match, at citation, nearest int) int {
	before := s.allow.any()
	s.allow = s.allow.or(m.to.and(m.truth))
	switch {
	case m.truth == yes && before < yes:
		at.element, at.condition = "Effect", nil
		s.allowing.cite = at
	case m.truth == maybe:
		s.allowing.doubt(at, m)
	case m.truth == no && m.reached > nearest && !s.allowing.unsure && before < yes:
		s.allowing.cite = at
		return m.reached
	}
	return nearest
}

// doubt adds a statement whose match is unknown.
func (e *evidence) doubt(at citation, m match) {
	if !e.unsure && e.cite.element != "Effect" {
		e.cite = at
	}
	e.unsure = true
	e.keys = append(e.keys, m.keys...)
	e.warnings = append(e.warnings, m.warnings...)
}

// decision is the layer's answer as if it were the only one.
func (s *say) decision() LayerDecision {
	allow := s.allow.any()
	d := LayerDecision{Layer: s.name, Level: s.level, Outcome: outcome(min(allow, not(s.deny)), s.deny)}
	cite := s.allowing.cite
	switch d.Outcome {
	case ExplicitDeny:
		cite = s.denying.cite
	case Unknown:
		d.Missing = s.missing
		if s.deny == maybe {
			d.Keys = append(d.Keys, s.denying.keys...)
			d.Warnings = append(d.Warnings, s.denying.warnings...)
		}
		if allow == maybe {
			d.Keys = append(d.Keys, s.allowing.keys...)
			d.Warnings = append(d.Warnings, s.allowing.warnings...)
		} else {
			cite = s.denying.cite
		}
		d.Keys, d.Warnings = sortedKeys(d.Keys), unique(d.Warnings)
	}
	d.Policy, d.Statement, d.Element = cite.text()
	return d
}

// unsettled is the layer's answer where its silence is no obstacle and a Deny of its would be.
func (s *say) unsettled() LayerDecision {
	d := LayerDecision{Layer: s.name, Level: s.level, Missing: s.missing, Keys: sortedKeys(slices.Clone(s.denying.keys)), Warnings: unique(s.denying.warnings)}
	d.Policy, d.Statement, d.Element = s.denying.cite.text()
	return d
}

// outcome names a truth. A denial is explicit only if a Deny is certain.
func outcome(allowed, denied truth) Outcome {
	switch {
	case denied == yes:
		return ExplicitDeny
	case allowed == yes:
		return Allowed
	case allowed == no:
		return ImplicitDeny
	}
	return Unknown
}
