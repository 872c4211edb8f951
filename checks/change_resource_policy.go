package checks

import (
	"fmt"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// SetRepositoryPolicy replaces the policy of a repository in Amazon ECR.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_SetRepositoryPolicy.html
type SetRepositoryPolicy struct {
	Repository string       `json:"repository"` // its ARN
	PolicyText iam.Document `json:"policyText"`
}

// Commands is one call of set-repository-policy.
func (c SetRepositoryPolicy) Commands() [][]string {
	region, account, name := repositoryOf(c.Repository)
	return [][]string{awsCommand(region, "ecr", "set-repository-policy", "--registry-id", account, "--repository-name", name, "--policy-text", documentText(c.PolicyText))}
}

// Terraform is an aws_ecr_repository_policy.
func (c SetRepositoryPolicy) Terraform() string {
	_, _, name := repositoryOf(c.Repository)
	return resource("aws_ecr_repository_policy", name, argument{"repository", name}, argument{"policy", c.PolicyText})
}

// Apply gives the policy to every image of the repository.
func (c SetRepositoryPolicy) Apply(s *Snapshot) error {
	text := documentText(c.PolicyText)
	return s.eachImage(c.Repository, func(i *registry.Image) error {
		i.RepositoryPolicy = &text
		return nil
	})
}

// PutRegistryPolicy replaces the policy of a private registry of Amazon ECR, which is that of an account in a Region.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutRegistryPolicy.html
type PutRegistryPolicy struct {
	RegistryID string       `json:"registryID"` // the account and Region of the registry
	Region     string       `json:"region"`
	PolicyText iam.Document `json:"policyText"`
}

// Commands is one call of put-registry-policy. It takes no account: it is for the registry of whoever calls it.
func (c PutRegistryPolicy) Commands() [][]string {
	return [][]string{awsCommand(c.Region, "ecr", "put-registry-policy", "--policy-text", documentText(c.PolicyText))}
}

// Terraform is an aws_ecr_registry_policy.
func (c PutRegistryPolicy) Terraform() string {
	return resource("aws_ecr_registry_policy", "registry", argument{"policy", c.PolicyText})
}

// Apply gives the policy to every image of the registry whose policy was read.
func (c PutRegistryPolicy) Apply(s *Snapshot) error {
	return eachFact(s.Facts.Images, "policy of the registry "+c.RegistryID+" in "+c.Region, func(i *registry.Image) bool {
		e := i.Reference.ECR
		return i.RegistryPolicy != nil && e != nil && e.Account == c.RegistryID && e.Region == c.Region
	}, func(i *registry.Image) error {
		i.RegistryPolicy.Document = documentText(c.PolicyText)
		return nil
	})
}

// SetEndpointPolicy replaces the policy of a VPC endpoint.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpoint.html
type SetEndpointPolicy struct {
	VPCEndpoint    string       `json:"vpcEndpoint"` // its ID
	Region         string       `json:"region"`
	PolicyDocument iam.Document `json:"policyDocument"`
}

// Commands is one call of modify-vpc-endpoint.
func (c SetEndpointPolicy) Commands() [][]string {
	return [][]string{awsCommand(c.Region, "ec2", "modify-vpc-endpoint", "--vpc-endpoint-id", c.VPCEndpoint, "--policy-document", documentText(c.PolicyDocument))}
}

// Terraform is an aws_vpc_endpoint_policy.
func (c SetEndpointPolicy) Terraform() string {
	return resource("aws_vpc_endpoint_policy", c.VPCEndpoint, argument{"vpc_endpoint_id", c.VPCEndpoint},
		argument{"policy", c.PolicyDocument})
}

// Apply replaces the policy in every topology that has the endpoint.
func (c SetEndpointPolicy) Apply(s *Snapshot) error {
	text, found := documentText(c.PolicyDocument), false
	for _, a := range s.Facts.Networks {
		if a.Fact == nil {
			continue
		}
		if e, _ := a.Fact.Endpoint(c.VPCEndpoint); e != nil {
			e.Policy, found = &text, true
		}
	}
	if !found {
		return fmt.Errorf("the VPC endpoint %s is not among the facts", c.VPCEndpoint)
	}
	return nil
}

// PutResourcePolicy replaces the resource policy of a secret.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html
type PutResourcePolicy struct {
	Secret         string       `json:"secret"` // its ARN
	ResourcePolicy iam.Document `json:"resourcePolicy"`
}

// Commands is one call of put-resource-policy.
func (c PutResourcePolicy) Commands() [][]string {
	return [][]string{awsCommand(regionOf(c.Secret), "secretsmanager", "put-resource-policy", "--secret-id", c.Secret, "--resource-policy", documentText(c.ResourcePolicy))}
}

// Terraform is an aws_secretsmanager_secret_policy.
func (c PutResourcePolicy) Terraform() string {
	return resource("aws_secretsmanager_secret_policy", secretName(c.Secret), argument{"secret_arn", c.Secret},
		argument{"policy", c.ResourcePolicy})
}

// Apply replaces the policy.
func (c PutResourcePolicy) Apply(s *Snapshot) error {
	text := documentText(c.ResourcePolicy)
	return s.eachSecret(c.Secret, func(f *credentials.Secret) error {
		f.Policy = &text
		return nil
	})
}

// PutKeyPolicy replaces the policy of a KMS key.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
type PutKeyPolicy struct {
	Key    string       `json:"key"` // its ARN
	Policy iam.Document `json:"policy"`
}

// Commands is one call of put-key-policy.
func (c PutKeyPolicy) Commands() [][]string {
	return [][]string{awsCommand(regionOf(c.Key), "kms", "put-key-policy", "--key-id", c.Key, "--policy-name", "default", "--policy", documentText(c.Policy))}
}

// Terraform is an aws_kms_key_policy.
func (c PutKeyPolicy) Terraform() string {
	return resource("aws_kms_key_policy", nameIn(c.Key), argument{"key_id", c.Key}, argument{"policy", c.Policy})
}

// Apply replaces the key's policy.
func (c PutKeyPolicy) Apply(s *Snapshot) error {
	text := documentText(c.Policy)
	return s.eachKey(c.Key, func(k *credentials.Key) error {
		k.Policy = &text
		return nil
	})
}
