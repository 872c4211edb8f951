package checks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
)

const givenSecrets = "The secrets that containers are given exist, and the execution role may read them."

// A task's secrets are read before the pull, by the task's own interface since platform version 1.4.0: the way to where they
// are belongs to the pull. Whether they may be read is assumed, and said to be.
func TestSecretsOfContainersAreReadBeforeThePull(t *testing.T) {
	const secret, parameter = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf:password::", "/prod/db"
	for _, c := range []struct {
		name, scenario, platform string
		secrets                  []string
		status                   checks.Status
		cause                    string // the subject of the root cause
	}{
		{"none", "healthy-privatelink", "1.4.0", nil, checks.Pass, ""},
		{"a parameter, and a NAT gateway", "healthy-nat", "1.4.0", []string{parameter}, checks.Pass, ""},
		{"a parameter, and no endpoint for it", "healthy-privatelink", "1.4.0", []string{parameter}, checks.Fail, "com.amazonaws.eu-west-1.ssm"},
		{"a secret, and no endpoint for it", "healthy-privatelink", "1.4.0", []string{secret}, checks.Fail, "com.amazonaws.eu-west-1.secretsmanager"},
		{"a secret, before platform version 1.4.0", "healthy-privatelink", "1.3.0", []string{secret}, checks.Pass, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := altered(t, c.scenario, func(s *checks.Snapshot) {
				s.Task.PlatformVersion, s.Task.Containers[0].Secrets = c.platform, c.secrets
			})
			if d.Status() != c.status {
				t.Errorf("it is %s: %v", d.Status(), d.RootCauses())
			}
			if slices.Contains(d.Assumptions, givenSecrets) != (c.secrets != nil) {
				t.Errorf("the assumptions are %v", d.Assumptions)
			}
			if c.cause == "" {
				return
			}
			causes := d.RootCauses()
			if len(causes) != 1 || causes[0].Code != "endpoint.missing" || causes[0].Subject != c.cause || causes[0].Stage != checks.Authenticate {
				t.Fatalf("the root causes are %v", causes)
			}
			plan, err := d.Plan(t.Context())
			if err != nil || !plan.Proven || !strings.Contains(strings.Join(plan.Steps[0].Fix.Commands()[0], " "), "--service-name "+c.cause) {
				t.Errorf("the plan is %v (%v)", steps(plan), err)
			}
		})
	}
}

// A missing endpoint for parameters is what a text about them tells of.
func TestAMissingEndpointExplainsASecretThatIsNotRead(t *testing.T) {
	d := altered(t, "healthy-privatelink", func(s *checks.Snapshot) {
		s.Task.Containers[0].Secrets = []string{"/prod/db"}
		s.Task.StoppedReason = `ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the task and AWS Systems Manager Parameter Store. Check your task network configuration. Post "https://ssm.eu-west-1.amazonaws.com/": dial tcp 52.95.1.1:443: i/o timeout`
	})
	if causes := d.RootCauses(); len(causes) != 1 || causes[0].Observed == nil || !causes[0].Observed.Explains {
		t.Errorf("the root causes are %v", causes)
	}
}

// A role that a fix creates may read what the containers are given, and nothing else of the kind.
func TestANewRoleMayReadTheSecretsOfContainers(t *testing.T) {
	d := altered(t, "role-none", func(s *checks.Snapshot) {
		s.Task.Containers[0].Secrets = []string{"arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf:password::", "/prod/db", "arn:aws:ssm:eu-west-2:111122223333:parameter/key"}
	})
	var text string
	for _, words := range first(t, d, "role.none").Fixes[0].Commands() {
		text += strings.Join(words, " ") + "\n"
	}
	for _, want := range []string{
		`"Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"`,
		`"Action":"ssm:GetParameters","Resource":["arn:aws:ssm:eu-west-1:111122223333:parameter/prod/db","arn:aws:ssm:eu-west-2:111122223333:parameter/key"]`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in:\n%s", want, text)
		}
	}
}

// What a definition names as secrets is loaded, of containers and of their log drivers.
func TestLoadingNamesTheSecrets(t *testing.T) {
	ecs, ec2 := started()
	web := &ecs.TaskDefinitions[0].ContainerDefinitions[0]
	web.Secrets = []types.Secret{{Name: aws.String("PASSWORD"), ValueFrom: aws.String("/prod/db")}}
	web.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverSplunk, SecretOptions: []types.Secret{{Name: aws.String("splunk-token"), ValueFrom: aws.String("splunk")}}}
	task, err := checks.Loader{ECS: ecs, Interfaces: ec2}.LoadTask(t.Context(), "prod", taskARN)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/prod/db", "splunk"}, task.Containers[0].Secrets); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
