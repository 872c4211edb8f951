package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	tfjson "github.com/hashicorp/terraform-json"
)

// readTerraform reads what "terraform show -json PLAN" prints.
// https://developer.hashicorp.com/terraform/internals/json-format
func (o options) readTerraform(name string, data []byte) (plan, error) {
	fail := func(err error) (plan, error) { return plan{}, fmt.Errorf("%s: %w", name, err) }
	var file tfjson.Plan
	if err := decode(data, &file); err != nil {
		return fail(fmt.Errorf("it is not what \"terraform show -json PLAN\" prints: %w", err))
	}
	t := terraform{config: file.Config}
	for i, c := range file.ResourceChanges {
		if c == nil {
			return fail(fmt.Errorf("resource_changes[%d] is null", i))
		}
		if c.Change == nil {
			return fail(fmt.Errorf("%s has no change", c.Address))
		}
		t.resources = append(t.resources, resource{c, values(c.Change.After), values(c.Change.AfterUnknown)})
	}
	var p plan
	used := map[string]bool{}
	for _, r := range t.resources {
		p.pending = append(p.pending, r.changes()...)
		if !r.stays("aws_ecs_service") {
			continue
		}
		s, definition, err := t.service(r)
		used[definition] = true
		if err != nil {
			p.others = append(p.others, r.Address+" "+err.Error())
			continue
		}
		p.services = append(p.services, s)
	}
	for _, r := range t.resources {
		switch {
		case !r.stays("aws_ecs_task_definition") || used[r.Address]:
		case len(o.subnets) > 0:
			definition, err := t.definition(r)
			s := o.alone(r.Address, definition)
			s.problem = err
			p.services = append(p.services, s)
		default:
			p.others = append(p.others, r.Address+" is used by no service of the plan: -subnets would say where it runs")
		}
	}
	for i, d := range file.DeferredChanges {
		if d == nil || d.ResourceChange == nil {
			return fail(fmt.Errorf("deferred_changes[%d] holds no change", i))
		}
		p.others = append(p.others, d.ResourceChange.Address+" is deferred to another plan")
	}
	return p.found(name)
}

// terraform is a plan.
type terraform struct {
	resources []resource
	config    *tfjson.Config
}

// resource is a resource as it will be.
type resource struct {
	*tfjson.ResourceChange
	after   map[string]any
	unknown map[string]any // what is known only after the plan was applied
}

