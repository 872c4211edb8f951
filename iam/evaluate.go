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
	var room [8]say // enough for most; what is not enough is grown
	a := ask(r, &p)
	h := hearing{&a, a.listen(&p, room[:0])}
	core := h.core()
	denied := no
	for i := range h.says {
		denied = max(denied, h.says[i].deny)
	}
	allowed := min(core, h.every(SCPLayer), h.every(RCPLayer), h.every(EndpointLayer), not(denied))

	d := Decision{Outcome: outcome(allowed, denied), Layers: make([]LayerDecision, len(h.says))}
	for i := range h.says {
		layer := h.says[i].decision()
		switch layer.Outcome {
		case ExplicitDeny:
			layer.Blocks = true
		case ImplicitDeny:
			if layer.Blocks = h.needed(&h.says[i], core); !layer.Blocks && h.says[i].deny == maybe {
				layer = h.says[i].unsettled() // its silence stops nothing, but it may deny
			}
		}
		if missing := a.unread(layer.Keys); len(missing) > 0 {
			layer.Missing = unique(slices.Concat(layer.Missing, missing))
		}
		if layer.Outcome == Unknown && layer.Element == "NotPrincipal" && a.bounded == maybe {
			layer.Missing = unique(slices.Concat(layer.Missing, p.Boundary.Missing)) // whom it spares hangs on the boundary
		}
		d.Layers[i] = layer
	}
	if d.Outcome == Unknown {
		h.explainUnknown(&d, core)
		return d
	}
	granting := h.granting()
	for i := range d.Layers {
		l := &d.Layers[i]
		if d.Outcome == Allowed && l.Layer == granting || d.Outcome != Allowed && l.Blocks && (l.Outcome == ExplicitDeny || d.Outcome == ImplicitDeny) {
			d.Layer, d.Policy, d.Statement, d.Element = l.Layer, l.Policy, l.Statement, l.Element
			break
		}
	}
	return d
}

// explainUnknown collects what the answer hangs on: layers that may deny, and layers that may or may not give the Allow
// that is needed of them.
func (h *hearing) explainUnknown(d *Decision, core truth) {
	hang := func(s *say, e *evidence) {
		if d.Layer == "" {
			d.Layer = s.name
			d.Policy, d.Statement, d.Element = e.cite.text()
		}
		d.Missing = append(d.Missing, s.missing...)
		d.Keys = append(d.Keys, e.keys...)
		d.Warnings = append(d.Warnings, e.warnings...)
	}
	for i := range h.says {
		s, part := &h.says[i], core
		if s.name == SCPLayer || s.name == RCPLayer || s.name == EndpointLayer {
			part = h.every(s.name)
		}
		if part == maybe && s.allow.open() {
			hang(s, &s.allowing)
		}
		if s.deny == maybe {
			hang(s, &s.denying)
		}
	}
	if h.asked.sameAccount() == maybe && h.inAccount(yes) != h.inAccount(no) {
		d.Layer = LayerName(or(string(d.Layer), string(ResourceLayer)))
		d.Warnings = append(d.Warnings, "whether principal and resource are in one account is not known")
	}
	d.Keys = sortedKeys(d.Keys)
	d.Missing = append(d.Missing, h.asked.unread(d.Keys)...)
	slices.Sort(d.Missing)
	d.Missing = slices.Compact(d.Missing)
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
