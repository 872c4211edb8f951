package checks_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
	"github.com/canpull/canpull/report"
)

func capture(t *testing.T, s checks.Snapshot) string {
	t.Helper()
	var b strings.Builder
	if err := checks.Capture(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func replay(t *testing.T, document string) checks.Snapshot {
	t.Helper()
	s, err := checks.Replay(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func diagnosed(t *testing.T, s checks.Snapshot) checks.Diagnosis {
	t.Helper()
	d, err := checks.Run(t.Context(), s.Task, checks.Default(s.Facts.Sources())...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func reported(t *testing.T, d checks.Diagnosis) string {
	t.Helper()
	d.Started, d.Elapsed = time.Time{}, 0 // each run has its own
	var b bytes.Buffer
	if err := report.JSON(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// replaysExactly fails the test unless a diagnosis can be made again from its document, byte for byte.
func replaysExactly(t *testing.T, d checks.Diagnosis) {
	t.Helper()
	document := capture(t, d.Snapshot())
	s := replay(t, document)
	if diff := cmp.Diff(d.Facts, s.Facts, sameErrors); diff != "" {
		t.Errorf("other facts (-captured +replayed):\n%s", diff)
	}
	again := diagnosed(t, s)
	if diff := cmp.Diff(reported(t, d), reported(t, again)); diff != "" {
		t.Errorf("another report (-captured +replayed):\n%s", diff)
	}
	if diff := cmp.Diff(d.Findings, again.Findings); diff != "" {
		t.Errorf("other findings (-captured +replayed):\n%s", diff)
	}
	if diff := cmp.Diff(d.Paths, again.Paths); diff != "" {
		t.Errorf("other paths (-captured +replayed):\n%s", diff)
	}
	if diff := cmp.Diff(document, capture(t, again.Snapshot())); diff != "" {
		t.Errorf("another document (-captured +replayed):\n%s", diff)
	}
}

// sameErrors takes errors for the same that findings explain alike. They are for people only, so that none and an empty map
// of them are one.
var sameErrors = cmp.Options{
	cmp.Comparer(sameError),
	cmp.Comparer(func(a, b map[string]error) bool { return maps.EqualFunc(a, b, sameError) }),
}

func sameError(a, b error) bool {
	return (a == nil) == (b == nil) && (a == nil || checks.Explain(a) == checks.Explain(b))
}

func TestAReplayFindsTheSame(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios(t) {
		t.Run(s.Name, func(t *testing.T) { replaysExactly(t, diagnose(t, s)) })
	}
}

// What was not read is not read in the replay either, and for the same reason.
func TestAReplayLacksTheSame(t *testing.T) {
	t.Parallel()
	broken := errors.New("dial tcp: lookup ec2.eu-west-1.amazonaws.com on 10.0.0.2:53: no such host")
	for i, s := range some(t) {
		if i%8 != 0 {
			continue
		}
		var recorded calls
		s.Before(recorded.record)
		diagnose(t, s)
		for _, action := range slices.Sorted(maps.Keys(recorded.counts)) {
			for name, fault := range map[string]error{"denied": faults["denied"](action), "broken": failed(action, broken)} {
				t.Run(s.Name+"/"+action+"/"+name, func(t *testing.T) {
					s.Before(func(_ context.Context, a string, _ any) error {
						if a == action {
							return fault
						}
						return nil
					})
					replaysExactly(t, diagnose(t, s))
				})
			}
		}
	}
}

// Why the task's own interface is not known stays known.
func TestASnapshotKeepsTheTasksUnread(t *testing.T) {
	s := checks.Snapshot{Task: checks.Task{Unread: map[string]error{"ec2:DescribeNetworkInterfaces": errors.New("the time ran out")}}}
	if diff := cmp.Diff(s.Task, replay(t, capture(t, s)).Task, sameErrors); diff != "" {
		t.Error(diff)
	}
}

// A snapshot holds what a finding may say, and nothing that lets anybody in.
func TestASnapshotHoldsNoSecret(t *testing.T) {
	const canary = "canary-5f2d9c"
	s := scenario(t, "healthy-credentials-key")
	s.Secrets.Values = []secretsmanager.GetSecretValueOutput{{ARN: s.Secrets.Secrets[0].ARN, SecretString: aws.String(`{"username": "` + canary + `", "password": "` + canary + `"}`)}}
	s.Before(func(_ context.Context, action string, _ any) error {
		if strings.HasPrefix(action, "secretsmanager:") {
			return nil
		}
		return failed(action, &smithy.GenericAPIError{Code: "UnauthorizedOperation", Message: "Encoded authorization failure message: " + canary})
	})
	sources := s.Sources()
	sources.Secrets = credentials.New(s.Secrets, s.Secrets, credentials.WithValues(s.Secrets))
	d, err := checks.Run(t.Context(), s.Task, checks.Default(sources)...)
	if err != nil {
		t.Fatal(err)
	}
	document := capture(t, d.Snapshot())
	if !strings.Contains(document, `"Form": "valid"`) {
		t.Fatalf("the value was not read:\n%s", document)
	}
	if strings.Count(document, `"reason": "UnauthorizedOperation"`) < 5 {
		t.Errorf("few denials are captured:\n%s", document)
	}
	if strings.Contains(document, canary) {
		t.Errorf("the canary shows:\n%s", document)
	}
}

func TestWhatIsNoSnapshot(t *testing.T) {
	whole := capture(t, diagnose(t, scenario(t, checkstest.DefaultScenario)).Snapshot())
	facts := func(fact string) string { return `{"version": 1, "task": {}, "facts": {"networks": [` + fact + `]}}` }
	for name, tt := range map[string]struct{ document, want string }{
		"nothing":           {"", "ends too early"},
		"cut":               {whole[:len(whole)/2], "ends too early"},
		"text behind it":    {whole + "{}", "after top-level value"},
		"not JSON":          {"PK\x03\x04", "invalid character"},
		"a list":            {"[]", "array"},
		"another document":  {`{"findings": []}`, "no version"},
		"a report":          {reported(t, checks.Diagnosis{}), "no facts"},
		"null facts":        {`{"version": 1, "task": {}, "facts": null}`, "no facts"},
		"a newer version":   {`{"version": 2, "task": 7}`, "version 2"},
		"an earlier one":    {`{"version": 0, "task": {}, "facts": {}}`, "version 0"},
		"a version in text": {`{"version": "1", "facts": {}}`, "version"},
		"a wrong type":      {`{"version": 1, "task": {"region": 7}, "facts": {}}`, "region"},
		"a null fact":       {facts(`{"question": {}, "fact": null}`), "neither a fact nor an error"},
		"a null answer":     {facts(`null`), "neither a fact nor an error"},
		"deep":              {`{"version": 1, "task": {}, "facts": ` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, "256 levels"},
		"deep neighbours":   {facts(`{"question": {}, "fact": ` + strings.Repeat(`{"neighbours": [`, 2000) + strings.Repeat("]}", 2000) + `}`), "256 levels"},
		"many values":       {facts(`{"question": {}, "fact": {"neighbours": [{}` + strings.Repeat(",{}", 1<<20) + `]}}`), "1048576 values"},
	} {
		_, err := checks.Replay(strings.NewReader(tt.document))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: the error is %v, want one with %q", name, err, tt.want)
		}
	}
}

// Documents that an earlier version wrote are read for good: those recorded are never written again. What they hold that is
// asked for no more is passed over, and what they lack is not read.
func TestRecordedSnapshotsAreStillRead(t *testing.T) {
	names, err := filepath.Glob("testdata/recorded/snapshot-*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("nothing is recorded", err)
	}
	for _, name := range names {
		document, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		causes := diagnosed(t, replay(t, string(document))).RootCauses()
		if len(causes) != 1 || causes[0].Code != "endpoint.group-closed" || causes[0].Subject != "sg-0endpoints" {
			t.Errorf("%s: the causes are %+v", name, causes)
		}
	}
}

// The limits count what is outside strings only.
func TestBracketsInAStringAreNoNesting(t *testing.T) {
	s := checks.Snapshot{Task: checks.Task{StoppedReason: strings.Repeat(`"[{,\`, 1<<19)}}
	if got := replay(t, capture(t, s)).Task.StoppedReason; got != s.Task.StoppedReason {
		t.Errorf("read %d bytes of %d", len(got), len(s.Task.StoppedReason))
	}
}

// endless is a document that never ends, and counts what is read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += len(p)
	return len(p), nil
}

func TestAHugeDocumentIsNotReadToItsEnd(t *testing.T) {
	const hundred = 100 << 20
	e := &endless{}
	began := time.Now()
	_, err := checks.Replay(io.LimitReader(e, hundred))
	if err == nil || !strings.Contains(err.Error(), "16 MiB") {
		t.Errorf("the error is %v", err)
	}
	if e.read > hundred/2 || time.Since(began) > time.Minute {
		t.Errorf("read %d bytes in %s", e.read, time.Since(began))
	}
}

// What cannot be read again is not written.
func TestCaptureKeepsTheLimitsOfReplay(t *testing.T) {
	var b strings.Builder
	err := checks.Capture(&b, checks.Snapshot{Task: checks.Task{StoppedReason: strings.Repeat("x", 17<<20)}})
	if err == nil || !strings.Contains(err.Error(), "16 MiB") || b.Len() > 0 {
		t.Errorf("wrote %d bytes with the error %v", b.Len(), err)
	}
}

// Where a key stands twice, the last one counts, as everywhere in Go.
func TestOfAKeyThatStandsTwiceTheLastCounts(t *testing.T) {
	s := replay(t, `{"version": 1, "task": {"region": "eu-west-1", "region": "eu-west-2"}, "facts": {}, "later": []}`)
	if s.Task.Region != "eu-west-2" {
		t.Errorf("the Region is %s", s.Task.Region)
	}
}

// A document may say of an image that it is another: it is taken for the one that was asked about.
func TestACapturedImageIsTheOneThatWasAskedAbout(t *testing.T) {
	asked, err := registry.Parse("111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1")
	if err != nil {
		t.Fatal(err)
	}
	facts := checks.Facts{Images: []checks.Answer[registry.Reference, registry.Image]{{Question: asked, Fact: &registry.Image{Status: registry.ImageAbsent}}}}
	image, err := facts.Sources().Images.Image(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	if image.Reference.ECR == nil || image.Reference.String() != asked.String() || image.Status != registry.ImageAbsent {
		t.Errorf("the image is %+v", image)
	}
}
