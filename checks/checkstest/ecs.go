package checkstest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"github.com/canpull/canpull/checks"
)

// ECS is an account's ECS in one region. A nil list is one that may not be read: its operation is denied;
// an empty one is an answer.
type ECS struct {
	Tasks           []types.Task
	Services        []types.Service
	TaskDefinitions []types.TaskDefinition
	Revisions       []types.ServiceRevision
	Clusters        []types.Cluster
	// PageSize is how many ARNs a page of a list holds; 0 means as many as were asked for.
	PageSize int

	// Before, when set, is called ahead of every answer, with the IAM action ("ecs:DescribeTasks") and the SDK's input.
	// What it returns is returned in place of the answer.
	Before func(ctx context.Context, action string, input any) error
}

var _ checks.ECS = (*ECS)(nil)

// LoadECS returns an ECS filled from "ecs/describe-tasks.json", "ecs/describe-services.json",
// "ecs/describe-task-definition.json", "ecs/describe-service-revisions.json" and "ecs/describe-clusters.json" as the AWS CLI
// prints them. A file may hold the output of several calls, one after the other.
func LoadECS(fsys fs.FS) (*ECS, error) {
	e := &ECS{}
	err := errors.Join(
		load(fsys, "describe-tasks", func(o ecs.DescribeTasksOutput) { e.Tasks = append(read(e.Tasks), o.Tasks...) }),
		load(fsys, "describe-services", func(o ecs.DescribeServicesOutput) { e.Services = append(read(e.Services), o.Services...) }),
		load(fsys, "describe-task-definition", func(o ecs.DescribeTaskDefinitionOutput) {
			if e.TaskDefinitions = read(e.TaskDefinitions); o.TaskDefinition != nil {
				e.TaskDefinitions = append(e.TaskDefinitions, *o.TaskDefinition)
			}
		}),
		load(fsys, "describe-service-revisions", func(o ecs.DescribeServiceRevisionsOutput) {
			e.Revisions = append(read(e.Revisions), o.ServiceRevisions...)
		}),
		load(fsys, "describe-clusters", func(o ecs.DescribeClustersOutput) { e.Clusters = append(read(e.Clusters), o.Clusters...) }),
	)
	return e, err
}

func read[E any](list []E) []E {
	if list == nil {
		return []E{}
	}
	return list
}

func load[Output any](fsys fs.FS, command string, add func(Output)) error {
	name := "ecs/" + command + ".json"
	file, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	for documents := json.NewDecoder(file); ; {
		var o Output
		if err := documents.Decode(&o); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		add(o)
	}
}

// refused returns the error that an operation ends with before it looks for an answer.
func (e *ECS) refused(ctx context.Context, operation string, input any, known bool) error {
	if err := ctx.Err(); err != nil {
		return &smithy.OperationError{ServiceID: "ECS", OperationName: operation, Err: err}
	}
	if e.Before != nil {
		if err := e.Before(ctx, "ecs:"+operation, input); err != nil {
			return err
		}
	}
	if !known {
		return &smithy.OperationError{ServiceID: "ECS", OperationName: operation, Err: &smithy.GenericAPIError{
			Code: "AccessDeniedException", Message: "User is not authorized to perform: ecs:" + operation, Fault: smithy.FaultClient}}
	}
	return nil
}

// names reports whether an ARN is the one asked for, or ends in the name asked for.
func names(arn *string, asked string) bool {
	return aws.ToString(arn) == asked || strings.HasSuffix(aws.ToString(arn), "/"+asked)
}

// atMost refuses a call that names more than ECS takes.
func atMost(operation string, n, most int) error {
	if n <= most {
		return nil
	}
	return &smithy.OperationError{ServiceID: "ECS", OperationName: operation, Err: &types.InvalidParameterException{
		Message: aws.String(fmt.Sprintf("%d are more than %d", n, most))}}
}

// page returns one page of a list of ARNs, and the token of the next: the number of those before it.
func (e *ECS) page(arns []string, most *int32, token *string) ([]string, *string) {
	size := int(cmp.Or(aws.ToInt32(most), 100))
	if e.PageSize > 0 {
		size = min(size, e.PageSize)
	}
	start, _ := strconv.Atoi(aws.ToString(token))
	end := min(start+size, len(arns))
	if end < len(arns) {
		return arns[start:end], aws.String(strconv.Itoa(end))
	}
	return arns[start:end], nil
}

// ListClusters answers from Clusters.
func (e *ECS) ListClusters(ctx context.Context, in *ecs.ListClustersInput, _ ...func(*ecs.Options)) (*ecs.ListClustersOutput, error) {
	if err := e.refused(ctx, "ListClusters", in, e.Clusters != nil); err != nil {
		return nil, err
	}
	var arns []string
	for _, c := range e.Clusters {
		arns = append(arns, aws.ToString(c.ClusterArn))
	}
	out := &ecs.ListClustersOutput{}
	out.ClusterArns, out.NextToken = e.page(arns, in.MaxResults, in.NextToken)
	return out, nil
}

