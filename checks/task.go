package checks

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/canpull/canpull/network"
)

// Task is a Fargate task, one that a service may start, or one that is only planned.
type Task struct {
	ARN             string `json:"arn,omitempty"` // "" when nothing has run
	Cluster         string `json:"cluster,omitempty"`
	Service         string `json:"service,omitempty"`
	TaskDefinition  string `json:"taskDefinition,omitempty"` // its ARN
	Account         string `json:"account,omitempty"`
	Region          string `json:"region,omitempty"`
	PlatformVersion string `json:"platformVersion,omitempty"` // "1.4.0"; "" and "LATEST" mean the newest
	Windows         bool   `json:"windows,omitempty"`
	ExecutionRole   string `json:"executionRole,omitempty"` // an ARN or a name; "" when the task has none

	Containers []Container `json:"containers"`
	// Placement names the subnet of a task that has run, or every subnet that one may be placed in.
	Placement network.Placement `json:"placement"`

	StopCode      string `json:"stopCode,omitempty"`
	StoppedReason string `json:"stoppedReason,omitempty"`

	// Unread says, by IAM action, why its security groups or public address are not known.
	Unread map[string]error `json:"-"`
}

// unread returns the actions that would have told what is not known of the task's interface.
func (t Task) unread() []string { return slices.Sorted(maps.Keys(t.Unread)) }

// Container is a container of a task.
type Container struct {
	Name                  string `json:"name"`
	Image                 string `json:"image"`                           // as the task definition writes it
	RepositoryCredentials string `json:"repositoryCredentials,omitempty"` // the secret's ARN or name, never its value
	Reason                string `json:"reason,omitempty"`                // why ECS says it stopped
}

// tokenFromTask reports whether the registry's token and secrets are fetched through the task's own interface: on Linux
// since platform version 1.4.0, on Windows always. Older Linux versions use one that belongs to Fargate.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
func (t Task) tokenFromTask() bool {
	if t.Windows {
		return true
	}
	major, rest, _ := strings.Cut(t.PlatformVersion, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, err := strconv.Atoi(major)
	b, err2 := strconv.Atoi(minor)
	if err != nil || err2 != nil {
		return true // LATEST, or not given
	}
	return a > 1 || a == 1 && b >= 4
}

// in returns the interface that the task gets in a subnet.
func (t Task) in(subnet string) network.Endpoint {
	e := t.Placement.In(subnet)
	e.Windows = t.Windows
	return e
}
