package iam

import "strings"

// The page is https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.

// condition judges one operator on one key.
func (a *asked) condition(c *Condition, vars variables) operand {
	op, ok := operators[c.Operator]
	if !ok {
		op, ok = parseOperator(c.Operator)
	}
	if !ok {
		// As false it would make a Deny vanish.
		return operand{truth: maybe, warning: "the condition operator " + c.Operator + " is not known"}
	}
	value := a.lookup(c.Key)
	if op.base == "null" {
		return null(c, value)
	}
	var room [4]pattern // enough for most
	wants, voided := op.wants(room[:0], c.Values, vars)
	if voided.truth == maybe || voided.void == yes {
		return voided
	}
	if !value.known() {
		return operand{truth: maybe, keys: []string{c.Key}}
	}
	t, warning := op.judge(wants, value), ""
	switch {
	case t == maybe && value.absent():
		warning = "what " + c.Operator + " says of " + c.Key + ", which is absent, is not known"
	case t == maybe && value.Multi && op.set == "":
		warning = c.Operator + " on " + c.Key + ", which is multivalued, lacks ForAllValues or ForAnyValue"
	case t == maybe:
		warning = "condition " + c.Operator + " on " + c.Key + " compares values that are not of its type"
	}
	if len(wants) > 0 && len(wants) < len(c.Values) {
		t, warning = either(no, t), voidBesideOthers
	}
	return operand{truth: t, warning: warning}
}

// wants expands the values, leaving out void ones, which equal nothing. The operand speaks if no answer is possible: all are
// void and one was to be equal, or one hangs on an unknown key.
func (op *operator) wants(wants []pattern, values []string, vars variables) ([]pattern, operand) {
	for _, value := range values {
		x := expansion{pattern: wild(value)}
		if op.compare.variables {
			x = vars.expand(value)
		}
		switch {
		case x.state == unsure:
			return nil, x.operand()
		case x.state == resolved:
			wants = append(wants, x.pattern)
		case x.doubt && op.compare.negated:
			return nil, operand{truth: maybe, warning: "whether " + value + ", which has no value, voids an inverted operator is not known"}
		}
	}
	return wants, operand{void: is(len(wants) == 0 && len(values) > 0 && !op.compare.negated)}
}

// judge follows the guide on missing keys and on keys with several values:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
func (op *operator) judge(wants []pattern, value Value) truth {
	switch {
	case value.absent() && op.ifExists && op.set == "foranyvalue":
		// True by the guide's word on IfExists, false by its word on ForAnyValue, which was seen to win:
		// https://repost.aws/questions/QU9HFmDzP0QGuU-fd7rS6B7w
		return maybe
	case value.absent() && op.ifExists:
		return yes
	case value.absent() && op.set == "forallvalues":
		return yes
	case value.absent() && op.set == "foranyvalue":
		return no
	case value.absent():
		return is(op.compare.negated) // also in a Deny: a request without the key is not equal to anything
	}
	one := func(have string) truth {
		t := no
		for _, want := range wants {
			t = max(t, op.compare.equal(want, have))
		}
		if op.compare.negated {
			return not(t)
		}
		return t
	}
	t := one(value.Values[0])
	switch op.set {
	case "forallvalues":
		for _, have := range value.Values {
			t = min(t, one(have))
		}
	case "foranyvalue":
		for _, have := range value.Values {
			t = max(t, one(have))
		}
	default:
		if value.Multi {
			return maybe // a multivalued key "requires" a set operator, and the guide does not say what it is without
		}
	}
	return t
}

// null tests for presence: "true" is for a key that is absent.
func null(c *Condition, value Value) operand {
	absent := maybe
	switch {
	case value.absent():
		absent = yes
	case value.State != ValueUnknown:
		absent = no
	}
	out := operand{truth: no}
	for _, want := range c.Values {
		switch strings.ToLower(want) {
		case "true":
			out.truth = max(out.truth, absent)
		case "false":
			out.truth = max(out.truth, not(absent))
		default:
			return operand{truth: maybe, warning: "Null takes true or false, not " + want}
		}
	}
	if out.truth == maybe {
		out.keys = []string{c.Key}
	}
	return out
}

// operator is a condition operator taken apart: ForAllValues: or ForAnyValue:, the comparison, IfExists.
type operator struct {
	set      string
	base     string
	ifExists bool
	compare  comparison
}

// operators are the usual spellings of all operators, read once.
var operators = func() map[string]*operator {
	all := map[string]*operator{}
	for _, base := range []string{
		"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
		"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "Null",
		"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
		"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
	} {
		for _, set := range []string{"", "ForAllValues:", "ForAnyValue:"} {
			for _, suffix := range []string{"", "IfExists"} {
				if op, ok := parseOperator(set + base + suffix); ok {
					all[set+base+suffix] = op
				}
			}
		}
	}
	return all
}()

// parseOperator does not regard case, as AWS accepts operators in any.
func parseOperator(name string) (*operator, bool) {
	op := &operator{base: strings.ToLower(name)}
	if set, base, found := strings.Cut(op.base, ":"); found {
		if set != "forallvalues" && set != "foranyvalue" {
			return op, false
		}
		op.set, op.base = set, base
	}
	op.base, op.ifExists = strings.CutSuffix(op.base, "ifexists")
	if op.base == "null" {
		return op, op.set == "" && !op.ifExists // Null asks whether the key exists, so neither makes sense
	}
	var known bool
	op.compare, known = comparisons[op.base]
	return op, known
}
