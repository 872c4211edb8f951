package checks

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
)

// denial is a request that is not allowed, or not known to be.
type denial struct{ answer[iam.Decision] }

// denialsOf returns the requests of an image's pull that a role may not make, or not certainly. What both its policies and its
// boundary stop is two denials: that the one was not read never brings the other to light.
func denialsOf(ctx context.Context, source network.Source, task Task, role *iam.Role, ref registry.Reference, image *registry.Image) (denials []*denial, err error) {
	for _, action := range []string{getToken, getManifest, getLayer, checkLayer} {
		answers, err := ask(ctx, source, task, role, action, ref, func(r iam.Request) (iam.Decision, []string) {
			d := mayCall(role, r, image)
			return d, d.Keys
		})
		if err != nil {
			return nil, err
		}
		for _, a := range answers {
			first := a.decision
			if first.Outcome == iam.Allowed {
				continue
			}
			denials = append(denials, &denial{a})
			if first.Outcome == iam.Unknown || first.Layer == iam.ResourceLayer || action == checkLayer {
				continue
			}
			for _, l := range first.Layers {
				if own := l.Layer == iam.IdentityLayer || l.Layer == iam.BoundaryLayer; own && l.Blocks && l.Layer != first.Layer {
					a.decision = decidedBy(first, l)
					denials = append(denials, &denial{a})
				}
			}
		}
	}
	return denials, nil
}

// code returns the finding that a denial is.
func (d *denial) code() Code {
	switch {
	case d.decision.Outcome == iam.Unknown:
		return "role.unread"
	case d.decision.Layer == iam.ResourceLayer:
		return "" // the repository's policy says no: its own check reports that
	case d.request.Action == checkLayer:
		return "role.layer-check"
	case d.decision.Layer == iam.BoundaryLayer:
		return "role.boundary"
	case d.decision.Outcome == iam.ExplicitDeny:
		return "role.explicit-deny"
	}
	return "role.denied"
}

// joins reports whether two denials are one finding: those of one kind, and where a statement denies, by that statement.
func (d *denial) joins(e *denial) bool {
	if d.code() == "role.explicit-deny" && (d.decision.Policy != e.decision.Policy || d.decision.Statement != e.decision.Statement) {
		return false
	}
	return d.code() == e.code() && slices.Equal(d.subnets, e.subnets)
}

type denialGroup []*denial

func groupDenials(all []*denial) (groups []denialGroup) {
	for _, d := range all {
		if d.code() == "" {
			continue
		}
		placed := false
		for i, g := range groups {
			if g[0].joins(d) {
				groups[i], placed = append(g, d), true
				break
			}
		}
		if !placed {
			groups = append(groups, denialGroup{d})
		}
	}
	return groups
}

func (g denialGroup) finding(info Info, role *iam.Role) Finding {
	first := g[0]
	stage := stageOf(first.request.Action)
	var actions, resources, missing, keys, whys, warnings []string
	unread := maps.Clone(role.Unread)
	if unread == nil {
		unread = map[string]error{}
	}
	var evidence []Evidence
	byResource := map[string][]string{}
	for _, d := range g {
		stage = min(stage, stageOf(d.request.Action))
		actions, resources = with(actions, d.request.Action), with(resources, d.request.Resource)
		byResource[d.request.Resource] = with(byResource[d.request.Resource], d.request.Action)
		for _, m := range slices.Concat(d.decision.Missing, d.missing) {
			missing = with(missing, m)
		}
		if d.why != "" {
			whys = with(whys, d.why)
		}
		maps.Copy(unread, d.unread)
		warnings = append(warnings, d.decision.Warnings...)
		for _, k := range d.decision.Keys {
			keys = with(keys, k)
		}
		evidence = append(evidence, Evidence{policySource(d.decision), d.decision.Reason(d.request)})
	}
	var requests []string
	for _, resource := range resources {
		requests = append(requests, joined(byResource[resource])+" on "+resource)
	}
	f := info.Finding(stage, first.code(), role.ARN, map[string]string{
		"actions": joined(actions), "requests": strings.Join(requests, " and "), "reason": strings.Join(append([]string{unsettled(missing, keys, warnings...)}, whys...), "; "),
		"cite": cite(first.decision.Policy, first.decision.Statement, first.decision.Element)})
	f.Evidence = append(f.Evidence, compacted(evidence)...) // images of one repository ask alike
	f.Evidence = append(f.Evidence, warned(policySource(first.decision), warnings)...)
	if first.subnets != nil {
		f.Scope = first.subnets
	}
	return f.because(missing, unread)
}

// warned makes evidence of what an evaluation stumbled over, such as a statement that is malformed.
func warned(source string, warnings []string) (evidence []Evidence) {
	for _, w := range compacted(warnings) {
		evidence = append(evidence, Evidence{source, w})
	}
	return evidence
}

// policySource names the action that read the policy which decided.
func policySource(d iam.Decision) string {
	if d.Layer == iam.ResourceLayer {
		return "ecr:GetRepositoryPolicy"
	}
	return "iam:GetRolePolicy, iam:GetPolicyVersion"
}
