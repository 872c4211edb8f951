package registry_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/registrytest"
)

const (
	account = "111122223333"
	policy  = `{"Version":"2012-10-17","Statement":[]}`
	ecrHost = account + ".dkr.ecr.eu-west-1.amazonaws.com"
)

var pushed = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

func ecrImage(tag string, status types.ImageStatus) types.ImageDetail {
	return types.ImageDetail{
		RegistryId: new(account), RepositoryName: new("team/app"), ImageTags: []string{tag}, ImageDigest: new(sha256),
		ImageManifestMediaType: new("application/vnd.oci.image.index.v1+json"), ImagePushedAt: &pushed, ImageStatus: status,
	}
}

func ecrPolicy(repository string) ecr.GetRepositoryPolicyOutput {
	return ecr.GetRepositoryPolicyOutput{RegistryId: new(account), RepositoryName: &repository, PolicyText: new(policy)}
}

var (
	images     = []types.ImageDetail{ecrImage("1", types.ImageStatusActive)}
	policies   = []ecr.GetRepositoryPolicyOutput{ecrPolicy("team/app")}
	noImages   = []types.ImageDetail{}
	noPolicies = []ecr.GetRepositoryPolicyOutput{}
)

// fails makes one operation fail.
func fails(action string, err error) func(context.Context, string, any) error {
	return func(_ context.Context, called string, _ any) error {
		if called == action {
			return err
		}
		return nil
	}
}

func TestECR(t *testing.T) {
	type outcome struct {
		Status registry.Status
		Digest string
		Policy *string
		Unread []string
		Answer string
	}
	const describe, getPolicy = "ecr:DescribeImages", "ecr:GetRepositoryPolicy"
	forbidden := &smithy.OperationError{ServiceID: "ECR", OperationName: "DescribeImages", Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusForbidden}}, Err: errors.New("deserialization failed")}}

	tests := []struct {
		name string
		fake registrytest.Fake
		ref  string // of team/app; ":1" when empty
		want outcome
	}{
		{"present", registrytest.Fake{Images: images, Policies: policies}, "",
			outcome{registry.Present, sha256, new(policy), nil, "Amazon ECR has the image"}},
		{"by digest", registrytest.Fake{Images: images, Policies: policies}, "@" + sha256,
			outcome{registry.Present, sha256, new(policy), nil, "Amazon ECR has the image"}},
		{"the digest, not the tag", registrytest.Fake{Images: images, Policies: policies}, ":gone@" + sha256,
			outcome{registry.Present, sha256, new(policy), nil, "Amazon ECR has the image"}},
		{"digest gone, tag there", registrytest.Fake{Images: images, Policies: policies}, ":1@sha256:" + strings.Repeat("f", 64),
			outcome{registry.ImageAbsent, "", new(policy), nil, "Amazon ECR answered ImageNotFoundException"}},
		{"no status, as before archives", registrytest.Fake{Images: []types.ImageDetail{ecrImage("1", "")}, Policies: noPolicies}, "",
			outcome{registry.Present, sha256, new(""), nil, "Amazon ECR has the image"}},
		{"no policy", registrytest.Fake{Images: images, Policies: noPolicies}, "",
			outcome{registry.Present, sha256, new(""), nil, "Amazon ECR has the image"}},
		{"tag absent", registrytest.Fake{Images: images, Policies: policies}, ":2",
			outcome{registry.ImageAbsent, "", new(policy), nil, "Amazon ECR answered ImageNotFoundException"}},
		{"repository absent", registrytest.Fake{Images: noImages, Policies: noPolicies}, "",
			outcome{registry.RepositoryAbsent, "", nil, nil, "Amazon ECR answered RepositoryNotFoundException"}},
		{"repository empty", registrytest.Fake{Images: noImages, Policies: policies}, "",
			outcome{registry.ImageAbsent, "", new(policy), nil, "Amazon ECR answered ImageNotFoundException"}},
		{"archived", registrytest.Fake{Images: []types.ImageDetail{ecrImage("1", types.ImageStatusArchived)}, Policies: policies}, "",
			outcome{registry.Archived, sha256, new(policy), nil, "Amazon ECR has archived the image"}},
		{"activating", registrytest.Fake{Images: []types.ImageDetail{ecrImage("1", types.ImageStatusActivating)}, Policies: policies}, "",
			outcome{registry.Unknown, sha256, new(policy), nil, "Amazon ECR is restoring the image from its archive"}},
		{"a state of the future", registrytest.Fake{Images: []types.ImageDetail{ecrImage("1", "FROZEN")}, Policies: policies}, "",
			outcome{registry.Unknown, sha256, new(policy), nil, `Amazon ECR has the image in the state "FROZEN"`}},

		{"images denied", registrytest.Fake{Policies: policies}, "",
			outcome{registry.Unknown, "", new(policy), []string{describe}, "ecr:DescribeImages answered AccessDeniedException"}},
		{"policy denied", registrytest.Fake{Images: images}, "",
			outcome{registry.Present, sha256, nil, []string{getPolicy}, "Amazon ECR has the image"}},
		{"policy denied, image absent", registrytest.Fake{Images: images}, ":2",
			outcome{registry.ImageAbsent, "", nil, []string{getPolicy}, "Amazon ECR answered ImageNotFoundException"}},
		{"both denied", registrytest.Fake{}, "",
			outcome{registry.Unknown, "", nil, []string{describe, getPolicy}, "ecr:DescribeImages answered AccessDeniedException"}},
		{"images denied, the other call knows there is no repository", registrytest.Fake{Repositories: []types.Repository{}, Policies: noPolicies}, "",
			outcome{registry.RepositoryAbsent, "", nil, []string{describe}, "Amazon ECR answered RepositoryNotFoundException"}},
		{"throttled", registrytest.Fake{Images: images, Policies: policies,
			Before: fails(describe, &smithy.GenericAPIError{Code: "ThrottlingException"})}, "",
			outcome{registry.Unknown, "", new(policy), []string{describe}, "ecr:DescribeImages answered ThrottlingException"}},
		{"403 without a code, as an emulator denies", registrytest.Fake{Images: images, Policies: policies, Before: fails(describe, forbidden)}, "",
			outcome{registry.Unknown, "", new(policy), []string{describe}, "ecr:DescribeImages answered HTTP 403, without a code"}},
		{"undecodable", registrytest.Fake{Images: images, Policies: policies, Before: fails(describe, errors.New("bad JSON: secret"))}, "",
			outcome{registry.Unknown, "", new(policy), []string{describe}, "ecr:DescribeImages gave no answer that can be read"}},
		{"timed out", registrytest.Fake{Images: images, Policies: policies, Before: fails(describe, context.DeadlineExceeded)}, "",
			outcome{registry.Unknown, "", new(policy), []string{describe}, "ecr:DescribeImages was not answered in time"}},
		{"repository deleted between the calls", registrytest.Fake{Images: images, Policies: policies,
			Before: fails(getPolicy, &types.RepositoryNotFoundException{})}, "",
			outcome{registry.Present, sha256, nil, []string{getPolicy}, "Amazon ECR has the image"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tag := tt.ref
			if tag == "" {
				tag = ":1"
			}
			ref := mustParse(t, ecrHost+"/team/app"+tag)
			image, err := registry.New(&tt.fake).Image(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			got := outcome{image.Status, image.Digest, image.RepositoryPolicy, unread(image), image.Answer}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(ref, image.Reference); diff != "" {
				t.Errorf("Reference (-want +got):\n%s", diff)
			}
		})
	}
}

