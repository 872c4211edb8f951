package iam

import "slices"

// hearing is the policy types that have a say, each heard to its end: a caller may want to name all that say no.
type hearing struct {
	asked                                 *asked
	identity, boundary, session, resource *say
	scp, rcp, endpoint                    []*say
}

func listen(r Request, p Policies) *hearing {
	a := ask(r, p)
	h := &hearing{asked: a}
	optional := func(name LayerName, l *Layer) *say {
		if l == nil {
			return nil
		}
		return a.hear(name, 0, *l)
	}
	if r.Principal.Service == "" { // a service has neither identity policies nor an organization
		h.identity = a.hear(IdentityLayer, 0, p.Identity)
		h.boundary = optional(BoundaryLayer, p.Boundary)
		h.session = optional(SessionLayer, p.Session)
		if !a.serviceLinked() {
			for level, l := range p.SCP {
				h.scp = append(h.scp, a.hear(SCPLayer, level, l))
			}
		}
	}
	if !a.serviceLinked() && a.Action != "kms:retiregrant" {
		for level, l := range p.RCP {
			h.rcp = append(h.rcp, a.doubtRCP(a.hear(RCPLayer, level, l)))
		}
	}
	if l := p.Resource; l != nil && len(l.Policies)+len(l.Missing) > 0 || h.needsResource() != no {
		if l == nil {
			l = &Layer{}
		}
		h.resource = a.hear(ResourceLayer, 0, *l)
	}
	if p.Endpoint != nil {
		h.endpoint = []*say{a.hear(EndpointLayer, 0, *p.Endpoint)}
	}
	return h
}

// all is in the order of the [LayerName] constants.
func (h *hearing) all() []*say {
	all := []*say{h.identity, h.boundary, h.session}
	all = append(all, h.scp...)
	all = append(all, h.rcp...)
	all = append(all, h.resource)
	all = append(all, h.endpoint...)
	return slices.DeleteFunc(all, func(s *say) bool { return s == nil })
}

// every is the AND over the levels of a policy type; one that is not there does not restrict.
func every(levels []*say) truth {
	t := yes
	for _, s := range levels {
		t = min(t, s.allow.any())
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
	if h.resource != nil {
		granted = h.resource.allow
	}
	if h.asked.Principal.Service != "" {
		return granted.any()
	}
	limits := min(within(h.boundary), within(h.session))
	identity := min(h.identity.allow.any(), limits)
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
func (h *hearing) granting() *say {
	if h.identity == nil || h.asked.ownPolicyRules() {
		return h.resource
	}
	if min(h.identity.allow.any(), within(h.boundary), within(h.session)) == yes {
		return h.identity
	}
	return h.resource
}

func within(s *say) truth {
	if s == nil {
		return yes
	}
	return s.allow.any()
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
func (h *hearing) needsResource() truth {
	if h.asked.Principal.Service != "" || h.asked.ownPolicyRules() {
		return yes
	}
	return not(h.asked.sameAccount())
}

// needed is whether the implicit deny of this layer stops the request.
func (h *hearing) needed(s *say, core truth) bool {
	switch s.name {
	case SCPLayer, RCPLayer, EndpointLayer:
		return true
	case ResourceLayer:
		return h.needsResource() == yes
	}
	return core == no
}

// governed are the services that resource control policies reach:
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
var governed = []string{
	"aoss", "cognito-identity", "cognito-idp", "dynamodb", "ecr", "kms", "logs", "s3", "secretsmanager", "sqs", "sts",
}

// doubtRCP leaves open what an RCP does to a service that is not on the list, which grows: it may still do nothing.
func (a *asked) doubtRCP(s *say) *say {
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
