package checks

import (
	"context"
	"slices"
	"strings"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
)

// ExecutionRole checks that the task execution role exists, that ECS may assume it, and that it may call what pulling from
// Amazon ECR calls: its inline and managed policies, its permissions boundary, and, in one account, the repository's
// policy, which can grant what the role's own policies do not. Conditions on the VPC or the endpoint that a request comes
// from are decided by the way that it takes.
//
// It automates the article's step "check that the task execution role has the permissions to pull from Amazon ECR".
type ExecutionRole struct {
	Roles   iam.Source
	Images  registry.Source // for repository policies
	Network network.Source  // for conditions on the VPC or the endpoint that a request comes from
	// Organizations answers for service control policies. Nil, or without an answer: they are assumed to deny nothing.
	Organizations iam.OrganizationSource
}

// roleActions are what the standard source of roles calls.
var roleActions = []string{"iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies",
	"organizations:DescribeOrganization"}

// Info describes the check.
func (ExecutionRole) Info() Info {
	const docs = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
	const boundaries = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"
	const scps = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html"
	allow := []Remedy{
		{"Add a statement that allows {requests} to a policy of {subject}", docs, "It is for these repositories alone.", addPullStatement},
		{"Attach the managed policy AmazonECSTaskExecutionRolePolicy to {subject}", docs, "It allows every repository, and writing to every log stream.", attachManagedPolicy},
	}
	return Info{
		ID: "execution-role", Title: "Task execution role",
		Actions: slices.Concat(network.Actions(), roleActions, []string{simulate}, imageActions),
		Codes: map[Code]Meaning{
			"role.allowed":    {Pass, "ECS may assume {subject}, and its policies allow the pull.", nil},
			"role.not-needed": {Skip, "The task has no execution role, and none of its images is in Amazon ECR, which would take one.", nil},
			"role.none": {Fail, "The task has no execution role, and pulling {images} from Amazon ECR takes one.", []Remedy{
				{"Set executionRoleArn in the task definition to a role that has AmazonECSTaskExecutionRolePolicy; create ecsTaskExecutionRole if there is none", docs, "", setNewRole}}},
			"role.absent": {Fail, "The execution role {subject} does not exist.", []Remedy{
				{"Create the role {subject} with AmazonECSTaskExecutionRolePolicy, or name one that exists in the task definition", docs, "", createRole}}},
			"role.wrong-path": {Fail, "The execution role {subject} does not exist: the account's role of that name is {namesake}.", []Remedy{
				{"Name {namesake} as executionRoleArn in the task definition", docs, "", useNamesake}}},
			"role.not-assumable": {Fail, "The trust policy of {subject} does not let ecs-tasks.amazonaws.com assume it ({cite}).", []Remedy{
				{"Allow sts:AssumeRole for the service ecs-tasks.amazonaws.com in the trust policy of {subject}", docs, "", trustTasks}}},
			"role.denied":        {Fail, "No policy of {subject} allows {requests}.", allow},
			"role.explicit-deny": {Fail, "A policy of {subject} explicitly denies {requests} ({cite}).", []Remedy{{"Remove or narrow the statement that denies {actions} ({cite})", docs, "", amendRole}}},
			"role.boundary":      {Fail, "The permissions boundary of {subject} does not allow {requests} ({cite}).", []Remedy{{"Allow {actions} in the permissions boundary of {subject}", boundaries, "It holds for everybody with that boundary, and grants nothing by itself.", amendRole}}},
			"role.layer-check":   {Warn, "{subject} may not call {requests}; AWS's managed policy allows it, but a pull is documented to work without.", allow},
			"role.organization-unknown": {Unknown, "Whether the organization's service control policies deny {actions} to {subject} is not known: IAM's simulator says so, and was not told all that they may ask for, such as {untold}.", []Remedy{
				{"Have the organization's administrators see that the service control policies above the account allow {actions} for {subject}", scps, "", nil}}},

			"role.unread":         {Unknown, "Whether {subject} may call {requests} is not known: {reason}.", nil},
			"role.absent-unknown": {Unknown, "Whether the execution role {subject} exists is not known: {reason}.", nil},
			"role.trust-unknown":  {Unknown, "Whether ECS may assume {subject} is not known: {reason}.", nil},
		},
		Assumes: []string{noSCP, noRCP, noRules},
	}
}

