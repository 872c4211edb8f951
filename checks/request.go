package checks

import (
	"cmp"
	"strings"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
)

// The ECR actions of a pull. GetAuthorizationToken takes no resource; the others take the repository.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/ECR_on_ECS.html
const (
	getToken    = "ecr:GetAuthorizationToken"
	getManifest = "ecr:BatchGetImage"
	getLayer    = "ecr:GetDownloadUrlForLayer"
	checkLayer  = "ecr:BatchCheckLayerAvailability"
	anyResource = "*"
)

// ecsTasks is the service principal that assumes a task's roles.
const ecsTasks = "ecs-tasks.amazonaws.com"

// stageOf returns the step of the pull that calls an action.
func stageOf(action string) Stage {
	switch action {
	case getToken, getSecret:
		return Authenticate
	case getManifest:
		return Resolve
	}
	return Download
}

// request returns the request for an action on an image's repository, as the execution role makes it.
func request(action string, ref registry.Reference) iam.Request {
	r := iam.Request{Action: action, Resource: ref.RepositoryARN(), ResourceAccount: ref.ECR.Account, Context: callerKeys(ref.ECR.Region)}
	if action == getToken {
		r.Resource, r.ResourceAccount = anyResource, ""
	}
	return r
}

// callerKeys are the condition keys of a request that a task makes itself, over HTTPS, of a service in a Region.
func callerKeys(region string) iam.Context {
	return iam.Context{
		"aws:SecureTransport": iam.Present("true"),
		"aws:RequestedRegion": iam.Present(region),
		"aws:ViaAWSService":   iam.Present("false"),
		"aws:CalledVia":       iam.Absent(),
		"aws:SourceArn":       iam.Absent(), // of requests that an AWS service makes for somebody
		"aws:SourceAccount":   iam.Absent(),
	}
}

// repositoryLayer returns an image's repository policy as what it is to an evaluation.
func repositoryLayer(image *registry.Image) *iam.Layer {
	switch {
	case image == nil || image.RepositoryPolicy == nil && image.Status != registry.RepositoryAbsent:
		return &iam.Layer{Missing: []string{"ecr:GetRepositoryPolicy"}}
	case image.RepositoryPolicy == nil || *image.RepositoryPolicy == "":
		return nil
	}
	document, _ := iam.Parse(*image.RepositoryPolicy) // what is malformed evaluates as unknown
	return &iam.Layer{Policies: []iam.Policy{{Name: "repository policy of " + image.Reference.Repository, Document: document}}}
}

// cite names what decided: a policy, its statement, and the element that matched or kept the statement from matching.
func cite(policy, statement, element string) string {
	if policy == "" {
		return "no statement allows it"
	}
	text := policy
	if statement != "" {
		text += ", statement " + statement
	}
	if element != "" {
		text += ", by its " + element
	}
	return text
}

// called names a role: by its ARN, or by the name that a task gives, where no more was read.
func called(role *iam.Role) string { return cmp.Or(role.ARN, role.Name) }

// layer returns what one policy type says in a decision, if there are policies of that type.
func layer(d iam.Decision, name iam.LayerName) (iam.LayerDecision, bool) {
	for _, l := range d.Layers {
		if l.Layer == name {
			return l, true
		}
	}
	return iam.LayerDecision{}, false
}

// unsettled says what would settle an unknown decision.
func unsettled(missing, keys []string, warnings ...string) string {
	var parts []string
	if len(missing) > 0 {
		parts = append(parts, "the answer of "+joined(missing)+" is missing")
	}
	if len(keys) > 0 {
		parts = append(parts, "it depends on "+joined(keys)+", which this task's requests do not show")
	}
	return cmp.Or(strings.Join(parts, ", and "), strings.Join(compacted(warnings), ", and "), "a policy could not be understood")
}
