package registrytest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/registrytest"
)

const (
	account = "111122223333"
	digest  = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// captured is what the AWS CLI prints, describe-images twice.
var captured = fstest.MapFS{
	"ecr/describe-repositories.json": file(`{"repositories": [
		{"repositoryArn": "arn:aws:ecr:eu-west-1:111122223333:repository/team/app", "registryId": "111122223333", "repositoryName": "team/app",
		 "createdAt": "2025-01-02T03:04:05.678000+09:00", "imageTagMutability": "MUTABLE"},
		{"repositoryArn": "arn:aws:ecr:eu-west-1:111122223333:repository/team/empty", "registryId": "111122223333", "repositoryName": "team/empty"}]}`),
	"ecr/describe-images.json": file(`
		{"imageDetails": [{"registryId": "111122223333", "repositoryName": "team/app", "imageDigest": "` + digest + `", "imageTags": ["1", "latest"],
		 "imageSizeInBytes": 1234, "imagePushedAt": "2025-01-02T03:04:05+09:00", "imageStatus": "ACTIVE"}]}
		{"imageDetails": [{"registryId": "111122223333", "repositoryName": "team/app", "imageDigest": "sha256:0", "imageTags": ["old"], "imageStatus": "ARCHIVED"}]}`),
	"ecr/get-repository-policy.json": file(`{"registryId": "111122223333", "repositoryName": "team/app", "policyText": "{\"Version\": \"2012-10-17\"}"}`),
	"registry/images.json":           file(`{"nginx:1.27": {"status": "present", "digest": "` + digest + `"}, "ghcr.io/org/app": {"status": "credentials-required"}}`),
}

func TestLoad(t *testing.T) {
	fake, err := registrytest.Load(captured)
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]registry.Status{
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app:1":         registry.Present,
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app":           registry.Present,
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app:old":       registry.Archived,
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app:none":      registry.ImageAbsent,
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/empty:1":       registry.ImageAbsent,
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/none:1":        registry.RepositoryAbsent,
		"111122223333.dkr.ecr.us-east-1.amazonaws.com/team/app:1":         registry.RepositoryAbsent,
		"docker.io/library/nginx:1.27":                                    registry.Present,
		"nginx:1.27":                                                      registry.Present,
		"ghcr.io/org/app:latest":                                          registry.CredentialsRequired,
		"quay.io/org/app":                                                 registry.Unknown,
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app@" + digest: registry.Present,
	} {
		parsed, err := registry.Parse(ref)
		if err != nil {
			t.Fatal(err)
		}
		image, err := fake.Source().Image(t.Context(), parsed)
		if err != nil || image.Status != want {
			t.Errorf("%s: %+v, %v; want %v", ref, image, err, want)
			continue
		}
		if diff := cmp.Diff(parsed, image.Reference); diff != "" {
			t.Errorf("%s (-want +got):\n%s", ref, diff)
		}
		if offline := strings.HasPrefix(ref, "quay.io"); offline != (image.Unreachable != nil) {
			t.Errorf("%s: Unreachable = %v", ref, image.Unreachable)
		}
	}
}

