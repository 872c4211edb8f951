package checks

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
)

// EndpointPolicy checks that the policies of the VPC endpoints that carry the pull allow it, down to the S3 bucket that
// holds ECR's layers. Layers are fetched with a URL that Amazon ECR signs: what S3's endpoint sees is a principal of
// ECR's, not the task's role.
//
// It automates the article's step "check that the endpoints' policies meet the requirements".
type EndpointPolicy struct {
	Network network.Source
	Roles   iam.Source // for conditions on the role's tags and organization; nil: what hangs on them is not known
}

// Info describes the check.
func (EndpointPolicy) Info() Info {
	const docs = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-vpc-endpoint-policy"
	return Info{
		ID: "endpoint-policy", Title: "VPC endpoint policies", Actions: slices.Concat(network.Actions(), roleActions),
		Codes: map[Code]Meaning{
			"endpoint-policy.open":   {Pass, "The policies of the VPC endpoints on the way, if there are any, allow the pull.", nil},
			"endpoint-policy.unread": {Unknown, "Whether the VPC endpoint policies on the way ({subject}) allow {actions} is not known: {reason}.", nil},
			"endpoint.policy-denies": {Fail, "The policy of the VPC endpoint {subject} does not allow {actions} on {resource} ({cite}).", []Remedy{
				{"Add a statement that allows {actions} on {resource} for {principal} to the policy of {subject}", docs, "", amendEndpointPolicy}}},
			"endpoint.policy-explicit-deny": {Fail, "The policy of the VPC endpoint {subject} explicitly denies {actions} on {resource} ({cite}).", []Remedy{
				{"Narrow the statement that denies {actions} in the policy of {subject} ({cite})", docs, "", amendEndpointPolicy}}},
		},
	}
}

// Check evaluates the policy of every endpoint that a path passes.
func (c EndpointPolicy) Check(ctx context.Context, task Task) ([]Finding, error) {
	s, err := surveyed(ctx, c.Network, task)
	if err != nil {
		return nil, err
	}
	role, err := c.role(ctx, task)
	if err != nil {
		return nil, err
	}
	info := c.Info()
	refs, _ := task.images()
	var found []Finding
	add := func(f Finding) { // what one policy does not allow is one cause, and what one of its statements denies
		found = info.joinTo(found, f, func(g Finding) bool {
			return g.Subject == f.Subject && (f.Code != "endpoint.policy-explicit-deny" || g.Args["cite"] == f.Args["cite"])
		}, "actions", "resource")
	}
	for _, w := range s.ways {
		if hidden := w.path.Hidden(network.KindVPCEndpoint); len(hidden) > 0 {
			f := info.Finding(w.stage, "endpoint-policy.unread", s.place(), map[string]string{
				"actions": "the pull", "reason": unsettled(hidden, nil)}).because(hidden, s.unread())
			f.Scope = []string{w.subnet}
			add(f)
			continue
		}
		for _, id := range w.endpoints() {
			e, _ := s.topology.Endpoint(id)
			if e == nil {
				continue
			}
			for _, r := range s.requests(w, refs) {
				if f, ok := s.endpointDecision(info, w, e, role, r); ok {
					add(f)
				}
			}
		}
	}
	if len(found) > 0 || len(s.ways) == 0 {
		return found, nil
	}
	return []Finding{info.Finding(s.ways[0].stage, "endpoint-policy.open", s.place(), map[string]string{"hosts": joined(s.hosts())})}, nil
}

// role returns the execution role as far as it can be read; nil: nothing is known of it but what the task says.
func (c EndpointPolicy) role(ctx context.Context, task Task) (*iam.Role, error) {
	if c.Roles == nil || task.ExecutionRole == "" {
		return nil, nil
	}
	role, err := c.Roles.Role(ctx, task.ExecutionRole)
	if err != nil {
		return nil, ctx.Err() // that the role is no role's name is for the ExecutionRole check to say
	}
	if role.Exists != nil && !*role.Exists {
		return nil, nil // it may be in another account
	}
	return role, nil
}

// requests returns what the pull asks of the service behind a host.
func (s *survey) requests(w way, refs []registry.Reference) (requests []iam.Request) {
	if w.to.Service == "secretsmanager" {
		return s.secretRequests(w)
	}
	role := s.task.principal()
	for _, ref := range refs {
		if ref.ECR == nil || ref.ECR.Region != w.to.Region {
			continue
		}
		var actions []string
		switch w.to.Service {
		case "ecr.api", "ecr-fips.api":
			actions = []string{getToken}
		case "ecr.dkr", "ecr-fips.dkr":
			actions = []string{getManifest, getLayer}
		case "s3":
			requests = append(requests, layerRequest(ref))
		}
		for _, action := range actions {
			r := request(action, ref)
			r.Principal = role
			requests = append(requests, r)
		}
	}
	return requests
}

