package iam

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// MarshalJSON writes AWS's own form; what could not be parsed is written as it was found.
func (d Document) MarshalJSON() ([]byte, error) {
	if m := d.Malformed; m != nil && m.Source != nil {
		return m.Source, nil
	}
	statements := d.Statements
	if statements == nil {
		statements = []Statement{} // null is not a list to AWS
	}
	return json.Marshal(struct {
		Version   string      `json:",omitempty"`
		ID        string      `json:"Id,omitempty"`
		Statement []Statement // a list even for one: the form AWS recommends
	}{d.Version, d.ID, statements})
}

// UnmarshalJSON never fails on JSON, whatever it holds: one bad document must not make a whole capture unreadable.
// [Document.Err] tells what is malformed.
func (d *Document) UnmarshalJSON(raw []byte) error {
	if s, err := text(raw); err == nil {
		raw = []byte(decoded(s)) // some tools keep the document as a string
	}
	*d = parseDocument(raw)
	return nil
}

// MarshalJSON writes AWS's own form; what could not be parsed is written as it was found.
func (s Statement) MarshalJSON() ([]byte, error) {
	if m := s.Malformed; m != nil && m.Source != nil {
		return m.Source, nil
	}
	return json.Marshal(struct {
		Sid          string        `json:",omitempty"`
		Effect       Effect        `json:",omitempty"`
		Principal    *PrincipalSet `json:",omitempty"`
		NotPrincipal *PrincipalSet `json:",omitempty"`
		Action       oneOrMany     `json:",omitzero"`
		NotAction    oneOrMany     `json:",omitzero"`
		Resource     oneOrMany     `json:",omitzero"`
		NotResource  oneOrMany     `json:",omitzero"`
		Condition    block         `json:",omitzero"`
	}{
		s.Sid, s.Effect, s.Principal, s.NotPrincipal,
		s.Actions, s.NotActions, s.Resources, s.NotResources, s.Conditions,
	})
}

// UnmarshalJSON is [Parse] for one statement; like [Document.UnmarshalJSON] it never fails on JSON.
func (s *Statement) UnmarshalJSON(raw []byte) error {
	*s = parseStatement(raw)
	return nil
}

// MarshalJSON writes "*" for everyone, the only form a gateway endpoint takes.
func (p PrincipalSet) MarshalJSON() ([]byte, error) {
	if len(p.AWS) == 1 && p.AWS[0] == "*" && p.Service == nil && p.Federated == nil && p.CanonicalUser == nil {
		return []byte(`"*"`), nil
	}
	return json.Marshal(struct {
		AWS           oneOrMany `json:",omitzero"`
		Service       oneOrMany `json:",omitzero"`
		Federated     oneOrMany `json:",omitzero"`
		CanonicalUser oneOrMany `json:",omitzero"`
	}{p.AWS, p.Service, p.Federated, p.CanonicalUser})
}

// UnmarshalJSON reads every form that AWS accepts.
func (p *PrincipalSet) UnmarshalJSON(raw []byte) error {
	set, err := principals(raw)
	if err != nil {
		return fmt.Errorf("principal %w", err)
	}
	*p = *set
	return nil
}

type oneOrMany []string

func (l oneOrMany) MarshalJSON() ([]byte, error) {
	if len(l) == 1 {
		return json.Marshal(l[0])
	}
	return json.Marshal([]string(l))
}

// block is a Condition element: an object of operators, each an object of keys, in the order they were read.
type block []Condition

func (b block) MarshalJSON() ([]byte, error) {
	var operators []string
	keys := map[string][]Condition{}
	for _, c := range b {
		if keys[c.Operator] == nil {
			operators = append(operators, c.Operator)
		}
		for _, other := range keys[c.Operator] {
			if other.Key == c.Key {
				return nil, fmt.Errorf("condition %s.%s stands twice, which JSON cannot say", c.Operator, c.Key)
			}
		}
		keys[c.Operator] = append(keys[c.Operator], c)
	}
	return object(operators, func(operator string) any {
		var names []string
		values := map[string]oneOrMany{}
		for _, c := range keys[operator] {
			names = append(names, c.Key)
			values[c.Key] = c.Values
			if c.Values == nil {
				values[c.Key] = oneOrMany{}
			}
		}
		return objectOf{names, values}
	})
}

type objectOf struct {
	names  []string
	values map[string]oneOrMany
}

func (o objectOf) MarshalJSON() ([]byte, error) {
	return object(o.names, func(name string) any { return o.values[name] })
}

func object(names []string, value func(string) any) ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			out.WriteByte(',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		member, err := json.Marshal(value(name))
		if err != nil {
			return nil, err
		}
		out.Write(key)
		out.WriteByte(':')
		out.Write(member)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// canonical is raw as json.Marshal would write it, so that a document equals itself after a round trip.
func canonical(raw json.RawMessage) json.RawMessage {
	out, err := json.Marshal(raw)
	if err != nil {
		return raw
	}
	return out
}
