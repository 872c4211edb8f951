package registry_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/registrytest"
)

// odd answers some operations as ECR does not.
type odd struct {
	*registrytest.Fake
	rules ecr.DescribePullThroughCacheRulesOutput
	asked *bool // whether BatchGetImage was called
}

func (o odd) DescribePullThroughCacheRules(context.Context, *ecr.DescribePullThroughCacheRulesInput, ...func(*ecr.Options)) (*ecr.DescribePullThroughCacheRulesOutput, error) {
	return &o.rules, nil
}

func (o odd) BatchGetImage(ctx context.Context, in *ecr.BatchGetImageInput, opts ...func(*ecr.Options)) (*ecr.BatchGetImageOutput, error) {
	*o.asked = true
	return o.Fake.BatchGetImage(ctx, in, opts...)
}

// Without the rules, or with a part of them, BatchGetImage might import the image: it is not called.
func TestRulesThatWereNotReadForbidReadingTheManifest(t *testing.T) {
	for name, rules := range map[string]ecr.DescribePullThroughCacheRulesOutput{
		"an empty body":        {},
		"a token that repeats": {PullThroughCacheRules: []types.PullThroughCacheRule{}, NextToken: new("again")},
	} {
		o := odd{&registrytest.Fake{Images: []types.ImageDetail{}, Manifests: []types.Image{}}, rules, new(false)}
		ref, err := registry.Parse("111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1")
		if err != nil {
			t.Fatal(err)
		}
		image, err := registry.New(o).Image(t.Context(), ref)
		if err != nil || *o.asked || image.CacheRule != nil || image.Unread["ecr:DescribePullThroughCacheRules"] == nil {
			t.Errorf("%s: BatchGetImage called: %v, %+v, %v", name, *o.asked, image, err)
		}
	}
}
