package iam

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// SimulateAPI is the part of the IAM client that [NewOrganizations] uses.
type SimulateAPI interface {
	iam.SimulatePrincipalPolicyAPIClient
}

var _ SimulateAPI = (*iam.Client)(nil)

// Guardrails asks what an organization's service control policies say of requests that differ in action and resource only.
type Guardrails struct {
	Role      string   // its ARN
	Actions   []string // all of them on each of the resources
	Resources []string // ARNs; none: actions that take no resource
	Context   Context  // of all the requests; keys of which no value is known are left out
}

// Organization is what service control policies say, as far as AWS tells whoever may not read them.
type Organization struct {
	// Allowed holds an answer for an action that was asked about, on all its resources; an action that is not there has
	// none.
	Allowed map[string]bool
	// Unread is why there is no answer, and for people only.
	Unread error `json:"-"`
}

// OrganizationSource finds out what service control policies say. That it could not be read is an answer; the error is for
// a context that ended.
type OrganizationSource interface {
	Organization(context.Context, Guardrails) (*Organization, error)
}

// OrganizationSourceFunc makes a function an [OrganizationSource].
type OrganizationSourceFunc func(context.Context, Guardrails) (*Organization, error)

// Organization calls f.
func (f OrganizationSourceFunc) Organization(ctx context.Context, g Guardrails) (*Organization, error) {
	return f(ctx, g)
}

// NewOrganizations asks IAM's policy simulator, which takes service control policies with their conditions into account
// and tells no more of them than its decision. It takes a condition key that it is not given for absent, and does not say
// which ones it missed: give it all that are known, and take a decision for certain only if no policy may ask for others.
//
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
func NewOrganizations(api SimulateAPI) OrganizationSource {
	return OrganizationSourceFunc(func(ctx context.Context, g Guardrails) (*Organization, error) {
		in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &g.Role, ActionNames: g.Actions, ResourceArns: g.Resources}
		for key, value := range g.Context {
			if value.State == ValuePresent && len(value.Values) > 0 {
				in.ContextEntries = append(in.ContextEntries, types.ContextEntry{
					ContextKeyName: aws.String(key), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: value.Values})
			}
		}
		slices.SortFunc(in.ContextEntries, func(a, b types.ContextEntry) int {
			return strings.Compare(*a.ContextKeyName, *b.ContextKeyName)
		})
		var results []types.EvaluationResult
		var listed listing
		pages := iam.NewSimulatePrincipalPolicyPaginator(api, in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err == nil && page == nil {
				err = errors.New("the answer is empty")
			}
			if err == nil {
				err = listed.page(page.EvaluationResults != nil, page.Marker)
			}
			if err != nil {
				return &Organization{Unread: err}, ctx.Err()
			}
			results = append(results, page.EvaluationResults...)
		}
		return &Organization{Allowed: allowed(g, results)}, nil
	})
}

// allowed puts the simulator's results together: an action is denied if it is on one resource. It has no answer where
// there is no word of an organization: there may be none, or the simulator may not have looked.
func allowed(g Guardrails, results []types.EvaluationResult) map[string]bool {
	all := map[string]bool{}
	hear := func(action string, d *types.OrganizationsDecisionDetail) {
		if before, heard := all[action]; d != nil {
			all[action] = d.AllowedByOrganizations && (before || !heard)
		}
	}
	for _, action := range g.Actions {
		for _, r := range results {
			if strings.EqualFold(aws.ToString(r.EvalActionName), action) {
				hear(action, r.OrganizationsDecisionDetail)
			}
		}
	}
	return all
}
