package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"

	"github.com/canpull/canpull/registry/internal/kept"
)

// API is what is called of Amazon ECR, all of it read-only. [ecr.Client] implements it. An answer whose list is nil is none, as
// ECR writes a list of nothing: another implementation gives an empty list where there is nothing, else it was not read.
type API interface {
	ecr.DescribeImagesAPIClient
	ecr.DescribePullThroughCacheRulesAPIClient
	ecr.DescribeRepositoriesAPIClient
	GetRepositoryPolicy(context.Context, *ecr.GetRepositoryPolicyInput, ...func(*ecr.Options)) (*ecr.GetRepositoryPolicyOutput, error)
	GetRegistryPolicy(context.Context, *ecr.GetRegistryPolicyInput, ...func(*ecr.Options)) (*ecr.GetRegistryPolicyOutput, error)
	GetAccountSetting(context.Context, *ecr.GetAccountSettingInput, ...func(*ecr.Options)) (*ecr.GetAccountSettingOutput, error)
	BatchGetImage(context.Context, *ecr.BatchGetImageInput, ...func(*ecr.Options)) (*ecr.BatchGetImageOutput, error)
	GetDownloadUrlForLayer(context.Context, *ecr.GetDownloadUrlForLayerInput, ...func(*ecr.Options)) (*ecr.GetDownloadUrlForLayerOutput, error)
}

var _ API = (*ecr.Client)(nil)

// The IAM actions that the answers about an image in ECR depend on, the keys of [Image.Unread].
const (
	describeImages       = "ecr:DescribeImages"
	describeRepositories = "ecr:DescribeRepositories"
	describeRules        = "ecr:DescribePullThroughCacheRules"
	getRepositoryPolicy  = "ecr:GetRepositoryPolicy"
	getRegistryPolicy    = "ecr:GetRegistryPolicy"
	getAccountSetting    = "ecr:GetAccountSetting"
	batchGetImage        = "ecr:BatchGetImage"
	getDownloadURL       = "ecr:GetDownloadUrlForLayer"
	describeKey          = "kms:DescribeKey"
)

var errNoAPI = errors.New("registry: no ECR client was given")

// private asks ECR about images in private registries.
type private struct {
	api   API
	keys  KeyStates
	blobs remote // fetches configurations from where ECR says that they are

	rules        *kept.Book[[]CacheRule]       // by registry
	policies     *kept.Book[ownPolicy]         // by Region
	repositories *kept.Book[*string]           // their policies, by repository
	encryptions  *kept.Book[*types.Repository] // by repository
}

// keeping returns what asks as p does, and takes the policies and keys of registries and repositories to be as they were read
// for so long.
func (p private) keeping(d time.Duration) private {
	p.rules = &kept.Book[[]CacheRule]{For: rulesKept}
	p.policies = &kept.Book[ownPolicy]{For: d}
	p.repositories = &kept.Book[*string]{For: d}
	p.encryptions = &kept.Book[*types.Repository]{For: d}
	return p
}

// ask fills in the image with what ECR answers. An image that can be read is one that a pull gets, because a pull asks the
// same (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html), and one that is archived can only
// be described and listed (https://docs.aws.amazon.com/AmazonECR/latest/userguide/archive-image.html). So of an image that was
// read DescribeImages is not asked, nor the key of its repository.
func (p private) ask(ctx context.Context, image *Image) {
	if p.api == nil {
		image.Answer = "Amazon ECR was not asked: no client was given"
		for _, action := range []string{describeImages, getRepositoryPolicy, describeRules} {
			image.unread(action, errNoAPI)
		}
		image.ManifestNotRead = "no client was given"
		return
	}
	var (
		policy    *string
		policyErr error
		registry  = Image{Reference: image.Reference}
	)
	var g errgroup.Group // without a context: a denial of the one must not cancel the other
	g.Go(func() error { policy, policyErr = p.policy(ctx, image.Reference); return nil })
	g.Go(func() error { p.readRegistryPolicy(ctx, &registry); return nil })
	g.Go(func() error {
		refused := p.readManifest(ctx, image)
		if image.Manifest == nil {
			image.describe(p.describe(ctx, image.Reference))
		}
		if image.Status == Present && refused != "" && refused != kmsError { // an error of AWS KMS is a matter of its key
			image.unread(batchGetImage, refused)
		}
		return nil
	})
	_ = g.Wait() // all return nil: their errors are facts about the image

	image.judge(policy, policyErr)
	image.RegistryPolicy = registry.RegistryPolicy
	for action, err := range registry.Unread {
		image.unread(action, err)
	}
	if image.Manifest == nil && (image.Status == Present || image.Status == Unknown) {
		p.readEncryption(ctx, image)
	}
}

// describe returns what ECR says of the image in whatever state it is.
//
// The filter of DescribeImages hides images that are not ACTIVE unless it is told otherwise. Whether that holds for
// an image asked for by its id, and whether a filter may stand beside an id at all, the reference does not say. So
// the plain question goes first, and the one with a filter only after the answer that there is no such image. Where that
// one gets no answer, the image may be archived as well as absent.
func (p private) describe(ctx context.Context, ref Reference) (*types.ImageDetail, error) {
	detail, err := p.describeIn(ctx, ref, nil)
	if detail == nil && (err == nil || code(err) == imageNotFound) {
		filter := &types.DescribeImagesFilter{ImageStatus: types.ImageStatusFilterAny}
		hidden, unanswered := p.describeIn(ctx, ref, filter)
		if hidden != nil || unanswered != nil && code(unanswered) != imageNotFound && code(unanswered) != invalidParameter {
			return hidden, unanswered
		}
	}
	return detail, err
}

