package readertest

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

// script is what somebody may call a resource that wants to be run, drawn or followed.
const script = `"'><script>document.title="owned"</script><img src=x onerror='document.title="owned"'><a href="javascript:alert(1)">x</a></style><style>*{display:none}</style>{{.}}`

// hostile returns a diagnosis in which every name is hostile and has length letters more.
func hostile(length int) checks.Diagnosis {
	names := script + "\u202e\x1b[31m" + strings.Repeat("x", length)
	f := checks.Finding{Check: names, Container: names, Code: checks.Code(names), Subject: names, Scope: []string{names, "b"}, Summary: names,
		Args: map[string]string{"subject": names}, Evidence: []checks.Evidence{{Source: names, Fact: names + "!"}}, Missing: []string{names},
		Fixes: []checks.Fix{{Summary: names, TradeOff: names, Docs: "javascript:alert(1)", Changes: []checks.Change{change{}}}, {Summary: names, Docs: "https://docs.aws.amazon.com/"}}}
	known := f
	known.Check, known.Code, known.Args = "route", "route.none", map[string]string{"subject": names, "subnets": names, "hosts": names}
	d := checks.Diagnosis{Assumptions: []string{names}, Task: checks.Task{Service: names, Cluster: names, Containers: []checks.Container{{Name: names, Image: names}},
		Placement: network.Placement{Subnets: []string{names, "b"}, SecurityGroups: []string{names}}}}
	for _, status := range []checks.Status{checks.Fail, checks.Warn, checks.Unknown, checks.Pass, checks.Skip} {
		f.Status, known.Status = status, status
		d.Findings = append(d.Findings, f, known)
	}
	for _, status := range []network.Status{network.Open, network.Closed, network.Unknown, network.Partial} {
		h := network.Hop{Kind: network.Kind(names), Subject: names, Subnet: names, Target: names, Status: status, Reason: network.Reason(names), Detail: names, Missing: []string{names}}
		d.Paths = append(d.Paths, checks.Path{Host: names, Subnet: names, Path: network.Path{Hops: []network.Hop{h, h, h}, Missing: []string{names}}})
	}
	return d
}

func TestHostileNamesDoNothing(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.show(t, "hostile", hostile(10_000))
	found := run(t, b, chromedp.Evaluate[struct {
		Title                        string
		Scripts, Images, Styles, Odd int
	}](`({Title: document.title, Scripts: document.scripts.length, Images: document.images.length,
		Styles: document.querySelectorAll("style, [style]").length,
		Odd: [...document.links].filter(a => a.protocol != "https:").length})`))
	if found.Title == "owned" || !strings.HasPrefix(found.Title, "It cannot pull") || found.Scripts != 0 || found.Images != 0 || found.Styles != 1 || found.Odd != 0 {
		t.Errorf("%+v", found)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.messages) > 0 || len(b.requests) != 1 {
		t.Errorf("the console says %q, and it asks for %.200q", b.messages, b.requests)
	}
}

// change is one with hostile names in its commands.
type change struct{}

func (change) Commands() [][]string {
	return [][]string{{"aws", "ec2", "authorize-security-group-ingress", "--group-id", "sg-0endpoints", "--ip-permissions", `[{"IpProtocol":"tcp","FromPort":443}]`}, {"aws", "ec2", script}}
}

func (change) Terraform() string {
	return "resource \"aws_vpc_security_group_ingress_rule\" \"canpull\" {\n  security_group_id = \"sg-0endpoints\"\n  from_port         = 443\n}\n# " + script
}

func (change) Apply(*checks.Snapshot) error { return nil }
