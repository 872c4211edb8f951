package iam

import (
	"slices"
	"strings"
)

// Evaluate decides a request as AWS would: an explicit deny anywhere wins; service and resource control policies must
// allow at every level, and so must the endpoint's policy; and the core must grant it, which is the identity policies
// within boundary and session policy, the resource's policy, or both, depending on the accounts and the service.
//
// It follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html in Kleene's
// three-valued logic, which cannot see that "k = a or k ≠ a" always holds: an answer may be unknown where a cleverer
// reader would know it, but none is certain that could be wrong.
func Evaluate(r Request, p Policies) Decision {
	h := listen(r, p)
	core, scp, rcp, endpoint := h.core(), every(h.scp), every(h.rcp), every(h.endpoint)
	denied := no
	for _, s := range h.all() {
		denied = max(denied, s.deny)
	}
	allowed := min(core, scp, rcp, endpoint, not(denied))

	d := Decision{Outcome: outcome(allowed, denied)}
	for _, s := range h.all() {
		layer := s.decision()
		switch layer.Outcome {
		case ExplicitDeny:
			layer.Blocks = true
		case ImplicitDeny:
			layer.Blocks = h.needed(s, core)
		}
		d.Layers = append(d.Layers, layer)
	}
	switch d.Outcome {
	case Unknown:
		h.explainUnknown(&d, func(s *say) truth {
			switch s.name {
			case SCPLayer:
				return scp
			case RCPLayer:
				return rcp
			case EndpointLayer:
				return endpoint
			}
			return core
		})
	case Allowed:
		d.cite(h.granting().decision())
	default:
		for _, layer := range d.Layers {
			if layer.Blocks && (layer.Outcome == ExplicitDeny || d.Outcome == ImplicitDeny) {
				d.cite(layer)
				break
			}
		}
	}
	return d
}

func (d *Decision) cite(l LayerDecision) {
	d.Layer, d.Policy, d.Statement, d.Element = l.Layer, l.Policy, l.Statement, l.Element
}

// explainUnknown collects what the answer hangs on: layers that may deny, and layers that may or may not give the Allow
// that is needed of them.
func (h *hearing) explainUnknown(d *Decision, part func(*say) truth) {
	hang := func(s *say, e evidence) {
		if d.Layer == "" {
			d.Layer, d.Policy, d.Statement, d.Element = s.name, e.cite.policy, e.cite.statement, e.cite.element
		}
		d.Missing = append(d.Missing, s.missing...)
		d.Keys = append(d.Keys, e.keys...)
		d.Warnings = append(d.Warnings, e.warnings...)
	}
	for _, s := range h.all() {
		if part(s) == maybe && s.allow.open() {
			hang(s, s.allowing)
		}
		if s.deny == maybe {
			hang(s, s.denying)
		}
	}
	if h.asked.sameAccount() == maybe && h.inAccount(yes) != h.inAccount(no) {
		d.Layer = LayerName(or(string(d.Layer), string(ResourceLayer)))
		d.Warnings = append(d.Warnings, "whether principal and resource are in one account is not known")
	}
	slices.Sort(d.Missing)
	d.Missing = slices.Compact(d.Missing)
	d.Keys = sortedKeys(d.Keys)
	d.Warnings = unique(d.Warnings)
}

// sortedKeys sorts condition keys and drops those that differ in case only.
func sortedKeys(keys []string) []string {
	slices.SortFunc(keys, func(a, b string) int {
		if c := strings.Compare(strings.ToLower(a), strings.ToLower(b)); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return slices.CompactFunc(keys, strings.EqualFold)
}