// unread leaves out what these tests' fakes know nothing of.
func unread(image *registry.Image) (actions []string) {
	others := []string{"ecr:DescribePullThroughCacheRules", "ecr:GetRegistryPolicy", "ecr:DescribeRepositories"}
	for _, action := range slices.Sorted(maps.Keys(image.Unread)) {
		if !slices.Contains(others, action) {
			actions = append(actions, action)
		}
	}
	return actions
}

// An archived image is told from one that is absent by a second question. Without its answer neither is known, unless ECR
// does not take the question.
func TestAnArchivedImageIsNotAbsentForWantOfTheSecondAnswer(t *testing.T) {
	for code, want := range map[string]registry.Status{"ExpiredTokenException": registry.Unknown, "ThrottlingException": registry.Unknown,
		"InvalidParameterException": registry.ImageAbsent, "ImageNotFoundException": registry.ImageAbsent} {
		fake := registrytest.Fake{Images: []types.ImageDetail{ecrImage("1", types.ImageStatusArchived)}, Policies: policies, CacheRules: []types.PullThroughCacheRule{}}
		fake.Before = func(_ context.Context, _ string, input any) error {
			if in, ok := input.(*ecr.DescribeImagesInput); ok && in.Filter != nil {
				return &smithy.GenericAPIError{Code: code}
			}
			return nil
		}
		image, err := registry.New(&fake).Image(t.Context(), mustParse(t, ecrHost+"/team/app:1"))
		if err != nil || image.Status != want || (image.Unread["ecr:DescribeImages"] != nil) != (want == registry.Unknown) {
			t.Errorf("%s: %s, %v, %v; want %s", code, image.Status, image.Unread, err, want)
		}
	}
}

func TestECRDetails(t *testing.T) {
	fake := &registrytest.Fake{Images: images, Policies: policies}
	image, err := registry.New(fake).Image(t.Context(), mustParse(t, ecrHost+"/team/app:1"))
	if err != nil {
		t.Fatal(err)
	}
	if image.MediaType != "application/vnd.oci.image.index.v1+json" || image.PushedAt == nil || !image.PushedAt.Equal(pushed) {
		t.Errorf("MediaType = %q, PushedAt = %v", image.MediaType, image.PushedAt)
	}
}

