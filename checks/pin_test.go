package checks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
)

// What a tag leads to says nothing about a digest that a service may have pinned: neither that it is there, nor that it is
// gone, nor what it is made of.
func TestATagProvesNothingWhereAPinIsNotRead(t *testing.T) {
	content := []string{"image", "pull-through-cache", "platform", "image-format", "storage"}
	tried := 0
	for _, s := range scenarios(t) {
		if !slices.ContainsFunc(s.Task.Containers, func(c checks.Container) bool { return !strings.Contains(c.Image, "@") }) || s.Name == "image-malformed" {
			continue
		}
		for i := range s.Task.Containers {
			s.Task.Containers[i].PinnedDigest = ""
		}
		s.Task.RevisionNotRead = "AccessDeniedException"
		for _, f := range diagnose(t, s).Findings {
			if !slices.Contains(content, f.Check) || f.Status == checks.Unknown || f.Status == checks.Skip {
				continue
			}
			switch f.Code { // what holds for every digest
			case "image.malformed", "image.repository-absent", "image.credentials-required", "cache.library", "cache.ready", "cache.denied", "cache.not-allowed", "cache.secret-name", "cache.secret-absent", "cache.fips",
				"image.key-unusable":
				continue
			}
			t.Errorf("%s: %s although the pin was not read", s.Name, f.Code)
		}
		tried++
	}
	if tried == 0 {
		t.Error("no scenario pulls by a tag")
	}
}

// A task whose service shows no revision is taken to pull by tag, and the diagnosis says so; nothing else is.
func TestNoRevisionIsAnAssumption(t *testing.T) {
	const assumption = "A service that ECS shows no service revision of has pinned no image to a digest."
	for _, c := range []struct {
		name string
		task checks.Task
		want bool
	}{
		{"no service", checks.Task{}, false},
		{"a service without a revision", checks.Task{Service: "web"}, true},
		{"a service with one", checks.Task{Service: "web", ServiceRevision: revisionARN}, false},
		{"a service whose revision was refused", checks.Task{Service: "web", RevisionNotRead: "AccessDeniedException"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.task.Containers = append(c.task.Containers, checks.Container{Name: "web", Image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1"})
			s := scenarios(t)[0]
			d, err := checks.Run(t.Context(), c.task, checks.Image{Images: s.Sources().Images})
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Contains(d.Assumptions, assumption); got != c.want {
				t.Errorf("assumed: %v, in %q", got, d.Assumptions)
			}
		})
	}
}

// An image that the task definition names by its digest is pulled by it, whatever a service revision says.
func TestADigestInTheTaskDefinitionNeedsNoRevision(t *testing.T) {
	for _, s := range scenarios(t) {
		if s.Name != "healthy-pinned-digest" {
			continue
		}
		c := &s.Task.Containers[0]
		c.Image, c.PinnedDigest, s.Task.ServiceRevision, s.Task.RevisionNotRead = c.Image+"@"+c.PinnedDigest, "", "", "AccessDeniedException"
		d := diagnose(t, s)
		if found := byCheck(d)["image"]; len(found) != 1 || found[0].Code != "image.present" {
			t.Errorf("image: %+v", found)
		}
		if found := byCheck(d)["platform"]; strongest(found) != checks.Unknown {
			t.Errorf("platform, which a service revision may override: %+v", found)
		}
		return
	}
	t.Fatal("the scenario is gone")
}
