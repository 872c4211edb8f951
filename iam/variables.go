package iam

import (
	"slices"
	"strings"
)

// Policy variables: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html. One with no value is
// equal to nothing: it voids its statement in Resource and under an operator like StringEquals, and an inverted operator like
// StringNotEquals holds.

// operand is what comes of one value of an element.
type operand struct {
	truth   truth
	void    truth    // whether a variable in it has no value, which voids its statement
	keys    []string // that would settle it
	warning string
}

// variables replaces ${…} in a document of one version by what is known of the request.
type variables struct {
	version string
	asked   *asked
}

type resolution uint8

const (
	resolved resolution = iota
	void                // the key is absent, and there is no default
	unsure              // the key is not known, or has several values
)

// expansion is a value with its variables replaced.
type expansion struct {
	pattern
	state   resolution
	doubt   bool // of a void one: the page says two things of what it is to an inverted operator
	keys    []string
	warning string
}

// operand is for an expansion that cannot be matched.
func (x expansion) operand() operand {
	if x.state == void {
		return operand{truth: no, void: yes}
	}
	return operand{truth: maybe, void: maybe, keys: x.keys, warning: x.warning}
}

func (v variables) expand(s string) expansion {
	if !strings.Contains(s, "${") || v.version == "" || v.version != version2012 && slices.Contains(versions, v.version) {
		return expansion{pattern: wild(s)} // the older version knows no variables: the text stands for itself
	}
	if v.version != version2012 {
		return expansion{state: unsure, warning: "the policy language has no version " + v.version}
	}
	var out expansion
	for {
		before, rest, more := strings.Cut(s, "${")
		out.append(before, false)
		if !more {
			return out
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return expansion{state: unsure, warning: "the policy variable in " + s + " does not end"}
		}
		part := v.variable(name)
		out.append(part.text, true)
		out.keys, out.warning = append(out.keys, part.keys...), or(out.warning, part.warning)
		out.state, out.doubt = max(out.state, part.state), out.doubt || part.doubt
		s = after
	}
}

// append adds text in which * and ? are wildcards, or are not.
func (x *expansion) append(text string, literal bool) {
	x.text += text
	x.literal = mark(x.literal, len(text), literal)
}

// variable resolves what stands between the braces: a key, a key with a default, or an escaped *, ? or $. Nothing that
// comes out of it is a wildcard.
func (v variables) variable(name string) expansion {
	if name == "*" || name == "?" || name == "$" {
		return expansion{pattern: wild(name)}
	}
	key, fallback, hasFallback := strings.Cut(name, ",")
	key = strings.TrimSpace(key)
	fallback = strings.TrimSpace(fallback)
	value := v.asked.lookup(key)
	switch {
	case !value.known():
		return expansion{state: unsure, keys: []string{key}}
	case !value.absent() && (value.Multi || len(value.Values) > 1):
		return expansion{state: unsure, warning: "the policy variable " + key + " is multivalued"}
	case !value.absent():
		return expansion{pattern: wild(value.Values[0])}
	case hasFallback:
		return expansion{pattern: wild(strings.Trim(fallback, "'"))}
	}
	return expansion{state: void, doubt: sameKey(key, "aws:username")}
}
