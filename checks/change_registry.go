package checks

import (
	"fmt"
	"strings"

	"github.com/canpull/canpull/registry"
)

// UpdateImageStorageClass restores an image from the archive of Amazon ECR, which takes up to 20 minutes.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UpdateImageStorageClass.html
type UpdateImageStorageClass struct {
	Repository  string `json:"repository"`            // its ARN
	ImageTag    string `json:"imageTag,omitempty"`    // the tag or
	ImageDigest string `json:"imageDigest,omitempty"` // the digest that names the image
}

// Commands is one call of update-image-storage-class.
func (c UpdateImageStorageClass) Commands() [][]string {
	region, account, name := repositoryOf(c.Repository)
	id := "imageTag=" + c.ImageTag
	if c.ImageDigest != "" {
		id = "imageDigest=" + c.ImageDigest
	}
	return [][]string{awsCommand(region, "ecr", "update-image-storage-class", "--registry-id", account, "--repository-name", name,
		"--image-id", id, "--target-storage-class", "STANDARD")}
}

// Terraform is a comment.
func (c UpdateImageStorageClass) Terraform() string {
	return notInTerraform("restores an archived image")
}

// Apply lets the image be there.
func (c UpdateImageStorageClass) Apply(s *Snapshot) error {
	found := false
	err := s.eachImage(c.Repository, func(i *registry.Image) error {
		if c.ImageDigest == "" && i.Reference.Tag == c.ImageTag || c.ImageDigest != "" && (i.Digest == c.ImageDigest || i.Reference.Digest == c.ImageDigest) {
			i.Status, i.Answer, found = registry.Present, "Amazon ECR has the image", true
		}
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("no image %s%s of %s is among the facts", c.ImageTag, c.ImageDigest, c.Repository)
	}
	return err
}

// UpdatePullThroughCacheRule gives a pull-through-cache rule of Amazon ECR another secret.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UpdatePullThroughCacheRule.html
type UpdatePullThroughCacheRule struct {
	RegistryID          string `json:"registryID"` // the account and Region of the registry
	Region              string `json:"region"`
	ECRRepositoryPrefix string `json:"ecrRepositoryPrefix"`
	UpstreamRegistryURL string `json:"upstreamRegistryURL"` // as it is
	CredentialARN       string `json:"credentialARN"`       // the secret's
}

// Commands is one call of update-pull-through-cache-rule.
func (c UpdatePullThroughCacheRule) Commands() [][]string {
	secret := c.CredentialARN
	if strings.HasSuffix(secret, newSecretSuffix) {
		secret = "<secret-arn>" // which create-secret prints
	}
	return [][]string{awsCommand(c.Region, "ecr", "update-pull-through-cache-rule", "--registry-id", c.RegistryID,
		"--ecr-repository-prefix", c.ECRRepositoryPrefix, "--credential-arn", secret)}
}

// Terraform is the aws_ecr_pull_through_cache_rule.
func (c UpdatePullThroughCacheRule) Terraform() string {
	return setting("aws_ecr_pull_through_cache_rule", c.ECRRepositoryPrefix, argument{"ecr_repository_prefix", c.ECRRepositoryPrefix},
		argument{"upstream_registry_url", c.UpstreamRegistryURL}, argument{"credential_arn", c.CredentialARN})
}

// Apply gives the secret to every image that the rule covers.
func (c UpdatePullThroughCacheRule) Apply(s *Snapshot) error {
	found := false
	for _, a := range s.Facts.Images {
		i := a.Fact
		if i != nil && i.CacheRule != nil && i.CacheRule.Prefix == c.ECRRepositoryPrefix && i.Reference.ECR != nil &&
			i.Reference.ECR.Account == c.RegistryID && i.Reference.ECR.Region == c.Region {
			i.CacheRule.Credentials, found = c.CredentialARN, true
		}
	}
	if !found {
		return fmt.Errorf("the pull-through-cache rule %s is not among the facts", c.ECRRepositoryPrefix)
	}
	return nil
}

// repositoryOf returns the parts of a repository's ARN.
func repositoryOf(arn string) (region, account, name string) {
	_, name, _ = strings.Cut(arn, ":repository/")
	return regionOf(arn), accountOf(arn), name
}

// regionOf returns the Region in an ARN; "" when it is none.
func regionOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[3]
	}
	return ""
}
