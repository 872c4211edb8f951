package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/canpull/canpull/registry"
)

// made is in place of a value that only a resource of the template will tell.
type made struct{ resource string }

func (m made) Error() string {
	return "it comes from the resource " + m.resource + " of the template, and is known only after the deployment"
}

// removed is what AWS::NoValue stands for.
type removed struct{}

// resolver works out the functions of a template.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
type resolver struct {
	template map[string]any
	given    parameters
	account  *account
	depth    int
}

func (r *resolver) section(name string) map[string]any { return values(r.template[name]) }

// resolve returns a value without functions. The error is made, or says what is not known.
func (r *resolver) resolve(v any) (any, error) {
	if r.depth++; r.depth > maxDepth {
		return nil, fmt.Errorf("its functions refer to each other in a circle")
	}
	defer func() { r.depth-- }()
	switch v := v.(type) {
	case string:
		if strings.Contains(v, "{{resolve:") {
			return nil, fmt.Errorf("the dynamic reference %s is resolved by CloudFormation only", v)
		}
		return v, nil
	case []any:
		list := []any{}
		for _, item := range v {
			item, err := r.resolve(item)
			if err != nil {
				return nil, err
			}
			if item != (removed{}) {
				list = append(list, item)
			}
		}
		return list, nil
	case map[string]any:
		if len(v) == 1 {
			for name, argument := range v {
				if name == "Ref" || strings.HasPrefix(name, "Fn::") {
					return r.call(name, argument)
				}
			}
		}
		out := map[string]any{}
		for name, item := range v {
			item, err := r.resolve(item)
			if err != nil {
				return nil, err
			}
			if item != (removed{}) {
				out[name] = item
			}
		}
		return out, nil
	}
	return v, nil
}

// shape resolves a value as far as to see what it consists of, so that one part may be not known and the rest is.
func (r *resolver) shape(v any) (any, error) {
	for range maxDepth {
		m, _ := v.(map[string]any)
		if len(m) != 1 {
			return v, nil
		}
		for name, argument := range m {
			list, _ := argument.([]any)
			switch {
			case name == "Ref" && argument == "AWS::NoValue":
				return nil, nil
			case name == "Fn::If" && len(list) == 3:
				yes, err := r.holds(map[string]any{"Condition": list[0]})
				if err != nil {
					return nil, err
				}
				v = list[2]
				if yes {
					v = list[1]
				}
			case name == "Ref" || strings.HasPrefix(name, "Fn::"):
				return r.call(name, argument)
			default:
				return v, nil
			}
		}
	}
	return nil, fmt.Errorf("its functions nest too deep")
}

func (r *resolver) call(function string, argument any) (any, error) {
	list, _ := argument.([]any)
	takes := func(n int) error {
		if len(list) != n {
			return fmt.Errorf("%s takes %d arguments", function, n)
		}
		return nil
	}
	switch function {
	case "Ref":
		name, _ := argument.(string)
		return r.ref(name)
	case "Fn::GetAtt":
		name, _ := argument.(string)
		if len(list) > 0 {
			name, _ = list[0].(string)
		}
		name, _, _ = strings.Cut(name, ".")
		return nil, r.resource(name)
	case "Fn::Sub":
		return r.sub(argument, list)
	case "Fn::Join":
		if err := takes(2); err != nil {
			return nil, err
		}
		items, err := r.list(list[1])
		return strings.Join(items, fmt.Sprint(list[0])), err
	case "Fn::Split":
		if err := takes(2); err != nil {
			return nil, err
		}
		whole, err := r.text(list[1])
		var parts []any
		for part := range strings.SplitSeq(whole, fmt.Sprint(list[0])) {
			parts = append(parts, part)
		}
		return parts, err
	case "Fn::Select":
		if err := takes(2); err != nil {
			return nil, err
		}
		index, err := r.text(list[0])
		if err != nil {
			return nil, err
		}
		items, err := r.list(list[1])
		if err != nil {
			return nil, err
		}
		i, err := strconv.Atoi(index)
		if err != nil || i < 0 || i >= len(items) {
			return nil, fmt.Errorf("Fn::Select has no item %s among %d", index, len(items))
		}
		return items[i], nil
	case "Fn::FindInMap":
		if len(list) < 3 {
			return nil, takes(3)
		}
		keys, err := r.list(list[:3])
		if err != nil {
			return nil, err
		}
		found, ok := values(values(r.section("Mappings")[keys[0]])[keys[1]])[keys[2]]
		if !ok {
			return nil, fmt.Errorf("Fn::FindInMap finds no %s", strings.Join(keys, "."))
		}
		return found, nil
	case "Fn::If":
		if err := takes(3); err != nil {
			return nil, err
		}
		yes, err := r.holds(map[string]any{"Condition": list[0]})
		if err != nil {
			return nil, err
		}
		if yes {
			return r.resolve(list[1])
		}
		return r.resolve(list[2])
	case "Fn::ImportValue":
		name, err := r.text(argument)
		if err != nil {
			return nil, err
		}
		if value, ok := r.given[name]; ok {
			return value, nil
		}
		return nil, fmt.Errorf("another stack exports it as %s: say -parameter %s=VALUE", name, name)
	}
	return nil, fmt.Errorf("%s is worked out by CloudFormation only", function)
}

