package checks

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// RegisterTaskDefinition registers a revision of a task definition that differs from the present one in what is set, and
// has the task's service use it. ECS takes a revision only as a whole, so the first command prints the present one: write it to
// task-definition.json, without taskDefinitionArn, revision, status, requiresAttributes, compatibilities, registeredAt,
// registeredBy and deregisteredAt, and, where Containers has any, with their image and repositoryCredentials.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
type RegisterTaskDefinition struct {
	TaskDefinition      string              `json:"taskDefinition"` // the present revision's ARN, or the family of one that is not registered yet
	Cluster             string              `json:"cluster"`        // the service that is to use it; "": there is none
	Service             string              `json:"service"`
	ExecutionRoleARN    string              `json:"executionRoleARN,omitempty"`
	CPUArchitecture     string              `json:"cpuArchitecture,omitempty"` // of runtimePlatform, with LINUX: "X86_64" or "ARM64"
	EphemeralStorageGiB int32               `json:"ephemeralStorageGiB,omitempty"`
	Containers          []ContainerRevision `json:"containers,omitempty"`
}

// ContainerRevision is what a container definition is to say. An empty field stays as it is.
type ContainerRevision struct {
	Name                 string `json:"name"`
	Image                string `json:"image,omitempty"`
	CredentialsParameter string `json:"credentialsParameter,omitempty"` // of repositoryCredentials: the secret's ARN
}

// taskDefinitionFile is where the reader keeps the present revision.
const taskDefinitionFile = "file://task-definition.json"

// Commands describe the present revision, register the next, and have the service use it.
func (c RegisterTaskDefinition) Commands() [][]string {
	region := regionOf(c.TaskDefinition)
	register := awsCommand(region, "ecs", "register-task-definition", "--cli-input-json", taskDefinitionFile)
	if c.ExecutionRoleARN != "" { // an option goes before what the file says
		register = append(register, "--execution-role-arn", c.ExecutionRoleARN)
	}
	if c.CPUArchitecture != "" {
		register = append(register, "--runtime-platform", "cpuArchitecture="+c.CPUArchitecture+",operatingSystemFamily=LINUX")
	}
	if c.EphemeralStorageGiB != 0 {
		register = append(register, "--ephemeral-storage", "sizeInGiB="+strconv.Itoa(int(c.EphemeralStorageGiB)))
	}
	commands := [][]string{register}
	if region != "" { // a family without an ARN is not registered yet: the file is its author's
		commands = slices.Insert(commands, 0, awsCommand(region, "ecs", "describe-task-definition", "--task-definition", c.TaskDefinition, "--query", "taskDefinition"))
	}
	if c.Service != "" {
		commands = append(commands, awsCommand(region, "ecs", "update-service", "--cluster", c.Cluster, "--service", c.Service, "--task-definition", c.family()))
	}
	return commands
}

// Terraform is the aws_ecs_task_definition with the arguments that change.
func (c RegisterTaskDefinition) Terraform() string {
	var notes strings.Builder
	for _, r := range c.Containers {
		if r.Image != "" {
			notes.WriteString(note("In container_definitions, of the container " + r.Name + ": image = " + quoted(r.Image)))
		}
		if r.CredentialsParameter != "" {
			notes.WriteString(note("In container_definitions, of the container " + r.Name + ": repositoryCredentials = { credentialsParameter = " + quoted(r.CredentialsParameter) + " }"))
		}
	}
	args := []argument{{"family", c.family()}}
	if c.ExecutionRoleARN != "" {
		args = append(args, argument{"execution_role_arn", c.ExecutionRoleARN})
	}
	if c.CPUArchitecture != "" {
		args = append(args, argument{"runtime_platform", []argument{{"cpu_architecture", c.CPUArchitecture}, {"operating_system_family", "LINUX"}}})
	}
	if c.EphemeralStorageGiB != 0 {
		args = append(args, argument{"ephemeral_storage", []argument{{"size_in_gib", c.EphemeralStorageGiB}}})
	}
	return notes.String() + setting("aws_ecs_task_definition", c.family(), args...)
}

// Apply alters the task.
func (c RegisterTaskDefinition) Apply(s *Snapshot) error {
	if c.Service != "" {
		if err := s.redeploy(c.Service); err != nil {
			return err
		}
	}
	if c.ExecutionRoleARN != "" {
		s.Task.ExecutionRole = c.ExecutionRoleARN
	}
	if c.CPUArchitecture != "" {
		s.Task.Architecture = c.CPUArchitecture
	}
	if c.EphemeralStorageGiB != 0 {
		s.Task.EphemeralStorageGiB = c.EphemeralStorageGiB
	}
	for _, r := range c.Containers {
		i := slices.IndexFunc(s.Task.Containers, func(t Container) bool { return t.Name == r.Name })
		if i < 0 {
			return fmt.Errorf("the task has no container %s", r.Name)
		}
		if r.Image != "" {
			s.Task.Containers[i].Image = r.Image
		}
		if r.CredentialsParameter != "" {
			s.Task.Containers[i].RepositoryCredentials = r.CredentialsParameter
		}
	}
	return nil
}

// family is the name of the task definition, without a revision: ECS takes it for the newest one.
func (c RegisterTaskDefinition) family() string {
	name, _, _ := strings.Cut(nameIn(c.TaskDefinition), ":")
	return name
}
