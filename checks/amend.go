package checks

import (
	"reflect"
	"slices"
	"strings"

	"github.com/canpull/canpull/iam"
)

// need is a request that is to be allowed, and what has a say in it beside the role's own policies.
type need struct {
	request iam.Request
	on      *attached // nil: nothing
}

// attached is the policy of a resource or of a VPC endpoint.
type attached struct {
	at       iam.LayerName
	endpoint iam.EndpointType
	layer    *iam.Layer                        // nil: there is none
	form     func(iam.Statement) iam.Statement // how its statements are written
	change   func(iam.Document) Change
}

// amendment works out what has to change in policies so that requests are allowed: the least statements that allow them
// are added, and statements that deny them are narrowed. It asks iam.Evaluate after each step, and gives up where a
// policy was not read, is malformed, or is nobody's to change.
type amendment struct {
	role   iam.Role
	needs  []need
	name   string          // of the inline policy that allows what no policy does
	layers []iam.LayerName // that may be amended; the others are for other findings
}

// changes returns what has to change, nil where that is not known or nothing does.
func (a amendment) changes() []Change {
	before := a.role
	a.role.Identity.Policies = slices.Clone(before.Identity.Policies)
	if before.Boundary != nil {
		a.role.Boundary = &iam.Layer{Policies: slices.Clone(before.Boundary.Policies), Missing: before.Boundary.Missing}
	}
	touched := map[*attached]iam.Document{} // as they were
	for i := range a.needs {
		steps := 0
		for blocking := a.blocking(a.needs[i]); blocking != nil; blocking = a.blocking(a.needs[i]) {
			on := a.needs[i].on
			if _, known := touched[on]; !known && on != nil && on.at == blocking.Layer {
				touched[on] = on.document()
			}
			if steps++; steps > mostSteps || !a.step(a.needs[i], *blocking) {
				return nil
			}
		}
	}
	changes, ok := a.ofRole(before)
	if !ok {
		return nil
	}
	for _, n := range a.needs {
		if was, ok := touched[n.on]; ok {
			changes = append(changes, n.on.change(joinAdded(was, n.on.document())))
			delete(touched, n.on)
		}
	}
	return changes
}

// mostSteps bounds what is tried for one request. Each step changes all the statements of one policy type that stop it.
const mostSteps = 10

// document returns the policy, an empty one if there is none.
func (o *attached) document() iam.Document {
	if o.layer == nil || len(o.layer.Policies) == 0 {
		return iam.Document{}
	}
	return o.layer.Policies[0].Document
}

// policies returns what has a say in a request.
func (a *amendment) policies(n need) iam.Policies {
	p := a.role.Policies()
	switch {
	case n.on == nil:
	case n.on.at == iam.EndpointLayer:
		p.Endpoint, p.EndpointType = n.on.layer, n.on.endpoint
	default:
		p.Resource = n.on.layer
	}
	return p
}

// blocking returns what stops a request among the layers that may be amended: an explicit deny first, and what the role
// itself may not do last, because in one account a resource's policy can grant it.
func (a *amendment) blocking(n need) *iam.LayerDecision {
	var found *iam.LayerDecision
	for _, l := range slices.Backward(iam.Evaluate(n.request, a.policies(n)).Layers) {
		switch {
		case !l.Blocks || !slices.Contains(a.layers, l.Layer):
		case l.Outcome == iam.ExplicitDeny:
			return &l
		case found == nil:
			found = &l
		}
	}
	return found
}

// step takes away one reason why a request is not allowed.
func (a *amendment) step(n need, by iam.LayerDecision) bool {
	switch by.Layer {
	case iam.IdentityLayer:
		if by.Outcome == iam.ExplicitDeny {
			return a.spare(n, by.Layer, a.role.Identity.Policies)
		}
		i := slices.IndexFunc(a.role.Identity.Policies, func(p iam.Policy) bool { return p.ARN == "" && p.Name == a.name })
		if i < 0 {
			a.role.Identity.Policies = append(a.role.Identity.Policies, iam.Policy{Name: a.name})
			i = len(a.role.Identity.Policies) - 1
		}
		return allow(n, by.Layer, &a.role.Identity.Policies[i])
	case iam.BoundaryLayer:
		if by.Outcome == iam.ExplicitDeny {
			return a.spare(n, by.Layer, a.role.Boundary.Policies)
		}
		return len(a.role.Boundary.Policies) == 1 && allow(n, by.Layer, &a.role.Boundary.Policies[0])
	case iam.ResourceLayer, iam.EndpointLayer:
		if n.on == nil {
			return false
		}
		if n.on.layer == nil {
			n.on.layer = &iam.Layer{Policies: []iam.Policy{{}}}
		}
		if len(n.on.layer.Policies) != 1 {
			return false
		}
		if by.Outcome == iam.ExplicitDeny {
			return a.spare(n, by.Layer, n.on.layer.Policies)
		}
		return allow(n, by.Layer, &n.on.layer.Policies[0])
	}
	return false
}

