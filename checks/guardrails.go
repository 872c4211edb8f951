package checks

import (
	"context"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
)

// What is taken for granted of an AWS Organization. An account in none needs no word about service control policies; where
// IAM's simulator answered for them, less is taken for granted.
const (
	noSCP       = "No service control policy of an AWS Organization denies what the pull calls."
	noUntoldSCP = "No service control policy of an AWS Organization denies what the pull calls by a condition of whose keys IAM's policy simulator was not told."
	noRCP       = "No resource control policy of an AWS Organization denies what the pull calls."
)

const simulate = "iam:SimulatePrincipalPolicy"

// neverTold are keys of every request that nobody can tell before it is made, or that are not read.
var neverTold = []string{"aws:CurrentTime", "aws:ResourceTag", "aws:UserAgent", "aws:userid"}

// guardrails asks what the organization's service control policies say of the role's requests. heard is whether they
// answered for every one of them.
//
// A denial is not certain, whatever the simulator is told: it takes a condition key that it is not given for absent, and
// neither MissingContextValues and MatchedStatements nor GetContextKeysForPrincipalPolicy cover the keys of service control
// policies, so that a policy which spares the role by such a key looks like one which denies it.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForPrincipalPolicy.html
func (c ExecutionRole) guardrails(ctx context.Context, task Task, role *iam.Role, private []registry.Reference) (found []Finding, heard bool, err error) {
	account := accountOf(role.ARN)
	if c.Organizations == nil || account == "" || len(private) == 0 {
		return nil, false, nil
	}
	var asked []simulation
	for _, ref := range private {
		ways, err := passages(ctx, c.Network, task, getManifest, ref)
		if err != nil {
			return nil, false, err
		}
		for _, actions := range [][]string{{getToken}, {getManifest, getLayer}} {
			var way iam.Context
			if len(ways) == 1 && (actions[0] != getToken || ways[0].keys["aws:SourceVpce"].State != iam.ValuePresent) { // else see tokenContradiction
				way = ways[0].keys
			}
			r := request(actions[0], ref)
			maps.Copy(r.Context, role.Context())
			maps.Copy(r.Context, way)
			r.Context["aws:PrincipalArn"], r.Context["aws:PrincipalAccount"] = iam.Present(role.ARN), iam.Present(account)
			one := simulation{Guardrails: iam.Guardrails{Role: role.ARN, Actions: actions, Context: r.Context}, way: way}
			if r.Resource != anyResource {
				one.Resources = []string{r.Resource}
				r.Context["aws:ResourceAccount"] = iam.Present(ref.ECR.Account)
			}
			asked = append(asked, one)
		}
	}
	if err := c.simulate(ctx, asked); err != nil {
		return nil, false, err
	}
	heard = true
	var denied []string
	untold := slices.Clone(neverTold)
	for _, one := range asked {
		for _, action := range one.Actions {
			allowed, answered := one.said.Allowed[action]
			heard = heard && answered
			if allowed || !answered {
				continue
			}
			denied, untold = with(denied, action), append(untold, unknownKeys(one.Context)...)
			if one.way == nil {
				untold = append(untold, networkKeys...)
			}
		}
	}
	if denied == nil {
		return nil, heard, nil
	}
	slices.Sort(untold)
	stage := Download
	for _, action := range denied {
		stage = min(stage, stageOf(action))
	}
	f := c.Info().Finding(stage, "role.organization-unknown", role.ARN, map[string]string{
		"actions": joined(denied), "untold": joined(slices.Compact(untold))})
	f.Evidence = append(f.Evidence, Evidence{simulate, "AllowedByOrganizations is false for " + joined(denied)})
	return []Finding{f.because(role.Context()["aws:PrincipalOrgID"].Missing, role.Unread)}, heard, nil
}

// simulation is what the simulator is asked, and what it says. Requests of the token and of an image are two: the simulator
// takes one context for all that it is asked at once, and they differ in the account of the resource and, through endpoints,
// in the way.
type simulation struct {
	iam.Guardrails
	way  iam.Context // nil: it is not known
	said iam.Organization
}

// simulate asks all that is to be asked, but one question first: where that is refused the others would be too.
func (c ExecutionRole) simulate(ctx context.Context, all []simulation) error {
	ask := func(s *simulation) error {
		said, err := c.Organizations.Organization(ctx, s.Guardrails)
		if err == nil {
			s.said = *said
		}
		return err
	}
	if err := ask(&all[0]); err != nil || all[0].said.Unread != nil && refused(all[0].said.Unread) {
		return err
	}
	var rest errgroup.Group // without a context: its errors are of one that ended
	for i := range all[1:] {
		rest.Go(func() error { return ask(&all[i+1]) })
	}
	return rest.Wait()
}

// unknownKeys are the keys of a request whose values are not known.
func unknownKeys(context iam.Context) (keys []string) {
	for key, value := range context {
		if value.State == iam.ValueUnknown || value.State == iam.ValuePresentUnknown {
			keys = append(keys, key)
		}
	}
	return keys
}
