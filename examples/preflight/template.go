package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// readTemplate reads a CloudFormation template. It does not show what of it is there already and stays as it is, so all
// that it holds counts as created or changed.
func (o options) readTemplate(data []byte, a *account) (plan, error) {
	fail := func(err error) (plan, error) { return plan{}, fmt.Errorf("%s: %w", o.template, err) }
	document, err := parseDocument(data)
	if err != nil {
		return fail(fmt.Errorf("it is no CloudFormation template: %w", err))
	}
	if body, ok := document["TemplateBody"]; ok { // as "aws cloudformation get-template" prints it
		if text, ok := body.(string); ok {
			if document, err = parseDocument([]byte(text)); err != nil {
				return fail(fmt.Errorf("its TemplateBody is no CloudFormation template: %w", err))
			}
		} else {
			document = values(body)
		}
	}
	t := template{resolver: resolver{template: document, given: o.parameters, account: a}, resources: values(document["Resources"])}
	if len(t.resources) == 0 {
		return fail(errors.New("it is no CloudFormation template: it has no Resources"))
	}
	var p plan
	used := map[string]bool{}
	names := slices.Sorted(maps.Keys(t.resources))
	for _, name := range names {
		here, err := t.deployed(name)
		if err != nil {
			return fail(fmt.Errorf("the Condition of %s: %w", name, err))
		}
		if !here {
			delete(t.resources, name)
			continue
		}
		p.pending = append(p.pending, t.changes(name)...)
	}
	for _, name := range names {
		switch kind := t.kindOf(name); {
		case kind == "AWS::ECS::Service":
			s, definition, err := t.service(name)
			used[definition] = true
			if left, ok := errors.AsType[leftOut](err); ok {
				p.others = append(p.others, name+" "+left.Error())
				continue
			}
			if err != nil {
				return fail(err)
			}
			p.services = append(p.services, s)
		case kind == "AWS::CloudFormation::Stack":
			p.others = append(p.others, name+" is a nested stack: what it holds was not read, nor what it changes")
		case strings.HasPrefix(kind, "AWS::Serverless::") || strings.HasPrefix(name, "Fn::"):
			p.others = append(p.others, name+" is for a transform: the processed template would show what it becomes")
		}
	}
	for _, name := range names {
		switch {
		case t.kindOf(name) != "AWS::ECS::TaskDefinition" || used[name]:
		case len(o.subnets) > 0:
			definition, err := t.definition(name)
			if err != nil && !errors.As(err, new(made)) {
				return fail(err)
			}
			s := o.alone(name, definition)
			s.problem = err
			p.services = append(p.services, s)
		default:
			p.others = append(p.others, name+" is used by no service of the template: -subnets would say where it runs")
		}
	}
	return p.found(o.template)
}

// template is a CloudFormation template.
type template struct {
	resolver
	resources map[string]any // those that are deployed
}

// leftOut says why a service is none of ours.
type leftOut struct{ error }

func (t *template) kindOf(name string) string {
	kind, _ := values(t.resources[name])["Type"].(string)
	return kind
}

func (t *template) properties(name string) map[string]any {
	return values(values(t.resources[name])["Properties"])
}

// deployed decides the Condition of a resource.
func (t *template) deployed(name string) (bool, error) {
	condition, ok := values(t.resources[name])["Condition"]
	if !ok {
		return true, nil
	}
	return t.holds(map[string]any{"Condition": condition})
}

// changes returns what of the account's answers a resource makes out of date.
func (t *template) changes(name string) (all []change) {
	k, ok := kindOf(t.kindOf(name))
	if !ok {
		return nil
	}
	c := change{name: name, actions: k.actions}
	properties := t.properties(name)
	add := func(about string) {
		c.about = bare(about)
		all = append(all, c)
	}
	attached, isList := properties["Roles"].([]any)
	switch {
	case t.kindOf(name) == "AWS::IAM::Policy" && isList: // a role of the template is a change of its own
		for _, role := range attached {
			if text, err := t.text(role); err == nil {
				add(text)
			} else if !errors.As(err, new(made)) {
				return []change{{name: name, actions: k.actions}}
			}
		}
		return all
	case k.about == "" && t.kindOf(name) != "AWS::IAM::RolePolicy":
		return []change{c}
	}
	for _, property := range []string{"RoleName", "RepositoryName"} {
		if properties[property] == nil {
			continue
		}
		text, err := t.text(properties[property])
		if err != nil && !errors.As(err, new(made)) {
			return []change{{name: name, actions: k.actions}}
		}
		if err == nil {
			add(text)
		}
	}
	add(name) // stands for a name that is not known yet
	return all
}

// at says where in a template an error comes from.
func at(resource, property string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the %s of %s is not known: %w", property, resource, err)
}

// service returns a service, and the name of its task definition if that is in the template.
func (t *template) service(name string) (s service, definition string, err error) {
	in := t.properties(name)
	s = service{name: name}
	read := func(property string) string {
		text, e := t.text(in[property])
		err = cmp.Or(err, at(name, property, e))
		return text
	}
	launchType := read("LaunchType")
	s.platformVersion = read("PlatformVersion")
	strategy, e := t.resolve(in["CapacityProviderStrategy"])
	if err = cmp.Or(err, at(name, "CapacityProviderStrategy", e)); err != nil {
		return s, "", err
	}
	var providers []string
	for _, item := range blocks(map[string]any{"": strategy}, "") {
		providers = append(providers, text(item, "CapacityProvider"))
	}
	compatible := []types.Compatibility{types.CompatibilityFargate} // of a registered one, ECS tells
	s.registered, e = t.text(in["TaskDefinition"])
	switch from, ok := errors.AsType[made](e); {
	case ok:
		definition, s.registered = from.resource, ""
		s.definition, s.problem = t.definition(definition)
		if s.problem != nil && !errors.As(s.problem, new(made)) {
			return s, definition, s.problem
		}
		if s.definition != nil {
			compatible = s.definition.RequiresCompatibilities
		}
	case e != nil:
		return s, "", at(name, "TaskDefinition", e)
	case s.registered == "":
		return s, "", leftOut{errors.New("names no task definition")}
	}
	if err := runsElsewhere(launchType, providers, compatible); err != nil {
		return s, definition, leftOut{err}
	}
	s.place, err = t.place(name, in["NetworkConfiguration"])
	return s, definition, err
}

