package checks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
)

// The simulated account of the benchmarks: services in VPCs of the kind that a scenario has, which share roles and images.
const (
	fleetVPCs   = 10
	fleetRoles  = 50
	fleetImages = 300

	callTime = 50 * time.Millisecond // of every call
)

// fleet returns an account with a number of services. Each has a task definition of its own.
func fleet(t testing.TB, services int) checkstest.Scenario {
	t.Helper()
	all, err := checkstest.Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	s := all[slices.IndexFunc(all, func(s checkstest.Scenario) bool { return s.Name == "healthy-nat" })]
	vpc := func(k int) *strings.Replacer {
		return strings.NewReplacer("vpc-0a1b2c3d", fmt.Sprintf("vpc-%d", k), "subnet-0", fmt.Sprintf("subnet-%d-", k), "rtb-0", fmt.Sprintf("rtb-%d-", k),
			"sg-0", fmt.Sprintf("sg-%d-", k), "acl-0", fmt.Sprintf("acl-%d-", k), "igw-0", fmt.Sprintf("igw-%d-", k), "nat-0", fmt.Sprintf("nat-%d-", k))
	}
	role := func(k int) *strings.Replacer {
		return strings.NewReplacer("web-execution", fmt.Sprintf("execution-%d", k))
	}
	image := func(k int) *strings.Replacer {
		return strings.NewReplacer(`"web"`, fmt.Sprintf(`"app-%d"`, k), "repository/web", fmt.Sprintf("repository/app-%d", k))
	}
	e, f := s.EC2, s.Images
	e.Subnets, e.Vpcs, e.VpcAttributes = times(t, fleetVPCs, e.Subnets, vpc), times(t, fleetVPCs, e.Vpcs, vpc), times(t, fleetVPCs, e.VpcAttributes, vpc)
	e.RouteTables, e.NetworkAcls, e.SecurityGroups = times(t, fleetVPCs, e.RouteTables, vpc), times(t, fleetVPCs, e.NetworkAcls, vpc), times(t, fleetVPCs, e.SecurityGroups, vpc)
	e.InternetGateways, e.NatGateways = times(t, fleetVPCs, e.InternetGateways, vpc), times(t, fleetVPCs, e.NatGateways, vpc)
	s.IAM.Details.RoleDetailList = times(t, fleetRoles, s.IAM.Details.RoleDetailList, role)
	s.IAM.Organization = new("o-exampleorgid")
	for _, action := range []string{"ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"} {
		s.IAM.Simulated = append(s.IAM.Simulated, iamtypes.EvaluationResult{EvalActionName: aws.String(action), EvalDecision: iamtypes.PolicyEvaluationDecisionTypeAllowed,
			OrganizationsDecisionDetail: &iamtypes.OrganizationsDecisionDetail{AllowedByOrganizations: true}})
	}
	f.Images, f.Repositories, f.Manifests = times(t, fleetImages, f.Images, image), times(t, fleetImages, f.Repositories, image), times(t, fleetImages, f.Manifests, image)
	one := *s.ECS
	s.ECS = &checkstest.ECS{Tasks: []types.Task{}, Clusters: []types.Cluster{{ClusterArn: one.Services[0].ClusterArn}}}
	s.ECS.Services, s.ECS.TaskDefinitions, s.ECS.Revisions = of(t, services, one.Services), of(t, services, one.TaskDefinitions), of(t, services, one.Revisions)
	return s
}

// times returns a list as often as there are things of a kind, each time with their names.
func times[E any](t testing.TB, n int, list []E, named func(int) *strings.Replacer) []E {
	t.Helper()
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	out := []E{}
	for k := range n {
		var more []E
		if err := json.Unmarshal([]byte(named(k).Replace(string(text))), &more); err != nil {
			t.Fatal(err)
		}
		out = append(out, more...)
	}
	return out
}

// of returns what a number of services have.
func of[E any](t testing.TB, services int, list []E) []E {
	return times(t, services, list, serviceNames)
}

// serviceNames names what the service with a number has.
func serviceNames(i int) *strings.Replacer {
	vpc := i % fleetVPCs
	return strings.NewReplacer("service/prod/web", fmt.Sprintf("service/prod/svc-%d", i), `"web"`, fmt.Sprintf(`"svc-%d"`, i),
		"service-revision/prod/web", fmt.Sprintf("service-revision/prod/svc-%d", i), "task-definition/web", fmt.Sprintf("task-definition/svc-%d", i),
		"web-execution", fmt.Sprintf("execution-%d", i%fleetRoles), "amazonaws.com/web", fmt.Sprintf("amazonaws.com/app-%d", i%fleetImages),
		"subnet-0", fmt.Sprintf("subnet-%d-", vpc), "sg-0", fmt.Sprintf("sg-%d-", vpc))
}

