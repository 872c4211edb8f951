package registry

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/smithy-go"
)

// RegistryPolicy is the policy of a whole private registry.
type RegistryPolicy struct {
	Document string // "": there is none
	// Scope is what the policy is enforced for: "V2" for every action of Amazon ECR, "V1" for replication and
	// pull-through caches only. "": it was not read, or there is no policy
	// (https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions.html).
	Scope string
}

// ownPolicy is the policy of a registry of the account that the credentials belong to.
type ownPolicy struct {
	account string // "": AWS did not say whose it is
	policy  RegistryPolicy
	scope   error // why the scope was not read
}

// readRegistryPolicy reads the policy of the image's registry, once for all images of a Region. GetRegistryPolicy takes no
// registry: it answers for the caller's own.
func (p private) readRegistryPolicy(ctx context.Context, image *Image) {
	own, err := p.policies.Of(ctx, image.Reference.ECR.Region, func(ctx context.Context) (ownPolicy, error) {
		return p.ownPolicy(ctx, image.Reference)
	})
	if err == nil && own.account != image.Reference.ECR.Account {
		err = errors.New("registry: the policy of another account's registry cannot be read")
	}
	if err != nil {
		image.unread(getRegistryPolicy, err)
		return
	}
	image.RegistryPolicy = new(own.policy)
	if own.scope != nil {
		image.unread(getAccountSetting, own.scope)
	}
}

// policyScope is the account setting that tells what a registry's policy is enforced for.
const policyScope = "REGISTRY_POLICY_SCOPE"

// registryID finds the registry in "Registry policy does not exist in the registry with id '111122223333'", which tells
// whose registry was asked, where there is no policy to tell it.
var registryID = regexp.MustCompile(`\b\d{12}\b`)

func (p private) ownPolicy(ctx context.Context, ref Reference) (ownPolicy, error) {
	out, err := p.api.GetRegistryPolicy(ctx, &ecr.GetRegistryPolicyInput{}, in(ref), onlyWhatAWSAnswers)
	if answer, ok := errors.AsType[smithy.APIError](err); ok && answer.ErrorCode() == registryPolicyNotFound {
		return ownPolicy{account: registryID.FindString(answer.ErrorMessage())}, nil
	}
	if err != nil {
		return ownPolicy{}, err
	}
	own := ownPolicy{account: value(out.RegistryId), policy: RegistryPolicy{Document: value(out.PolicyText)}}
	if own.policy.Document == "" {
		return own, nil
	}
	setting, err := p.api.GetAccountSetting(ctx, &ecr.GetAccountSettingInput{Name: new(policyScope)}, in(ref), onlyWhatAWSAnswers)
	switch {
	case err != nil:
		own.scope = err
	case value(setting.Value) != "V1" && value(setting.Value) != "V2":
		own.scope = fmt.Errorf("registry: %s is %q", policyScope, value(setting.Value))
	default:
		own.policy.Scope = *setting.Value
	}
	return own, nil
}
