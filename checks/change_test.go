package checks_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

func TestEveryTypeOfChangeIsTested(t *testing.T) {
	var want, got []string
	for _, c := range checks.ChangeTypes() {
		want = append(want, reflect.TypeOf(c).Name())
	}
	for _, c := range changes {
		got = append(got, reflect.TypeOf(c).Name())
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("(-types +tested):\n%s", diff)
	}
}

const changesFile = "testdata/changes.txt"

// What every change comes to, for people to read: its commands, its Terraform, and what it makes of the facts.
func TestChanges(t *testing.T) {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "# %s\n\n", reflect.TypeOf(c).Name())
		for _, words := range c.Commands() {
			fmt.Fprintf(&b, "$ %s\n", strings.Join(words, " "))
		}
		fmt.Fprintf(&b, "\n%s\n", c.Terraform())
		before, after := changed(), changed()
		if err := c.Apply(after); err != nil {
			t.Errorf("%T: %v", c, err)
		}
		for _, line := range differences(t, before, after) {
			fmt.Fprintf(&b, "%s\n", line)
		}
		b.WriteString("\n")
	}
	if *update {
		if err := os.WriteFile(changesFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(changesFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("changes come to something else (-want +got):\n%s", diff)
	}
}

// differences lists the values that a change takes away from a snapshot and adds to it, each with where it stands.
func differences(t *testing.T, before, after *checks.Snapshot) (lines []string) {
	t.Helper()
	was, is := leaves(t, before), leaves(t, after)
	for _, l := range was {
		if !slices.Contains(is, l) {
			lines = append(lines, "- "+l)
		}
	}
	for _, l := range is {
		if !slices.Contains(was, l) {
			lines = append(lines, "+ "+l)
		}
	}
	return lines
}

func leaves(t *testing.T, s *checks.Snapshot) (all []string) {
	t.Helper()
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			keys := make([]string, 0, len(v))
			for k := range v {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			for _, k := range keys {
				walk(path+"."+k, v[k])
			}
		case []any:
			for i, item := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), item)
			}
		default:
			all = append(all, strings.TrimPrefix(path, ".facts.networks[0].fact.")+": "+fmt.Sprint(v))
		}
	}
	walk("", v)
	return all
}

// A change of what was not read, or is not there, fails: nothing is made up.
func TestChangesFailWithoutWhatTheyChange(t *testing.T) {
	for _, c := range changes {
		err := c.Apply(&checks.Snapshot{})
		switch c.(type) {
		case checks.CreateInternetGateway, checks.CreateDHCPOptions, checks.CreateRole, checks.CreateSecret: // what nothing uses yet is in no facts
			if err != nil {
				t.Errorf("%T: %v", c, err)
			}
		default:
			if err == nil {
				t.Errorf("%T is made to facts that hold nothing", c)
			}
		}
	}
}

// AWS refuses to create a second time what there is one of.
func TestChangesThatCreateAreMadeOnce(t *testing.T) {
	for _, c := range changes {
		switch c.(type) {
		case checks.CreateRoute, checks.CreateNATGateway, checks.CreateSecurityGroup, checks.CreateNetworkACLEntry, checks.CreateTransitGatewayRoute, checks.CreateVPCEndpoint,
			checks.AssociateRouteTable, checks.AssociateNATGatewayAddress, checks.AssociateTransitGatewayRouteTable, checks.ModifyTransitGatewayVPCAttachment:
			s := changed()
			if err := c.Apply(s); err != nil {
				t.Errorf("%T: %v", c, err)
			}
			if err := c.Apply(s); err == nil {
				t.Errorf("%T is made twice", c)
			}
		}
	}
}

