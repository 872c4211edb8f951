package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/language"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

var encoders = map[string]func(*bytes.Buffer, checks.Diagnosis) error{
	"Text":     func(b *bytes.Buffer, d checks.Diagnosis) error { return Text(b, d) },
	"Markdown": func(b *bytes.Buffer, d checks.Diagnosis) error { return Markdown(b, d) },
	"JSON":     func(b *bytes.Buffer, d checks.Diagnosis) error { return JSON(b, d) },
	"HTML":     func(b *bytes.Buffer, d checks.Diagnosis) error { return HTML(b, d) },
	"SARIF":    func(b *bytes.Buffer, d checks.Diagnosis) error { return SARIF(b, d) },
	"JUnit":    func(b *bytes.Buffer, d checks.Diagnosis) error { return JUnit(b, d) },
}

func text(t *testing.T, d checks.Diagnosis) string {
	t.Helper()
	var b strings.Builder
	if err := Text(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func english(t *testing.T) words {
	t.Helper()
	w, err := wordsFor(language.English)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// planned is one that may be placed in two subnets.
func planned() checks.Task {
	return checks.Task{
		TaskDefinition: "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7", PlatformVersion: "1.4.0",
		Containers: []checks.Container{{Name: "web", Image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1"}, {Name: "log", Image: "fluent/fluent-bit:3"}},
		Placement:  network.Placement{Subnets: []string{"subnet-a", "subnet-b"}, SecurityGroups: []string{"sg-task"}, PublicIP: new(false)},
	}
}

func blackhole() checks.Finding {
	return checks.Finding{
		Check: "route", Stage: checks.Authenticate, Status: checks.Fail, Code: "route.blackhole", Subject: "rtb-1",
		Scope: []string{"subnet-a"}, Summary: "The route of rtb-1 leads to nat-1, which no longer exists.",
		Evidence: []checks.Evidence{{Source: "ec2:DescribeRouteTables", Fact: "rtb-1: 0.0.0.0/0 to nat-1, blackhole"}},
		Fixes:    []checks.Fix{{Summary: "Replace the target", Docs: "https://docs.example/routes"}, {Summary: "Delete the route"}},
	}
}

// hostile holds a terminal's escape sequences (7 and 8 bit), a bell, a line feed, DEL, marks that turn the direction of
// text, a separator of lines, a byte that is not UTF-8, and markup.
const hostile = "\x1b[2J\u009b31m\a\nrm -rf\x7f \u202eevil\u2066\u200f\u061c\u2028\xff<script>&한국"

func hostileDiagnosis() checks.Diagnosis {
	var findings []checks.Finding
	for _, status := range []checks.Status{checks.Fail, checks.Fail, checks.Warn, checks.Unknown, checks.Pass, checks.Skip} {
		findings = append(findings, checks.Finding{
			Check: hostile, Container: hostile, Status: status, Code: hostile, Subject: hostile, Scope: []string{hostile}, Summary: hostile,
			Args: map[string]string{hostile: hostile}, Evidence: []checks.Evidence{{Source: hostile, Fact: hostile + "!"}},
			Fixes: []checks.Fix{{Summary: hostile, Docs: hostile}}, Missing: []string{hostile, "iam:GetRole"},
		})
	}
	findings = append(findings, checks.Finding{Check: hostile, Code: checks.LeftOut})
	// A code of the catalogue, whose sentence is filled with what is hostile.
	findings = append(findings, checks.Finding{Check: "route", Status: checks.Fail, Code: "route.none", Summary: hostile, Subject: hostile,
		Args: map[string]string{"subject": hostile, "subnets": hostile, "hosts": hostile}, Fixes: []checks.Fix{{Summary: hostile, Changes: []checks.Change{hostileChange{}}}}})
	path := checks.Path{Host: hostile, Subnet: hostile, Path: network.Path{Hops: []network.Hop{{Kind: hostile, Subject: hostile, Reason: hostile}}}}
	return checks.Diagnosis{Findings: findings, Paths: []checks.Path{path}, Assumptions: []string{hostile}, Task: checks.Task{
		ARN: hostile, Cluster: hostile, Service: hostile, PlatformVersion: hostile, StoppedReason: hostile,
		Containers: []checks.Container{{Name: hostile, Image: hostile}, {Name: "b", Image: strings.Repeat("x", 10_000)}},
		Placement:  network.Placement{Subnets: []string{hostile, "b"}, SecurityGroups: []string{hostile}},
	}}
}

// hostileChange is a change of what has a hostile name.
type hostileChange struct{}

func (hostileChange) Commands() [][]string         { return [][]string{{"aws", "ec2", hostile}} }
func (hostileChange) Terraform() string            { return hostile }
func (hostileChange) Apply(*checks.Snapshot) error { return nil }

func TestHostileStringsAreNeutralised(t *testing.T) {
	for name, encode := range encoders {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := encode(&b, hostileDiagnosis()); err != nil {
				t.Fatal(err)
			}
			if !utf8.Valid(b.Bytes()) {
				t.Error("the output is not UTF-8")
			}
			for i, r := range b.String() {
				if r != '\n' && !unicode.IsPrint(r) {
					t.Fatalf("%U at byte %d", r, i)
				}
			}
			for _, kept := range []string{"<script>&", "한국"} {
				if !strings.Contains(b.String(), kept) && !(name == "HTML" && strings.Contains(b.String(), html.EscapeString(kept))) {
					t.Errorf("%q is gone", kept)
				}
			}
		})
	}
}

func TestHostileStringsSurviveInJSON(t *testing.T) {
	var b bytes.Buffer
	if err := JSON(&b, hostileDiagnosis()); err != nil {
		t.Fatal(err)
	}
	var got struct{ Findings []struct{ Summary string } }
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ToValidUTF8(hostile, "\ufffd"), got.Findings[0].Summary); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestOutputIsDeterministic(t *testing.T) {
	d := hostileDiagnosis()
	for name := range 50 {
		d.Findings[0].Args[strings.Repeat("k", name)] = "v"
	}
	for name, encode := range encoders {
		var first, second bytes.Buffer
		if err := errors.Join(encode(&first, d), encode(&second, d)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first.String(), second.String()); diff != "" {
			t.Errorf("%s differs\n%s", name, diff)
		}
	}
}

type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrorsAreReturned(t *testing.T) {
	for name, err := range map[string]error{
		"Text": Text(full{}, checks.Diagnosis{}), "Markdown": Markdown(full{}, checks.Diagnosis{}), "JSON": JSON(full{}, checks.Diagnosis{})} {
		if !errors.Is(err, errFull) {
			t.Errorf("%s returned %v", name, err)
		}
	}
}