// place reads a NetworkConfiguration.
func (t *template) place(name string, configuration any) (p place, err error) {
	outer, err := t.shape(configuration)
	if err != nil {
		return p, at(name, "NetworkConfiguration", err)
	}
	inner, err := t.shape(values(outer)["AwsvpcConfiguration"])
	if err != nil {
		return p, at(name, "NetworkConfiguration.AwsvpcConfiguration", err)
	}
	in := values(inner)
	if in == nil {
		return p, at(name, "NetworkConfiguration.AwsvpcConfiguration", errors.New("it is left out"))
	}
	var why []string
	isKnown := func(property string, err error) (bool, error) {
		property = "NetworkConfiguration.AwsvpcConfiguration." + property
		if errors.As(err, new(made)) {
			why = append(why, at(name, property, err).Error())
			return false, nil
		}
		return true, at(name, property, err)
	}
	var known bool
	var e error
	p.vpc.Subnets, e = t.list(in["Subnets"])
	known, err = isKnown("Subnets", e)
	p.subnetsUnknown = !known
	p.vpc.SecurityGroups, e = t.list(in["SecurityGroups"])
	known, e = isKnown("SecurityGroups", e)
	p.groupsUnknown, err = !known, cmp.Or(err, e)
	address, e := t.text(in["AssignPublicIp"])
	known, e = isKnown("AssignPublicIp", e)
	p.addressUnknown, err = !known, cmp.Or(err, e)
	p.vpc.AssignPublicIp = types.AssignPublicIp(cmp.Or(address, "DISABLED"))
	p.why = strings.Join(why, "; ")
	return p, err
}

// definition reads a task definition. The error is made where only the deployment will tell.
func (t *template) definition(name string) (*ecs.RegisterTaskDefinitionInput, error) {
	if kind := t.kindOf(name); kind != "AWS::ECS::TaskDefinition" {
		return nil, fmt.Errorf("%s is no AWS::ECS::TaskDefinition but %s", name, kind)
	}
	in := t.properties(name)
	d := &ecs.RegisterTaskDefinitionInput{Family: aws.String(name)}
	var failed error
	text := func(path string, v any) *string {
		value, err := t.text(v)
		failed = cmp.Or(failed, at(name, path, err))
		return optional(value)
	}
	if family, err := t.text(in["Family"]); err == nil && family != "" {
		d.Family = &family
	}
	role, err := t.text(in["ExecutionRoleArn"])
	from, isMade := errors.AsType[made](err)
	switch {
	case isMade && t.kindOf(from.resource) == "AWS::IAM::Role":
		role = from.resource // pending under this name
	case err != nil:
		return nil, at(name, "ExecutionRoleArn", err)
	}
	d.ExecutionRoleArn = optional(role)
	d.NetworkMode = types.NetworkMode(aws.ToString(text("NetworkMode", in["NetworkMode"])))
	compatible, err := t.list(in["RequiresCompatibilities"])
	failed = cmp.Or(failed, at(name, "RequiresCompatibilities", err))
	for _, c := range compatible {
		d.RequiresCompatibilities = append(d.RequiresCompatibilities, types.Compatibility(c))
	}
	object := func(path string, v any) map[string]any {
		v, err := t.shape(v)
		failed = cmp.Or(failed, at(name, path, err))
		return values(v)
	}
	if platform := object("RuntimePlatform", in["RuntimePlatform"]); platform != nil {
		d.RuntimePlatform = &types.RuntimePlatform{
			CpuArchitecture:       types.CPUArchitecture(aws.ToString(text("RuntimePlatform.CpuArchitecture", platform["CpuArchitecture"]))),
			OperatingSystemFamily: types.OSFamily(aws.ToString(text("RuntimePlatform.OperatingSystemFamily", platform["OperatingSystemFamily"])))}
	}
	if storage := object("EphemeralStorage", in["EphemeralStorage"]); storage != nil {
		size, err := strconv.ParseInt(aws.ToString(text("EphemeralStorage.SizeInGiB", storage["SizeInGiB"])), 10, 32)
		failed = cmp.Or(failed, at(name, "EphemeralStorage.SizeInGiB", err))
		d.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: int32(size)}
	}
	containers, err := t.shape(in["ContainerDefinitions"])
	failed = cmp.Or(failed, at(name, "ContainerDefinitions", err))
	list, _ := containers.([]any)
	for i, item := range list {
		path := fmt.Sprintf("ContainerDefinitions[%d]", i)
		c := object(path, item)
		if c == nil {
			continue // AWS::NoValue
		}
		container := types.ContainerDefinition{Name: text(path+".Name", c["Name"]), Image: text(path+".Image", c["Image"])}
		if secret := object(path+".RepositoryCredentials", c["RepositoryCredentials"]); secret != nil {
			container.RepositoryCredentials = &types.RepositoryCredentials{
				CredentialsParameter: text(path+".RepositoryCredentials.CredentialsParameter", secret["CredentialsParameter"])}
		}
		d.ContainerDefinitions = append(d.ContainerDefinitions, container)
	}
	if failed != nil {
		return nil, failed
	}
	return d, nil
}
