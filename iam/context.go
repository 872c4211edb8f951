package iam

import (
	"slices"
	"strings"
)

// Context maps a condition key, in any case, to what is known of it. A key that is not in the map is not known at all.
// A key that ends in "/*" stands for every key of its family that is not named: {"aws:PrincipalTag/*": Absent()} says
// that there are no other tags.
type Context map[string]Value

// ValueState is how much is known about a key.
type ValueState uint8

// The states of a key.
const (
	ValueUnknown        ValueState = iota // it may be absent, or have any value
	ValueAbsent                           // the request does not have it
	ValuePresent                          // the request has it, with Values
	ValuePresentUnknown                   // the request has it, nobody knows with which value
)

var valueStates = names[ValueState]{"unknown", "absent", "present", "present-unknown"}

func (s ValueState) String() string { return valueStates.name(s) }

// MarshalText returns the state's name.
func (s ValueState) MarshalText() ([]byte, error) { return valueStates.marshal(s) }

// UnmarshalText reads what MarshalText writes.
func (s *ValueState) UnmarshalText(t []byte) error { return valueStates.unmarshal(s, t) }

// Value is what is known of a condition key. The zero value is [NotKnown].
type Value struct {
	State  ValueState
	Values []string `json:",omitzero"`
	// Multi marks a key that AWS calls multivalued, however many values it has here: such a key needs ForAllValues or
	// ForAnyValue, and cannot be a policy variable.
	Multi bool `json:",omitempty"`
	// Missing names the IAM actions that would read a value that is not known.
	Missing []string `json:",omitempty"`
}

// Absent is a key that the request does not have.
func Absent() Value { return Value{State: ValueAbsent} }

// Present is a key with this value; several values make it a multivalued key, none make it absent.
func Present(values ...string) Value {
	if len(values) == 0 {
		return Absent()
	}
	return Value{State: ValuePresent, Values: values, Multi: len(values) > 1}
}

// Set is a multivalued key with these values, even if there is one or none.
func Set(values ...string) Value { return Value{State: ValuePresent, Values: values, Multi: true} }

// PresentUnknown is a key that the request has, with a value that is not known.
func PresentUnknown() Value { return Value{State: ValuePresentUnknown} }

// NotKnown is a key of which nothing is known, like a key that is not in the [Context].
func NotKnown() Value { return Value{} }

// Unread is a key of which nothing is known, and that these IAM actions would tell: [Decision] names them where it hangs on
// the key.
func Unread(actions ...string) Value { return Value{Missing: actions} }

// known is whether the key can be judged; a caller's Present without a value counts as absent.
func (v Value) known() bool { return v.State == ValueAbsent || v.State == ValuePresent }

func (v Value) absent() bool {
	return v.State == ValueAbsent || v.State == ValuePresent && len(v.Values) == 0
}

func (v Value) equal(w Value) bool {
	return v.State == w.State && v.Multi == w.Multi && slices.Equal(v.Values, w.Values) && slices.Equal(v.Missing, w.Missing)
}

// find looks for a key in any case. Two spellings of it that disagree leave it unknown: map order must not decide.
func (c Context) find(key string) (value Value, found bool) {
	for other, v := range c {
		switch {
		case !sameKey(other, key):
		case found && !v.equal(value):
			return NotKnown(), true
		default:
			value, found = v, true
		}
	}
	return value, found
}

func sameKey(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

// family looks for what stands for all keys of a key's family.
func (c Context) family(key string) (value Value, found bool) {
	slash := strings.IndexByte(key, '/')
	if slash < 0 {
		return value, false
	}
	for other, v := range c {
		switch name, all := strings.CutSuffix(other, "/*"); {
		case !all || !sameKey(name, key[:slash]):
		case found && !v.equal(value):
			return NotKnown(), true
		default:
			value, found = v, true
		}
	}
	return value, found
}
