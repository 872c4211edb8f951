package checks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
)

// first returns the first finding of a code.
func first(t *testing.T, d checks.Diagnosis, code checks.Code) checks.Finding {
	t.Helper()
	i := slices.IndexFunc(d.Findings, func(f checks.Finding) bool { return f.Code == code })
	if i < 0 {
		t.Fatalf("there is no %s", code)
	}
	return d.Findings[i]
}

// That another way works is seen in a route table, and not in the group that shuts the task out.
func TestWhatAnEndpointShadowsIsSeenInTheRoutes(t *testing.T) {
	f := first(t, named(t, "endpoint-group-closed"), "endpoint.shadows-nat")
	if len(f.Evidence) != 1 || f.Evidence[0].Source != "ec2:DescribeRouteTables" || !strings.HasPrefix(f.Evidence[0].Fact, "rtb-0private") {
		t.Errorf("the evidence is %v", f.Evidence)
	}
}

// A fix that opens a group to the task says to whom: its group, the VPC's default group where none was named, or its subnet
// where the groups are not known.
func TestAFixNamesWhomAGroupIsToAdmit(t *testing.T) {
	for _, c := range []struct {
		groups []string
		want   string
	}{
		{[]string{"sg-0task"}, "Add an inbound rule for tcp/443 from the task (sg-0task) to sg-0endpoints"},
		{[]string{}, "Add an inbound rule for tcp/443 from the task (sg-0default) to sg-0endpoints"},
		{nil, "Add an inbound rule for tcp/443 from the task (subnet-0private0a) to sg-0endpoints"},
	} {
		d := altered(t, "endpoint-group-closed", func(s *checks.Snapshot) { s.Task.Placement.SecurityGroups = c.groups })
		if got := first(t, d, "endpoint.group-closed").Fixes[0].Summary; got != c.want {
			t.Errorf("%v: %s", c.groups, got)
		}
	}
}

// Sentences begin with a capital, a name or a number, also where the text of an error names no host.
func TestSentencesOfTheStoppedReasonBegin(t *testing.T) {
	s := scenario(t, "stopped-digest-gone")
	for _, symptom := range symptoms {
		s.Task.StoppedReason = symptom.text
		for _, f := range byCheck(diagnose(t, s))["stopped-reason"] {
			if c := f.Summary[0]; c < 'A' || c > 'Z' {
				t.Errorf("%s: %s", symptom.name, f.Summary)
			}
		}
	}
}

// What is to be built is named as docker buildx takes it: without the build of Windows.
func TestTheBuildOfAnImageIsNamed(t *testing.T) {
	d := altered(t, "healthy-nat", func(s *checks.Snapshot) { s.Task.Windows, s.Task.OSFamily = true, "WINDOWS_SERVER_2022_CORE" })
	if got := first(t, d, "platform.absent").Fixes[0].Summary; !strings.HasSuffix(got, "docker buildx build --platform windows/amd64") {
		t.Error(got)
	}
}

// An image of one layer has one layer.
func TestOneLayerIsOne(t *testing.T) {
	d := altered(t, "storage-exceeded", func(s *checks.Snapshot) {
		for _, a := range s.Facts.Images {
			for i, m := range a.Fact.Manifest.Images {
				if len(m.Layers) > 1 {
					a.Fact.Manifest.Images[i].Layers = m.Layers[:1]
				}
			}
			if len(a.Fact.Manifest.Layers) > 1 {
				a.Fact.Manifest.Layers = a.Fact.Manifest.Layers[:1]
			}
		}
	})
	for _, f := range d.Findings {
		if f.Check == "storage" && len(f.Evidence) == 1 {
			if !strings.HasSuffix(f.Evidence[0].Fact, " in 1 layer") {
				t.Errorf("the evidence is %v", f.Evidence)
			}
			return
		}
	}
	t.Error("nothing was said of the layers")
}
