package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

var (
	errNotObject      = errors.New("is not a JSON object")
	errUnknownElement = errors.New("is not an element of the policy language")
)

type member struct {
	name  string
	value json.RawMessage
}

// members reads an object in its own order. A name that occurs twice is an error: encoding/json would keep the last
// value and lose a condition without a word.
func members(raw json.RawMessage) ([]member, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil, errNotObject
	}
	var all []member
	seen := map[string]bool{}
	var repeated error
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return all, err
		}
		m := member{name: token.(string)}
		if err := decoder.Decode(&m.value); err != nil {
			return all, err
		}
		if seen[m.name] && repeated == nil {
			repeated = fmt.Errorf("names %q twice", m.name)
		}
		seen[m.name] = true
		all = append(all, m)
	}
	return all, repeated
}

func list(raw json.RawMessage) ([]json.RawMessage, error) {
	items := []json.RawMessage{}
	if err := json.Unmarshal(raw, &items); err != nil || items == nil {
		return nil, errors.New("is not a list")
	}
	return items, nil
}

func text(raw json.RawMessage) (string, error) {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return "", errors.New("is not a string")
	}
	return *s, nil
}

// texts reads a string or a list of strings; AWS takes either wherever a list is meant.
func texts(raw json.RawMessage) ([]string, error) { return each(raw, text) }

func each(raw json.RawMessage, one func(json.RawMessage) (string, error)) ([]string, error) {
	if !strings.HasPrefix(string(raw), "[") {
		s, err := one(raw)
		if err != nil {
			return nil, fmt.Errorf("%w, nor a list", err)
		}
		return []string{s}, nil
	}
	items, err := list(raw)
	if err != nil {
		return nil, err
	}
	all := make([]string, len(items))
	for i, item := range items {
		if all[i], err = one(item); err != nil {
			return nil, fmt.Errorf("value %d %w", i, err)
		}
	}
	return all, nil
}

func effect(raw json.RawMessage) (Effect, error) {
	s, err := text(raw)
	if e := Effect(s); err == nil && (e == Allow || e == Deny) {
		return e, nil
	}
	return "", errors.New(`is neither "Allow" nor "Deny"`)
}

func actions(raw json.RawMessage) ([]string, error) {
	all, err := texts(raw)
	for _, a := range all {
		if a != "*" && !strings.Contains(a, ":") {
			return nil, fmt.Errorf("%q has no service prefix", a)
		}
	}
	return all, err
}

// principals reads "*" or an object of lists. A bare string that is not "*" is what people write when they forget
// {"AWS": …}; AWS refuses it.
func principals(raw json.RawMessage) (*PrincipalSet, error) {
	if s, err := text(raw); err == nil {
		if s != "*" {
			return nil, fmt.Errorf("%q stands without the kind of principal it is", s)
		}
		return &PrincipalSet{AWS: []string{s}}, nil
	}
	kinds, err := members(raw)
	if err != nil {
		return nil, err
	}
	if len(kinds) == 0 {
		return nil, errors.New("names nobody")
	}
	set := &PrincipalSet{}
	for _, kind := range kinds {
		var into *[]string
		switch kind.name {
		case "AWS":
			into = &set.AWS
		case "Service":
			into = &set.Service
		case "Federated":
			into = &set.Federated
		case "CanonicalUser":
			into = &set.CanonicalUser
		default:
			return nil, fmt.Errorf("%q is not a kind of principal", kind.name)
		}
		if *into, err = texts(kind.value); err != nil {
			return nil, fmt.Errorf("%s %w", kind.name, err)
		}
	}
	return set, nil
}

// conditions also returns the operator at fault.
func conditions(raw json.RawMessage) ([]Condition, string, error) {
	operators, err := members(raw)
	if err != nil {
		return nil, "", err
	}
	all := []Condition{}
	for _, operator := range operators {
		keys, err := members(operator.value)
		if err == nil && len(keys) == 0 {
			err = errors.New("names no key")
		}
		if err != nil {
			return nil, operator.name, err
		}
		for _, key := range keys {
			values, err := each(key.value, scalar)
			if err != nil {
				return nil, operator.name + "." + key.name, err
			}
			all = append(all, Condition{Operator: operator.name, Key: key.name, Values: values})
		}
	}
	if len(all) == 0 {
		return nil, "", nil
	}
	return all, "", nil
}

// scalar also reads the unquoted true and 10 that AWS accepts as condition values.
func scalar(raw json.RawMessage) (string, error) {
	if s, err := text(raw); err == nil {
		return s, nil
	}
	switch c := raw[0]; {
	case c == '{', c == '[', c == 'n':
		return "", errors.New("is not a string, number or boolean")
	}
	return string(raw), nil
}