// secretRequests are for the credentials that containers name.
func (s *survey) secretRequests(w way) (requests []iam.Request) {
	for _, c := range s.task.Containers {
		if c.RepositoryCredentials != "" && slices.Contains(w.containers, c.Name) {
			requests = append(requests, secretRequest(s.task, c))
		}
	}
	return requests
}

// layerRequest is the download of a layer as S3's endpoint sees it. The URL is signed by an account of Amazon ECR's: text
// that is nobody's account ID stands for it, so that a condition on one's own account or organization does not hold.
func layerRequest(ref registry.Reference) iam.Request {
	const owner = "amazon-ecr"
	return iam.Request{
		Action: "s3:GetObject", Resource: ref.LayerBucketARN(), ResourceAccount: owner,
		Principal: iam.Principal{Account: owner},
		Context: iam.Context{
			"aws:PrincipalArn":     iam.Present("arn:" + ref.ECR.Partition + ":iam::" + owner + ":role/" + owner),
			"aws:PrincipalOrgID":   iam.Present(owner),
			"aws:PrincipalTag/*":   iam.Absent(),
			"aws:ResourceOrgID":    iam.Present(owner),
			"aws:SecureTransport":  iam.Present("true"),
			"aws:RequestedRegion":  iam.Present(ref.ECR.Region),
			"aws:ViaAWSService":    iam.Present("false"),
			"aws:PrincipalAccount": iam.Present(owner),
		},
	}
}

// endpointDecision evaluates an endpoint's policy for one request. ok is false when it allows it.
func (s *survey) endpointDecision(info Info, w way, e *network.VPCEndpoint, role *iam.Role, r iam.Request) (f Finding, ok bool) {
	policy := iam.Layer{Missing: []string{"ec2:DescribeVpcEndpoints"}}
	if e.Policy != nil {
		document, _ := iam.Parse(*e.Policy) // what is malformed evaluates as unknown
		policy = iam.Layer{Policies: []iam.Policy{{Name: "policy of " + e.ID, Document: document}}}
	}
	policies := iam.Policies{Endpoint: &policy, EndpointType: iam.EndpointType(e.Type), Boundary: &iam.Layer{Missing: []string{"iam:GetRole"}}}
	unread := s.unread()
	if role != nil && r.Action != "s3:GetObject" {
		maps.Copy(r.Context, role.Context())
		policies.Boundary = role.Boundary // on which NotPrincipal hangs
		maps.Copy(unread, role.Unread)
	}
	if r.Action != getToken { // which AWS documents to work only without conditions on these keys
		maps.Copy(r.Context, throughEndpoint(e.ID, s.topology.VPC.ID))
	}
	r.Context["aws:SourceIp"] = iam.Absent() // absent through an endpoint
	l, _ := layer(iam.Evaluate(r, policies), iam.EndpointLayer)
	if l.Outcome == iam.Allowed {
		return Finding{}, false
	}
	code := Code("endpoint.policy-denies")
	certain := w.path.VPCEndpoint() == e.ID
	missing := slices.Clone(l.Missing)
	if !certain {
		missing = append(missing, w.path.Unread()...)
	}
	switch {
	case l.Outcome == iam.Unknown || !certain:
		code = "endpoint-policy.unread"
	case l.Outcome == iam.ExplicitDeny:
		code = "endpoint.policy-explicit-deny"
	}
	reason := unsettled(l.Missing, l.Keys, l.Warnings...)
	if l.Outcome != iam.Unknown {
		reason = "whether the traffic passes " + e.ID + " is not known"
	}
	principal := r.Principal.ARN
	if r.Action == "s3:GetObject" {
		principal = "the principal *"
	}
	f = info.Finding(w.stage, code, e.ID, map[string]string{"actions": r.Action, "resource": cmp.Or(r.Resource, "the secret"), "principal": principal,
		"cite": cite(l.Policy, l.Statement, l.Element), "reason": reason})
	f.Scope = []string{w.subnet}
	f.Evidence = append(f.Evidence, Evidence{"ec2:DescribeVpcEndpoints", r.Action + ": " + l.Outcome.String() + " by " + cite(l.Policy, l.Statement, l.Element)})
	f.Evidence = append(f.Evidence, warned("ec2:DescribeVpcEndpoints", l.Warnings)...)
	return f.because(missing, unread), true
}