// ref returns what a name stands for: a pseudo parameter, a parameter, or what a resource will be called.
func (r *resolver) ref(name string) (any, error) {
	switch name {
	case "AWS::AccountId":
		return r.account.id, nil
	case "AWS::Region":
		return r.account.region, nil
	case "AWS::URLSuffix":
		return registry.DNSSuffixOf(r.account.region), nil
	case "AWS::Partition":
		return partitionOf(r.account.region), nil
	case "AWS::NoValue":
		return removed{}, nil
	}
	parameter, ok := r.section("Parameters")[name].(map[string]any)
	if !ok {
		return nil, r.resource(name)
	}
	value, given := r.given[name]
	kind := fmt.Sprint(parameter["Type"])
	if !given {
		// The default of a parameter that is kept in Parameter Store is its name there.
		if parameter["Default"] == nil || strings.HasPrefix(kind, "AWS::SSM::Parameter::Value") {
			return nil, fmt.Errorf("the parameter %s has no value: say -parameter %s=VALUE", name, name)
		}
		value = fmt.Sprint(parameter["Default"])
	}
	if !strings.Contains(kind, "List") {
		return value, nil
	}
	var items []any
	for item := range strings.SplitSeq(value, ",") {
		items = append(items, strings.TrimSpace(item))
	}
	return items, nil
}

func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

func (r *resolver) resource(name string) error {
	if _, ok := r.section("Resources")[name]; ok {
		return made{name}
	}
	return fmt.Errorf("nothing in the template is called %q", name)
}

var blank = regexp.MustCompile(`\$\{[^}]*\}`)

func (r *resolver) sub(argument any, list []any) (any, error) {
	text, _ := argument.(string)
	var own map[string]any
	if len(list) == 2 {
		text, _ = list[0].(string)
		own = values(list[1])
	}
	var failed error
	text = blank.ReplaceAllStringFunc(text, func(found string) string {
		name := strings.TrimSpace(found[2 : len(found)-1])
		if strings.HasPrefix(name, "!") {
			return "${" + name[1:] + "}"
		}
		var v any = map[string]any{"Ref": name}
		if value, ok := own[name]; ok {
			v = value
		} else if strings.Contains(name, ".") {
			v = map[string]any{"Fn::GetAtt": name}
		}
		value, err := r.text(v)
		if err != nil && failed == nil {
			failed = err
		}
		return value
	})
	return text, failed
}

// text resolves what has to be a text.
func (r *resolver) text(v any) (string, error) {
	v, err := r.resolve(v)
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	case nil, removed:
		return "", nil
	}
	return "", fmt.Errorf("a text is wanted where %T stands", v)
}

// list resolves what has to be a list of texts.
func (r *resolver) list(v any) (items []string, err error) {
	if v, err = r.resolve(v); err != nil {
		return nil, err
	}
	all, ok := v.([]any)
	if !ok {
		if v == nil || v == (removed{}) {
			return nil, nil
		}
		return nil, fmt.Errorf("a list is wanted where %T stands", v)
	}
	for _, item := range all {
		text, err := r.text(item)
		if err != nil {
			return nil, err
		}
		items = append(items, text)
	}
	return items, nil
}

// holds decides a condition.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
func (r *resolver) holds(v any) (bool, error) {
	if r.depth++; r.depth > maxDepth {
		return false, fmt.Errorf("its conditions refer to each other in a circle")
	}
	defer func() { r.depth-- }()
	m := values(v)
	if name, ok := m["Condition"].(string); ok {
		condition, ok := r.section("Conditions")[name]
		if !ok {
			return false, fmt.Errorf("no condition is called %q", name)
		}
		return r.holds(condition)
	}
	for function, argument := range m {
		list, _ := argument.([]any)
		switch function {
		case "Fn::Equals":
			if len(list) != 2 {
				return false, fmt.Errorf("Fn::Equals takes 2 arguments")
			}
			sides, err := r.list(list)
			return err == nil && sides[0] == sides[1], err
		case "Fn::Not", "Fn::And", "Fn::Or":
			var results []bool
			for _, c := range list {
				yes, err := r.holds(c)
				if err != nil {
					return false, err
				}
				results = append(results, yes)
			}
			switch function {
			case "Fn::And":
				return !slices.Contains(results, false), nil
			case "Fn::Or":
				return slices.Contains(results, true), nil
			}
			return len(results) == 1 && !results[0], nil
		}
	}
	return false, fmt.Errorf("a condition could not be understood")
}
