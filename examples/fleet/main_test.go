package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/examples/internal/command"
	"github.com/canpull/canpull/examples/internal/command/commandtest"
	"github.com/canpull/canpull/report"
)

func fleet(ctx context.Context, args ...string) commandtest.Outcome {
	return commandtest.Run(ctx, program, args...)
}

func TestTheEmbeddedClusterHasFewCauses(t *testing.T) {
	o := fleet(t.Context())
	o.Expect(t, command.CannotPull, "72 services: 26 cannot pull, 44 can, 2 undetermined.\n", "this is the embedded one")
	widest, narrowest := strings.Index(o.Stdout, "    21  route.nat-state"), strings.Index(o.Stdout, "     1  image.absent")
	if widest < 0 || narrowest < widest {
		t.Errorf("the widest cause is not the first:\n%s", o.Stdout)
	}
	for line := range strings.Lines(o.Stdout) {
		if len(line) > width+1 {
			t.Errorf("too long: %s", line)
		}
	}
}

func TestEveryLineIsAReport(t *testing.T) {
	o := fleet(t.Context(), "-format", "jsonl")
	statuses := map[checks.Status]int{}
	for line := range strings.Lines(o.Stdout) {
		d, err := report.Decode(strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		statuses[d.Status()]++
	}
	if o.Status != command.CannotPull || statuses[checks.Fail] != 26 || statuses[checks.Pass] != 44 || statuses[checks.Unknown] != 2 {
		t.Errorf("exit status %d, %v", o.Status, statuses)
	}
}

func TestUsageErrors(t *testing.T) {
	for args, want := range map[string]string{
		"prod":                          `unexpected argument "prod"`,
		"-cluster prod -all":            "do not go together",
		"-cluster=":                     "-cluster is empty",
		"-stopped":                      "-stopped goes with -cluster or -all",
		"-assume-role arn:aws:iam::1:x": "goes with",
		"-all -assume-role admin":       `"admin"`,
		"-all -format yaml":             "text or jsonl",
		"-all -timeout -1s":             "negative",
		"-cluster arn:aws:ecs:eu-west-1:111122223333:cluster/prod -regions us-east-1": "account 111122223333 in eu-west-1",
	} {
		fleet(t.Context(), strings.Fields(args)...).Expect(t, command.ToolError, "", want)
	}
	if o := fleet(t.Context(), "-h"); o.Status != 0 || o.Stdout != usage {
		t.Errorf("%+v", o)
	}
	for line := range strings.Lines(usage) {
		if len([]rune(line)) > 101 {
			t.Errorf("too long for 100 columns: %s", line)
		}
	}
}

func TestTimeout(t *testing.T) {
	fleet(t.Context(), "-timeout", "1ns").Expect(t, command.Undetermined, "0 services", "ended early (context deadline exceeded)")
	fleet(t.Context(), "-timeout", "1h").Expect(t, command.CannotPull, "72 services", "")
}

// scanned adds tasks of which each was loaded or not.
func scanned(stopped bool, tasks iter.Seq2[checks.Status, error]) *results {
	r := &results{stopped: stopped}
	for status, err := range tasks {
		r.add(checks.Diagnosis{Task: checks.Task{Service: "web"}, Findings: []checks.Finding{{Status: status, Code: "x"}}}, err)
	}
	return r
}

func TestExitStatusIsThatOfTheWorst(t *testing.T) {
	elsewhere, broken := &checks.NotFargateError{On: "EC2"}, errors.New("not there")
	none := func(func(checks.Status, error) bool) {}
	of := func(status checks.Status, errs ...error) iter.Seq2[checks.Status, error] {
		return func(yield func(checks.Status, error) bool) {
			for _, err := range append(errs, nil) {
				if !yield(status, err) {
					return
				}
			}
		}
	}
	for name, c := range map[string]struct {
		results *results
		early   bool
		want    int
	}{
		"all can":                       {scanned(false, of(checks.Pass)), false, command.CanPull},
		"one is not on Fargate":         {scanned(false, of(checks.Pass, elsewhere)), false, command.CanPull},
		"one was not loaded":            {scanned(false, of(checks.Pass, broken)), false, command.Undetermined},
		"one cannot and one was not":    {scanned(false, of(checks.Fail, broken)), false, command.CannotPull},
		"one is not known":              {scanned(false, of(checks.Unknown)), false, command.Undetermined},
		"it ended early":                {scanned(false, of(checks.Warn)), true, command.Undetermined},
		"there is none":                 {scanned(false, none), false, command.Undetermined},
		"there is none that has failed": {scanned(true, none), false, command.CanPull},
	} {
		if got := c.results.exitStatus(c.early); got != c.want {
			t.Errorf("%s: exit status %d, want %d", name, got, c.want)
		}
	}
}

func TestWhatWasNotLoadedIsSaid(t *testing.T) {
	r := &results{elsewhere: 7, notLoaded: []string{"checks: service web: it is DRAINING"}}
	var b strings.Builder
	if err := r.table(&b); err != nil || !strings.Contains(b.String(), "7 more are not on Fargate.") || !strings.Contains(b.String(), "        checks: service web: it is DRAINING\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
	b.Reset()
	if err := r.line(&b, checks.Diagnosis{Task: checks.Task{Service: "web"}}, errors.New("it is DRAINING")); err != nil {
		t.Fatal(err)
	}
	var line struct{ Error, Task string }
	if err := json.Unmarshal([]byte(b.String()), &line); err != nil || line.Error != "it is DRAINING" || line.Task != "web" {
		t.Errorf("%s: %v", b.String(), err)
	}
}

// How many services there are, the clusters tell.
func TestTotal(t *testing.T) {
	ecs := &checkstest.ECS{}
	a := account{loader: checks.Loader{ECS: ecs}}
	for i := range 101 { // more than one call takes
		name := fmt.Sprintf("c%d", i)
		a.clusters = append(a.clusters, name)
		ecs.Clusters = append(ecs.Clusters, types.Cluster{ClusterArn: aws.String("arn:aws:ecs:eu-west-1:111122223333:cluster/" + name), ActiveServicesCount: 2})
	}
	all := accounts{a, {services: 5}}
	if n := all.total(t.Context(), false); n != 207 {
		t.Errorf("there are %d, want 207", n)
	}
	if n := all.total(t.Context(), true); n != 0 {
		t.Errorf("of stopped tasks it is not known, not %d", n)
	}
	all[0].clusters = append(all[0].clusters, "nowhere")
	if n := all.total(t.Context(), false); n != 0 {
		t.Errorf("with a cluster that ECS does not show it is not known, not %d", n)
	}
}

func TestProgress(t *testing.T) {
	if newProgress(&strings.Builder{}, func() int { t.Error("the total is asked for although nobody watches"); return 10 }) != nil {
		t.Error("progress is shown although nobody watches")
	}
	var b strings.Builder
	r := results{elsewhere: 3}
	for _, total := range []int{12, 0, 2} { // known, not known, and less than there turn out to be
		(&progress{&b, total}).show(r)
	}
	const erase = "\r\x1b[K"
	want := erase + "[#######.......................] 3 of 12, 0 cannot pull" + erase + "3 done, 0 cannot pull" + erase + "[##############################] 3 of 2, 0 cannot pull"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