// allow adds to a policy what it takes for a request.
func allow(n need, at iam.LayerName, p *iam.Policy) bool {
	if p.Document.Err() != nil || n.request.Resource == "" {
		return false
	}
	s := iam.Statement{Effect: iam.Allow, Actions: []string{n.request.Action}, Resources: []string{n.request.Resource}}
	if n.on != nil && at == n.on.at {
		s.Principal, s.Conditions = whoAsks(n)
		s = n.on.form(s)
	}
	if p.Document.Version == "" && len(p.Document.Statements) == 0 {
		p.Document.Version = "2012-10-17"
	}
	p.Document.Statements = append(slices.Clip(p.Document.Statements), s)
	return true
}

// whoAsks names who makes a request in as few words as a policy takes: the role, its account where a task gives no more than
// a role's name, and everybody for those that AWS makes itself.
func whoAsks(n need) (*iam.PrincipalSet, []iam.Condition) {
	everybody := &iam.PrincipalSet{AWS: []string{"*"}}
	switch account := n.request.Principal.Account; {
	case n.request.Principal.ARN != "":
		return &iam.PrincipalSet{AWS: []string{n.request.Principal.ARN}}, nil
	case len(account) == 12 && strings.Trim(account, "0123456789") == "":
		return everybody, []iam.Condition{{Operator: "StringEquals", Key: "aws:PrincipalAccount", Values: []string{account}}}
	}
	return everybody, nil
}

// joinAdded joins the statements that were added to a document where they differ in their actions or their resources alone.
// What stood there before stays as it is.
func joinAdded(before, after iam.Document) iam.Document {
	kept, added := []iam.Statement{}, []iam.Statement{}
	for _, s := range after.Statements {
		old := s.Effect != iam.Allow || slices.ContainsFunc(before.Statements, func(b iam.Statement) bool { return reflect.DeepEqual(b, s) })
		if old {
			kept = append(kept, s)
		} else {
			added = append(added, s)
		}
	}
	for _, list := range []func(*iam.Statement) *[]string{
		func(s *iam.Statement) *[]string { return &s.Actions },
		func(s *iam.Statement) *[]string { return &s.Resources },
	} {
		added = joinedBy(list, added)
	}
	after.Statements = slices.Concat(kept, added)
	return after
}

// joinedBy joins statements that differ in one list alone.
func joinedBy(list func(*iam.Statement) *[]string, statements []iam.Statement) (joined []iam.Statement) {
	for _, s := range statements {
		i := slices.IndexFunc(joined, func(j iam.Statement) bool {
			*list(&j) = *list(&s)
			return reflect.DeepEqual(j, s)
		})
		if i < 0 {
			joined = append(joined, s)
			continue
		}
		into := list(&joined[i])
		*into = compacted(slices.Concat(*into, *list(&s)))
	}
	return joined
}

// ofRole returns what has changed of the role's policies and its boundary.
func (a *amendment) ofRole(before iam.Role) (changes []Change, ok bool) {
	for i, p := range a.role.Identity.Policies {
		var was iam.Policy
		if i < len(before.Identity.Policies) {
			was = before.Identity.Policies[i]
		}
		document := joinAdded(was.Document, p.Document)
		switch {
		case reflect.DeepEqual(was.Document, p.Document):
		case p.ARN == "" && len(document.Statements) == 0:
			changes = append(changes, DeleteRolePolicy{a.role.ARN, p.Name})
		case p.ARN == "":
			changes = append(changes, PutRolePolicy{a.role.ARN, p.Name, document})
		case isAWSManaged(p.ARN):
			changes = append(changes, DetachRolePolicy{a.role.ARN, p.ARN})
		default:
			changes = append(changes, CreatePolicyVersion{p.ARN, document})
		}
	}
	if before.Boundary == nil {
		return changes, true
	}
	for i, p := range a.role.Boundary.Policies {
		if reflect.DeepEqual(before.Boundary.Policies[i].Document, p.Document) {
			continue
		}
		if p.ARN == "" || isAWSManaged(p.ARN) {
			return nil, false
		}
		changes = append(changes, CreatePolicyVersion{p.ARN, joinAdded(before.Boundary.Policies[i].Document, p.Document)})
	}
	return changes, true
}

// isAWSManaged reports a managed policy that AWS maintains: its ARN has "aws" in the place of an account.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
func isAWSManaged(arn string) bool { return accountOf(arn) == "aws" }
