package registrytest

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// DescribeRepositories answers from Repositories.
func (f *Fake) DescribeRepositories(ctx context.Context, in *ecr.DescribeRepositoriesInput, opts ...func(*ecr.Options)) (*ecr.DescribeRepositoriesOutput, error) {
	const operation = "DescribeRepositories"
	if err := f.before(ctx, operation, in); err != nil {
		return nil, err
	}
	if f.Repositories == nil {
		return nil, Denied(operation)
	}
	out := &ecr.DescribeRepositoriesOutput{}
	for _, name := range in.RepositoryNames {
		at := place{value(in.RegistryId), region(opts), name}
		found := false
		for _, r := range f.Repositories {
			if at.holds(r.RegistryId, r.RepositoryName) && at.isIn(r.RepositoryArn) {
				out.Repositories, found = append(out.Repositories, r), true
			}
		}
		if !found {
			return nil, failure(operation, &types.RepositoryNotFoundException{Message: new(at.String() + " does not exist")})
		}
	}
	return out, nil
}

// GetRegistryPolicy answers from RegistryPolicies.
func (f *Fake) GetRegistryPolicy(ctx context.Context, in *ecr.GetRegistryPolicyInput, _ ...func(*ecr.Options)) (*ecr.GetRegistryPolicyOutput, error) {
	const operation = "GetRegistryPolicy"
	if err := f.before(ctx, operation, in); err != nil {
		return nil, err
	}
	if f.RegistryPolicies == nil {
		return nil, Denied(operation)
	}
	id := ""
	for _, p := range f.RegistryPolicies {
		if p.PolicyText != nil {
			return &p, nil
		}
		id = value(p.RegistryId)
	}
	return nil, failure(operation, &types.RegistryPolicyNotFoundException{
		Message: new("Registry policy does not exist in the registry with id '" + id + "'")})
}

// GetAccountSetting answers from Settings.
func (f *Fake) GetAccountSetting(ctx context.Context, in *ecr.GetAccountSettingInput, _ ...func(*ecr.Options)) (*ecr.GetAccountSettingOutput, error) {
	const operation = "GetAccountSetting"
	if err := f.before(ctx, operation, in); err != nil {
		return nil, err
	}
	if f.Settings == nil {
		return nil, Denied(operation)
	}
	for _, s := range f.Settings {
		if value(s.Name) == value(in.Name) {
			return &s, nil
		}
	}
	return nil, failure(operation, &types.InvalidParameterException{Message: new("no such account setting")})
}
