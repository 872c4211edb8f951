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
// the pull as well, and in any account it must not deny it. Nor must the policy of the registry as a whole, where it could
// be read: AWS shows it to the registry's own account.
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
	const registries = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions.html"
	return Info{
		ID: "repository-policy", Title: "Repository policies",
		Actions: slices.Concat(network.Actions(), roleActions, imageActions),
		Codes: map[Code]Meaning{
			"repository.allowed":       {Pass, "The policy of {subject} does not stand in the way of {role}.", nil},
			"repository.not-asked":     {Skip, "There is no repository policy to ask: {reason}.", nil},
			"repository.unread":        {Unknown, "Whether the policy of {subject} lets {role} call {actions} is not known: {reason}.", nil},
			"repository.not-allowed":   {Fail, "{subject} is in another account than {role}, and its policy does not allow that role to call {actions}.", []Remedy{{"Add a statement that allows {actions} for {role} to the policy of {subject}", docs, "", amendRepositoryPolicy}}},
			"repository.explicit-deny": {Fail, "The policy of {subject} explicitly denies {actions} to {role} ({cite}).", []Remedy{{"Narrow the statement that denies {actions} so that it spares {role} ({cite})", docs, "What the statement guards no longer holds for the role.", amendRepositoryPolicy}}},
			"repository.registry-deny": {Fail, "The policy of the registry {registry} explicitly denies {actions} to {role} ({cite}).", []Remedy{
				{"Remove or narrow the statement of the registry's policy that denies {actions} ({cite})", registries, "What the statement guards no longer holds for the role.", amendRegistryPolicy}}},
			"repository.registry-unread": {Unknown, "Whether the policy of the registry {registry} denies {actions} to {role} is not known: {reason}.", nil},
		},
		Assumes: []string{noRegistryPolicy, noRules},
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
	assumed := false // about a registry whose policy was not read
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
		assumed = assumed || image.RegistryPolicy == nil && !registryRefused(role, image)
		if image.Status == registry.RepositoryAbsent {
			found = append(found, info.Finding(Resolve, "repository.not-asked", ref.RepositoryARN(), map[string]string{"reason": "Amazon ECR finds no " + ref.RepositoryARN()}))
			continue
		}
		f, err := c.judge(ctx, task, role, image, ref)
		if err != nil {
			return found, err
		}
		f.Scope = containers[ref.String()]
		found = append(found, f)
		if image.RegistryPolicy == nil && !registryRefused(role, image) {
			continue
		}
		f, err = c.judgeRegistry(ctx, task, role, image, ref)
		if err != nil {
			return found, err
		}
		if f.Code == "" {
			continue
		}
		f.Scope = containers[ref.String()]
		if i := slices.IndexFunc(found, func(g Finding) bool { return g.Code == f.Code && maps.Equal(g.Args, f.Args) }); i >= 0 {
			found[i].Scope = slices.Concat(found[i].Scope, f.Scope) // one policy, several images
			continue
		}
		found = append(found, f)
	}
	if len(found) == 0 {
		return skip("no image is in Amazon ECR")
	}
	if !assumed {
		found[0].Settles = append(found[0].Settles, noRegistryPolicy)
	}
	return found, nil
}

// judge asks what the repository's policy says by itself. Whether the role's own policies allow the pull is for the
// ExecutionRole check.
func (c RepositoryPolicy) judge(ctx context.Context, task Task, role *iam.Role, image *registry.Image, ref registry.Reference) (Finding, error) {
	policies := role.Policies() // they say how a grant to the role itself is limited
	policies.Resource = repositoryLayer(image)
	v, err := c.hear(ctx, task, role, ref, func(r iam.Request) *iam.LayerDecision {
		l, any := layer(iam.Evaluate(r, policies), iam.ResourceLayer)
		if !any { // no policy, and none is needed
			return nil
		}
		switch {
		case l.Outcome != iam.ImplicitDeny:
		case l.Blocks && registryGrants(role, r, image):
			return &iam.LayerDecision{Layer: iam.ResourceLayer, Warnings: []string{registryMayAllow}}
		case r.Principal.Account == "" && r.Principal.ARN == "":
			return &iam.LayerDecision{Layer: iam.ResourceLayer, Warnings: []string{"whether the role is of the repository's account is not known"}}
		}
		return &l
	})
	if err != nil {
		return Finding{}, err
	}
	code := Code("repository.allowed")
	switch {
	case v.denied != nil && v.by.Outcome == iam.ExplicitDeny:
		code = "repository.explicit-deny"
	case v.denied != nil:
		code = "repository.not-allowed"
	case v.unsure != nil:
		code = "repository.unread"
	}
	f := v.finding(c.Info(), code, ref.RepositoryARN(), role, ref)
	if image.RepositoryPolicy != nil {
		fact := "the repository has no policy"
		if *image.RepositoryPolicy != "" {
			fact = "the repository's policy: " + cite(v.by.Policy, v.by.Statement, v.by.Element)
		}
		f.Evidence = append([]Evidence{{repositoryPolicy, fact}}, f.Evidence...)
	}
	return v.explain(f, repositoryPolicy, role.Unread, image.Unread), nil
}

