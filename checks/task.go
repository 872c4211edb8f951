package checks

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
)

// Task is a Fargate task, one that a service may start, or one that is only planned.
type Task struct {
	ARN             string `json:"arn,omitempty"` // "" when nothing has run
	Cluster         string `json:"cluster,omitempty"`
	Service         string `json:"service,omitempty"`
	ServiceRevision string `json:"serviceRevision,omitempty"` // the ARN of what its service deployed; "" when it has none or ECS shows none
	// RevisionNotRead says why its service revision, and so which digests that pins, is not known although ECS may show it.
	RevisionNotRead string `json:"revisionNotRead,omitempty"`
	// DeploymentController is what deploys its service: "ECS", "CODE_DEPLOY" or "EXTERNAL"; "" when that was not read.
	DeploymentController string `json:"deploymentController,omitempty"`
	TaskDefinition       string `json:"taskDefinition,omitempty"` // its ARN, or the family of one that is not registered
	Account              string `json:"account,omitempty"`
	Region               string `json:"region,omitempty"`
	PlatformVersion      string `json:"platformVersion,omitempty"` // "1.4.0"; "" and "LATEST" mean the newest
	Windows              bool   `json:"windows,omitempty"`
	// Architecture is "X86_64" or "ARM64"; "" means X86_64.
	Architecture string `json:"architecture,omitempty"`
	// OSFamily is "LINUX" or one of Windows, "WINDOWS_SERVER_2022_CORE"; "" means LINUX.
	OSFamily string `json:"osFamily,omitempty"`
	// EphemeralStorageGiB is the ephemeral storage; 0 means the default of 20 GiB.
	EphemeralStorageGiB int32  `json:"ephemeralStorageGiB,omitempty"`
	ExecutionRole       string `json:"executionRole,omitempty"` // an ARN or a name; "" when the task has none
	// Overrides are what it was run with in place of what its task definition says. The fields above follow them.
	Overrides Overrides `json:"overrides,omitzero"`

	Containers []Container `json:"containers"`
	// Placement names the subnet of a task that has run, or every subnet that one may be placed in.
	Placement network.Placement `json:"placement"`

	StopCode      string `json:"stopCode,omitempty"`
	StoppedReason string `json:"stoppedReason,omitempty"`

	// PlacementNotRead says why its security groups or public address are not known although nothing was refused.
	PlacementNotRead string `json:"placementNotRead,omitempty"`
	// Unread says, by IAM action, why its security groups or public address are not known.
	Unread map[string]error `json:"-"`
}

// Overrides are those of a task's overrides that its pull depends on. An empty one leaves the task definition's in force.
type Overrides struct {
	ExecutionRole       string `json:"executionRole,omitempty"`
	EphemeralStorageGiB int32  `json:"ephemeralStorageGiB,omitempty"`
}

// updatable returns the task's service if UpdateService deploys it: of those with another deployment controller than ECS it
// changes neither the task definition nor the network configuration.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
func (t Task) updatable() string {
	if t.DeploymentController == "" || t.DeploymentController == "ECS" {
		return t.Service
	}
	return ""
}

// elsewhere says why nothing is certain of what is in an account that is not known to be the task's.
func (t Task) elsewhere(account string) string {
	if t.Account == "" {
		return "it is in account " + account + ", and which one the task is in is not known"
	}
	return "it is in account " + account + ", and the task is in " + t.Account
}

// unread returns the actions that would have told what is not known of the task's interface.
func (t Task) unread() []string { return slices.Sorted(maps.Keys(t.Unread)) }

// Container is a container of a task.
type Container struct {
	Name                  string `json:"name"`
	Image                 string `json:"image"`                           // as the task definition writes it
	RepositoryCredentials string `json:"repositoryCredentials,omitempty"` // the secret's ARN or name, never its value
	// Secrets are what it, or its log driver, is given as secrets: the ARNs or names of secrets of Secrets Manager and of
	// parameters of Systems Manager, never their values. ECS reads them before the pull.
	Secrets []string `json:"secrets,omitempty"`
	Reason  string   `json:"reason,omitempty"` // why ECS says it stopped
	// PinnedDigest is what its service's deployment resolved the image's tag to, and what the service's tasks pull in its
	// place: "sha256:…". "" when the image is pulled as it is written.
	PinnedDigest string `json:"pinnedDigest,omitempty"`
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

// platform returns what the task's images have to be for.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html
func (t Task) platform() registry.Platform {
	p := registry.Platform{OS: "linux", Architecture: "amd64"}
	if t.Architecture == "ARM64" {
		p.Architecture = "arm64"
	}
	if !t.Windows {
		return p
	}
	p.OS = "windows"
	for family, version := range windowsVersions {
		if strings.HasPrefix(t.OSFamily, family) {
			p.OSVersion = version
		}
	}
	return p
}

// windowsVersions are the builds of Windows by the beginning of the operating system family.
// https://learn.microsoft.com/en-us/virtualization/windowscontainers/deploy-containers/base-image-lifecycle
var windowsVersions = map[string]string{
	"WINDOWS_SERVER_2016": "10.0.14393",
	"WINDOWS_SERVER_2019": "10.0.17763",
	"WINDOWS_SERVER_2004": "10.0.19041",
	"WINDOWS_SERVER_20H2": "10.0.19042",
	"WINDOWS_SERVER_2022": "10.0.20348",
	"WINDOWS_SERVER_2025": "10.0.26100",
}

// in returns the interface that the task gets in a subnet.
func (t Task) in(subnet string) network.Endpoint {
	e := t.Placement.In(subnet)
	e.Windows = t.Windows
	return e
}