func TestLoadTellsNothingFromNone(t *testing.T) {
	fake, err := registrytest.Load(fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&registrytest.Fake{}, fake); diff != "" {
		t.Errorf("no files (-want +got):\n%s", diff)
	}
	fake, err = registrytest.Load(fstest.MapFS{
		"ecr/describe-repositories.json": file(`{"repositories": []}`),
		"ecr/describe-images.json":       file(``),
		"ecr/get-repository-policy.json": file(`{}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if fake.Repositories == nil || fake.Images == nil || fake.Policies == nil || len(fake.Policies) != 0 {
		t.Errorf("empty files: %+v", fake)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"ecr/describe-images.json":       `{"imageDetails": [}`,
		"ecr/get-repository-policy.json": `{} {`,
		"registry/images.json":           `{"nginx": {"statsu": "present"}}`,
	} {
		if _, err := registrytest.Load(fstest.MapFS{name: file(text)}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{`{"NGINX": {}}`, `{"nginx": {"status": "perhaps"}}`, `[]`} {
		if _, err := registrytest.Load(fstest.MapFS{"registry/images.json": file(text)}); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}

func TestDescribeImagesPages(t *testing.T) {
	fake := &registrytest.Fake{}
	for i := range 7 {
		fake.Images = append(fake.Images, types.ImageDetail{RepositoryName: new("app"), ImageTags: []string{fmt.Sprint(i)}})
	}
	var tags []string
	pages := ecr.NewDescribeImagesPaginator(fake, &ecr.DescribeImagesInput{RepositoryName: new("app"), MaxResults: new(int32(3))})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(page.ImageDetails) > 3 {
			t.Errorf("a page of %d", len(page.ImageDetails))
		}
		for _, image := range page.ImageDetails {
			tags = append(tags, image.ImageTags...)
		}
	}
	if got := strings.Join(tags, ""); got != "0123456" {
		t.Errorf("tags = %s", got)
	}
}

func TestErrorsAreTheSDKs(t *testing.T) {
	fake := &registrytest.Fake{
		Images:   []types.ImageDetail{{RegistryId: new(account), RepositoryName: new("app"), ImageTags: []string{"1"}, ImageStatus: types.ImageStatusArchived}},
		Policies: []ecr.GetRepositoryPolicyOutput{},
	}
	describe := func(f *registrytest.Fake, in ecr.DescribeImagesInput) error {
		_, err := f.DescribeImages(t.Context(), &in)
		return err
	}
	getPolicy := func(f *registrytest.Fake, repository string) error {
		_, err := f.GetRepositoryPolicy(t.Context(), &ecr.GetRepositoryPolicyInput{RepositoryName: &repository})
		return err
	}
	byTag := []types.ImageIdentifier{{ImageTag: new("1")}}
	for want, err := range map[string]error{
		"DescribeImages AccessDeniedException":                  describe(&registrytest.Fake{}, ecr.DescribeImagesInput{RepositoryName: new("app")}),
		"GetRepositoryPolicy AccessDeniedException":             getPolicy(&registrytest.Fake{}, "app"),
		"DescribeImages RepositoryNotFoundException":            describe(fake, ecr.DescribeImagesInput{RepositoryName: new("none")}),
		"GetRepositoryPolicy RepositoryNotFoundException":       getPolicy(fake, "none"),
		"GetRepositoryPolicy RepositoryPolicyNotFoundException": getPolicy(fake, "app"),
		"DescribeImages ImageNotFoundException":                 describe(fake, ecr.DescribeImagesInput{RepositoryName: new("app"), ImageIds: byTag}),
		"DescribeImages InvalidParameterException":              describe(fake, ecr.DescribeImagesInput{RepositoryName: new("app"), NextToken: new("x")}),
	} {
		operation, _ := errors.AsType[*smithy.OperationError](err)
		api, ok := errors.AsType[smithy.APIError](err)
		if operation == nil || !ok || operation.ServiceID != "ECR" || operation.OperationName+" "+api.ErrorCode() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := describe(fake, ecr.DescribeImagesInput{RepositoryName: new("app"), ImageIds: byTag,
		Filter: &types.DescribeImagesFilter{ImageStatus: types.ImageStatusFilterAny}}); err != nil {
		t.Errorf("with a filter for any status: %v", err)
	}
}

func ExampleServer() {
	server := registrytest.NewServer(registrytest.Content{
		Manifests: map[string]registrytest.Manifest{
			"team/app:1.0": {MediaType: "application/vnd.oci.image.index.v1+json", Body: `{"schemaVersion":2,"manifests":[]}`},
		},
		Bearer:  true,
		Private: []string{"team/secret"},
	})
	defer server.Close()

	source := registry.New(nil)
	for _, name := range []string{"team/app:1.0", "team/app:2.0", "team/secret:1.0"} {
		ref, err := registry.Parse(server.Reference(name))
		if err != nil {
			fmt.Println(err)
			return
		}
		image, err := source.Image(context.Background(), ref)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(name, image.Status)
	}
	// Output:
	// team/app:1.0 present
	// team/app:2.0 image-absent
	// team/secret:1.0 credentials-required
}