// distinct is how many facts there are to read for so many services: one for each question that has an answer of its own.
func distinct(services int) int {
	vpcs, roles, images := min(services, fleetVPCs), min(services, fleetRoles), min(services, fleetImages)
	pages := func(n, size int) int { return (n + size - 1) / size }
	loading := pages(services, 100) + pages(services, 10) + pages(services, 20) + services // services, revisions, definitions
	network := 3 + 8*vpcs                                                                  // all subnets, prefix lists and DHCP options; each VPC's parts
	iam := 3 + 3*roles                                                                     // the organization and the managed policy; each role
	registry := 2 + 3*images                                                               // its rules and policy; each image's two manifests and its repository's policy
	return loading + network + iam + registry + roles + images                             // and what the organization says of the roles' requests
}

// simulator stands for AWS's front door: every call takes its time, may be throttled, and is tried again as the SDK does.
type simulator struct {
	throttle func(action string) bool // whether an attempt is refused
	retryer  func() aws.Retryer       // makes one for each service, as every client has its own; nil: nothing is tried again

	retryers map[string]aws.Retryer
	mu       sync.Mutex
	facts    map[string]int // how often each question was asked
	attempts int
	under    map[string]int // calls of each operation that are under way
	most     map[string]int // and the most that were
}

func (s *simulator) before(ctx context.Context, action string, input any) error {
	text, err := json.Marshal(input)
	if err != nil {
		return err
	}
	s.mu.Lock()
	if s.facts == nil {
		s.facts, s.under, s.most = map[string]int{}, map[string]int{}, map[string]int{}
	}
	s.facts[action+" "+string(text)]++
	service, _, _ := strings.Cut(action, ":")
	if s.retryers == nil {
		s.retryers = map[string]aws.Retryer{}
	}
	if s.retryers[service] == nil && s.retryer != nil {
		s.retryers[service] = s.retryer()
	}
	retryer := s.retryers[service]
	s.mu.Unlock()
	if retryer == nil {
		return s.attempt(ctx, action)
	}
	attempts := retry.NewAttemptMiddleware(retryer, func(request any) any { return request })
	_, _, err = attempts.HandleFinalize(awsmiddleware.SetServiceID(ctx, "simulated"), middleware.FinalizeInput{}, middleware.FinalizeHandlerFunc(
		func(ctx context.Context, _ middleware.FinalizeInput) (middleware.FinalizeOutput, middleware.Metadata, error) {
			return middleware.FinalizeOutput{}, middleware.Metadata{}, s.attempt(ctx, action)
		}))
	if err != nil {
		return failed(action, err)
	}
	return nil
}