// Check reads the role and evaluates its policies.
func (c ExecutionRole) Check(ctx context.Context, task Task) ([]Finding, error) {
	info := c.Info()
	refs, _ := task.images()
	var private []registry.Reference
	var names []string
	for _, ref := range refs {
		if ref.ECR != nil {
			private = append(private, ref)
			names = append(names, ref.String())
		}
	}
	if task.ExecutionRole == "" {
		if len(private) == 0 {
			return []Finding{info.Finding(Assume, "role.not-needed", task.subject(), nil)}, nil
		}
		return []Finding{info.Finding(Assume, "role.none", task.subject(), map[string]string{"images": joined(names)})}, nil
	}
	if c.Roles == nil {
		return nil, errNoSource
	}
	role, err := c.Roles.Role(ctx, task.ExecutionRole)
	if err != nil {
		return nil, err
	}
	if role.WrongPath() {
		if _, err := c.Roles.Role(ctx, role.Namesake); err != nil { // so that a fix which names it can be tried out
			return nil, err
		}
		f := info.Finding(Assume, "role.wrong-path", task.ExecutionRole, map[string]string{"namesake": role.Namesake})
		f.Evidence = append(f.Evidence, Evidence{"iam:GetRole", "the role of that name is " + role.Namesake})
		return []Finding{f}, nil
	}
	if role.Exists == nil {
		return []Finding{info.Finding(Assume, "role.absent-unknown", task.ExecutionRole, map[string]string{
			"reason": unsettled([]string{"iam:GetRole"}, nil)}).because([]string{"iam:GetRole"}, role.Unread)}, nil
	}
	if account := accountOf(task.ExecutionRole); !*role.Exists && account != "" && account != task.Account {
		return []Finding{info.Finding(Assume, "role.absent-unknown", task.ExecutionRole, map[string]string{"reason": task.elsewhere(account)})}, nil
	}
	if !*role.Exists {
		f := info.Finding(Assume, "role.absent", task.ExecutionRole, nil)
		f.Evidence = append(f.Evidence, Evidence{"iam:GetRole", "NoSuchEntity"})
		return []Finding{f}, nil
	}

	var found []Finding
	if trust := assumable(role, task); trust.Outcome != iam.Allowed {
		code := Code("role.not-assumable")
		if trust.Outcome == iam.Unknown {
			code = "role.trust-unknown"
		}
		f := info.Finding(Assume, code, role.ARN, map[string]string{
			"cite": cite("trust policy", trust.Statement, trust.Element), "reason": unsettled(trust.Missing, trust.Keys, trust.Warnings...)})
		f.Evidence = append(f.Evidence, Evidence{"iam:GetRole", "trust policy, " + trust.Outcome.String() + " by " + cite(trust.Policy, trust.Statement, trust.Element)})
		f.Evidence = append(f.Evidence, warned("iam:GetRole", trust.Warnings)...)
		found = append(found, f.because(trust.Missing, role.Unread))
	}
	var denials []*denial
	more := slices.ContainsFunc(task.Containers, func(c Container) bool { return c.RepositoryCredentials != "" }) // than the guardrails are asked about
	for _, ref := range private {
		var image *registry.Image
		if c.Images != nil {
			if image, err = c.Images.Image(ctx, ref); err != nil {
				return found, err
			}
			more = more || image.Status != registry.Present && image.CacheRule != nil && image.CacheRule.Prefix != ""
		}
		of, err := denialsOf(ctx, c.Network, task, role, ref, image)
		if err != nil {
			return found, err
		}
		denials = append(denials, of...)
	}
	for _, group := range groupDenials(denials) {
		f := group.finding(info, role)
		if f.Code == "role.layer-check" && len(found) > 0 {
			continue // it adds nothing to what stops the pull
		}
		found = append(found, f)
	}
	alone := role.Organization != nil && *role.Organization == ""
	heard := false
	if !alone {
		var denied []Finding
		if denied, heard, err = c.guardrails(ctx, task, role, private); err != nil {
			return found, err
		}
		found = append(found, denied...)
	}
	if len(found) == 0 {
		found = append(found, info.Finding(Assume, "role.allowed", role.ARN, nil))
	}
	if alone || heard && !more {
		found[0].Settles = []string{noSCP}
	}
	if heard && !more {
		found[0].Assumes = []string{noUntoldSCP}
	}
	return found, nil
}

