package checks

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/canpull/canpull/network"
)

// UpdateService places the tasks of a service elsewhere, or gives them public addresses. ECS takes the whole placement, and
// starts new tasks.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
type UpdateService struct {
	Cluster        string   `json:"cluster,omitempty"`
	Service        string   `json:"service"`
	Subnets        []string `json:"subnets"`
	SecurityGroups []string `json:"securityGroups"` // empty: the VPC's default group
	AssignPublicIP bool     `json:"assignPublicIP"`
}

// Commands updates the service.
func (c UpdateService) Commands() [][]string {
	return [][]string{slices.Concat([]string{"aws", "ecs", "update-service"}, inCluster(c.Cluster),
		[]string{"--service", c.Service, "--network-configuration", configuration(c.Subnets, c.SecurityGroups, c.AssignPublicIP)})}
}

// Terraform declares the placement.
func (c UpdateService) Terraform() string {
	return setting("aws_ecs_service", c.Service, argument{"network_configuration", []argument{
		{"subnets", c.Subnets}, {"security_groups", c.SecurityGroups}, {"assign_public_ip", c.AssignPublicIP}}})
}

// Apply places the task.
func (c UpdateService) Apply(s *Snapshot) error {
	if err := s.redeploy(c.Service); err != nil {
		return err
	}
	s.place(c.Subnets, c.SecurityGroups, c.AssignPublicIP)
	return nil
}

// ForceNewDeployment starts a new deployment of a service that is as the present one, but for the digests to which ECS resolves
// the tags of its images.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
type ForceNewDeployment struct {
	Cluster string `json:"cluster,omitempty"`
	Service string `json:"service"`
}

// Commands updates the service.
func (c ForceNewDeployment) Commands() [][]string {
	return [][]string{slices.Concat([]string{"aws", "ecs", "update-service"}, inCluster(c.Cluster), []string{"--service", c.Service, "--force-new-deployment"})}
}

// Terraform declares that every apply deploys: it deploys with what changes, so a trigger does.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecs_service
func (c ForceNewDeployment) Terraform() string {
	return setting("aws_ecs_service", c.Service, argument{"force_new_deployment", true}, argument{"triggers", reference("{ redeployment = plantimestamp() }")})
}

// Apply has the task pull what the tags lead to.
func (c ForceNewDeployment) Apply(s *Snapshot) error {
	return s.redeploy(c.Service)
}

// redeploy has the task be one of a new deployment of a service.
func (s *Snapshot) redeploy(service string) error {
	if s.Task.Service != service {
		return errors.New("the captured task is not one of service " + service)
	}
	s.Task.redeployed()
	return nil
}

// RunTask runs a task of a task definition on Fargate elsewhere, or with a public address. Of what else a task was run with,
// the overrides of its containers for one, its reader has to add what matters.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
type RunTask struct {
	Cluster         string    `json:"cluster,omitempty"`
	TaskDefinition  string    `json:"taskDefinition"`
	PlatformVersion string    `json:"platformVersion,omitempty"` // "" means the newest
	Overrides       Overrides `json:"overrides,omitzero"`
	Subnets         []string  `json:"subnets"`
	SecurityGroups  []string  `json:"securityGroups"` // empty: the VPC's default group
	AssignPublicIP  bool      `json:"assignPublicIP"`
}

// Commands runs the task.
func (c RunTask) Commands() [][]string {
	command := slices.Concat([]string{"aws", "ecs", "run-task"}, inCluster(c.Cluster), []string{"--task-definition", c.TaskDefinition, "--launch-type", "FARGATE"})
	if c.PlatformVersion != "" {
		command = append(command, "--platform-version", c.PlatformVersion)
	}
	if text := c.Overrides.shorthand(); text != "" {
		command = append(command, "--overrides", text)
	}
	return [][]string{append(command, "--network-configuration", configuration(c.Subnets, c.SecurityGroups, c.AssignPublicIP))}
}

// shorthand writes overrides as the CLI takes them; "" where there are none.
func (o Overrides) shorthand() string {
	var parts []string
	if o.ExecutionRole != "" {
		parts = append(parts, "executionRoleArn="+o.ExecutionRole)
	}
	if o.EphemeralStorageGiB > 0 {
		parts = append(parts, fmt.Sprintf("ephemeralStorage={sizeInGiB=%d}", o.EphemeralStorageGiB))
	}
	return strings.Join(parts, ",")
}

// Terraform says that it has nothing to declare: a task that no service keeps is none of its resources.
func (c RunTask) Terraform() string {
	return note("A task that runs once is not declared: run it with the AWS CLI.")
}

// Apply places the task.
func (c RunTask) Apply(s *Snapshot) error {
	if s.Task.TaskDefinition != c.TaskDefinition {
		return errors.New("the captured task is not one of " + c.TaskDefinition)
	}
	s.place(c.Subnets, c.SecurityGroups, c.AssignPublicIP)
	return nil
}

func (s *Snapshot) place(subnets, groups []string, publicIP bool) {
	s.Task.Placement = network.Placement{Subnets: slices.Clone(subnets), SecurityGroups: append([]string{}, groups...), PublicIP: &publicIP}
}

func inCluster(cluster string) []string {
	if cluster == "" {
		return nil // the CLI takes the default one
	}
	return []string{"--cluster", cluster}
}

// configuration writes a placement in the CLI's shorthand.
func configuration(subnets, groups []string, publicIP bool) string {
	assign := "DISABLED"
	if publicIP {
		assign = "ENABLED"
	}
	parts := []string{"subnets=[" + strings.Join(subnets, ",") + "]", "assignPublicIp=" + assign}
	if len(groups) > 0 {
		parts = slices.Insert(parts, 1, "securityGroups=["+strings.Join(groups, ",")+"]")
	}
	return "awsvpcConfiguration={" + strings.Join(parts, ",") + "}"
}
