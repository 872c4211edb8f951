package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

// strict returns the schema, changed so that it refuses what it does not name.
func strict(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	var closeObjects func(any)
	closeObjects = func(node any) {
		switch n := node.(type) {
		case map[string]any:
			for _, child := range n {
				closeObjects(child)
			}
			if _, open := n["additionalProperties"]; n["properties"] != nil && !open {
				n["unevaluatedProperties"] = false
			}
		case []any:
			for _, child := range n {
				closeObjects(child)
			}
		}
	}
	closeObjects(doc)
	return compiled(t, doc)
}

func compiled(t *testing.T, doc any) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(s *jsonschema.Schema, doc []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// What JSON writes is what the schema says, and nothing that it does not name; and it is read back as it was.
func TestJSONIsWhatTheSchemaSaysAndIsReadBack(t *testing.T) {
	s := strict(t)
	all := diagnoses(t)
	all["hostile"], all["empty"] = hostileDiagnosis(), checks.Diagnosis{}
	proven, err := checks.Prove(t.Context(), all["two-faults"])
	if err != nil || proven.RootCauses()[0].Fixes[0].Proof == nil {
		t.Fatal(proven.RootCauses(), err)
	}
	all["proven"] = proven
	for name, d := range all {
		for _, options := range [][]Option{nil, {MaskAccounts()}} {
			var first, second bytes.Buffer
			if err := JSON(&first, d, options...); err != nil {
				t.Fatal(err)
			}
			if err := valid(s, first.Bytes()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if bytes.Contains(first.Bytes(), []byte(": null")) {
				t.Errorf("%s: there is a null in it", name)
			}
			again, err := Decode(iotest.OneByteReader(bytes.NewReader(first.Bytes())))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if err := JSON(&second, again); err != nil {
				t.Fatal(err)
			}
			if options != nil { // what a change's JSON says of it is said anew, of an account with letters for an ID
				if again, err = Decode(bytes.NewReader(second.Bytes())); err != nil {
					t.Fatal(name, err)
				}
				first, second = second, bytes.Buffer{}
				if err := JSON(&second, again); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(first.String(), second.String()); diff != "" {
				t.Errorf("%s (-written +read back and written)\n%s", name, diff)
			}
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	s := compiled(t, doc)
	const whole = `{"version":1,"status":"pass","task":{"containers":[],"placement":{"subnets":[]}},"rootCauses":[],"findings":[],"paths":[],"assumptions":[]}`
	if err := valid(s, []byte(whole)); err != nil {
		t.Errorf("%s: %v", whole, err)
	}
	for _, change := range [][2]string{
		{`"version":1`, `"version":2`},
		{`"pass"`, `"skip"`},
		{`"findings":[]`, `"findings":null`},
		{`"findings":[],`, ``},
		{`"assumptions":[]`, `"assumptions":[1]`},
		{`"version":1`, `"version":1,"elapsed":"1s"`},
		{`"version":1`, `"version":1,"started":"yesterday"`},
		{`"paths":[]`, `"paths":[{"stage":"resolve","host":"h","subnet":"s","containers":[],"hops":[{"kind":"route","subject":"rtb","status":"maybe"}]}]`},
	} {
		if doc := strings.Replace(whole, change[0], change[1], 1); doc == whole || valid(s, []byte(doc)) == nil {
			t.Errorf("it admits %s", doc)
		}
	}
}

func TestDecodeKeepsWhatIsNotKnown(t *testing.T) {
	started := time.Date(2026, 11, 23, 13, 15, 14, 123456789, time.FixedZone("KST", 9*60*60))
	d := checks.Diagnosis{
		Started: started, Elapsed: 1234567890 * time.Nanosecond,
		Task: checks.Task{Containers: []checks.Container{}, Placement: network.Placement{Subnets: []string{"subnet-a"}}},
		Findings: []checks.Finding{{Check: "route", Stage: checks.Download, Status: checks.Fail, Code: "route.none", Subject: "rtb-1", Scope: []string{},
			Args: map[string]string{}, Evidence: []checks.Evidence{}, Fixes: []checks.Fix{}, Missing: []string{}}},
		Paths: []checks.Path{{Stage: checks.Download, Host: "h", Subnet: "subnet-a", Containers: []string{"web"},
			Path: network.Path{Hops: []network.Hop{{Kind: network.KindRoute, Subject: "rtb-1", Status: network.Closed, Reason: network.NoRoute}}, Missing: []string{"ec2:DescribeNatGateways"}}}},
		Assumptions: []string{"No SCP denies it."},
	}
	got, err := Decode(bytes.NewReader(encoded(t, d)))
	if err != nil {
		t.Fatal(err)
	}
	if got.Task.Placement.SecurityGroups != nil || got.Task.Placement.PublicIP != nil {
		t.Errorf("what is not known of the placement was read as %+v", got.Task.Placement)
	}
	if diff := cmp.Diff(d, got, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	d.Task.Placement.SecurityGroups = []string{}
	if got, err = Decode(bytes.NewReader(encoded(t, d))); err != nil || got.Task.Placement.SecurityGroups == nil {
		t.Errorf("the VPC's default group was read as groups that are not known (%v)", err)
	}
}

// Reports that an earlier version wrote are read for good: those recorded are never written again.
func TestRecordedReportsAreStillRead(t *testing.T) {
	names, err := filepath.Glob("testdata/recorded/report-*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("nothing is recorded", err)
	}
	for _, name := range names {
		document, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Decode(bytes.NewReader(document))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		causes := d.RootCauses()
		if len(causes) != 1 || causes[0].Code != "endpoint.group-closed" || len(causes[0].Fixes) == 0 || len(d.Findings) < 10 || d.Task.Service != "web" {
			t.Errorf("%s: the causes are %+v", name, causes)
		}
	}
}

func TestDecodePassesOverUnknownKeys(t *testing.T) {
	d, err := Decode(strings.NewReader(`{"version":1,"new":{"a":[1]},"findings":[{"check":"c","stage":"resolve","status":"warn","code":"x","new":1}]}`))
	if err != nil || len(d.Findings) != 1 || d.Status() != checks.Warn {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	broken := errors.New("connection reset")
	whole := string(encoded(t, hostileDiagnosis()))
	for name, tt := range map[string]struct{ in, want string }{
		"nothing":            {"", "no JSON report"},
		"text":               {"It can pull.", "no JSON report"},
		"a list":             {"[]", "no JSON report"},
		"null":               {"null", "no version"},
		"no version":         {`{"findings":[]}`, "no version"},
		"a newer version":    {`{"version":2,"findings":"elsewhere"}`, "version 2"},
		"an older version":   {`{"version":0,"findings":[]}`, "no version 0"},
		"no findings":        {`{"version":1,"status":"pass"}`, "no findings"},
		"findings are null":  {`{"version":1,"findings":null}`, "no findings"},
		"a finding is null":  {`{"version":1,"findings":[null]}`, "finding 0: it has no stage or no status"},
		"no status":          {`{"version":1,"findings":[{"stage":"assume"}]}`, "finding 0: it has no stage or no status"},
		"no stage":           {`{"version":1,"findings":[{"status":"pass"}]}`, "finding 0: it has no stage or no status"},
		"an unknown status":  {`{"version":1,"findings":[{"stage":"assume","status":"fine"}]}`, `no status is called "fine"`},
		"an unknown stage":   {`{"version":1,"findings":[{"stage":"start","status":"pass"}]}`, `no stage is called "start"`},
		"a path's status":    {`{"version":1,"findings":[],"paths":[{"stage":"assume","hops":[{"status":"ajar"}]}]}`, `no status is called "ajar"`},
		"cut off":            {strings.TrimRight(whole, "\n}"), "unexpected end"},
		"far too long a run": {`{"version":1,"findings":[],"elapsed":1e300}`, "longer than"},
		"a year of its own":  {`{"version":1,"findings":[],"started":"9999-12-31T23:59:59-01:00"}`, "started: "},
		"something after it": {whole + "{}", "after top-level value"},
		"too deep":           {`{"version":1,"findings":` + strings.Repeat("[", 20_000), "depth"},
		"too large":          {strings.Repeat(" ", largest) + `{"version":1,"findings":[]}`, "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Decode(strings.NewReader(tt.in))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "report: ") {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
			if len(d.Findings) != 0 {
				t.Errorf("beside the error: %+v", d)
			}
		})
	}
	if _, err := Decode(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("the reader's error is hidden: %v", err)
	}
}

// What can be read is written as something that reads the same.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"version":1,"findings":[{"check":"c","stage":"resolve","status":"fail","code":"x","fixes":[{}]}],"paths":[{"hops":[{}]}],"elapsed":1e9}`))
	var b bytes.Buffer
	if err := JSON(&b, checks.Diagnosis{Task: planned(), Findings: []checks.Finding{blackhole(), {Summary: hostile}}}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, doc []byte) {
		d, err := Decode(bytes.NewReader(doc))
		if err != nil {
			return
		}
		first := encoded(t, d)
		if !json.Valid(first) {
			t.Fatalf("no JSON: %s", first)
		}
		again, err := Decode(bytes.NewReader(first))
		if err != nil {
			t.Fatal(err)
		}
		if second := encoded(t, again); !bytes.Equal(first, second) {
			t.Errorf("%s\nis read back as\n%s", first, second)
		}
	})
}
