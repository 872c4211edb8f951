package iam

import (
	"fmt"
	"slices"
)

// Outcome is the answer to a request.
type Outcome uint8

// The outcomes. The zero value is Unknown, so that a decision nobody made allows nothing.
const (
	Unknown      Outcome = iota // it hangs on something that is not known
	ImplicitDeny                // nothing that is needed allows it; a Deny that could not be read may stand beside
	ExplicitDeny                // a Deny statement matches
	Allowed
)

var outcomes = names[Outcome]{"unknown", "implicit-deny", "explicit-deny", "allowed"}

func (o Outcome) String() string { return outcomes.name(o) }

// MarshalText returns the outcome's name.
func (o Outcome) MarshalText() ([]byte, error) { return outcomes.marshal(o) }

// UnmarshalText reads what MarshalText writes.
func (o *Outcome) UnmarshalText(t []byte) error { return outcomes.unmarshal(o, t) }

// Decision is an answer and the reason for it.
type Decision struct {
	Outcome Outcome
	Layer   LayerName // the policy type that decided; for an allowed request, the one that grants it

	// Policy, Statement (its Sid, or "#" and its index) and Element tell what decided. For an implicit deny they tell the
	// Allow statement that came nearest and the element that kept it from matching, or are empty if none came near.
	Policy    string `json:",omitempty"`
	Statement string `json:",omitempty"`
	Element   string `json:",omitempty"` // "Effect", "Resource", "Principal", "Condition.StringEquals.aws:SourceVpce", …

	Missing []string `json:",omitempty"` // IAM actions that would read what an unknown hangs on
	Keys    []string `json:",omitempty"` // condition keys an unknown hangs on

	Layers   []LayerDecision // what every policy type says, though one alone may have decided
	Warnings []string        `json:",omitempty"`
}

// LayerDecision is what one policy type says by itself.
type LayerDecision struct {
	Layer   LayerName
	Level   int `json:",omitempty"` // of an SCP or RCP: its index in [Policies]
	Outcome Outcome
	// Blocks is true if this layer alone stops the request. An implicit deny may not: in one account a repository policy
	// need not allow what the role's own policies allow. Such a layer is Unknown if one of its Deny statements may match.
	Blocks bool `json:",omitempty"`

	Policy    string   `json:",omitempty"`
	Statement string   `json:",omitempty"`
	Element   string   `json:",omitempty"`
	Missing   []string `json:",omitempty"`
	Keys      []string `json:",omitempty"`
	Warnings  []string `json:",omitempty"`
}

// names gives a small enumeration its text form.
type names[E ~uint8] []string

func (n names[E]) name(e E) string {
	if int(e) < len(n) {
		return n[e]
	}
	return fmt.Sprintf("%d", uint8(e))
}

func (n names[E]) marshal(e E) ([]byte, error) {
	if int(e) >= len(n) {
		return nil, fmt.Errorf("iam: no name for %T %d", e, uint8(e))
	}
	return []byte(n[e]), nil
}

func (n names[E]) unmarshal(e *E, text []byte) error {
	i := slices.Index(n, string(text))
	if i < 0 {
		return fmt.Errorf("iam: no %T %q", *e, text)
	}
	*e = E(i)
	return nil
}
