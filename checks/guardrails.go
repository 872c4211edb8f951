package checks

import (
	"context"
	"maps"
	"slices"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
)

// What is taken for granted of an AWS Organization. The first is dropped where IAM's simulator answered.
const (
	noSCP = "No service control policy of an AWS Organization denies what the pull calls."
	noRCP = "No resource control policy of an AWS Organization denies what the pull calls."
)

const simulate = "iam:SimulatePrincipalPolicy"

// noAddress is why the simulator's answer proves nothing of a request that leaves by an internet or NAT gateway: policies of
// data perimeters hang on the address that it comes from.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html
const noAddress = "aws:SourceIp is absent, and the address that the requests come from was not read"

// guardrails asks what the organization's service control policies say of the role's requests. settled is whether they
// answered for every one of them. What they say is certain only if the way of the request is known, and the address where it
// has one: the simulator takes a condition key that it is not given for absent.
func (c ExecutionRole) guardrails(ctx context.Context, task Task, role *iam.Role, private []registry.Reference) (found []Finding, settled bool, err error) {
	if c.Organizations == nil || accountOf(role.ARN) == "" || len(private) == 0 {
		return nil, false, nil
	}
	settled = true
	told := true // what the answers hang on
	var certain, open guardrail
	for _, ref := range private {
		ways, err := passages(ctx, c.Network, task, getManifest, ref)
		if err != nil {
			return nil, false, err
		}
		for _, actions := range [][]string{{getToken}, {getManifest, getLayer}} {
			r := request(actions[0], ref)
			maps.Copy(r.Context, role.Context())
			way := ways[0]
			if len(ways) > 1 {
				way = passage{why: "the requests take several ways"}
			}
			if _, through := way.keys["aws:SourceVpce"]; actions[0] == getToken && through && way.keys["aws:SourceVpce"].State == iam.ValuePresent {
				way = passage{why: tokenContradiction}
			}
			maps.Copy(r.Context, way.keys)
			if way.why == "" && way.keys["aws:SourceIp"].State == iam.ValuePresentUnknown {
				way.why, told = noAddress, false
			}
			asked := iam.Guardrails{Role: role.ARN, Actions: actions, Context: r.Context}
			if r.Resource != anyResource {
				asked.Resources = []string{r.Resource}
			}
			org, err := c.Organizations.Organization(ctx, asked)
			if err != nil {
				return nil, false, err
			}
			for _, action := range actions {
				switch allowed, answered := org.Allowed[action]; {
				case !answered:
					settled = false
				case allowed:
				case way.why == "" && len(way.missing) == 0:
					certain.add(action, r.Resource, way)
				default:
					open.add(action, r.Resource, way)
				}
			}
		}
	}
	info := c.Info()
	if certain.actions != nil {
		return []Finding{certain.finding(info, "role.organization-deny", role)}, settled, nil
	}
	if open.actions != nil {
		return []Finding{open.finding(info, "role.organization-unknown", role)}, settled, nil
	}
	return nil, settled && told, nil // with nothing found, an answer that was given for less leaves the assumption
}

// guardrail is what the organization denies.
type guardrail struct {
	actions, resources, whys, missing []string
	untold                            []string // condition keys of the request whose value the simulator was not told
	unread                            map[string]error
}

func (g *guardrail) add(action, resource string, way passage) {
	g.actions, g.resources = with(g.actions, action), with(g.resources, resource)
	g.missing = compacted(slices.Concat(g.missing, way.missing))
	if way.why != "" {
		g.whys = with(g.whys, way.why)
	}
	for key, value := range way.keys {
		if value.State == iam.ValuePresentUnknown {
			g.untold = with(g.untold, key)
		}
	}
	slices.Sort(g.untold)
	if g.unread == nil {
		g.unread = map[string]error{}
	}
	maps.Copy(g.unread, way.unread)
}

func (g *guardrail) finding(info Info, code Code, role *iam.Role) Finding {
	stage := Download
	for _, action := range g.actions {
		stage = min(stage, stageOf(action))
	}
	reason := joined(g.whys)
	if len(g.missing) > 0 {
		reason = unsettled(g.missing, nil)
	}
	f := info.Finding(stage, code, role.ARN, map[string]string{"actions": joined(g.actions), "resources": joined(g.resources), "reason": reason})
	f.Evidence = append(f.Evidence, Evidence{simulate, "AllowedByOrganizations is false for " + joined(g.actions)})
	if len(g.untold) > 0 {
		f.Evidence = append(f.Evidence, Evidence{simulate, "it was asked without a value of " + joined(g.untold) + ", which is not known"})
	}
	return f.because(g.missing, g.unread)
}
