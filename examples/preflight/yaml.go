package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parseDocument reads a template: JSON, or YAML with CloudFormation's short forms, which become what they are short for.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
func parseDocument(data []byte) (map[string]any, error) {
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' {
		decoder := json.NewDecoder(bytes.NewReader(trimmed))
		decoder.UseNumber() // an account ID is no quantity
		var m map[string]any
		return m, decoder.Decode(&m)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, err
	}
	if len(document.Content) == 0 {
		return nil, fmt.Errorf("it is empty")
	}
	v, err := (&reader{maxValues}).value(document.Content[0], 0)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("it is no object")
	}
	return m, nil
}

// maxDepth is how deep a document may nest, and how many values it may be worth once its aliases are followed.
const (
	maxDepth  = 200
	maxValues = 1 << 20
)

// reader counts, so that aliases of aliases do not fill the memory.
type reader struct{ left int }

func (r *reader) value(n *yaml.Node, depth int) (any, error) {
	if r.left--; depth > maxDepth || r.left < 0 {
		return nil, fmt.Errorf("line %d: it nests too deep or holds too much", n.Line)
	}
	plain, err := r.untagged(n, depth)
	if err != nil || !strings.HasPrefix(n.Tag, "!") || strings.HasPrefix(n.Tag, "!!") {
		return plain, err
	}
	switch name := n.Tag[1:]; name {
	case "Ref", "Condition":
		return map[string]any{name: plain}, nil
	default:
		return map[string]any{"Fn::" + name: plain}, nil
	}
}

func (r *reader) untagged(n *yaml.Node, depth int) (any, error) {
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias, depth+1)
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := r.value(n.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			m[n.Content[i].Value] = v
		}
		return m, nil
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			v, err := r.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	}
	return scalar(n), nil
}

// scalar returns a number as it is written: an account ID may begin with a zero.
func scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		return json.Number(n.Value)
	}
	return n.Value
}
