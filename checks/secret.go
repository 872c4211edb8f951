package checks

import (
	"strings"

	"github.com/canpull/canpull/iam"
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

// secretRequest is the request for the credentials that a container names. A name is no ARN, whose last characters are
// random: then the resource is not known.
func secretRequest(task Task, c Container) iam.Request {
	r := iam.Request{Action: getSecret, Principal: task.principal(), ResourceAccount: task.Account, Context: callerKeys(task.Region)}
	if parts := strings.Split(c.RepositoryCredentials, ":"); len(parts) > 5 && parts[0] == "arn" {
		r.Resource, r.ResourceAccount = c.RepositoryCredentials, parts[4]
		r.Context = callerKeys(parts[3])
	}
	return r
}
