package iam

import "slices"

// hearing is what the policy types that have a say say, each heard to its end: a caller may want to name all that say no.
type hearing struct {
	asked *asked
	says  []say // in the order of the [LayerName] constants
}

// listen hears all policy types that have a say. It puts what they say where room is.
func (a *asked) listen(p *Policies, room []say) []say {
	says := room
	optional := func(name LayerName, l *Layer) {
		if l != nil {
			says = append(says, a.hear(name, 0, l))
		}
	}
	if a.Principal.Service == "" { // a service has neither identity policies nor an organization
		says = append(says, a.hear(IdentityLayer, 0, &p.Identity))
		optional(BoundaryLayer, p.Boundary)
		optional(SessionLayer, p.Session)
		if !a.serviceLinked() {
			for level := range p.SCP {
				says = append(says, a.hear(SCPLayer, level, &p.SCP[level]))
			}
		}
	}
	if !a.serviceLinked() && a.Action != "kms:retiregrant" {
		for level := range p.RCP {
			says = append(says, a.doubtRCP(a.hear(RCPLayer, level, &p.RCP[level])))
		}
	}
	if l := p.Resource; l != nil && len(l.Policies)+len(l.Missing) > 0 || a.needsResource() != no {
		if l == nil {
			l = &Layer{}
		}
		says = append(says, a.hear(ResourceLayer, 0, l))
	}
	optional(EndpointLayer, p.Endpoint)
	return says
}

// get is what a policy type says, nil if it has no say.
func (h *hearing) get(name LayerName) *say {
	for i := range h.says {
		if h.says[i].name == name {
			return &h.says[i]
		}
	}
	return nil
}

// every is the AND over the levels of a policy type; one that is not there does not restrict.
func (h *hearing) every(name LayerName) truth {
	t := yes
	for i := range h.says {
		if s := &h.says[i]; s.name == name {
			t = min(t, s.allow.any())
		}
	}
	return t
}

// core is whether the request is granted, before SCP, RCP and endpoint restrict it.
func (h *hearing) core() truth {
	if same := h.asked.sameAccount(); same != maybe {
		return h.inAccount(same)
	}
	return either(h.inAccount(yes), h.inAccount(no))
}

// inAccount is the core if principal and resource are in one account, or are not.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-single-account.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
func (h *hearing) inAccount(same truth) truth {
	var granted grant
	if s := h.get(ResourceLayer); s != nil {
		granted = s.allow
	}
	if h.asked.Principal.Service != "" {
		return granted.any()
	}
	limits := min(h.every(BoundaryLayer), h.every(SessionLayer))
	identity := min(h.every(IdentityLayer), limits)
	switch {
	case same == no:
		return min(identity, granted.any())
	case h.asked.ownPolicyRules():
		// https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html: without the key policy's word no
		// identity policy counts; naming the account there passes the question on to the account's own policies.
		return max(granted.direct, min(granted.role, limits), min(granted.account, identity))
	}
	return max(identity, granted.direct, min(granted.role, limits))
}

// granting is the policy type that an allowed request owes its grant to.
func (h *hearing) granting() LayerName {
	a := h.asked
	if a.Principal.Service == "" && !a.ownPolicyRules() && min(h.every(IdentityLayer), h.every(BoundaryLayer), h.every(SessionLayer)) == yes {
		return IdentityLayer
	}
	return ResourceLayer
}

// ownPolicyRules holds for KMS keys and for roles, which AWS opens to nobody whom their own policy does not admit.
func (a *asked) ownPolicyRules() bool {
	switch a.Action {
	case "sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession", "sts:setsourceidentity":
		return true
	}
	return a.service == "kms" && a.Resource != "*"
}

// needsResource is whether nothing is granted without the resource's policy.
func (a *asked) needsResource() truth {
	if a.Principal.Service != "" || a.ownPolicyRules() {
		return yes
	}
	return not(a.sameAccount())
}

// needed is whether the implicit deny of this layer stops the request.
func (h *hearing) needed(s *say, core truth) bool {
	switch s.name {
	case SCPLayer, RCPLayer, EndpointLayer:
		return true
	case ResourceLayer:
		return h.asked.needsResource() == yes
	}
	return core == no
}

// governed are the services that resource control policies reach:
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
var governed = []string{
	"aoss", "cognito-identity", "cognito-idp", "dynamodb", "ecr", "kms", "logs", "s3", "secretsmanager", "sqs", "sts",
}

// doubtRCP leaves open what an RCP does to a service that is not on the list, which grows: it may still do nothing.
func (a *asked) doubtRCP(s say) say {
	if slices.Contains(governed, a.service) || s.allow.any() == yes && s.deny == no {
		return s
	}
	warning := "whether resource control policies reach " + a.service + " is not known"
	if s.deny == yes {
		s.deny = maybe
		s.denying.warnings = append(s.denying.warnings, warning)
	}
	if s.allow.any() == no {
		s.allow.direct = maybe
		s.allowing.warnings = append(s.allowing.warnings, warning)
	}
	return s
}
