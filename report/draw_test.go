package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

func hop(kind network.Kind, subject string, status network.Status, reason network.Reason) network.Hop {
	return network.Hop{Kind: kind, Subject: subject, Status: status, Reason: reason}
}

func way(stage checks.Stage, host, subnet string, hops ...network.Hop) checks.Path {
	return checks.Path{Stage: stage, Host: host, Subnet: subnet, Path: network.Path{Hops: hops}}
}

func TestPathsAreDrawn(t *testing.T) {
	group := hop(network.KindSecurityGroup, "sg-1", network.Open, "")
	table := hop(network.KindRoute, "rtb-1", network.Open, "")
	name := hop(network.KindName, "dopt-1", network.Open, "")
	acl := hop(network.KindNetworkACL, "acl-1", network.Open, "")
	reply := hop(network.KindNetworkACL, "acl-1", network.Closed, network.Denied)
	reply.Reply = true
	hidden := way(checks.Resolve, "quay.io", "subnet-a", group, table)
	hidden.Missing = []string{"ec2:DescribeNatGateways"}
	for what, tt := range map[string]struct {
		paths []checks.Path
		want  string
	}{
		"none": {nil, ""},
		"an open way, without what lets everything pass": {[]checks.Path{way(checks.Resolve, "quay.io", "subnet-a", name, group, acl, table)},
			"resolve\n task in subnet-a ── sg-1 ── rtb-1 ── quay.io\n"},
		"what breaks it, and why": {[]checks.Path{way(checks.Resolve, "quay.io", "subnet-a", group, hop(network.KindRoute, "rtb-1", network.Closed, network.NoRoute))},
			"resolve\n task in subnet-a ── sg-1 ─✗ rtb-1 (no route covers the host) ── quay.io\n"},
		"what breaks it without a reason": {[]checks.Path{way(checks.Resolve, "quay.io", "subnet-a", hop(network.KindRoute, "rtb-1", network.Closed, ""))},
			"resolve\n task in subnet-a ─✗ rtb-1 (closed) ── quay.io\n"},
		"what is not known": {[]checks.Path{way(checks.Resolve, "quay.io", "subnet-a", group, hop(network.KindNATGateway, "nat-1", network.Unknown, network.Unread))},
			"resolve\n task in subnet-a ── sg-1 ─? nat-1 (not read) ── quay.io\n"},
		"what passes in part": {[]checks.Path{way(checks.Resolve, "quay.io", "subnet-a", hop(network.KindSecurityGroup, "sg-1", network.Partial, network.NoRule))},
			"resolve\n task in subnet-a ─~ sg-1 (no rule admits the traffic) ── quay.io\n"},
		"hops that were not read":         {[]checks.Path{hidden}, "resolve\n task in subnet-a ── sg-1 ── rtb-1 ─? quay.io\n"},
		"the way back":                    {[]checks.Path{way(checks.Resolve, "quay.io", "subnet-a", group, reply)}, "resolve\n task in subnet-a ── sg-1 ─✗ acl-1 (answers) (an entry denies the traffic) ── quay.io\n"},
		"a name that does not resolve":    {[]checks.Path{way(checks.Resolve, "quay.io", "subnet-a", hop(network.KindName, "dopt-1", network.Closed, network.DNSSupportOff))}, "resolve\n task in subnet-a ─✗ DNS (enableDnsSupport is false) ── quay.io\n"},
		"two subnets that are alike":      {[]checks.Path{way(checks.Resolve, "quay.io", "subnet-a", group), way(checks.Resolve, "quay.io", "subnet-b", group)}, "resolve\n task in subnet-a, subnet-b ── sg-1 ── quay.io\n"},
		"two hosts that are alike":        {[]checks.Path{way(checks.Authenticate, "api", "subnet-a", group), way(checks.Resolve, "dkr", "subnet-a", group)}, "authenticate, resolve\n task in subnet-a ── sg-1 ── api + dkr\n"},
		"subnets and hosts that differ":   {[]checks.Path{way(checks.Resolve, "a", "subnet-a", group), way(checks.Resolve, "b", "subnet-a", group), way(checks.Resolve, "a", "subnet-b", group), way(checks.Resolve, "b", "subnet-b", table)}, "resolve\n task in subnet-a, subnet-b ── sg-1 ── a\nresolve\n task in subnet-a ── sg-1 ── b\nresolve\n task in subnet-b ── rtb-1 ── b\n"},
		"hosts that only the image names": {[]checks.Path{way(checks.Download, "the content hosts of ghcr.io", "subnet-a", group)}, "download\n task in subnet-a ── sg-1 ── the content hosts of ghcr.io\n"},
	} {
		t.Run(what, func(t *testing.T) {
			_, got, _ := strings.Cut(text(t, checks.Diagnosis{Paths: tt.paths}), "The way of the pull\n")
			var lines []string
			for line := range strings.Lines(got) {
				line = strings.TrimSuffix(line, "\n")
				if strings.HasPrefix(line, "    ") {
					line = " " + strings.TrimSpace(line)
				}
				lines = append(lines, strings.TrimPrefix(line, "  ")+"\n")
			}
			if diff := cmp.Diff(tt.want, strings.Join(lines, "")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A mark stands on the line of what it marks.
func TestMarksStayWithWhatTheyMark(t *testing.T) {
	for _, d := range diagnoses(t) {
		var b strings.Builder
		if err := Text(&b, d, WithWidth(40)); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			for _, m := range marks {
				if strings.HasSuffix(strings.TrimSpace(line), m.mark) {
					t.Fatalf("a mark alone: %s", line)
				}
			}
		}
	}
}
