package registrytest

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/smithy-go"

	"github.com/canpull/canpull/registry"
)

// Fake is an Amazon ECR made of plain data. Its zero value denies everything, or does not
// offer it.
type Fake struct {
	// Images are the images of all registries. Nil: ecr:DescribeImages is denied.
	Images []types.ImageDetail
	// Repositories are the repositories there are, empty ones included. One whose ARN names a region is found only
	// there. Nil: ecr:DescribeRepositories is denied, and there are the repositories that Images and Policies name, in
	// every region.
	Repositories []types.Repository
	// RegistryPolicies are the policies of the caller's own registry: one, or one without a text. Nil: ecr:GetRegistryPolicy
	// is denied. Empty: there is none, and whose registry it is stays open.
	RegistryPolicies []ecr.GetRegistryPolicyOutput
	// Settings are the account's settings. Nil: ecr:GetAccountSetting is denied.
	Settings []ecr.GetAccountSettingOutput
	// Policies are the repository policies. Nil: ecr:GetRepositoryPolicy is denied. Empty: there are none.
	Policies []ecr.GetRepositoryPolicyOutput
	// CacheRules are the pull-through-cache rules. Nil: ecr:DescribePullThroughCacheRules is denied.
	CacheRules []types.PullThroughCacheRule
	// Manifests are what ecr:BatchGetImage hands out. Nil: ecr:BatchGetImage is denied.
	Manifests []types.Image
	// Failures are what ecr:BatchGetImage answers in place of an image, by its tag or digest.
	Failures map[string]types.ImageFailureCode
	// Blobs are configurations by digest. Nil: ecr:GetDownloadUrlForLayer is denied.
	Blobs map[string]string
	// Others are the answers for images outside ECR, by normalised name; see [Fake.Source].
	Others map[string]registry.Image
	// Before is called ahead of each operation with its IAM action and input; the operation fails with its error.
	// It may be called concurrently.
	Before func(ctx context.Context, action string, input any) error
}

var _ registry.API = (*Fake)(nil)

// Denied is the error of an operation that IAM refuses. The operation is named without its service: "DescribeImages".
func Denied(operation string) error {
	return failure(operation, &smithy.GenericAPIError{
		Code:    "AccessDeniedException",
		Message: "User is not authorized to perform: ecr:" + operation,
		Fault:   smithy.FaultClient,
	})
}

func failure(operation string, err error) error {
	return &smithy.OperationError{ServiceID: "ECR", OperationName: operation, Err: err}
}

// DescribeImages answers as ECR does. Without a filter it hides the images that are not ACTIVE, as the API reference
// has it (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImagesFilter.html), those asked for
// by their id included, which the reference leaves open.
func (f *Fake) DescribeImages(ctx context.Context, in *ecr.DescribeImagesInput, opts ...func(*ecr.Options)) (*ecr.DescribeImagesOutput, error) {
	const operation = "DescribeImages"
	if err := f.before(ctx, operation, in); err != nil {
		return nil, err
	}
	if f.Images == nil {
		return nil, Denied(operation)
	}
	at := place{value(in.RegistryId), region(opts), value(in.RepositoryName)}
	if !f.exists(at) {
		return nil, failure(operation, &types.RepositoryNotFoundException{Message: new(at.String() + " does not exist")})
	}
	var shown []types.ImageDetail
	for _, image := range f.Images {
		if at.holds(image.RegistryId, image.RepositoryName) && passes(image, in.Filter) {
			shown = append(shown, image)
		}
	}
	if len(in.ImageIds) == 0 {
		return page(shown, in)
	}
	if in.MaxResults != nil || in.NextToken != nil {
		return nil, failure(operation, &types.InvalidParameterException{Message: new("imageIds exclude maxResults and nextToken")})
	}
	out := &ecr.DescribeImagesOutput{}
	for _, id := range in.ImageIds {
		i := slices.IndexFunc(shown, func(image types.ImageDetail) bool { return isNamed(image, id) })
		if i < 0 {
			return nil, failure(operation, &types.ImageNotFoundException{Message: new("the image does not exist in " + at.String())})
		}
		out.ImageDetails = append(out.ImageDetails, shown[i])
	}
	return out, nil
}

