package checks

import (
	"strings"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
)

// getSecret is what fetches the credentials of a registry that is not Amazon ECR:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html
const getSecret = "secretsmanager:GetSecretValue"

// principal is the execution role as a policy sees it. A bare name does not tell its path, and so not its ARN.
func (t Task) principal() iam.Principal {
	if !strings.HasPrefix(t.ExecutionRole, "arn:") {
		return iam.Principal{Account: t.Account}
	}
	return iam.Principal{ARN: t.ExecutionRole}
}

// givenRequests are what ECS asks for to read the secrets of a container.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
func (t Task) givenRequests(c Container) (requests []iam.Request) {
	for _, secret := range c.Secrets {
		r := iam.Request{Action: "ssm:GetParameters", Resource: secret}
		switch parts := strings.Split(secret, ":"); {
		case strings.Contains(secret, ":secretsmanager:"): // behind the ARN may stand a key of its JSON, a stage and a version
			r.Action, r.Resource = getSecret, strings.Join(parts[:min(7, len(parts))], ":")
		case parts[0] != "arn":
			r.Resource = "arn:" + registry.PartitionOf(t.Region) + ":ssm:" + t.Region + ":" + t.Account + ":parameter/" + strings.TrimPrefix(secret, "/")
		}
		requests = append(requests, r)
	}
	return requests
}

// secretRequest is the request for the credentials that a container names. A name, or a part of an ARN, does not tell the
// random characters in which the ARN ends: then the resource is not known.
func secretRequest(task Task, c Container) iam.Request {
	r := iam.Request{Action: getSecret, Principal: task.principal(), ResourceAccount: task.Account, Context: callerKeys(task.Region)}
	if parts := strings.Split(c.RepositoryCredentials, ":"); len(parts) > 5 && parts[0] == "arn" {
		if addressedSecret.MatchString(c.RepositoryCredentials) {
			r.Resource = c.RepositoryCredentials
		}
		r.ResourceAccount, r.Context = parts[4], callerKeys(parts[3])
	}
	return r
}
