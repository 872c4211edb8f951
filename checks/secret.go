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

// mayReadSecret decides the request. What the secret's own policy says is not read: it is assumed not to deny, and where
// something hangs on its grant, that is not known.
func mayReadSecret(role *iam.Role, r iam.Request) iam.Decision {
	if own := role.Can(r); own.Outcome != iam.ImplicitDeny {
		return own
	}
	policies := role.Policies()
	policies.Resource = &iam.Layer{Missing: []string{"secretsmanager:GetResourcePolicy"}}
	r.Principal = role.Principal()
	for key, value := range role.Context() {
		r.Context[key] = value
	}
	return iam.Evaluate(r, policies)
}
