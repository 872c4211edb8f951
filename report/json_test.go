package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/language"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

// contract is the JSON report as its readers see it. It repeats the keys on purpose: a change of this struct is a change
// of the contract.
type contract struct {
	Version     int               `json:"version"`
	Status      string            `json:"status"`
	Task        contractTask      `json:"task"`
	RootCauses  []contractCause   `json:"rootCauses"`
	Findings    []contractFinding `json:"findings"`
	Paths       []contractPath    `json:"paths"`
	Assumptions []string          `json:"assumptions"`
	Started     string            `json:"started"`
	Elapsed     float64           `json:"elapsed"`
}

type contractPath struct {
	Stage      string   `json:"stage"`
	Host       string   `json:"host"`
	Subnet     string   `json:"subnet"`
	Containers []string `json:"containers"`
	Hops       []struct {
		Kind    string   `json:"kind"`
		Subject string   `json:"subject"`
		Subnet  string   `json:"subnet"`
		Target  string   `json:"target"`
		Status  string   `json:"status"`
		Reason  string   `json:"reason"`
		Detail  string   `json:"detail"`
		Inbound bool     `json:"inbound"`
		Reply   bool     `json:"reply"`
		DNS     bool     `json:"dns"`
		Depends bool     `json:"depends"`
		Missing []string `json:"missing"`
	} `json:"hops"`
	Missing []string `json:"missing"`
}

type contractTask struct {
	ARN, Cluster, Service, TaskDefinition, Account, Region, PlatformVersion, ExecutionRole, StopCode, StoppedReason string
	Windows                                                                                                         bool
	Containers                                                                                                      []struct{ Name, Image, RepositoryCredentials, Reason string }
	Placement                                                                                                       struct {
		Subnets, SecurityGroups []string
		PublicIP                *bool
	}
}

type contractCause struct {
	contractFinding
	Observed *struct {
		Explains bool   `json:"explains"`
		Reason   string `json:"reason"`
	} `json:"observed"`
}

type contractFinding struct {
	Check     string            `json:"check"`
	Container string            `json:"container"`
	Stage     string            `json:"stage"`
	Status    string            `json:"status"`
	Code      string            `json:"code"`
	Subject   string            `json:"subject"`
	Scope     []string          `json:"scope"`
	Summary   string            `json:"summary"`
	Args      map[string]string `json:"args"`
	Evidence  []struct {
		Source string `json:"source"`
		Fact   string `json:"fact"`
	} `json:"evidence"`
	Fixes []struct {
		Summary string `json:"summary"`
		Docs    string `json:"docs"`
		Region  string `json:"region"`
		Changes []struct {
			Type        string     `json:"type"`
			RouteTable  string     `json:"routeTable"` // of the change that the test makes
			Destination string     `json:"destination"`
			Target      string     `json:"target"`
			Commands    [][]string `json:"commands"`
			Terraform   string     `json:"terraform"`
		} `json:"changes"`
	} `json:"fixes"`
	Missing []string `json:"missing"`
}

