package checks

import (
	"net"
	"slices"
	"strings"

	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
)

// step is one host that a pull needs, and when.
type step struct {
	stage      Stage
	to         network.Destination
	image      registry.Reference // zero for the host of a secret
	containers []string
}

// name returns what to call the step's host.
func (s step) name() string {
	if s.to.Host == "" {
		return "the content hosts of " + s.image.Registry
	}
	return s.to.Host
}

// images returns the task's images that are well written, each with the containers that use it. The Image check reports
// the others.
func (t Task) images() (refs []registry.Reference, containers map[string][]string) {
	containers = map[string][]string{}
	for _, c := range t.Containers {
		ref, err := c.reference()
		if err != nil {
			continue
		}
		key := ref.String()
		if containers[key] == nil {
			refs = append(refs, ref)
		}
		containers[key] = append(containers[key], c.Name)
	}
	return refs, containers
}

// steps returns the hosts that pulling the task's images needs, in the order of the pull.
func (t Task) steps() []step {
	var steps []step
	add := func(s step) {
		i := slices.IndexFunc(steps, func(o step) bool { return o.to == s.to && o.stage == s.stage })
		if i < 0 {
			steps = append(steps, s)
			return
		}
		for _, c := range s.containers {
			if !slices.Contains(steps[i].containers, c) {
				steps[i].containers = append(steps[i].containers, c)
			}
		}
	}
	refs, containers := t.images()
	for _, ref := range refs {
		for _, h := range ref.Hosts() {
			s := step{stage: Resolve, image: ref, containers: containers[ref.String()],
				to: network.Destination{Service: h.Service, Region: h.Region, Host: h.Name, Port: h.Port}}
			switch {
			case h.Purpose == registry.PurposeLayers:
				s.stage = Download
			case h.Purpose == registry.PurposeToken && ref.ECR != nil:
				if !t.tokenFromTask() {
					continue
				}
				s.stage = Authenticate
			}
			add(s)
		}
	}
	for _, c := range t.Containers {
		if !t.tokenFromTask() {
			continue
		}
		if c.RepositoryCredentials != "" {
			add(step{stage: Authenticate, containers: []string{c.Name}, to: t.secretHost("secretsmanager", c.RepositoryCredentials)})
		}
		for _, secret := range c.Secrets {
			service := "ssm" // which a bare name is a parameter of
			if strings.Contains(secret, ":secretsmanager:") {
				service = "secretsmanager"
			}
			add(step{stage: Authenticate, containers: []string{c.Name}, to: t.secretHost(service, secret)})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return int(a.stage) - int(b.stage) })
	return steps
}

// secretHost returns the host that a secret is read from: in the Region of its ARN, or in the task's.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html
func (t Task) secretHost(service, secret string) network.Destination {
	region := t.Region
	if parts := strings.Split(secret, ":"); len(parts) > 3 && parts[0] == "arn" {
		region = parts[3]
	}
	return network.Destination{Service: service, Region: region, Host: service + "." + region + "." + registry.DNSSuffixOf(region), Port: 443}
}

// hostPort writes a step's host, with its port where it is not 443.
func (s step) hostPort() string {
	if s.to.Port == 443 || s.to.Port == 0 || s.to.Host == "" {
		return s.name()
	}
	return net.JoinHostPort(s.to.Host, portOf(s.to.Port))
}