// Each operation is asked once, at the account and in the region of the image, whatever the client's own are.
func TestECRAsksTheImagesRegistry(t *testing.T) {
	for _, tt := range []struct {
		host, account string
		want          registry.Status
	}{
		{ecrHost, account, registry.Present},
		{"111122223333.dkr.ecr.us-east-1.amazonaws.com", account, registry.RepositoryAbsent},
		{"444455556666.dkr.ecr.eu-west-1.amazonaws.com", "444455556666", registry.RepositoryAbsent},
	} {
		var mu sync.Mutex
		var calls []string
		fake := &registrytest.Fake{
			Images:   images,
			Policies: policies,
			Repositories: []types.Repository{{
				RegistryId: new(account), RepositoryName: new("team/app"), RepositoryArn: new("arn:aws:ecr:eu-west-1:" + account + ":repository/team/app"),
			}},
			Before: func(_ context.Context, action string, input any) error {
				mu.Lock()
				defer mu.Unlock()
				switch in := input.(type) {
				case *ecr.DescribeImagesInput:
					calls = append(calls, action+" "+*in.RegistryId)
				case *ecr.GetRepositoryPolicyInput:
					calls = append(calls, action+" "+*in.RegistryId)
				case *ecr.DescribePullThroughCacheRulesInput:
					calls = append(calls, action+" "+*in.RegistryId)
				}
				return nil
			},
		}
		image, err := registry.New(fake).Image(t.Context(), mustParse(t, tt.host+"/team/app:1"))
		if err != nil || image.Status != tt.want {
			t.Errorf("%s: %v, %v; want %v", tt.host, image.Status, err, tt.want)
		}
		slices.Sort(calls)
		if diff := cmp.Diff([]string{"ecr:DescribeImages " + tt.account, "ecr:DescribePullThroughCacheRules " + tt.account, "ecr:GetRepositoryPolicy " + tt.account}, calls); diff != "" {
			t.Errorf("%s: calls (-want +got):\n%s", tt.host, diff)
		}
	}
}

func TestECRWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	fake := &registrytest.Fake{Images: images, Policies: policies, Before: func(ctx context.Context, action string, _ any) error {
		if action == "ecr:DescribeImages" {
			return nil
		}
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}}
	image, err := registry.New(fake).Image(ctx, mustParse(t, ecrHost+"/team/app:1"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	if image == nil || image.RepositoryPolicy != nil || image.Unread["ecr:GetRepositoryPolicy"] == nil {
		t.Errorf("image = %+v", image)
	}
}

func TestWithoutAClient(t *testing.T) {
	image, err := registry.New(nil).Image(t.Context(), mustParse(t, ecrHost+"/team/app:1"))
	if err != nil || image.Status != registry.Unknown || len(image.Unread) != 3 {
		t.Errorf("%+v, %v", image, err)
	}
}

func TestUnusableReference(t *testing.T) {
	for _, ref := range []registry.Reference{
		{},
		{Registry: "example.com", Repository: "../../admin", Tag: "1"},
		{Registry: "example.com", Repository: "app", Tag: "1?x=y"},
		{Registry: "example.com#", Repository: "app", Tag: "1"},
		{Registry: "example.com", Repository: "app", Digest: "sha256:x"},
	} {
		image, err := registry.New(nil).Image(t.Context(), ref)
		if _, ok := errors.AsType[*registry.ParseError](err); !ok || image == nil || image.Status != registry.Unknown {
			t.Errorf("%+v: %+v, %v", ref, image, err)
		}
	}
}

// Taking a permission away must never make the answer more certain.
func TestDenialNeverMakesCertain(t *testing.T) {
	for _, tag := range []string{"1", "2"} {
		for _, full := range []registrytest.Fake{
			{Images: images, Policies: policies},
			{Images: noImages, Policies: noPolicies},
			{Images: []types.ImageDetail{ecrImage("1", types.ImageStatusActivating)}, Policies: noPolicies},
		} {
			ref := mustParse(t, ecrHost+"/team/app:"+tag)
			whole, err := registry.New(&full).Image(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			for _, poorer := range []registrytest.Fake{{Images: full.Images}, {Policies: full.Policies}, {}} {
				got, err := registry.New(&poorer).Image(t.Context(), ref)
				if err != nil {
					t.Fatal(err)
				}
				if got.Status != whole.Status && got.Status != registry.Unknown {
					t.Errorf("%s: %v became %v", ref, whole.Status, got.Status)
				}
				if got.RepositoryPolicy != nil && (whole.RepositoryPolicy == nil && whole.Status != registry.RepositoryAbsent) {
					t.Errorf("%s: a policy appeared", ref)
				}
			}
		}
	}
}
