package checks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
)

func scenarios(t testing.TB) []checkstest.Scenario {
	t.Helper()
	all, err := checkstest.Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// some are every scenario, but one of eight where the race detector watches: to it all are alike, and it has seen each in
// TestScenarios. For what diagnoses each of them many times.
func some(t testing.TB) []checkstest.Scenario {
	t.Helper()
	all := scenarios(t)
	if !raced {
		return all
	}
	var few []checkstest.Scenario
	for i := 0; i < len(all); i += 8 {
		few = append(few, all[i])
	}
	return few
}

func diagnose(t *testing.T, s checkstest.Scenario) checks.Diagnosis {
	t.Helper()
	d, err := checks.Run(t.Context(), s.Task, checks.Default(s.Sources())...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// calls records what an account is asked, by action and input.
type calls struct {
	mu     sync.Mutex
	counts map[string]map[string]int
}

func (c *calls) record(_ context.Context, action string, input any) error {
	text, err := json.Marshal(input)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]map[string]int{}
	}
	if c.counts[action] == nil {
		c.counts[action] = map[string]int{}
	}
	c.counts[action][string(text)]++
	return nil
}

// faults are the ways in which an operation fails to answer.
var faults = map[string]func(action string) error{
	"denied": func(action string) error {
		code := "AccessDeniedException"
		if strings.HasPrefix(action, "ec2:") {
			code = "UnauthorizedOperation"
		}
		return failed(action, &smithy.GenericAPIError{Code: code, Message: "not authorized"})
	},
	"throttled": func(action string) error {
		return failed(action, &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"})
	},
}

func failed(action string, err error) error {
	service, operation, _ := strings.Cut(action, ":")
	return &smithy.OperationError{ServiceID: service, OperationName: operation, Err: err}
}

// The law of the library: an answer that is missing never makes any other answer more certain.
func TestAMissingAnswerNeverMakesAStatusMoreCertain(t *testing.T) {
	t.Parallel()
	for _, s := range some(t) {
		var recorded calls
		s.Before(recorded.record)
		before := diagnose(t, s)
		for _, action := range slices.Sorted(maps.Keys(recorded.counts)) {
			for name, fault := range faults {
				t.Run(fmt.Sprintf("%s/%s/%s", s.Name, action, name), func(t *testing.T) {
					s.Before(func(_ context.Context, a string, _ any) error {
						if a == action {
							return fault(action)
						}
						return nil
					})
					after := diagnose(t, s)
					lessCertain(t, []string{action}, before, after)
				})
			}
		}
	}
}

// What a task is loaded without does not make a diagnosis more certain either.
func TestAMissingAnswerOfTheLoaderNeverMakesAStatusMoreCertain(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios(t) {
		var recorded calls
		s.Before(recorded.record)
		if _, err := s.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Before(nil)
		before := diagnose(t, s)
		for _, action := range slices.Sorted(maps.Keys(recorded.counts)) {
			for name, fault := range faults {
				t.Run(fmt.Sprintf("%s/%s/%s", s.Name, action, name), func(t *testing.T) {
					s.Before(func(_ context.Context, a string, _ any) error {
						if a == action {
							return fault(action)
						}
						return nil
					})
					task, err := s.Load(t.Context())
					if err != nil {
						return // and so no diagnosis
					}
					s.Before(nil)
					s.Task = task
					lessCertain(t, []string{action}, before, diagnose(t, s))
				})
			}
		}
	}
}

// Loading a task takes few calls: at most five, and each of them once.
func TestLoadingTakesFewCalls(t *testing.T) {
	allowed := checks.Actions()
	for _, s := range scenarios(t) {
		var recorded calls
		s.Before(recorded.record)
		if _, err := s.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		n := 0
		for action, inputs := range recorded.counts {
			if !slices.Contains(allowed, action) {
				t.Errorf("%s was called and is not in Actions", action)
			}
			for _, times := range inputs {
				n += times
			}
		}
		if n > 5 {
			t.Errorf("%s takes %d calls to load: %v", s.Name, n, recorded.counts)
		}
	}
}

// lessCertain fails the test if a diagnosis claims anything that another, which saw more, does not, and if it lost
// something without naming one of the actions that are missing, or that the check was not done.
//
// An answer that rests on wider assumptions is a less certain one: where service control policies were not asked about,
// and it is not known that there are none, the diagnosis says that it takes them to deny nothing.
func lessCertain(t *testing.T, actions []string, more, less checks.Diagnosis) {
	t.Helper()
	wider := slices.ContainsFunc(less.Assumptions, func(a string) bool { return !slices.Contains(more.Assumptions, a) })
	if (slices.Contains(actions, "iam:SimulatePrincipalPolicy") || slices.Contains(actions, "organizations:DescribeOrganization")) && wider {
		return
	}
	if less.Status() != checks.Unknown && less.Status() != more.Status() {
		t.Errorf("the diagnosis was %s and became %s", more.Status(), less.Status())
	}
	before, after := byCheck(more), byCheck(less)
	for check, findings := range after {
		was, is := strongest(before[check]), strongest(findings)
		if is != checks.Unknown && is != was {
			t.Errorf("%s was %s and became %s", check, was, is)
		}
		for _, f := range findings {
			if f.Status != checks.Fail && f.Status != checks.Warn {
				continue
			}
			if !slices.ContainsFunc(before[check], func(g checks.Finding) bool { return g.Code == f.Code && g.Subject == f.Subject }) {
				t.Errorf("%s found %s of %s, which it had not found before", check, f.Code, f.Subject)
			}
		}
		named := func(f checks.Finding) bool {
			return f.Code == checks.Unfinished || slices.ContainsFunc(f.Missing, func(m string) bool { return slices.Contains(actions, m) })
		}
		if is == checks.Unknown && was != checks.Unknown && !slices.ContainsFunc(findings, named) {
			t.Errorf("%s became unknown and does not name %s: %+v", check, actions, findings)
		}
	}
}

func byCheck(d checks.Diagnosis) map[string][]checks.Finding {
	found := map[string][]checks.Finding{}
	for _, f := range d.Findings {
		found[f.Check] = append(found[f.Check], f)
	}
	return found
}

func strongest(findings []checks.Finding) checks.Status {
	return checks.Diagnosis{Findings: findings}.Status()
}

// Every operation is asked for once per distinct input, and none that the least-privilege policy does not name.
func TestEachOperationIsCalledOnceAndIsInActions(t *testing.T) {
	for _, s := range scenarios(t) {
		t.Run(s.Name, func(t *testing.T) {
			var recorded calls
			s.Before(recorded.record)
			checkers := checks.Default(s.Sources())
			if _, err := checks.Run(t.Context(), s.Task, checkers...); err != nil {
				t.Fatal(err)
			}
			allowed := checks.Actions(checkers...)
			for action, inputs := range recorded.counts {
				if !slices.Contains(allowed, action) {
					t.Errorf("%s was called and is not in Actions", action)
				}
				for input, n := range inputs {
					if n != 1 {
						t.Errorf("%s was called %d times with %s", action, n, input)
					}
				}
			}
		})
	}
}

func TestNothingIsAskedAgainForASecondTask(t *testing.T) {
	s := scenarios(t)[0]
	checkers := checks.Default(s.Sources())
	if _, err := checks.Run(t.Context(), s.Task, checkers...); err != nil {
		t.Fatal(err)
	}
	var recorded calls
	s.Before(recorded.record)
	if _, err := checks.Run(t.Context(), s.Task, checkers...); err != nil {
		t.Fatal(err)
	}
	if len(recorded.counts) != 0 {
		t.Errorf("a second run asked again: %v", recorded.counts)
	}
}

// A zero checker has no source, and so nothing to say but that.
func TestZeroCheckersAreUnknown(t *testing.T) {
	s := scenarios(t)[0]
	for _, c := range checks.Default(checks.Sources{}) {
		if _, ok := c.(checks.StoppedReason); ok {
			continue // it needs no source
		}
		d, err := checks.Run(t.Context(), s.Task, c)
		if err != nil || d.Status() != checks.Unknown {
			t.Errorf("%s without a source is %s (%v)", reflect.TypeOf(c), d.Status(), err)
		}
	}
}
