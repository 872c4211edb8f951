package checks_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry/registrytest"
)

// account is an account of the emulator and what was made in it for one task. What is healthy about it may be broken
// until the task is loaded.
type account struct {
	t      *testing.T
	id     string
	config aws.Config
	ec2    *ec2.Client
	ecr    *ecr.Client
	ecs    *ecs.Client
	iam    *iam.Client

	vpc           string
	subnet, table string   // the task's
	others        []string // more subnets of a service
	group         string   // the task's
	publicIP      bool

	internetGateway, natGateway string
	natTable                    string            // of the NAT gateway's subnet
	endpoints                   map[string]string // by service: "ecr.api"
	endpointGroup               string

	role       string            // an ARN, or what a task definition may say instead
	images     []string          // of the task's containers
	secret     string            // the credentials that the containers name for other registries than Amazon ECR
	registries http.RoundTripper // that stands in for other registries; nil for none
}

var accounts atomic.Int64

// newAccount makes a VPC with a subnet that leads nowhere, an execution role, and a repository with an image.
func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{t: t, id: fmt.Sprintf("1%011d", accounts.Add(1)), endpoints: map[string]string{}}
	a.config = configFor(emulated(t), a.id)
	a.ec2, a.ecr, a.ecs, a.iam = ec2.NewFromConfig(a.config), ecr.NewFromConfig(a.config), ecs.NewFromConfig(a.config), iam.NewFromConfig(a.config)
	a.makeVPC()
	a.role = a.makeRole("execution", trustsECS)
	a.allow("execution", pullPolicy)
	a.images = []string{a.push("web", "1.0")}
	return a
}

// call calls an operation of the emulator, which has to succeed.
func call[In, Out, Options any](a *account, operation func(context.Context, *In, ...func(*Options)) (*Out, error), in *In) *Out {
	a.t.Helper()
	out, err := operation(a.t.Context(), in)
	if err != nil {
		a.t.Fatal(err)
	}
	return out
}

// statements returns a policy that holds them.
func statements(json string) *string {
	return aws.String(`{"Version": "2012-10-17", "Statement": [` + json + `]}`)
}

const (
	trustsECS = `{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}`
	trustsEC2 = `{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}`

	// pullPolicy is AWS's managed policy AmazonECSTaskExecutionRolePolicy, which the emulator only has at a price.
	pullPolicy = `{"Effect": "Allow", "Resource": "*", "Action": ["ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability",
		"ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "logs:CreateLogStream", "logs:PutLogEvents"]}`
)

// makeRole returns the ARN of a new role without policies.
func (a *account) makeRole(name, trust string) string {
	a.t.Helper()
	out := call(a, a.iam.CreateRole, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: statements(trust)})
	return *out.Role.Arn
}

// makePolicy returns the ARN of a new managed policy.
func (a *account) makePolicy(name, statement string) string {
	a.t.Helper()
	out := call(a, a.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: statements(statement)})
	return *out.Policy.Arn
}

// allow attaches a managed policy to a role.
func (a *account) allow(role, statement string) {
	a.t.Helper()
	policy := a.makePolicy(role+"-pull", statement)
	call(a, a.iam.AttachRolePolicy, &iam.AttachRolePolicyInput{RoleName: &role, PolicyArn: &policy})
}

// embed writes an inline policy of the execution role.
func (a *account) embed(name, statement string) {
	a.t.Helper()
	call(a, a.iam.PutRolePolicy, &iam.PutRolePolicyInput{RoleName: aws.String("execution"), PolicyName: &name, PolicyDocument: statements(statement)})
}

// organize makes the account the only one of a new organization, and returns the organization's id.
func (a *account) organize() string {
	a.t.Helper()
	return *call(a, organizations.NewFromConfig(a.config).CreateOrganization, &organizations.CreateOrganizationInput{}).Organization.Id
}

// ofOrganization is a statement that admits nobody else.
func ofOrganization(id string) string {
	return `{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "` + id + `"}}}`
}

var manifest = registrytest.Manifest{
	MediaType: "application/vnd.oci.image.manifest.v1+json",
	Body: `{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": {"mediaType": "application/vnd.oci.image.config.v1+json",
			"digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "size": 2},
		"layers": []}`,
}

// push returns the reference of an image in a new repository.
func (a *account) push(repository, tag string) string {
	a.t.Helper()
	out := call(a, a.ecr.CreateRepository, &ecr.CreateRepositoryInput{RepositoryName: &repository})
	call(a, a.ecr.PutImage, &ecr.PutImageInput{RepositoryName: &repository, ImageTag: &tag, ImageManifest: &manifest.Body,
		ImageManifestMediaType: &manifest.MediaType, ImageDigest: aws.String(manifest.Digest())}) // the emulator's own digests are wrong
	return aws.ToString(out.Repository.RepositoryUri) + ":" + tag
}