func encoded(t *testing.T, d checks.Diagnosis) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := JSON(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestJSONContract(t *testing.T) {
	unknown := checks.Finding{Check: "image", Container: "web", Stage: checks.Resolve, Code: "image.unread", Subject: "web:1",
		Args: map[string]string{"reason": "AccessDenied"}, Missing: []string{"ecr:DescribeImages"}}
	failing := blackhole()
	failing.Fixes[0].Changes, failing.Fixes[0].Region = []checks.Change{checks.CreateRoute{RouteTable: "rtb-1", Destination: "0.0.0.0/0", Target: "nat-new"}}, "eu-west-1"
	way := checks.Path{Stage: checks.Resolve, Host: "registry-1.docker.io", Subnet: "subnet-a", Path: network.Path{
		From: network.Endpoint{Subnet: "subnet-a"}, Hops: []network.Hop{{Kind: network.KindRoute, Subject: "rtb-1", Status: network.Closed, Reason: network.Blackhole}}}}
	doc := encoded(t, checks.Diagnosis{Task: planned(), Findings: []checks.Finding{unknown, failing}, Paths: []checks.Path{way}, Assumptions: []string{"No SCP denies it."},
		Started: time.Date(2026, 1, 2, 12, 4, 5, 0, time.FixedZone("CET", 3600)), Elapsed: 1500 * time.Millisecond})

	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.DisallowUnknownFields()
	var got contract
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Version != 1 || got.Status != "fail" {
		t.Errorf("version %d, status %q", got.Version, got.Status)
	}
	if len(got.RootCauses) != 1 || got.RootCauses[0].Code != "route.blackhole" || got.RootCauses[0].Stage != "authenticate" {
		t.Errorf("root causes: %+v", got.RootCauses)
	}
	if diff := cmp.Diff(got.RootCauses[0].contractFinding, got.Findings[1]); diff != "" {
		t.Errorf("the root cause is not the whole finding\n%s", diff)
	}
	if f := got.Findings[0]; f.Status != "unknown" || f.Container != "web" || f.Missing[0] != "ecr:DescribeImages" || f.Args["reason"] != "AccessDenied" {
		t.Errorf("unknown finding: %+v", f)
	}
	if p := got.Paths; len(p) != 1 || p[0].Stage != "resolve" || p[0].Hops[0].Status != "closed" || p[0].Hops[0].Reason != "blackhole" || p[0].Containers == nil {
		t.Errorf("paths: %+v", p)
	}
	if got.Started != "2026-01-02T11:04:05Z" || got.Elapsed != 1.5 {
		t.Errorf("started %s, elapsed %v", got.Started, got.Elapsed)
	}

	command := []string{"aws", "ec2", "create-route", "--route-table-id", "rtb-1", "--destination-cidr-block", "0.0.0.0/0", "--nat-gateway-id", "<nat-gateway-id>", "--region", "eu-west-1"}
	replace, advice := got.Findings[1].Fixes[0], got.Findings[1].Fixes[1]
	if len(replace.Changes) != 1 || replace.Changes[0].Type != "CreateRoute" || replace.Changes[0].Target != "nat-new" || replace.Changes[0].Terraform == "" ||
		!cmp.Equal(replace.Changes[0].Commands, [][]string{command}) || len(advice.Changes) != 0 {
		t.Errorf("fixes: %+v", got.Findings[1].Fixes)
	}

	var keys map[string]json.RawMessage
	if err := json.Unmarshal(doc, &keys); err != nil {
		t.Fatal(err)
	}
	hasKeys(t, keys, "version", "status", "task", "rootCauses", "findings", "paths", "assumptions", "started", "elapsed")
	var findings []map[string]json.RawMessage
	if err := json.Unmarshal(keys["findings"], &findings); err != nil {
		t.Fatal(err)
	}
	always := []string{"check", "stage", "status", "code", "subject", "scope", "summary", "args", "evidence", "fixes", "missing"}
	hasKeys(t, findings[0], slices.Concat(always, []string{"container"})...)
	hasKeys(t, findings[1], always...)
	if !bytes.HasPrefix(doc, []byte("{\n  \"version\": 1,\n  \"status\": \"fail\",\n")) {
		t.Errorf("it starts with %.60s", doc)
	}
}

func hasKeys(t *testing.T, object map[string]json.RawMessage, want ...string) {
	t.Helper()
	var got []string
	for key := range object {
		got = append(got, key)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-want +got)\n%s", diff)
	}
}

func TestJSONHasNoNull(t *testing.T) {
	for name, d := range map[string]checks.Diagnosis{
		"empty":       {},
		"one finding": {Task: checks.Task{Containers: []checks.Container{{}}}, Findings: []checks.Finding{{}, {Status: checks.Fail, Fixes: []checks.Fix{{}}}}},
	} {
		if doc := encoded(t, d); bytes.Contains(doc, []byte("null")) {
			t.Errorf("%s: %s", name, doc)
		}
	}
}

func TestJSONTellsUnknownGroupsFromNone(t *testing.T) {
	for _, tt := range []struct {
		placement network.Placement
		want      string
	}{
		{network.Placement{}, `{"subnets":[]}`},
		{network.Placement{SecurityGroups: []string{}, PublicIP: new(false)}, `{"subnets":[],"securityGroups":[],"publicIP":false}`},
	} {
		var got struct {
			Task struct{ Placement json.RawMessage }
		}
		if err := json.Unmarshal(encoded(t, checks.Diagnosis{Task: checks.Task{Placement: tt.placement}}), &got); err != nil {
			t.Fatal(err)
		}
		var flat bytes.Buffer
		if err := json.Compact(&flat, got.Task.Placement); err != nil {
			t.Fatal(err)
		}
		if flat.String() != tt.want {
			t.Errorf("placement %s, want %s", &flat, tt.want)
		}
	}
}

func TestJSONDoesNotChangeTheDiagnosis(t *testing.T) {
	d := checks.Diagnosis{Findings: []checks.Finding{{Check: "own"}}}
	encoded(t, d)
	if d.Findings[0].Scope != nil || d.Task.Containers != nil {
		t.Error("the caller's diagnosis was changed")
	}
}

func TestJSONKeepsMarkup(t *testing.T) {
	d := checks.Diagnosis{Findings: []checks.Finding{{Summary: "a <b> & c"}}}
	if doc := string(encoded(t, d)); !strings.Contains(doc, "a <b> & c") {
		t.Errorf("%s", doc)
	}
}

func TestJSONHasNoLanguage(t *testing.T) {
	var korean bytes.Buffer
	d := checks.Diagnosis{Task: planned(), Findings: []checks.Finding{blackhole()}}
	if err := JSON(&korean, d, WithLanguage(language.Korean)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(encoded(t, d)), korean.String()); diff != "" {
		t.Errorf("(-English +Korean)\n%s", diff)
	}
}