// judgeRegistry asks what the policy of the whole registry denies. It returns no finding where nothing that was read
// stands in the way.
func (c RepositoryPolicy) judgeRegistry(ctx context.Context, task Task, role *iam.Role, image *registry.Image, ref registry.Reference) (Finding, error) {
	v, err := c.hear(ctx, task, role, ref, func(r iam.Request) *iam.LayerDecision {
		return new(registrySays(role, r, image, true))
	})
	switch {
	case err != nil:
		return Finding{}, err
	case v.denied != nil:
		f := v.finding(c.Info(), "repository.registry-deny", ref.Registry, role, ref)
		f.Evidence = append([]Evidence{{registryPolicy, "the registry's policy: " + cite(v.by.Policy, v.by.Statement, v.by.Element)}}, f.Evidence...)
		return v.explain(f, registryPolicy, nil, nil), nil
	case v.unsure != nil:
		return v.explain(v.finding(c.Info(), "repository.registry-unread", ref.Registry, role, ref), registryPolicy, role.Unread, image.Unread), nil
	}
	return Finding{}, nil
}

// heard is what a resource's policy says about a pull.
type heard struct {
	stage          Stage
	denied, unsure []string          // actions
	by             iam.LayerDecision // what denies
	subnets        []string          // where what is denied depends on the way
	missing, keys  []string          // what is unsure hangs on them
	whys, warnings []string
	unread         map[string]error
}

// hear asks a policy about every request of a pull. No decision stands for a policy that has no say.
func (c RepositoryPolicy) hear(ctx context.Context, task Task, role *iam.Role, ref registry.Reference, decide func(iam.Request) *iam.LayerDecision) (heard, error) {
	v := heard{stage: Download, unread: map[string]error{}}
	for _, action := range []string{getManifest, getLayer} {
		answers, err := ask(ctx, c.Network, task, role, action, ref, func(r iam.Request) (*iam.LayerDecision, []string) {
			l := decide(r)
			if l == nil {
				return nil, nil
			}
			return l, l.Keys
		})
		if err != nil {
			return v, err
		}
		for _, a := range answers {
			switch l := a.decision; {
			case l == nil:
			case l.Blocks:
				v.by = *l
				v.denied = with(v.denied, action)
				v.subnets = append(v.subnets, a.subnets...)
				v.stage = min(v.stage, stageOf(action))
			case l.Outcome == iam.Unknown:
				v.unsure = with(v.unsure, action)
				v.missing = slices.Concat(v.missing, l.Missing, a.missing)
				if role.ARN == "" { // a bare name does not tell its path, which policies ask for
					v.missing = append(v.missing, "iam:GetRole")
				}
				v.keys = append(v.keys, l.Keys...)
				v.warnings = append(v.warnings, l.Warnings...)
				maps.Copy(v.unread, a.unread)
				if a.why != "" {
					v.whys = with(v.whys, a.why)
				}
			}
		}
	}
	if v.denied == nil && v.unsure != nil {
		v.stage = stageOf(v.unsure[0])
	}
	return v, nil
}

func (v heard) finding(info Info, code Code, subject string, role *iam.Role, ref registry.Reference) Finding {
	actions := v.denied
	if actions == nil {
		actions = v.unsure
	}
	return info.Finding(v.stage, code, subject, map[string]string{
		"role": called(role), "actions": joined(actions), "registry": ref.Registry, "cite": cite(v.by.Policy, v.by.Statement, v.by.Element),
		"reason": strings.Join(append([]string{unsettled(compacted(v.missing), compacted(v.keys), v.warnings...)}, v.whys...), "; ")})
}

// explain adds to a finding what it hangs on.
func (v heard) explain(f Finding, source string, unread ...map[string]error) Finding {
	if v.denied == nil && v.unsure != nil {
		f.Evidence = append(f.Evidence, warned(source, v.warnings)...)
		all := maps.Clone(v.unread)
		for _, u := range unread {
			maps.Copy(all, u)
		}
		f = f.because(v.missing, all)
	}
	if len(v.subnets) > 0 {
		f.Evidence = append(f.Evidence, Evidence{"ec2:DescribeVpcEndpoints", "only requests from " + joined(compacted(v.subnets)) + " come by a way that the policy does not allow"})
	}
	return f
}
