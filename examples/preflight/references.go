package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// What a plan does not know yet, its configuration tells where it comes from: an expression names what it refers to, in its
// own module, as "aws_iam_role.execution.arn", "var.role", "module.roles.execution_arn".

// module returns the configuration of a module by its address, "module.a.module.b[0]", and what calls it.
func (t terraform) module(address string) (in *tfjson.ConfigModule, call *tfjson.ModuleCall) {
	if t.config == nil {
		return nil, nil
	}
	in = t.config.RootModule
	for _, name := range moduleNames(address) {
		if in == nil || in.ModuleCalls[name] == nil {
			return nil, nil
		}
		call = in.ModuleCalls[name]
		in = call.Module
	}
	return in, call
}

// moduleNames returns the names in the address of a module, without the keys of its instances.
func moduleNames(address string) (names []string) {
	for address != "" {
		rest, ok := strings.CutPrefix(address, "module.")
		if !ok {
			return names
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			return append(names, rest)
		}
		names = append(names, rest[:end])
		if rest[end] == '[' {
			closing := strings.Index(rest, "]")
			if closing < 0 {
				return names
			}
			rest, end = rest[closing:], 1
		}
		address = strings.TrimPrefix(rest[end:], ".")
	}
	return names
}

// expression returns what an attribute of a resource is set to; nil when the configuration leaves it out.
func (t terraform) expression(r resource, path ...string) *tfjson.Expression {
	in, _ := t.module(r.ModuleAddress)
	if in == nil {
		return nil
	}
	i := slices.IndexFunc(in.Resources, func(c *tfjson.ConfigResource) bool { return c.Mode == r.Mode && c.Type == r.Type && c.Name == r.Name })
	if i < 0 {
		return nil
	}
	e := in.Resources[i].Expressions[path[0]]
	for _, name := range path[1:] {
		if e == nil || e.ExpressionData == nil || len(e.NestedBlocks) == 0 {
			return nil
		}
		e = e.NestedBlocks[0][name]
	}
	return e
}

// because says what an attribute refers to.
func (t terraform) because(r resource, path ...string) string {
	e := t.expression(r, path...)
	if e == nil || e.ExpressionData == nil || len(e.References) == 0 {
		return ""
	}
	return ", as it refers to " + e.References[0]
}

// origins returns the addresses of the resources that an expression of a module refers to, through variables and outputs.
// ok is false where the configuration does not tell, as of locals.
func (t terraform) origins(module string, e *tfjson.Expression, depth int) (addresses []string, ok bool) {
	if e == nil || e.ExpressionData == nil || len(e.References) == 0 || depth > 16 {
		return nil, false
	}
	// Terraform lists a reference and then everything it begins with: "module.roles.arn", "module.roles".
	for _, ref := range e.References {
		parts := strings.Split(ref, ".")
		switch {
		case slices.ContainsFunc(e.References, func(longer string) bool {
			return strings.HasPrefix(longer, ref+".") || strings.HasPrefix(longer, ref+"[")
		}):
			continue
		case parts[0] == "var" && len(parts) > 1:
			_, call := t.module(module)
			if call == nil {
				return nil, false // a variable of the root module is known
			}
			names, known := t.origins(parent(module), call.Expressions[parts[1]], depth+1)
			if !known {
				return nil, false
			}
			addresses = append(addresses, names...)
		case parts[0] == "module" && len(parts) > 2:
			name, _, _ := strings.Cut(parts[1], "[")
			inner := join(module, "module."+name)
			in, _ := t.module(inner)
			output, _, _ := strings.Cut(parts[2], "[")
			if in == nil || in.Outputs[output] == nil {
				return nil, false
			}
			names, known := t.origins(inner, in.Outputs[output].Expression, depth+1)
			if !known {
				return nil, false
			}
			addresses = append(addresses, names...)
		case strings.Contains(parts[0], "_") && len(parts) > 1:
			name, _, _ := strings.Cut(parts[1], "[")
			addresses = append(addresses, join(module, parts[0]+"."+name))
		default: // a local, a data source, each.value, count.index
			return nil, false
		}
	}
	return addresses, len(addresses) > 0
}

func join(module, address string) string { return strings.TrimPrefix(module+"."+address, ".") }

// parent returns the module that calls a module.
func parent(module string) string {
	i := strings.LastIndex(module, "module.")
	if i < 0 {
		return ""
	}
	return strings.TrimSuffix(module[:i], ".")
}

// origin returns the one resource of a type that an attribute of r refers to.
func (t terraform) origin(r resource, attribute, resourceType string) (*resource, error) {
	unknown := func(why string) error {
		return fmt.Errorf("the %s of %s is known only after the plan was applied%s, and %s", attribute, r.Address, t.because(r, attribute), why)
	}
	addresses, ok := t.origins(r.ModuleAddress, t.expression(r, attribute), 0)
	if !ok {
		return nil, unknown("the configuration does not tell which resource it comes from")
	}
	var found []*resource
	for i, o := range t.resources {
		if o.Type == resourceType && o.Mode == tfjson.ManagedResourceMode && slices.Contains(addresses, plain(o)) {
			found = append(found, &t.resources[i])
		}
	}
	if len(found) > 1 {
		found = slices.DeleteFunc(found, func(o *resource) bool { return !sameInstance(r, *o) })
	}
	if len(found) != 1 {
		return nil, unknown(fmt.Sprintf("it may come from %d resources", len(found)))
	}
	return found[0], nil
}

// plain returns the address of a resource without the keys of instances, as a configuration writes it.
func plain(r resource) string {
	address := r.Type + "." + r.Name
	names := moduleNames(r.ModuleAddress)
	for _, name := range slices.Backward(names) {
		address = "module." + name + "." + address
	}
	return address
}

// sameInstance tells apart what is made several times with count or for_each: r refers to the instance with its own key.
func sameInstance(r, o resource) bool {
	within := o.ModuleAddress == r.ModuleAddress || strings.HasPrefix(o.ModuleAddress, r.ModuleAddress+".")
	return within && (o.Index == nil || o.Index == r.Index)
}

// definitionOf returns the task definition of a service: the resource that it refers to or that has its ARN, else its name
// in the account.
func (t terraform) definitionOf(r resource) (*resource, string, error) {
	if isUnknown(r.unknown["task_definition"]) {
		d, err := t.origin(r, "task_definition", "aws_ecs_task_definition")
		return d, "", err
	}
	named := text(r.after, "task_definition")
	if named == "" {
		return nil, "", errors.New("it names no task_definition")
	}
	for i, d := range t.resources {
		arn := text(d.after, "arn")
		_, short, _ := strings.Cut(arn, ":task-definition/")
		if d.stays("aws_ecs_task_definition") && arn != "" && (named == arn || named == short) {
			return &t.resources[i], "", nil
		}
	}
	return nil, named, nil
}

// roleOf returns the name of an execution role whose ARN is not known yet or, where that is not known either, the address
// of its resource, which is pending under it.
func (t terraform) roleOf(r resource) (string, error) {
	role, err := t.origin(r, "execution_role_arn", "aws_iam_role")
	if err != nil {
		return "", err
	}
	if name := text(role.after, "name"); name != "" {
		return name, nil
	}
	return role.Address, nil
}