// A change reaches every VPC that was read: those behind a transit gateway, and the same one in the answer for another task.
func TestChangesAreMadeWhereverTheFactsHoldThem(t *testing.T) {
	s := changed()
	again := *changed().Facts.Networks[0].Fact
	behind := network.Topology{VPC: network.VPC{ID: "vpc-1"}, RouteTables: []network.RouteTable{{ID: "rtb-1", Routes: []network.Route{}}}}
	s.Facts.Networks[0].Fact.Neighbours = []network.Topology{behind}
	s.Facts.Networks = append(s.Facts.Networks, checks.Answer[network.Placement, network.Topology]{Fact: &again})
	for _, table := range []string{"rtb-0", "rtb-1"} {
		if err := (checks.CreateRoute{RouteTable: table, Destination: "0.0.0.0/0", Target: "nat-0"}).Apply(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range []network.RouteTable{s.Facts.Networks[0].Fact.RouteTables[0], again.RouteTables[0], s.Facts.Networks[0].Fact.Neighbours[0].RouteTables[0]} {
		if !slices.ContainsFunc(table.Routes, func(r network.Route) bool { return r.Target == "nat-0" }) {
			t.Errorf("the route is not in %s: %v", table.ID, table.Routes)
		}
	}
}

func TestEveryTypeOfChangeSurvivesJSON(t *testing.T) {
	fix := checks.Fix{Summary: "Do all of it", Docs: "https://docs.aws.amazon.com/", TradeOff: "It is much.", Region: "eu-west-1", Changes: changes}
	data, err := json.Marshal(fix)
	if err != nil {
		t.Fatal(err)
	}
	var back checks.Fix
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fix, back); diff != "" {
		t.Errorf("JSON says something else (-before +after):\n%s", diff)
	}
	var doc struct {
		Changes []struct {
			Type      string
			Commands  [][]string
			Terraform string
		}
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	for i, c := range doc.Changes {
		if c.Type != reflect.TypeOf(changes[i]).Name() || c.Terraform != changes[i].Terraform() || len(c.Commands) != len(changes[i].Commands()) {
			t.Errorf("%T is written as %+v", changes[i], c)
		}
		for _, words := range c.Commands {
			if !slices.Contains(words, "--region") && words[1] != "iam" {
				t.Errorf("%s names no Region: %v", c.Type, words)
			}
		}
	}
}

// What a newer version wrote stays as it is, and cannot be applied.
func TestAnUnknownChangeIsKept(t *testing.T) {
	const newer = `{"summary":"s","docs":"d","changes":[{"type":"CreateWormhole","far":"<side>","commands":[["aws","ec2","create-wormhole"]],"terraform":"# none\n"}]}`
	var fix checks.Fix
	if err := json.Unmarshal([]byte(newer), &fix); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"aws", "ec2", "create-wormhole"}}, fix.Commands()); diff != "" {
		t.Errorf("its commands are lost (-want +got):\n%s", diff)
	}
	if got := fix.Changes[0].Terraform(); got != "# none\n" {
		t.Errorf("its Terraform is %q", got)
	}
	if err := fix.Changes[0].Apply(changed()); err == nil || !strings.Contains(err.Error(), "CreateWormhole") {
		t.Errorf("it is applied (%v)", err)
	}
	data, err := json.Marshal(fix)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ReplaceAll(strings.ReplaceAll(string(data), `\u003c`, "<"), `\u003e`, ">") != newer {
		t.Errorf("it is written as %s", data)
	}
}

func TestMalformedChangesAreErrors(t *testing.T) {
	for _, changes := range []string{`[{}]`, `[null]`, `["CreateRoute"]`, `[{"type":"CreateRoute","target":1}]`, `[{"type":""}]`, `{}`} {
		var fix checks.Fix
		if err := json.Unmarshal([]byte(`{"changes":`+changes+`}`), &fix); err == nil {
			t.Errorf("%s is read as %+v", changes, fix.Changes)
		}
	}
}

// A change of a caller's own has a name in JSON too.
type paintItBlue struct{ Thing string }

func (paintItBlue) Commands() [][]string         { return nil }
func (p paintItBlue) Terraform() string          { return "# " + p.Thing + "\n" }
func (paintItBlue) Apply(*checks.Snapshot) error { return nil }

func TestAChangeOfACallersOwn(t *testing.T) {
	data, err := json.Marshal(checks.Fix{Changes: []checks.Change{&paintItBlue{"door"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"summary":"","docs":"","changes":[{"type":"paintItBlue","Thing":"door","commands":[],"terraform":"# door\n"}]}`
	if string(data) != want {
		t.Errorf("it is written as %s", data)
	}
}

// Names come from an account: what they hold stays text.
func TestTerraformQuotesNames(t *testing.T) {
	c := checks.CreateSecurityGroup{VPC: "vpc-0", Name: "a\"b\\c${d}%{e}\n", Description: "$ % {"}
	want := `resource "aws_security_group" "new" {
  vpc_id      = "vpc-0"
  name        = "a\"b\\c$${d}%%{e}\U0000000a"
  description = "$ % {"
}
`
	if diff := cmp.Diff(want, c.Terraform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, c := range []checks.Change{checks.DeleteVPCEndpoints{VPCEndpoint: "a\nresource"}, checks.ReplaceRoute{RouteTable: "a\nresource"}} {
		if first, _, _ := strings.Cut(c.Terraform(), "\n"); !strings.Contains(first, "a_resource") {
			t.Errorf("%T: a name breaks out of its comment:\n%s", c, c.Terraform())
		}
	}
}

func changeText(t *testing.T, c checks.Change) string {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// FuzzFix: whatever a fix is read from, it is written as one that reads the same, and its changes can be written down and
// tried out.
func FuzzFix(f *testing.F) {
	for _, c := range changes {
		text, err := json.Marshal(checks.Fix{Summary: "change it", Region: "eu-west-1", Changes: []checks.Change{c}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(`{"changes": [{"type": "OfTomorrow", "commands": [["aws"]], "terraform": "x"}], "proof": {}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var fix, again checks.Fix
		if json.Unmarshal([]byte(text), &fix) != nil {
			return
		}
		for _, c := range fix.Changes {
			_ = c.Apply(changed()) // what a change cannot be made to is an error
		}
		first := encoded(t, fix)
		if err := json.Unmarshal([]byte(first), &again); err != nil {
			t.Fatalf("%v: %s", err, first)
		}
		sameText(t, "the fix", first, encoded(t, again))
	})
}