// GetRepositoryPolicy answers as ECR does.
func (f *Fake) GetRepositoryPolicy(ctx context.Context, in *ecr.GetRepositoryPolicyInput, opts ...func(*ecr.Options)) (*ecr.GetRepositoryPolicyOutput, error) {
	const operation = "GetRepositoryPolicy"
	if err := f.before(ctx, operation, in); err != nil {
		return nil, err
	}
	if f.Policies == nil {
		return nil, Denied(operation)
	}
	at := place{value(in.RegistryId), region(opts), value(in.RepositoryName)}
	if !f.exists(at) {
		return nil, failure(operation, &types.RepositoryNotFoundException{Message: new(at.String() + " does not exist")})
	}
	for _, policy := range f.Policies {
		if at.holds(policy.RegistryId, policy.RepositoryName) {
			return &policy, nil
		}
	}
	return nil, failure(operation, &types.RepositoryPolicyNotFoundException{Message: new(at.String() + " has no policy")})
}

func (f *Fake) before(ctx context.Context, operation string, input any) error {
	if f.Before != nil {
		if err := f.Before(ctx, "ecr:"+operation, input); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// exists takes a repository for real where nothing is known of repositories: a denial must not turn into an absence.
func (f *Fake) exists(at place) bool {
	if f.Repositories != nil {
		return slices.ContainsFunc(f.Repositories, func(r types.Repository) bool {
			return at.holds(r.RegistryId, r.RepositoryName) && at.isIn(r.RepositoryArn)
		})
	}
	if f.Images == nil {
		return true
	}
	return slices.ContainsFunc(f.Images, func(i types.ImageDetail) bool { return at.holds(i.RegistryId, i.RepositoryName) }) ||
		slices.ContainsFunc(f.Policies, func(p ecr.GetRepositoryPolicyOutput) bool { return at.holds(p.RegistryId, p.RepositoryName) })
}

func passes(image types.ImageDetail, filter *types.DescribeImagesFilter) bool {
	wanted, tagged := types.ImageStatusFilterActive, types.TagStatusAny
	if filter != nil && filter.ImageStatus != "" {
		wanted = filter.ImageStatus
	}
	if filter != nil && filter.TagStatus != "" {
		tagged = filter.TagStatus
	}
	status := image.ImageStatus
	if status == "" {
		status = types.ImageStatusActive
	}
	return (wanted == types.ImageStatusFilterAny || string(wanted) == string(status)) &&
		(tagged == types.TagStatusAny || (tagged == types.TagStatusTagged) == (len(image.ImageTags) > 0))
}

func isNamed(image types.ImageDetail, id types.ImageIdentifier) bool {
	return (id.ImageDigest != nil || id.ImageTag != nil) &&
		(id.ImageDigest == nil || *id.ImageDigest == value(image.ImageDigest)) &&
		(id.ImageTag == nil || slices.Contains(image.ImageTags, *id.ImageTag))
}

func page(images []types.ImageDetail, in *ecr.DescribeImagesInput) (*ecr.DescribeImagesOutput, error) {
	start, size := 0, 100 // ECR's page where maxResults is not given
	if in.MaxResults != nil {
		size = int(*in.MaxResults)
	}
	if in.NextToken != nil {
		var err error
		if start, err = strconv.Atoi(*in.NextToken); err != nil || start < 0 || start > len(images) {
			return nil, failure("DescribeImages", &types.InvalidParameterException{Message: new("no such nextToken")})
		}
	}
	out := &ecr.DescribeImagesOutput{ImageDetails: images[start:min(start+size, len(images))]}
	if start+size < len(images) {
		out.NextToken = new(strconv.Itoa(start + size))
	}
	return out, nil
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// region returns the region that the call's options ask in, "" if they name none.
func region(opts []func(*ecr.Options)) string {
	var o ecr.Options
	for _, opt := range opts {
		opt(&o)
	}
	return o.Region
}

// place is a repository as a call names it. An empty account or region is the caller's own, which a fake does not
// know, and matches all.
type place struct{ account, region, repository string }

func (p place) String() string {
	return fmt.Sprintf("repository %q of registry %q", p.repository, p.account)
}

func (p place) holds(account, repository *string) bool {
	return p.repository == value(repository) && (p.account == "" || account == nil || p.account == *account)
}

// isIn reports whether the repository's ARN names the place's region, or none.
func (p place) isIn(repositoryARN *string) bool {
	parsed, err := arn.Parse(value(repositoryARN))
	return err != nil || p.region == "" || parsed.Region == "" || parsed.Region == p.region
}