// accountOf returns the account in an ARN; "" when it is none.
func accountOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
}

// assumable evaluates the trust policy for ECS. ECS sends a source ARN of the task's account and Region; its last part is
// not known, so a policy that looks at it in more detail than AWS's guard against a confused deputy stays unknown.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
func assumable(role *iam.Role, task Task) iam.Decision {
	if task.Account != "" && task.Region != "" && !asksForSource(role.Trust) {
		partition, _, _ := strings.Cut(strings.TrimPrefix(role.ARN, "arn:"), ":")
		d := role.Assumable(ecsTasks, task.Account, "arn:"+partition+":ecs:"+task.Region+":"+task.Account+":any")
		if d.Outcome == iam.Allowed {
			return d
		}
	}
	return role.Assumable(ecsTasks, task.Account, "")
}

// asksForSource reports a trust policy that looks at the last part of the source ARN.
func asksForSource(trust *iam.Policy) bool {
	return trust != nil && slices.ContainsFunc(trust.Document.Statements, func(s iam.Statement) bool {
		return slices.ContainsFunc(s.Conditions, func(c iam.Condition) bool {
			return strings.EqualFold(c.Key, "aws:SourceArn") && slices.ContainsFunc(c.Values, func(pattern string) bool {
				if parts := strings.SplitN(pattern, ":", 6); len(parts) == 6 {
					return parts[5] != "*"
				}
				return strings.IndexByte(pattern, '*') != len(pattern)-1 // a pattern of text ends in its only *
			})
		})
	})
}

// mayCall decides a request by the role's own policies, and where those merely do not allow it, by the repository's.
//
// In another account the repository's policy has to allow it as well. That is for its own check, so here it does: its no
// would hide whether the role's policies deny.
func mayCall(role *iam.Role, r iam.Request, image *registry.Image) iam.Decision {
	if account := role.Principal().Account; account != "" && r.Resource != anyResource && r.ResourceAccount != account {
		policies := role.Policies()
		document, _ := iam.Parse(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}`)
		policies.Resource = &iam.Layer{Policies: []iam.Policy{{Name: "repository policy", Document: document}}}
		return iam.Evaluate(r, policies)
	}
	own := role.Can(r)
	if own.Outcome == iam.Allowed || own.Outcome == iam.Unknown || r.Resource == anyResource || r.ResourceAccount != role.Principal().Account {
		return own
	}
	policies := role.Policies()
	policies.Resource = repositoryLayer(image)
	d := iam.Evaluate(r, policies)
	refused, grants := registryRefused(role, image), registryGrants(role, r, image)
	if own.Outcome == iam.ExplicitDeny {
		own.Layers = slices.DeleteFunc(d.Layers, func(l iam.LayerDecision) bool { return l.Outcome == iam.ImplicitDeny && (refused || grants) })
		return own
	}
	if d.Outcome == iam.ImplicitDeny && refused {
		return iam.Decision{Layer: iam.IdentityLayer, Missing: []string{registryPolicy}}
	}
	if d.Outcome == iam.ImplicitDeny && grants {
		return iam.Decision{Layer: iam.IdentityLayer, Warnings: []string{registryMayAllow}}
	}
	granted, _ := layer(d, iam.ResourceLayer)
	if limit, _ := layer(d, iam.BoundaryLayer); d.Outcome == iam.ImplicitDeny && granted.Outcome == iam.Allowed && limit.Blocks {
		d.Layers = slices.DeleteFunc(d.Layers, func(l iam.LayerDecision) bool { return l.Layer == iam.IdentityLayer })
		return decidedBy(d, limit) // it alone is in the way
	}
	return d
}

// decidedBy returns a decision as it is by one of its layers.
func decidedBy(d iam.Decision, l iam.LayerDecision) iam.Decision {
	d.Outcome, d.Layer, d.Policy, d.Statement, d.Element = l.Outcome, l.Layer, l.Policy, l.Statement, l.Element
	return d
}