// ListServices answers from Services.
func (e *ECS) ListServices(ctx context.Context, in *ecs.ListServicesInput, _ ...func(*ecs.Options)) (*ecs.ListServicesOutput, error) {
	if err := e.refused(ctx, "ListServices", in, e.Services != nil); err != nil {
		return nil, err
	}
	var arns []string
	for _, s := range e.Services {
		if names(s.ClusterArn, cmp.Or(aws.ToString(in.Cluster), "default")) {
			arns = append(arns, aws.ToString(s.ServiceArn))
		}
	}
	out := &ecs.ListServicesOutput{}
	out.ServiceArns, out.NextToken = e.page(arns, in.MaxResults, in.NextToken)
	return out, nil
}

// ListTasks answers from Tasks: those of the desired status, RUNNING where none is asked for.
func (e *ECS) ListTasks(ctx context.Context, in *ecs.ListTasksInput, _ ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	if err := e.refused(ctx, "ListTasks", in, e.Tasks != nil); err != nil {
		return nil, err
	}
	var arns []string
	for _, t := range e.Tasks {
		if names(t.ClusterArn, cmp.Or(aws.ToString(in.Cluster), "default")) && aws.ToString(t.DesiredStatus) == string(cmp.Or(in.DesiredStatus, types.DesiredStatusRunning)) {
			arns = append(arns, aws.ToString(t.TaskArn))
		}
	}
	out := &ecs.ListTasksOutput{}
	out.TaskArns, out.NextToken = e.page(arns, in.MaxResults, in.NextToken)
	return out, nil
}

// DescribeTasks answers from Tasks.
func (e *ECS) DescribeTasks(ctx context.Context, in *ecs.DescribeTasksInput, _ ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	if err := e.refused(ctx, "DescribeTasks", in, e.Tasks != nil); err != nil {
		return nil, err
	}
	if err := atMost("DescribeTasks", len(in.Tasks), 100); err != nil {
		return nil, err
	}
	out := &ecs.DescribeTasksOutput{}
	for _, asked := range in.Tasks {
		for _, t := range e.Tasks {
			if names(t.TaskArn, asked) && names(t.ClusterArn, aws.ToString(in.Cluster)) {
				out.Tasks = append(out.Tasks, t)
			}
		}
	}
	return out, nil
}

// DescribeServices answers from Services.
func (e *ECS) DescribeServices(ctx context.Context, in *ecs.DescribeServicesInput, _ ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	if err := e.refused(ctx, "DescribeServices", in, e.Services != nil); err != nil {
		return nil, err
	}
	if err := atMost("DescribeServices", len(in.Services), 10); err != nil {
		return nil, err
	}
	out := &ecs.DescribeServicesOutput{}
	for _, asked := range in.Services {
		for _, s := range e.Services {
			if names(s.ServiceArn, asked) && names(s.ClusterArn, aws.ToString(in.Cluster)) {
				out.Services = append(out.Services, s)
			}
		}
	}
	return out, nil
}

// DescribeTaskDefinition answers from TaskDefinitions.
func (e *ECS) DescribeTaskDefinition(ctx context.Context, in *ecs.DescribeTaskDefinitionInput, _ ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	if err := e.refused(ctx, "DescribeTaskDefinition", in, e.TaskDefinitions != nil); err != nil {
		return nil, err
	}
	for _, d := range e.TaskDefinitions {
		if names(d.TaskDefinitionArn, aws.ToString(in.TaskDefinition)) {
			return &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &d}, nil
		}
	}
	return nil, &smithy.OperationError{ServiceID: "ECS", OperationName: "DescribeTaskDefinition", Err: &types.ClientException{
		Message: aws.String("Unable to describe task definition.")}}
}

// DescribeServiceRevisions answers from Revisions.
func (e *ECS) DescribeServiceRevisions(ctx context.Context, in *ecs.DescribeServiceRevisionsInput, _ ...func(*ecs.Options)) (*ecs.DescribeServiceRevisionsOutput, error) {
	if err := e.refused(ctx, "DescribeServiceRevisions", in, e.Revisions != nil); err != nil {
		return nil, err
	}
	if err := atMost("DescribeServiceRevisions", len(in.ServiceRevisionArns), 20); err != nil {
		return nil, err
	}
	out := &ecs.DescribeServiceRevisionsOutput{}
	for _, asked := range in.ServiceRevisionArns {
		i := slices.IndexFunc(e.Revisions, func(r types.ServiceRevision) bool { return aws.ToString(r.ServiceRevisionArn) == asked })
		if i < 0 {
			out.Failures = append(out.Failures, types.Failure{Arn: &asked, Reason: aws.String("MISSING")})
			continue
		}
		out.ServiceRevisions = append(out.ServiceRevisions, e.Revisions[i])
	}
	return out, nil
}

// DescribeClusters answers from Clusters.
func (e *ECS) DescribeClusters(ctx context.Context, in *ecs.DescribeClustersInput, _ ...func(*ecs.Options)) (*ecs.DescribeClustersOutput, error) {
	if err := e.refused(ctx, "DescribeClusters", in, e.Clusters != nil); err != nil {
		return nil, err
	}
	out := &ecs.DescribeClustersOutput{}
	for _, asked := range in.Clusters {
		for _, c := range e.Clusters {
			if names(c.ClusterArn, asked) {
				out.Clusters = append(out.Clusters, c)
			}
		}
	}
	return out, nil
}
