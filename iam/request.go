package iam

import "strings"

// Request is one action on one resource by one principal.
type Request struct {
	Action          string // "ecr:BatchGetImage"; its case does not matter
	Resource        string // an ARN, or "*" for an action that takes no resource; "": not known
	Principal       Principal
	ResourceAccount string  // the account that owns the resource; "": the one in its ARN, if any
	Context         Context `json:",omitempty"`
}

// Principal is who asks: a session of a role, or an AWS service. An empty field is not known.
type Principal struct {
	ARN     string `json:",omitempty"` // of the role, with its path: "arn:aws:iam::111122223333:role/app/exec"
	Account string `json:",omitempty"` // "": the one in ARN, if any. Text that is no account id stands for an account you do not know and do not own
	ID      string `json:",omitempty"` // the role's unique id, "AROA…"
	Session string `json:",omitempty"` // the role session's name
	Service string `json:",omitempty"` // "ecs-tasks.amazonaws.com": the service itself asks, and no role
}

// asked is a request made ready for matching.
type asked struct {
	Request
	service, name string // of the action, in lower case: "ecr", "batchgetimage"
	segments      arn    // of the resource
	isARN         bool
	bounded       truth // whether the role has a permissions boundary
	gateway       bool  // whether the endpoint is, or may be, a gateway endpoint
}

func ask(r Request, p *Policies) asked {
	a := asked{Request: r, bounded: no}
	a.segments, a.isARN = segments(r.Resource)
	a.Action = strings.ToLower(r.Action)
	a.service, a.name, _ = strings.Cut(a.Action, ":")
	a.gateway = a.throughGateway(p.EndpointType)
	if a.Principal.Account == "" {
		a.Principal.Account = account(r.Principal.ARN)
	}
	if a.ResourceAccount == "" && a.isARN {
		a.ResourceAccount = a.segments[4]
	}
	if a.ResourceAccount == "" && r.Resource == "*" {
		a.ResourceAccount = a.Principal.Account // an action without a resource works on the caller's own account
	}
	if b := p.Boundary; b != nil {
		if a.bounded = maybe; len(b.Policies) > 0 {
			a.bounded = yes
		}
	}
	return a
}

// lookup is what is known of a condition key. What the caller gives goes before what follows from the request.
func (a *asked) lookup(key string) Value {
	if value, ok := a.Context.find(key); ok {
		return value
	}
	for _, d := range derived {
		if sameKey(d.key, key) {
			if value, ok := d.value(a); ok {
				return value
			}
		}
	}
	value, _ := a.Context.family(key)
	return value
}

// unread names the actions that would read what is not known of these keys.
func (a *asked) unread(keys []string) (missing []string) {
	for _, key := range keys {
		missing = append(missing, a.lookup(key).Missing...)
	}
	return missing
}

// derived are the keys that follow from the request itself, where it holds what they are made of.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var derived = []struct {
	key   string
	value func(*asked) (Value, bool)
}{
	{"aws:ResourceAccount", func(a *asked) (Value, bool) { return given(a.ResourceAccount, a.Resource != "*") }},
	{"aws:ResourceOrgID", func(a *asked) (Value, bool) { return a.ownOrganization("aws:PrincipalOrgID") }},
	{"aws:ResourceOrgPaths", func(a *asked) (Value, bool) { return a.ownOrganization("aws:PrincipalOrgPaths") }},
	{"aws:PrincipalArn", func(a *asked) (Value, bool) { return given(a.Principal.ARN, a.Principal.Service == "") }}, // a session's, too, is the role's ARN
	{"aws:PrincipalAccount", func(a *asked) (Value, bool) { return given(a.Principal.Account, a.Principal.Service == "") }},
	{"aws:PrincipalType", func(a *asked) (Value, bool) { return given("AssumedRole", a.byRole()) }},
	{"aws:PrincipalIsAWSService", func(a *asked) (Value, bool) {
		if a.Principal.Service != "" {
			return Present("true"), true
		}
		return given("false", a.byRole())
	}},
	{"aws:PrincipalServiceName", func(a *asked) (Value, bool) {
		if a.byRole() {
			return Absent(), true
		}
		return given(a.Principal.Service, true)
	}},
	{"aws:username", func(a *asked) (Value, bool) { return Absent(), a.byRole() }}, // users only
	{"aws:userid", func(a *asked) (Value, bool) {
		return given(a.Principal.ID+":"+a.Principal.Session, a.byRole() && a.Principal.ID != "" && a.Principal.Session != "")
	}},
}

// given is a value that is there if it is not empty and the condition holds.
func given(value string, holds bool) (Value, bool) {
	if value == "" || !holds {
		return Value{}, false
	}
	return Present(value), true
}

// byRole is whether a role that is known asks.
func (a *asked) byRole() bool { return a.Principal.Service == "" && a.Principal.ARN != "" }

// sameAccount is unknown when either account is.
func (a *asked) sameAccount() truth {
	if a.Principal.Account == "" || a.ResourceAccount == "" {
		return maybe
	}
	return is(a.Principal.Account == a.ResourceAccount)
}

// ownOrganization is what is given of the principal's organization, for a resource of the principal's account.
func (a *asked) ownOrganization(key string) (Value, bool) {
	value, found := a.Context.find(key)
	return value, found && a.Resource != "*" && a.sameAccount() == yes
}

// serviceLinked roles are exempt from SCPs and RCPs: orgs_manage_policies_scps.html, orgs_manage_policies_rcps.html.
func (a *asked) serviceLinked() bool {
	return strings.Contains(a.Principal.ARN, ":role/aws-service-role/")
}
