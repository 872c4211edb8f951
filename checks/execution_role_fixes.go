package checks

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// pullPolicy is what an inline policy is called that lets a role pull.
const pullPolicy = "pull-images"

// amendRole amends the policies of the role, or its permissions boundary, by which a finding's requests are not allowed.
func amendRole(r Repair) []Change {
	role := r.role(r.Task.ExecutionRole)
	if role == nil {
		return nil
	}
	return amendment{role: *role, needs: r.needsOf(r.denials(role)), name: unusedPolicyName(role, pullPolicy), layers: r.layers()}.changes()
}

// layers returns what a finding about the role is about: what its policies and its boundary both stop is two findings.
func (r Repair) layers() []iam.LayerName {
	switch r.Finding.Code {
	case "role.boundary":
		return []iam.LayerName{iam.BoundaryLayer}
	case "role.layer-check":
		return []iam.LayerName{iam.IdentityLayer, iam.BoundaryLayer}
	}
	return []iam.LayerName{iam.IdentityLayer}
}

// addPullStatement adds a statement to the role's policies. Where a statement denies, one that allows is of no use.
func addPullStatement(r Repair) []Change {
	if slices.ContainsFunc(r.inTheWay(), func(l iam.LayerDecision) bool { return l.Outcome == iam.ExplicitDeny }) {
		return nil
	}
	return amendRole(r)
}

// attachManagedPolicy attaches AWS's policy for execution roles, where a statement that allows is all that is lacking.
func attachManagedPolicy(r Repair) []Change {
	layers := r.inTheWay()
	if len(layers) == 0 || slices.ContainsFunc(layers, func(l iam.LayerDecision) bool { return l.Layer != iam.IdentityLayer || l.Outcome == iam.ExplicitDeny }) {
		return nil
	}
	return []Change{managedPolicyFor(r.role(r.Task.ExecutionRole).ARN)}
}

// inTheWay returns what of a finding's layers stops its requests.
func (r Repair) inTheWay() (layers []iam.LayerDecision) {
	role := r.role(r.Task.ExecutionRole)
	if role == nil {
		return nil
	}
	for _, d := range r.denials(role) {
		for _, l := range d.decision.Layers {
			if l.Blocks && slices.Contains(r.layers(), l.Layer) {
				layers = append(layers, l)
			}
		}
	}
	return layers
}

// managedPolicyFor is AmazonECSTaskExecutionRolePolicy with what it says.
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSTaskExecutionRolePolicy.html
func managedPolicyFor(role string) AttachRolePolicy {
	return AttachRolePolicy{Role: role, PolicyARN: "arn:" + partitionOf(role) + ":iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
		PolicyDocument: iam.Document{Version: "2012-10-17", Statements: []iam.Statement{{Effect: iam.Allow,
			Actions:   []string{getToken, checkLayer, getLayer, getManifest, "logs:CreateLogStream", "logs:PutLogEvents"},
			Resources: []string{"*"}}}}}
}

// denials returns the requests that a finding of the ExecutionRole check is about.
func (r Repair) denials(role *iam.Role) denialGroup {
	ctx, sources := context.Background(), r.Facts.Sources()
	refs, _ := r.Task.images()
	var denials []*denial
	for _, ref := range refs {
		if ref.ECR == nil {
			continue
		}
		of, err := denialsOf(ctx, sources.Network, r.Task, role, ref, r.image(ref.String()))
		if err != nil {
			return nil
		}
		denials = append(denials, of...)
	}
	for _, g := range groupDenials(denials) {
		if f := g.finding(ExecutionRole{}.Info(), role); f.Code == r.Finding.Code && maps.Equal(f.Args, r.Finding.Args) {
			return g
		}
	}
	return nil
}

// needsOf returns the requests that were denied, with the repositories' policies, which can grant them.
func (r Repair) needsOf(g denialGroup) (needs []need) {
	refs, _ := r.Task.images()
	for _, d := range g {
		n := need{request: d.request}
		for _, ref := range refs {
			if ref.RepositoryARN() == d.request.Resource {
				n.on = &attached{at: iam.ResourceLayer, layer: repositoryLayer(r.image(ref.String()))}
			}
		}
		needs = append(needs, n)
	}
	return needs
}

// trustTasks adds to the trust policy the statement by which ECS assumes the role, for tasks of this account and Region.
func trustTasks(r Repair) []Change {
	role := r.role(r.Task.ExecutionRole)
	if role == nil || role.Trust == nil || role.Trust.Document.Err() != nil || assumable(role, r.Task).Outcome == iam.ExplicitDeny {
		return nil
	}
	trust := role.Trust.Document
	trust.Statements = append(slices.Clip(trust.Statements), trustStatement(role.ARN, r.Task))
	return []Change{UpdateAssumeRolePolicy{role.ARN, trust}}
}

