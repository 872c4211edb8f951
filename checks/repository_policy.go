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

// RepositoryPolicy checks the policy of each repository in Amazon ECR: in another account than the role's it has to allow
// the pull as well, and in any account it must not deny it.
//
// The article leaves this step out; AWS's page on ECR repository policies has it.
type RepositoryPolicy struct {
	Roles   iam.Source
	Images  registry.Source
	Network network.Source // for conditions on the VPC or the endpoint that a request comes from
}

// Info describes the check.
func (RepositoryPolicy) Info() Info {
	const docs = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html"
	return Info{
		ID: "repository-policy", Title: "Repository policies",
		Actions: slices.Concat(network.Actions(), []string{"iam:GetRole"}, imageActions),
		Codes: map[Code]Meaning{
			"repository.allowed":       {Pass, "The policy of {subject} does not stand in the way of {role}.", nil},
			"repository.not-asked":     {Skip, "There is no repository policy to ask: {reason}.", nil},
			"repository.unread":        {Unknown, "Whether the policy of {subject} lets {role} call {actions} is not known: {reason}.", nil},
			"repository.not-allowed":   {Fail, "{subject} is in another account than {role}, and its policy does not allow that role to call {actions}.", []Remedy{{"Add a statement that allows {actions} for {role} to the policy of {subject}", docs, "", nil}}},
			"repository.explicit-deny": {Fail, "The policy of {subject} explicitly denies {actions} to {role} ({cite}).", []Remedy{{"Remove or narrow the statement that denies {actions} ({cite})", docs, "", nil}}},
		},
		Assumes: []string{"No registry policy of Amazon ECR denies the pull.", noRules},
	}
}

// Check evaluates what each repository's policy says of the role.
func (c RepositoryPolicy) Check(ctx context.Context, task Task) ([]Finding, error) {
	info := c.Info()
	skip := func(reason string) ([]Finding, error) {
		return []Finding{info.Finding(Resolve, "repository.not-asked", task.subject(), map[string]string{"reason": reason})}, nil
	}
	refs, containers := task.images()
	if task.ExecutionRole == "" {
		return skip("the task has no execution role")
	}
	if c.Roles == nil || c.Images == nil {
		return nil, errNoSource
	}
	var found []Finding
	for _, ref := range refs {
		if ref.ECR == nil {
			continue
		}
		if i := slices.IndexFunc(found, func(f Finding) bool { return f.Subject == ref.RepositoryARN() }); i >= 0 {
			if found[i].Code != "repository.not-asked" { // images of one repository have one policy
				found[i].Scope = compacted(slices.Concat(found[i].Scope, containers[ref.String()]))
			}
			continue
		}
		role, err := c.Roles.Role(ctx, task.ExecutionRole)
		if err != nil {
			return found, err
		}
		image, err := c.Images.Image(ctx, ref)
		if err != nil {
			return found, err
		}
		if image.Status == registry.RepositoryAbsent {
			found = append(found, info.Finding(Resolve, "repository.not-asked", ref.RepositoryARN(), map[string]string{"reason": ref.RepositoryARN() + " does not exist"}))
			continue
		}
		f, err := c.judge(ctx, task, role, image, ref)
		if err != nil {
			return found, err
		}
		f.Scope = containers[ref.String()]
		found = append(found, f)
	}
	if len(found) == 0 {
		return skip("no image is in Amazon ECR")
	}
	return found, nil
}

// judge asks what the repository's policy says by itself. Whether the role's own policies allow the pull is for the
// ExecutionRole check.
func (c RepositoryPolicy) judge(ctx context.Context, task Task, role *iam.Role, image *registry.Image, ref registry.Reference) (Finding, error) {
	info := c.Info()
	var denied, unsure, missing, keys, whys, warnings, subnets []string
	var by iam.LayerDecision
	unread := map[string]error{}
	maps.Copy(unread, role.Unread)
	maps.Copy(unread, image.Unread)
	stage, code := Download, Code("repository.allowed")
	policies := role.Policies() // they say how a grant to the role itself is limited
	policies.Resource = repositoryLayer(image)
	for _, action := range []string{getManifest, getLayer} {
		answers, err := ask(ctx, c.Network, task, role, action, ref, func(r iam.Request) (*iam.LayerDecision, []string) {
			l, any := layer(iam.Evaluate(r, policies), iam.ResourceLayer)
			if !any { // no policy, and none is needed
				return nil, nil
			}
			return &l, l.Keys
		})
		if err != nil {
			return Finding{}, err
		}
		for _, a := range answers {
			switch l := a.decision; {
			case l == nil:
			case l.Blocks:
				by = *l
				code = "repository.not-allowed"
				if l.Outcome == iam.ExplicitDeny {
					code = "repository.explicit-deny"
				}
				denied = with(denied, action)
				subnets = append(subnets, a.subnets...)
				stage = min(stage, stageOf(action))
			case l.Outcome == iam.Unknown:
				unsure = with(unsure, action)
				missing = slices.Concat(missing, l.Missing, a.missing)
				keys = append(keys, l.Keys...)
				warnings = append(warnings, l.Warnings...)
				maps.Copy(unread, a.unread)
				if a.why != "" {
					whys = with(whys, a.why)
				}
			}
		}
	}
	actions := denied
	if denied == nil && unsure != nil {
		code, actions, stage = "repository.unread", unsure, stageOf(unsure[0])
	}
	f := info.Finding(stage, code, ref.RepositoryARN(), map[string]string{
		"role": role.ARN, "actions": joined(actions), "cite": cite(by.Policy, by.Statement, by.Element), "reason": strings.Join(append([]string{unsettled(compacted(missing), compacted(keys), warnings...)}, whys...), "; ")})
	if image.RepositoryPolicy != nil {
		fact := "the repository has no policy"
		if *image.RepositoryPolicy != "" {
			fact = "the repository's policy: " + cite(by.Policy, by.Statement, by.Element)
		}
		f.Evidence = append(f.Evidence, Evidence{"ecr:GetRepositoryPolicy", fact})
	}
	if code == "repository.unread" {
		f.Evidence = append(f.Evidence, warned("ecr:GetRepositoryPolicy", warnings)...)
		f = f.because(missing, unread)
	}
	if len(subnets) > 0 {
		f.Evidence = append(f.Evidence, Evidence{"ec2:DescribeVpcEndpoints", "only requests from " + joined(compacted(subnets)) + " come by a way that the policy does not allow"})
	}
	return f, nil
}