func (s *simulator) attempt(ctx context.Context, action string) (err error) {
	s.mu.Lock()
	s.under[action]++
	s.most[action] = max(s.most[action], s.under[action])
	s.mu.Unlock()
	select {
	case <-time.After(callTime):
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.under[action]--
	s.attempts++
	if err != nil {
		return err
	}
	if s.throttle != nil && s.throttle(action) {
		return &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded", Fault: smithy.FaultClient}
	}
	return nil
}

// memory is what the heap and the stacks take, in bytes, with what nobody needs any more.
func memory() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// held is what they take without that.
func held() uint64 {
	runtime.GC()
	return memory()
}

// stoppedECS has any number of stopped tasks, which it makes as they are asked for.
type stoppedECS struct {
	*checkstest.ECS
	tasks, services int
}

func (e *stoppedECS) ListTasks(ctx context.Context, in *ecs.ListTasksInput, _ ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	if err := e.Before(ctx, "ecs:ListTasks", in); err != nil {
		return nil, err
	}
	start, out := 0, &ecs.ListTasksOutput{}
	_, _ = fmt.Sscan(aws.ToString(in.NextToken), &start)
	end := min(start+100, e.tasks)
	for i := start; i < end; i++ {
		out.TaskArns = append(out.TaskArns, fmt.Sprintf("arn:aws:ecs:eu-west-1:111122223333:task/prod/%032d", i))
	}
	if end < e.tasks {
		out.NextToken = aws.String(fmt.Sprint(end))
	}
	return out, nil
}

func (e *stoppedECS) DescribeTasks(ctx context.Context, in *ecs.DescribeTasksInput, _ ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	if err := e.Before(ctx, "ecs:DescribeTasks", in); err != nil {
		return nil, err
	}
	out := &ecs.DescribeTasksOutput{}
	for _, arn := range in.Tasks {
		var i int
		_, _ = fmt.Sscan(strings.TrimLeft(arn[strings.LastIndex(arn, "/")+1:], "0")+" ", &i)
		service := i % e.services
		out.Tasks = append(out.Tasks, types.Task{TaskArn: &arn, ClusterArn: aws.String(clusterARN), LaunchType: types.LaunchTypeFargate, PlatformVersion: aws.String("1.4.0"),
			TaskDefinitionArn: aws.String(fmt.Sprintf("arn:aws:ecs:eu-west-1:111122223333:task-definition/svc-%d:7", service)),
			Group:             aws.String(fmt.Sprintf("service:svc-%d", service)), StartedBy: aws.String("ecs-svc/1234567890123456789"),
			CreatedAt: aws.Time(time.Date(2024, 10, 1, 0, 0, 0, 0, time.UTC)), // before there were service revisions
			StopCode:  types.TaskStopCodeTaskFailedToStart, StoppedReason: aws.String("CannotPullContainerError: dial tcp 52.218.1.1:443: i/o timeout"),
			Attachments: []types.Attachment{{Details: []types.KeyValuePair{{Name: aws.String("subnetId"), Value: aws.String("subnet-0-private0a")},
				{Name: aws.String("networkInterfaceId"), Value: aws.String(fmt.Sprintf("eni-%d", i))}}}}})
	}
	return out, nil
}

// scan is what a run over a fleet came to.
type scan struct {
	loaded, failed  int
	calls, attempts int
	repeated        map[string]int // questions that were asked more often than they have to be
	statuses        map[checks.Status]int
	wall            time.Duration
	atOnce          int    // the most calls of one operation that were under way at a time
	peak, held      uint64 // the most memory that it took, and that it held on to, in bytes
}

func (s scan) String() string {
	const mib = 1 << 20
	return fmt.Sprintf("%d tasks (%d not loaded), %d calls in %d attempts, %d at once, %s, %.1f MiB, of which %.1f are held",
		s.loaded, s.failed, s.calls, s.attempts, s.atOnce, s.wall.Round(time.Millisecond), float64(s.peak)/mib, float64(s.held)/mib)
}

// scanned diagnoses what load yields of a simulated account, in virtual time.
func scanned(t *testing.T, s checkstest.Scenario, sim *simulator, load func(context.Context, checks.Loader) iter.Seq2[checks.Task, error]) (done scan) {
	t.Helper()
	before := held()
	synctest.Test(t, func(t *testing.T) {
		s.Before(sim.before)
		done.statuses = map[checks.Status]int{}
		began := time.Now()
		for d, err := range checks.RunAll(t.Context(), load(t.Context(), checks.Loader{ECS: s.ECS, Interfaces: s.EC2}), checks.Default(s.Sources())...) {
			if err != nil {
				done.failed++
				t.Log(err)
				continue
			}
			done.loaded++
			done.statuses[d.Status()]++
			done.peak = max(done.peak, memory())
			if done.loaded%100 == 1 {
				done.held = max(done.held, held())
			}
		}
		done.wall = time.Since(began)
	})
	done.peak, done.held = done.peak-min(before, done.peak), done.held-min(before, done.held)
	done.attempts, done.repeated = sim.attempts, map[string]int{}
	for _, n := range sim.most {
		done.atOnce = max(done.atOnce, n)
	}
	for question, n := range sim.facts {
		most := 1
		if strings.HasPrefix(question, "ecr:DescribePullThroughCacheRules ") { // on an old answer an image could be imported
			most += int(done.wall / (30 * time.Second))
		}
		if done.calls += n; n > most {
			done.repeated[question] = n
		}
	}
	return done
}

func services(ctx context.Context, l checks.Loader) iter.Seq2[checks.Task, error] {
	return l.LoadCluster(ctx, "prod")
}

// stopped loads so many stopped tasks of so many services.
func stopped(tasks, services int) func(context.Context, checks.Loader) iter.Seq2[checks.Task, error] {
	return func(ctx context.Context, l checks.Loader) iter.Seq2[checks.Task, error] {
		l.ECS = &stoppedECS{l.ECS.(*checkstest.ECS), tasks, services}
		return l.LoadStopped(ctx, "prod")
	}
}