// trustStatement lets ECS assume a role, with the guard against a confused deputy where the task's account and Region are
// known.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
func trustStatement(role string, task Task) iam.Statement {
	s := iam.Statement{Effect: iam.Allow, Principal: &iam.PrincipalSet{Service: []string{ecsTasks}}, Actions: []string{"sts:AssumeRole"}}
	if task.Account != "" && task.Region != "" {
		s.Conditions = []iam.Condition{
			{Operator: "ArnLike", Key: "aws:SourceArn", Values: []string{"arn:" + partitionOf(role) + ":ecs:" + task.Region + ":" + task.Account + ":*"}},
			{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []string{task.Account}},
		}
	}
	return s
}

// createRole creates the role that the task definition names.
func createRole(r Repair) []Change {
	arn := r.Task.ExecutionRole
	if accountOf(arn) == "" {
		if r.Task.Account == "" || r.Task.Region == "" || iam.RoleName(arn) == "" {
			return nil
		}
		arn = "arn:" + registry.PartitionOf(r.Task.Region) + ":iam::" + r.Task.Account + ":role/" + arn
	}
	return r.newRole(arn)
}

// defaultRole is what AWS's console and documentation call the execution role.
const defaultRole = "ecsTaskExecutionRole"

// setNewRole creates an execution role and names it in the task definition.
func setNewRole(r Repair) []Change { return r.setNewRole(r.revision()) }

// setNewRole names the role that it creates in a revision of the task definition.
func (r Repair) setNewRole(revision RegisterTaskDefinition, more ...need) []Change {
	if r.Task.Account == "" || r.Task.Region == "" || r.Task.TaskDefinition == "" {
		return nil
	}
	arn := "arn:" + registry.PartitionOf(r.Task.Region) + ":iam::" + r.Task.Account + ":role/" + defaultRole
	if r.role(arn) != nil {
		return nil // it was read, and is not known to be free
	}
	revision.ExecutionRoleARN = arn
	return append(r.newRole(arn, more...), revision)
}

// newRole creates a role that may do what the task's pull takes: AWS's policy for execution roles, which also lets it write
// logs, and the secrets that containers name or are given.
func (r Repair) newRole(arn string, more ...need) []Change {
	trust := iam.Document{Version: "2012-10-17", Statements: []iam.Statement{trustStatement(arn, r.Task)}}
	role := &iam.Role{ARN: arn}
	needs := more
	for _, c := range r.Task.Containers {
		for _, request := range r.Task.givenRequests(c) {
			needs = append(needs, need{request: request})
		}
		s := r.secret(c.RepositoryCredentials)
		switch {
		case s == nil && accountOf(c.RepositoryCredentials) != "":
			s = &credentials.Secret{ID: credentials.ID{Region: regionOf(c.RepositoryCredentials)}, ARN: c.RepositoryCredentials}
		case s == nil || s.ARN == "" || s.Exists != nil && !*s.Exists:
			continue // none, or one that is itself to be mended first
		}
		j := judged{role: role, secret: s, task: r.Task}
		needs = append(needs, need{request: j.read()})
		if s.Key != nil && !s.Key.AWS {
			needs = append(needs, need{request: j.decrypt(s.Key.ARN)})
		}
	}
	return append([]Change{CreateRole{arn, trust}, managedPolicyFor(arn)},
		amendment{role: *role, needs: needs, name: credentialsPolicy, layers: []iam.LayerName{iam.IdentityLayer}}.changes()...)
}

// useNamesake names the role that the account has in the task definition.
func useNamesake(r Repair) []Change {
	role := r.role(r.Task.ExecutionRole)
	if role == nil || r.Task.TaskDefinition == "" || r.Task.Overrides.ExecutionRole != "" { // which goes before the definition's
		return nil
	}
	revision := r.revision()
	revision.ExecutionRoleARN = role.Namesake
	return []Change{revision}
}

// revision returns the task definition's next revision, in which nothing has changed yet.
func (r Repair) revision() RegisterTaskDefinition {
	revision := RegisterTaskDefinition{TaskDefinition: r.Task.TaskDefinition}
	if revision.Service = r.Task.updatable(); revision.Service != "" {
		revision.Cluster = r.Task.Cluster
	}
	return revision
}

// partitionOf returns the partition in an ARN.
func partitionOf(arn string) string {
	return strings.SplitN(arn+"::", ":", 3)[1]
}

// unusedPolicyName returns a name that no inline policy of a role has.
func unusedPolicyName(role *iam.Role, name string) string {
	for i := 2; ; i++ {
		if !slices.ContainsFunc(role.Identity.Policies, func(p iam.Policy) bool { return p.ARN == "" && p.Name == name }) {
			return name
		}
		name = strings.TrimRight(name, "-0123456789") + "-" + strconv.Itoa(i)
	}
}