// reference returns an image's name in the account's registry, whether or not it is there.
func (a *account) reference(image string) string {
	return a.id + ".dkr.ecr." + region + ".amazonaws.com/" + image
}

// repository returns the ARN of a repository.
func (a *account) repository(name string) string {
	return "arn:aws:ecr:" + region + ":" + a.id + ":repository/" + name
}

// govern gives a repository a policy.
func (a *account) govern(repository, statement string) {
	a.t.Helper()
	call(a, a.ecr.SetRepositoryPolicy, &ecr.SetRepositoryPolicyInput{RepositoryName: &repository, PolicyText: statements(statement)})
}

// loader loads the task of an account.
type loader func(context.Context, checks.Loader) (checks.Task, error)

func (a *account) define() *string {
	a.t.Helper()
	in := &ecs.RegisterTaskDefinitionInput{Family: aws.String("web"), Cpu: aws.String("256"), Memory: aws.String("512"), ExecutionRoleArn: &a.role,
		NetworkMode: ecstypes.NetworkModeAwsvpc, RequiresCompatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityFargate}}
	for i, image := range a.images {
		c := ecstypes.ContainerDefinition{Name: aws.String(fmt.Sprintf("c%d", i)), Image: aws.String(image), Memory: aws.Int32(128)}
		if a.secret != "" && !strings.Contains(image, ".dkr.ecr.") {
			c.RepositoryCredentials = &ecstypes.RepositoryCredentials{CredentialsParameter: &a.secret}
		}
		in.ContainerDefinitions = append(in.ContainerDefinitions, c)
	}
	return call(a, a.ecs.RegisterTaskDefinition, in).TaskDefinition.TaskDefinitionArn
}

func (a *account) networkConfiguration() *ecstypes.NetworkConfiguration {
	c := &ecstypes.AwsVpcConfiguration{Subnets: append([]string{a.subnet}, a.others...), SecurityGroups: []string{a.group}}
	if a.publicIP {
		c.AssignPublicIp = ecstypes.AssignPublicIpEnabled
	}
	return &ecstypes.NetworkConfiguration{AwsvpcConfiguration: c}
}

func (a *account) cluster() *string {
	a.t.Helper()
	return call(a, a.ecs.CreateCluster, &ecs.CreateClusterInput{ClusterName: aws.String("prod")}).Cluster.ClusterName
}

// serviceARN is the ARN of what service creates.
func (a *account) serviceARN() string {
	return "arn:aws:ecs:" + region + ":" + a.id + ":service/prod/web"
}

// service creates a service. The emulator starts none of its tasks.
func (a *account) service() loader {
	a.t.Helper()
	cluster := a.cluster()
	call(a, a.ecs.CreateService, &ecs.CreateServiceInput{Cluster: cluster, ServiceName: aws.String("web"), TaskDefinition: a.define(),
		DesiredCount: aws.Int32(1), LaunchType: ecstypes.LaunchTypeFargate, NetworkConfiguration: a.networkConfiguration()})
	return func(ctx context.Context, l checks.Loader) (checks.Task, error) {
		return l.LoadService(ctx, *cluster, "web")
	}
}

// run runs a task. The emulator gives no task a public address.
func (a *account) run() (loader, string) {
	a.t.Helper()
	cluster := a.cluster()
	out := call(a, a.ecs.RunTask, &ecs.RunTaskInput{Cluster: cluster, TaskDefinition: a.define(),
		LaunchType: ecstypes.LaunchTypeFargate, NetworkConfiguration: a.networkConfiguration()})
	arn := aws.ToString(out.Tasks[0].TaskArn)
	return func(ctx context.Context, l checks.Loader) (checks.Task, error) { return l.LoadTask(ctx, *cluster, arn) }, arn
}

func (a *account) task() loader {
	a.t.Helper()
	load, _ := a.run()
	return load
}

// stopped runs a task and stops it with a text that ECS would give as the reason.
func (a *account) stopped(reason string) (loader, string) {
	a.t.Helper()
	load, arn := a.run()
	call(a, a.ecs.StopTask, &ecs.StopTaskInput{Cluster: aws.String("prod"), Task: &arn, Reason: &reason})
	return load, arn
}

// planned only registers the task definition.
func (a *account) planned() loader {
	a.t.Helper()
	definition := a.define()
	return func(ctx context.Context, l checks.Loader) (checks.Task, error) {
		return l.Preflight(ctx, *definition, "1.4.0", network.Placement{
			Subnets: []string{a.subnet}, SecurityGroups: []string{a.group}, PublicIP: &a.publicIP})
	}
}
