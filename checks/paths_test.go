package checks_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

// ways writes the paths of a diagnosis.
func ways(d checks.Diagnosis) (all []string) {
	for _, p := range d.Paths {
		all = append(all, fmt.Sprintf("%s %s %s %v %s", p.Stage, p.Host, p.Subnet, p.Containers, p.Path.Status()))
	}
	return all
}

// There is a path from each subnet to each host, in the order of the pull, with the containers that it is for.
func TestPathsAreInTheOrderOfThePull(t *testing.T) {
	const registry, layers = "111122223333.dkr.ecr.eu-west-1.amazonaws.com", "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com"
	d := altered(t, "route-one-subnet", func(s *checks.Snapshot) {
		s.Task.Containers = append(s.Task.Containers, checks.Container{Name: "cache", Image: "registry.corp:5000/cache:1"}, checks.Container{Name: "again", Image: s.Task.Containers[0].Image})
	})
	want := []string{}
	for _, hop := range []string{"authenticate api.ecr.eu-west-1.amazonaws.com %s [web again]", "resolve " + registry + " %s [web again]",
		"resolve registry.corp:5000 %s [cache]", "download " + layers + " %s [web again]", "download the content hosts of registry.corp:5000 %s [cache]"} {
		want = append(want, fmt.Sprintf(hop, "subnet-0private0a")+" open", fmt.Sprintf(hop, "subnet-0private0b")+" closed")
	}
	if diff := cmp.Diff(want, ways(d)); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

// A path's hops are those that the network checks judged: where a finding stops the traffic, a hop is closed.
func TestPathsShowWhatFails(t *testing.T) {
	seen := 0
	for _, s := range scenarios(t) {
		d := diagnose(t, s)
		for _, f := range d.RootCauses() {
			if f.Check != "route" && f.Check != "security-group" && f.Check != "network-acl" && f.Check != "public-ip" {
				continue
			}
			seen++
			for _, subnet := range f.Scope {
				if !slices.ContainsFunc(d.Paths, func(p checks.Path) bool { return p.Subnet == subnet && p.Path.Status() == network.Closed }) {
					t.Errorf("%s: %s stops the traffic of %s, and none of its paths is closed", s.Name, f.Code, subnet)
				}
			}
		}
		if d.Status() == checks.Pass && slices.ContainsFunc(d.Paths, func(p checks.Path) bool { return p.Path.Status() == network.Closed }) {
			t.Errorf("%s passes with a closed path", s.Name)
		}
	}
	if seen < 10 {
		t.Errorf("%d causes were seen", seen)
	}
}

// Without a network there are no paths, without one that was read they are not known, and after a fix they are those of the
// network as it is then.
func TestPathsOfOtherFacts(t *testing.T) {
	d := altered(t, "healthy-nat", func(s *checks.Snapshot) { s.Task.Placement.Subnets = nil })
	if d.Paths == nil || len(d.Paths) > 0 {
		t.Errorf("the paths are %v", d.Paths)
	}
	d = altered(t, "healthy-nat", func(s *checks.Snapshot) { s.Facts.Networks = nil })
	if slices.ContainsFunc(d.Paths, func(p checks.Path) bool { return p.Path.Status() != network.Unknown }) {
		t.Errorf("the paths are %v", d.Paths)
	}
	d = named(t, "endpoint-group-closed")
	if status := d.Paths[0].Path.Status(); status != network.Closed {
		t.Errorf("the first path is %s", status)
	}
	after, err := checks.Verify(t.Context(), d, checks.Fix{Changes: []checks.Change{authorizeIngress("sg-0endpoints", "sg-0task")}})
	if err != nil || after.Paths[0].Path.Status() != network.Open {
		t.Errorf("after the fix the first path is %s (%v)", after.Paths[0].Path.Status(), err)
	}
}
