package iam

import "strings"

// The page is https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.

// grant tells in which of three ways a statement names the principal, since they count differently in one account: a
// grant to everyone or to the session goes past an implicit deny of the boundary, one to the role does not, and one to
// the account only lets the account's own policies decide.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-single-account.html
type grant struct{ direct, role, account truth }

var everyone = grant{direct: yes}

func (g grant) any() truth { return max(g.direct, g.role, g.account) }

// open is whether some way is not known.
func (g grant) open() bool { return g.direct == maybe || g.role == maybe || g.account == maybe }

func (g grant) or(h grant) grant {
	return grant{max(g.direct, h.direct), max(g.role, h.role), max(g.account, h.account)}
}

func (g grant) and(t truth) grant {
	return grant{min(g.direct, t), min(g.role, t), min(g.account, t)}
}

func (a *asked) matchPrincipal(m *match, s *Statement, layer LayerName) bool {
	named := s.Principal != nil || s.NotPrincipal != nil
	switch layer {
	case RCPLayer, ResourceLayer, EndpointLayer:
		if !named {
			return m.fold("Principal", 3, operand{truth: maybe, warning: "a statement of a policy of type " + string(layer) + " has no Principal"})
		}
	default:
		if named {
			return m.fold("Principal", 3, operand{truth: maybe, warning: "a policy of type " + string(layer) + " cannot name principals"})
		}
		return true
	}
	if s.NotPrincipal != nil {
		return m.fold("NotPrincipal", 3, a.excepted(s.NotPrincipal, s.Effect))
	}
	to, warning := a.named(s.Principal)
	if layer == EndpointLayer && a.gateway && to.direct < max(to.role, to.account) {
		// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html: "Principal" must be "*".
		to = to.and(maybe)
		warning = `a gateway endpoint's policy takes no principal but "*"`
	}
	m.to = to
	return m.fold("Principal", 3, operand{truth: to.any(), warning: warning})
}

// throughGateway is whether the endpoint is, or may be, a gateway endpoint, which there is for two services.
func (a *asked) throughGateway(kind EndpointType) bool {
	return kind == GatewayEndpoint || kind == "" && (a.service == "s3" || a.service == "dynamodb")
}

// named is the OR over a Principal element. Federated and canonical users are neither roles nor services.
func (a *asked) named(set *PrincipalSet) (grant, string) {
	var to grant
	var warning string
	for _, value := range set.AWS {
		one, warn := a.names(value)
		to, warning = to.or(one), or(warning, warn)
	}
	if a.Principal.Service != "" {
		for _, value := range set.Service {
			to.direct = max(to.direct, is(value == a.Principal.Service))
		}
	}
	return to, warning
}

// names judges one AWS principal. Principals are written in full; a "*" within one is not a wildcard.
func (a *asked) names(value string) (grant, string) {
	if value == "*" {
		return everyone, "" // services too: a queue's policy lets SNS in this way
	}
	if a.Principal.Service != "" {
		return grant{}, ""
	}
	if strings.ContainsAny(value, "*?") {
		return grant{direct: maybe}, "the principal " + value + " has a wildcard within, which AWS does not take"
	}
	if isAccount(value) {
		return grant{account: a.inAccount(value)}, ""
	}
	parts, ok := segments(value)
	if !ok {
		return a.namesID(value)
	}
	within := a.inAccount(parts[4])
	kind, _, _ := strings.Cut(parts[5], "/")
	switch {
	case within == no, kind == "user", kind == "federated-user":
		return grant{}, ""
	case parts[5] == "root":
		return grant{account: within}, ""
	case kind == "role":
		return grant{role: a.isRole(value)}, ""
	case kind == "assumed-role":
		return grant{direct: a.isSession(value)}, ""
	}
	return grant{direct: maybe}, "the principal " + value + " is of no known kind"
}

// namesID judges the unique id that AWS shows once the principal has been deleted. A new role of the same name is
// another principal.
func (a *asked) namesID(value string) (grant, string) {
	id, session, ofSession := strings.Cut(value, ":")
	switch {
	case strings.HasPrefix(id, "AIDA"), strings.HasPrefix(id, "AGPA"):
		return grant{}, ""
	case !strings.HasPrefix(id, "AROA"):
		return grant{direct: maybe}, "the principal " + value + " is of no known kind"
	case a.Principal.ID == "" && ofSession:
		return grant{direct: maybe}, deletedRole(value)
	case a.Principal.ID == "":
		return grant{role: maybe}, deletedRole(value)
	case id != a.Principal.ID:
		return grant{}, ""
	case ofSession:
		return grant{direct: same(session, a.Principal.Session)}, ""
	}
	return grant{role: yes}, ""
}

func deletedRole(id string) string {
	return "the principal " + id + " is the id of a role, probably of a deleted one"
}

func (a *asked) inAccount(account string) truth { return same(account, a.Principal.Account) }

// isRole leaves two spellings of one name unknown: role names are unique without regard to case, ARNs are compared with.
func (a *asked) isRole(arn string) truth {
	if arn != a.Principal.ARN && strings.EqualFold(arn, a.Principal.ARN) {
		return maybe
	}
	return same(arn, a.Principal.ARN)
}

// isSession compares with a session's ARN, arn:aws:sts::account:assumed-role/name/session, which has no path.
func (a *asked) isSession(arn string) truth {
	parts, _ := segments(arn)
	role, session, _ := strings.Cut(strings.TrimPrefix(parts[5], "assumed-role/"), "/")
	name := RoleName(a.Principal.ARN)
	return min(a.inAccount(parts[4]), same(role, name), same(session, a.Principal.Session))
}

// same is unknown if what it should equal is.
func same(want, have string) truth {
	if have == "" {
		return maybe
	}
	return is(want == have)
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// excepted judges a NotPrincipal element, which AWS takes only with Deny and describes with "might":
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func (a *asked) excepted(set *PrincipalSet, effect Effect) operand {
	to, warning := a.named(set)
	switch {
	case effect != Deny:
		return operand{truth: maybe, warning: "NotPrincipal is not supported with Allow"}
	case a.bounded == yes:
		return operand{truth: yes} // a principal with a boundary is denied, whatever is listed
	case to.any() == no:
		return operand{truth: yes}
	case a.bounded == no && max(to.direct, min(to.role, to.account)) == yes:
		return operand{truth: no}
	}
	return operand{truth: maybe, warning: or(warning, "NotPrincipal spares a role for certain only if it lists both the role and its account")}
}
