package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
)

// parts are what the embedded cluster is made of: so many services in the network, and with the role and the image, of a
// scenario.
var parts = []struct {
	scenario, service string
	services          int
}{
	{"healthy-nat", "web", 38},
	{"nat-deleted", "orders", 21},
	{"role-denied", "billing", 4},
	{"healthy-privatelink", "edge", 6},
	{"image-tag-absent", "search", 1},
	{"unread-nat-gateways", "batch", 2},
}

// embedded returns a cluster whose services break in few ways. Each part of it is an account for itself.
func embedded() (all accounts, err error) {
	scenarios, err := checkstest.Scenarios()
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		i := slices.IndexFunc(scenarios, func(s checkstest.Scenario) bool { return s.Name == p.scenario })
		if i < 0 {
			return nil, fmt.Errorf("there is no scenario %s", p.scenario)
		}
		s := scenarios[i]
		if s.ECS, err = multiplied(s.ECS, p.service, p.services); err != nil {
			return nil, err
		}
		all = append(all, account{
			loader: checks.Loader{ECS: s.ECS, Interfaces: s.EC2}, checkers: checks.Default(s.Sources()), clusters: []string{"prod"}, services: p.services,
			owns: func(t checks.Task) bool { return strings.HasPrefix(t.Service, p.service+"-") },
		})
	}
	return all, nil
}

// multiplied returns an ECS with so many services like the one that it has.
func multiplied(from *checkstest.ECS, name string, n int) (*checkstest.ECS, error) {
	one, err := json.Marshal(from.Services[0])
	if err != nil {
		return nil, err
	}
	to := &checkstest.ECS{TaskDefinitions: from.TaskDefinitions, Revisions: []types.ServiceRevision{}}
	for i := range n {
		var s types.Service
		if err := json.Unmarshal(one, &s); err != nil {
			return nil, err
		}
		arn := strings.Replace(*s.ServiceArn, "/"+*s.ServiceName, fmt.Sprintf("/%s-%02d", name, i+1), 1)
		for i := range s.Deployments { // of which ECS shows no service revision
			s.Deployments[i].CreatedAt = new(time.Date(2024, 10, 1, 0, 0, 0, 0, time.UTC))
		}
		s.ServiceArn, s.ServiceName = &arn, new(fmt.Sprintf("%s-%02d", name, i+1))
		to.Services = append(to.Services, s)
	}
	return to, nil
}