func (p private) describeIn(ctx context.Context, ref Reference, filter *types.DescribeImagesFilter) (*types.ImageDetail, error) {
	id := types.ImageIdentifier{ImageTag: &ref.Tag}
	if ref.Digest != "" {
		id = types.ImageIdentifier{ImageDigest: &ref.Digest}
	}
	out, err := p.api.DescribeImages(ctx, &ecr.DescribeImagesInput{
		RegistryId:     &ref.ECR.Account,
		RepositoryName: &ref.Repository,
		ImageIds:       []types.ImageIdentifier{id},
		Filter:         filter,
	}, in(ref))
	if err != nil || len(out.ImageDetails) == 0 {
		return nil, err
	}
	return &out.ImageDetails[0], nil
}

func (p private) policy(ctx context.Context, ref Reference) (*string, error) {
	return p.repositories.Of(ctx, ref.RepositoryARN(), func(ctx context.Context) (*string, error) {
		out, err := p.api.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{
			RegistryId:     &ref.ECR.Account,
			RepositoryName: &ref.Repository,
		}, in(ref))
		if err != nil {
			return nil, err
		}
		return out.PolicyText, nil
	})
}

// in asks in the image's region, which need not be the client's. An endpoint of the client's own stays as it is.
func in(ref Reference) func(*ecr.Options) {
	return func(o *ecr.Options) { o.Region = ref.ECR.Region }
}

// describe records the answer of DescribeImages.
func (i *Image) describe(detail *types.ImageDetail, err error) {
	switch {
	case err != nil && code(err) == repositoryNotFound:
		i.Status, i.Answer = RepositoryAbsent, "Amazon ECR answered "+repositoryNotFound
	case err != nil && code(err) == imageNotFound:
		i.Status, i.Answer = ImageAbsent, "Amazon ECR answered "+imageNotFound
	case err != nil:
		i.Answer = describeImages + " " + because(err)
		i.unread(describeImages, err)
	case detail == nil:
		i.Answer = "Amazon ECR described no image and gave no error"
		i.unread(describeImages, errors.New("registry: DescribeImages answered without the image"))
	default:
		i.found(detail)
	}
}

func (i *Image) found(detail *types.ImageDetail) {
	if detail.ImageDigest != nil {
		i.Digest = *detail.ImageDigest
	}
	if detail.ImageManifestMediaType != nil {
		i.MediaType = *detail.ImageManifestMediaType
	}
	i.PushedAt = detail.ImagePushedAt

	switch status := detail.ImageStatus; status {
	case types.ImageStatusActive, "": // older answers have no status: there was no archive then
		i.Status, i.Answer = Present, "Amazon ECR has the image"
	case types.ImageStatusArchived:
		i.Status, i.Answer = Archived, "Amazon ECR has archived the image"
	case types.ImageStatusActivating:
		// Restoring takes up to 20 minutes, and a pull before its end is not documented: it may succeed by the time
		// the task asks.
		i.Answer = "Amazon ECR is restoring the image from its archive"
	default:
		i.Answer = fmt.Sprintf("Amazon ECR has the image in the state %q", status)
	}
}

// judge records the answer of GetRepositoryPolicy, which also tells whether there is a repository.
func (i *Image) judge(policy *string, err error) {
	switch {
	case err == nil && policy != nil:
		i.RepositoryPolicy = policy
	case err == nil:
		i.unread(getRepositoryPolicy, errors.New("registry: GetRepositoryPolicy answered without a policy"))
	case code(err) == repositoryPolicyNotFound:
		i.RepositoryPolicy = new("")
	case code(err) == repositoryNotFound && i.Status == RepositoryAbsent:
		// Said already.
	case code(err) == repositoryNotFound && i.Unread[describeImages] != nil:
		i.Status, i.Answer = RepositoryAbsent, "Amazon ECR answered "+repositoryNotFound
	default:
		i.unread(getRepositoryPolicy, err)
	}
}

const (
	imageNotFound            = "ImageNotFoundException"
	invalidParameter         = "InvalidParameterException"
	registryPolicyNotFound   = "RegistryPolicyNotFoundException"
	repositoryNotFound       = "RepositoryNotFoundException"
	repositoryPolicyNotFound = "RepositoryPolicyNotFoundException"
)

// code returns the error's code, or "" for an error that did not come as an answer of the API.
func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}

// because says why an operation gave no answer, in words that hold nothing of the request: the text of an API error
// names principals and request ids.
func because(err error) string {
	if c := code(err); c != "" {
		return "answered " + c
	}
	if e, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err); ok && e.HTTPStatusCode() != 0 {
		return fmt.Sprintf("answered HTTP %d, without a code", e.HTTPStatusCode())
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "was not answered in time"
	case errors.Is(err, context.Canceled):
		return "was cancelled"
	}
	return "gave no answer that can be read"
}
