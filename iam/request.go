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

// asked is a request made ready for matching: names folded, the ARN in segments, derived keys in place.
type asked struct {
	Request
	service  string // of the action: "ecr"
	segments []string
	keys     Context // folded
	bounded  truth   // whether the role has a permissions boundary
}

func ask(r Request, p Policies) *asked {
	a := &asked{Request: r, segments: segments(r.Resource), bounded: no}
	a.Action = strings.ToLower(r.Action)
	a.service, _, _ = strings.Cut(a.Action, ":")
	if a.Principal.Account == "" {
		a.Principal.Account = account(r.Principal.ARN)
	}
	if a.ResourceAccount == "" {
		a.ResourceAccount = account(r.Resource)
	}
	if a.ResourceAccount == "" && r.Resource == "*" {
		a.ResourceAccount = a.Principal.Account // an action without a resource works on the caller's own account
	}
	if b := p.Boundary; b != nil {
		if a.bounded = maybe; len(b.Policies) > 0 {
			a.bounded = yes
		}
	}
	a.keys = a.context()
	return a
}

// context adds the keys that follow from the request itself; what the caller gives goes before them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (a *asked) context() Context {
	derived := Context{}
	set := func(key, value string) {
		if value != "" {
			derived[key] = Present(value)
		}
	}
	if a.Resource != "*" {
		set("aws:resourceaccount", a.ResourceAccount)
	}
	switch p := a.Principal; {
	case p.Service != "":
		set("aws:principalisawsservice", "true")
		set("aws:principalservicename", p.Service)
	case p.ARN != "":
		set("aws:principalarn", p.ARN) // for a session, too, this is the role's ARN
		set("aws:principalaccount", p.Account)
		set("aws:principaltype", "AssumedRole")
		set("aws:principalisawsservice", "false")
		derived["aws:principalservicename"] = Absent()
		derived["aws:username"] = Absent() // users only
		if p.ID != "" && p.Session != "" {
			set("aws:userid", p.ID+":"+p.Session)
		}
	default:
		set("aws:principalaccount", p.Account)
	}
	for key, value := range a.Context.fold() {
		derived[key] = value
	}
	return derived
}

// sameAccount is unknown when either account is.
func (a *asked) sameAccount() truth {
	if a.Principal.Account == "" || a.ResourceAccount == "" {
		return maybe
	}
	return is(a.Principal.Account == a.ResourceAccount)
}

// serviceLinked roles are exempt from SCPs and RCPs: orgs_manage_policies_scps.html, orgs_manage_policies_rcps.html.
func (a *asked) serviceLinked() bool {
	return strings.Contains(a.Principal.ARN, ":role/aws-service-role/")
}