func values(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// stays reports whether it is a managed resource of a type and there after the plan was applied.
func (r resource) stays(resourceType string) bool {
	return r.Mode == tfjson.ManagedResourceMode && r.Type == resourceType && r.after != nil
}

// changes returns what of the account's answers the resource makes out of date.
func (r resource) changes() []change {
	k, ok := kindOf(r.Type)
	actions := r.Change.Actions
	if !ok || r.Mode != tfjson.ManagedResourceMode || actions.NoOp() || actions.Read() {
		return nil
	}
	if actions.Create() && (k.harmless || k.owner != "" && isUnknown(r.unknown[k.owner])) {
		return nil
	}
	c := change{name: r.Address, actions: k.actions}
	if k.about == "" {
		return []change{c}
	}
	var all []change
	for _, at := range []map[string]any{r.after, values(r.Change.Before)} {
		if name := text(at, k.about, "name"); name != "" {
			c.about = bare(name)
			all = append(all, c)
		}
	}
	c.about = r.Address // stands for a name that is not known yet
	return append(all, c)
}

// service returns a service, and the address of its task definition if that is in the plan. An error says why it is left out.
func (t terraform) service(r resource) (s service, definition string, err error) {
	s = service{name: r.Address, platformVersion: text(r.after, "platform_version")}
	of, registered, err := t.definitionOf(r)
	var compatible []types.Compatibility
	switch {
	case err != nil:
		s.problem = err
		compatible = []types.Compatibility{types.CompatibilityFargate}
	case of != nil:
		definition = of.Address
		s.definition, s.problem = t.definition(*of)
		compatible = compatibilities(*of)
	default:
		s.registered = registered
		compatible = []types.Compatibility{types.CompatibilityFargate}
	}
	var providers []string
	for _, item := range blocks(r.after, "capacity_provider_strategy") {
		providers = append(providers, text(item, "capacity_provider"))
	}
	if err := runsElsewhere(text(r.after, "launch_type"), providers, compatible); err != nil {
		return s, definition, err
	}
	if isUnknown(r.unknown["platform_version"]) && t.expression(r, "platform_version") != nil {
		s.problem = errors.New("its platform_version is known only after the plan was applied")
	}
	s.place, err = t.place(r)
	if err != nil && s.problem == nil {
		s.problem = err
	}
	return s, definition, nil
}

// place reads network_configuration.
func (t terraform) place(r resource) (p place, err error) {
	in := blocks(r.after, "network_configuration")
	if r.unknown["network_configuration"] == true {
		p.subnetsUnknown, p.groupsUnknown, p.addressUnknown = true, true, true
		p.why = r.Address + ".network_configuration is known only after the plan was applied"
		return p, nil
	}
	if len(in) == 0 {
		return p, errors.New("it has no network_configuration")
	}
	unknown := map[string]any{}
	if all := blocks(r.unknown, "network_configuration"); len(all) > 0 {
		unknown = all[0]
	}
	var why []string
	isKnown := func(attribute string) bool {
		if !isUnknown(unknown[attribute]) {
			return true
		}
		why = append(why, fmt.Sprintf("%s.network_configuration.%s is known only after the plan was applied%s", r.Address, attribute,
			t.because(r, "network_configuration", attribute)))
		return false
	}
	p.vpc.AssignPublicIp = types.AssignPublicIpDisabled
	if on, _ := in[0]["assign_public_ip"].(bool); on {
		p.vpc.AssignPublicIp = types.AssignPublicIpEnabled
	}
	p.vpc.Subnets, p.vpc.SecurityGroups = texts(in[0]["subnets"]), texts(in[0]["security_groups"])
	p.subnetsUnknown, p.groupsUnknown, p.addressUnknown = !isKnown("subnets"), !isKnown("security_groups"), !isKnown("assign_public_ip")
	p.why = strings.Join(why, "; ")
	return p, nil
}

// definition reads a task definition.
func (t terraform) definition(r resource) (*ecs.RegisterTaskDefinitionInput, error) {
	for _, attribute := range []string{"container_definitions", "network_mode", "runtime_platform", "ephemeral_storage"} {
		if isUnknown(r.unknown[attribute]) && t.expression(r, attribute) != nil {
			return nil, fmt.Errorf("the %s of %s is known only after the plan was applied%s", attribute, r.Address, t.because(r, attribute))
		}
	}
	d := definitionJSON{Family: optional(text(r.after, "family")), NetworkMode: types.NetworkMode(text(r.after, "network_mode")),
		ExecutionRoleArn: optional(text(r.after, "execution_role_arn")), RequiresCompatibilities: compatibilities(r)}
	if isUnknown(r.unknown["execution_role_arn"]) {
		role, err := t.roleOf(r)
		if err != nil {
			return nil, err
		}
		d.ExecutionRoleArn = &role
	}
	for _, p := range blocks(r.after, "runtime_platform") {
		d.RuntimePlatform = &types.RuntimePlatform{CpuArchitecture: types.CPUArchitecture(text(p, "cpu_architecture")),
			OperatingSystemFamily: types.OSFamily(text(p, "operating_system_family"))}
	}
	for _, e := range blocks(r.after, "ephemeral_storage") {
		size, _ := e["size_in_gib"].(float64)
		d.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: int32(size)}
	}
	var containers []containerJSON
	if err := decode([]byte(text(r.after, "container_definitions")), &containers); err != nil {
		return nil, fmt.Errorf("the container_definitions of %s: %w", r.Address, err)
	}
	return &ecs.RegisterTaskDefinitionInput{Family: d.Family, NetworkMode: d.NetworkMode, ExecutionRoleArn: d.ExecutionRoleArn,
		RequiresCompatibilities: d.RequiresCompatibilities, RuntimePlatform: d.RuntimePlatform, EphemeralStorage: d.EphemeralStorage,
		ContainerDefinitions: containersOf(containers)}, nil
}

func compatibilities(r resource) (all []types.Compatibility) {
	for _, c := range texts(r.after["requires_compatibilities"]) {
		all = append(all, types.Compatibility(c))
	}
	return all
}

// isUnknown reports whether a value, or a part of it, is known only after the plan was applied.
func isUnknown(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case []any:
		return slices.ContainsFunc(v, isUnknown)
	case map[string]any:
		for _, part := range v {
			if isUnknown(part) {
				return true
			}
		}
	}
	return false
}

// text returns the first of the attributes that is a text, or a number.
func text(values map[string]any, attributes ...string) string {
	for _, a := range attributes {
		switch v := values[a].(type) {
		case string:
			return v
		case json.Number:
			return v.String()
		}
	}
	return ""
}

func texts(v any) (all []string) {
	items, _ := v.([]any)
	for _, item := range items {
		if s, ok := item.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

// blocks returns the nested blocks of a name.
func blocks(values map[string]any, name string) (all []map[string]any) {
	items, _ := values[name].([]any)
	for _, item := range items {
		if block, ok := item.(map[string]any); ok {
			all = append(all, block)
		}
	}
	return all
}
