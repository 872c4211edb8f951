package iam

import (
	"errors"
	"maps"
)

// settle puts together what the branches found.
func (r *Role) settle(self, inline, attached facts) {
	if r.Exists != nil && !*r.Exists {
		return // that the other calls found nothing either is no failure
	}
	all := facts{}
	all.add(inline)
	all.add(attached)
	if err := self.errs[getRole]; r.Exists == nil && r.ARN != "" {
		// IAM looked the policies up by name alone, so they may be those of another account's role. What they allow must
		// not become certain, and once another role has answered they are none of this one's.
		if mismatch := new(MismatchError); errors.As(err, &mismatch) {
			all = facts{}
		}
		all.fail(getRole, err)
	}
	r.Identity = all.Layer
	for action, err := range self.errs {
		all.note(action, err)
	}
	r.Unread = all.errs
}

// join takes the organization of the caller's account for the role's, which it is if IAM answered with the role: it knows
// roles of the caller's account only.
func (r *Role) join(organization *string, unread error) {
	if unread != nil && (r.Exists == nil || *r.Exists) {
		errs := facts{errs: maps.Clone(r.Unread)}
		errs.note(describeOrganization, unread)
		r.Unread = errs.errs
	}
	if r.Exists != nil && *r.Exists {
		r.Organization = organization
	}
}
