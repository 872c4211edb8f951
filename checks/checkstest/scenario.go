// Package checkstest runs checks on accounts that are written down as text.
//
// A scenario is a txtar file. Its comment says in a line what it shows; its files hold what the AWS CLI prints for an
// account, each named for its command ("ec2/describe-subnets.json"); "task.json" names the task to diagnose; and "want"
// holds what the standard checks find. An absent file is an operation that may not be called. The same file is a test, an
// entry of a demo, and the form in which to report a bug.
package checkstest

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/iam/iamtest"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/network/networktest"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
	"github.com/canpull/canpull/registry/credentials/credentialstest"
	"github.com/canpull/canpull/registry/registrytest"
)

// Scenario is an account and a task in it.
type Scenario struct {
	Name    string // the file's, without its extension
	Summary string // the first line of its comment
	Task    checks.Task
	Want    string // what Outline says of the diagnosis

	ECS     *ECS
	EC2     *networktest.Fake
	IAM     *iamtest.Fake
	Images  *registrytest.Fake
	Secrets *credentialstest.Fake

	subject subject
	event   []byte
}

// Load loads the scenario's task from its account, as Parse did.
func (s Scenario) Load(ctx context.Context) (checks.Task, error) {
	return s.LoadFrom(ctx, checks.Loader{ECS: s.ECS, Interfaces: s.EC2})
}

// LoadFrom loads the scenario's task with a loader of another account.
func (s Scenario) LoadFrom(ctx context.Context, loader checks.Loader) (checks.Task, error) {
	of := s.subject
	switch {
	case of.Event != "":
		return loader.FromEvent(ctx, s.event)
	case of.Task != "":
		return loader.LoadTask(ctx, of.Cluster, of.Task)
	case of.Service != "":
		return loader.LoadService(ctx, of.Cluster, of.Service)
	}
	return loader.Preflight(ctx, of.TaskDefinition, of.PlatformVersion, network.Placement{
		Subnets: of.Subnets, SecurityGroups: of.SecurityGroups, PublicIP: &of.AssignPublicIP})
}

// Sources returns the scenario's facts as sources of the standard checks.
func (s Scenario) Sources() checks.Sources {
	keys := credentials.KeysOnce(s.Secrets)
	return checks.Sources{Network: network.New(s.EC2), Roles: iam.New(s.IAM, iam.WithOrganization(s.IAM)), Images: s.Images.Source(registry.WithKeys(credentials.KeyStates(keys))),
		Secrets: credentials.New(s.Secrets, keys), Organizations: iam.NewOrganizations(s.IAM)}
}

// Before sets what is called ahead of every answer of the scenario's account, with the IAM action and the SDK's input.
func (s Scenario) Before(f func(ctx context.Context, action string, input any) error) {
	s.ECS.Before, s.EC2.Before, s.IAM.Before, s.Images.Before, s.Secrets.Before = f, f, f, f, f
}

//go:embed scenarios/*.txtar
var embedded embed.FS

// DefaultScenario is the name of the embedded scenario that shows the most: an endpoint whose security group shuts the
// task out although a NAT gateway would carry it.
const DefaultScenario = "endpoint-group-closed"

// Scenarios returns the embedded scenarios, sorted by name.
func Scenarios() ([]Scenario, error) {
	dir, err := fs.Sub(embedded, "scenarios")
	if err != nil {
		return nil, err
	}
	return Read(dir)
}

// Read returns the scenarios of a directory's *.txtar files, sorted by name.
func Read(dir fs.FS) ([]Scenario, error) {
	names, err := fs.Glob(dir, "*.txtar")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var scenarios []Scenario
	for _, name := range names {
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		s, err := Parse(strings.TrimSuffix(path.Base(name), ".txtar"), data)
		if err != nil {
			return nil, err
		}
		scenarios = append(scenarios, s)
	}
	return scenarios, nil
}

// subject is the file task.json: a service or a task of a cluster, the file that holds an event, or a task definition and
// where it would run.
type subject struct {
	Event                           string
	Cluster, Service, Task          string
	TaskDefinition, PlatformVersion string
	Subnets, SecurityGroups         []string
	AssignPublicIP                  bool
}

// Parse reads one scenario. An error names the scenario and the file that is at fault.
func Parse(name string, data []byte) (Scenario, error) {
	archive := txtar.Parse(data)
	s := Scenario{Name: name}
	s.Summary, _, _ = strings.Cut(string(archive.Comment), "\n")
	files, err := txtar.FS(archive)
	if err != nil {
		return s, fmt.Errorf("checkstest: scenario %s: %w", name, err)
	}
	fail := func(err error) (Scenario, error) { return s, fmt.Errorf("checkstest: scenario %s: %w", name, err) }
	if s.ECS, err = LoadECS(files); err != nil {
		return fail(err)
	}
	if s.EC2, err = networktest.Load(files); err != nil {
		return fail(err)
	}
	if s.IAM, err = iamtest.Load(files); err != nil {
		return fail(err)
	}
	if s.Images, err = registrytest.Load(files); err != nil {
		return fail(err)
	}
	if s.Secrets, err = credentialstest.Load(files); err != nil {
		return fail(err)
	}
	want, err := fs.ReadFile(files, "want")
	if err == nil {
		s.Want = string(want)
	}
	task, err := fs.ReadFile(files, "task.json")
	if err != nil {
		return fail(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(task))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s.subject); err != nil {
		return fail(fmt.Errorf("task.json: %w", err))
	}
	if s.subject.Event != "" {
		if s.event, err = fs.ReadFile(files, s.subject.Event); err != nil {
			return fail(err)
		}
	}
	if s.Task, err = s.Load(context.Background()); err != nil {
		return fail(err)
	}
	return s, nil
}

// Outline writes a diagnosis in a few lines that are easy to compare: its status, then for every finding its status,
// stage, check, code, subject and scope, the root causes and their consequences first and marked.
func Outline(d checks.Diagnosis) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", d.Status())
	line := func(mark string, f checks.Finding) {
		fmt.Fprintf(&b, "%s%s %s %s %s %s %s", mark, f.Status, f.Stage, f.Check, f.Code, cmp.Or(f.Subject, "-"), strings.Join(f.Scope, ","))
		if len(f.Missing) > 0 {
			fmt.Fprintf(&b, " missing %s", strings.Join(f.Missing, ","))
		}
		b.WriteString("\n")
	}
	for _, f := range d.RootCauses() {
		line("root cause: ", f)
	}
	for _, f := range d.Consequences() {
		line("consequence: ", f)
	}
	for _, f := range d.Findings {
		if f.Status != checks.Fail {
			line("", f)
		}
	}
	return strings.ReplaceAll(b.String(), " \n", "\n")
}
