package checks_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
)

// named returns the diagnosis of a scenario.
func named(t *testing.T, name string) checks.Diagnosis {
	t.Helper()
	return diagnose(t, scenario(t, name))
}

// altered returns the diagnosis of a scenario in whose facts something was changed.
func altered(t *testing.T, name string, alter func(*checks.Snapshot)) checks.Diagnosis {
	t.Helper()
	s := snapshotOf(t, named(t, name))
	alter(&s)
	d, err := checks.Run(t.Context(), s.Task, checks.Default(s.Facts.Sources())...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// What several hosts, subnets, containers or images have in common is one cause, which holds for all of them.
func TestSharedCausesAreOne(t *testing.T) {
	twice := func(s *checks.Snapshot) { // a second container like the last
		again := s.Task.Containers[len(s.Task.Containers)-1]
		again.Name = "again"
		s.Task.Containers = append(s.Task.Containers, again)
	}
	for _, c := range []struct {
		name, scenario string
		alter          func(*checks.Snapshot)
		want           []string // code, subject and scope of the root causes
		consequences   int
	}{
		{"a deleted NAT gateway that some tables show as a blackhole already", "healthy-three-zones", func(s *checks.Snapshot) {
			top := topologyOf(*s)
			top.NATGateways[0].State = "deleted"
			for i, table := range top.RouteTables {
				for j, r := range table.Routes {
					if r.Target == "nat-0main" && table.ID != "rtb-0private0a" {
						top.RouteTables[i].Routes[j].State = "blackhole"
					}
				}
			}
		}, []string{"route.nat-state nat-0main [subnet-0private0a subnet-0private0b subnet-0private0c]"}, 0},
		{"no execution role, for images and for a secret", "healthy-docker-hub", func(s *checks.Snapshot) {
			s.Task.ExecutionRole = ""
			s.Task.Containers = append(s.Task.Containers, checks.Container{Name: "web", Image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1"})
		}, []string{"role.none arn:aws:ecs:eu-west-1:111122223333:service/prod/web []"}, 1},
		{"no execution role, for a secret only", "healthy-docker-hub", func(s *checks.Snapshot) { s.Task.ExecutionRole = "" },
			[]string{"credentials.role-none arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub-AbCdEf []"}, 0},
		{"a disabled key of two secrets", "healthy-credentials-key", func(s *checks.Snapshot) {
			twice(s)
			s.Task.Containers[1].RepositoryCredentials += "2"
			s.Facts.Secrets[0].Fact.Key.State = "Disabled"
			again := s.Facts.Secrets[0]
			again.Question.Name += "2"
			s.Facts.Secrets = append(s.Facts.Secrets, again)
		}, []string{"credentials.key-state arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub-AbCdEf [proxy again]"}, 0},
		{"an image that is no reference, in two containers", "image-malformed", twice, []string{"image.malformed ghcr.io/acme/sidecar:${VERSION} [sidecar again]"}, 0},
		{"a statement that denies two first pulls", "cache-denied", func(s *checks.Snapshot) {
			s.Task.Containers = append(s.Task.Containers, checks.Container{Name: "again", Image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/library/redis:7"})
			again := s.Facts.Images[0]
			for _, a := range s.Facts.Images {
				if a.Question.ECR != nil {
					again = a
				}
			}
			image := *again.Fact
			image.Reference.Repository, image.Reference.Tag = "docker-hub/library/redis", "7"
			again.Question, again.Fact = image.Reference, &image
			s.Facts.Images = append(s.Facts.Images, again)
		}, []string{"cache.denied 111122223333.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/library/nginx:1.27 [web again]"}, 0},
		{"a statement of the role that denies the pull and the import", "healthy-cache-first-pull", func(s *checks.Snapshot) {
			document, err := iam.Parse(`{"Version": "2012-10-17", "Statement": [{"Sid": "NoECR", "Effect": "Deny", "Action": "ecr:*", "Resource": "*"}]}`)
			if err != nil {
				t.Fatal(err)
			}
			role := s.Facts.Roles[0].Fact
			role.Identity.Policies = append(role.Identity.Policies, iam.Policy{Name: "closed", Document: document})
		}, []string{"role.explicit-deny arn:aws:iam::111122223333:role/web-execution []"}, 1},
		{"two tags of a repository that does not exist", "image-repository-of-two-absent", nil,
			[]string{"image.repository-absent 111122223333.dkr.ecr.eu-west-1.amazonaws.com/api:1.4.2 [web worker]"}, 0},
		{"a security group of two endpoints", "endpoint-group-closed", nil, []string{"endpoint.group-closed sg-0endpoints [subnet-0private0a]"}, 1},
		{"a secret that two containers name, due for deletion", "healthy-docker-hub", func(s *checks.Snapshot) {
			twice(s)
			s.Facts.Secrets[0].Fact.DeletedAt = new(time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC))
		}, []string{"credentials.deleted arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub-AbCdEf [proxy again]"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := altered(t, c.scenario, func(s *checks.Snapshot) {
				if c.alter != nil {
					c.alter(s)
				}
			})
			var got []string
			for _, f := range d.RootCauses() {
				got = append(got, fmt.Sprintf("%s %s %v", f.Code, f.Subject, f.Scope))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("root causes (-want +got):\n%s", diff)
			}
			if n := len(d.Consequences()); n != c.consequences {
				t.Errorf("%d consequences, want %d: %v", n, c.consequences, d.Consequences())
			}
		})
	}
}

// A joint finding names everything that it is about.
func TestAJointFindingNamesAll(t *testing.T) {
	for scenario, args := range map[string]map[string]string{
		"route-blackhole-three-tables": {"tables": "rtb-0private0a, rtb-0private0b, rtb-0private0c"},
		"s3-gateway-three-tables":      {"table": "rtb-0private0a, rtb-0private0b, rtb-0private0c"},
		"endpoint-group-closed":        {"endpoint": "vpce-0ecrapi, vpce-0ecrdkr"},
		"endpoint-policy-two-repositories": {"actions": "ecr:BatchGetImage, ecr:GetDownloadUrlForLayer",
			"resource": "arn:aws:ecr:eu-west-1:111122223333:repository/web, arn:aws:ecr:eu-west-1:111122223333:repository/proxy"},
		"image-repository-of-two-absent": {"subject": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/api:1.4.2, 111122223333.dkr.ecr.eu-west-1.amazonaws.com/api:latest"},
	} {
		causes := named(t, scenario).RootCauses()
		if len(causes) != 1 {
			t.Errorf("%s has %d root causes", scenario, len(causes))
			continue
		}
		for name, want := range args {
			if got := causes[0].Args[name]; got != want {
				t.Errorf("%s: %s is %q, want %q", scenario, name, got, want)
			}
		}
	}
}

// The cause of the earliest step comes first, whatever the order of the checks.
func TestRootCausesAreInTheOrderOfThePull(t *testing.T) {
	causes := named(t, "two-faults-of-two-stages").RootCauses()
	if !slices.IsSortedFunc(causes, func(a, b checks.Finding) int { return int(a.Stage) - int(b.Stage) }) || len(causes) != 2 || causes[0].Code != "role.denied" {
		t.Errorf("the root causes are %v", causes)
	}
	d := checks.Diagnosis{Findings: []checks.Finding{{Check: "b", Stage: checks.Download, Status: checks.Fail}, {Check: "a", Stage: checks.Assume, Status: checks.Fail}}}
	if causes := d.RootCauses(); causes[0].Check != "a" {
		t.Errorf("the first root cause is %v", causes[0])
	}
}
