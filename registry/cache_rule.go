package registry

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// CacheRule is a pull-through-cache rule of a private registry: what is pulled under its prefix, ECR fetches from
// another registry first.
type CacheRule struct {
	Prefix         string // of the repositories it covers: "docker-hub", or "ROOT" for all that no other rule covers
	Upstream       string // "docker-hub", "quay", "k8s", "ecr-public", …
	UpstreamURL    string // "registry-1.docker.io"
	UpstreamPrefix string `json:",omitempty"` // what is put before the rest of the name upstream; "ROOT" is nothing
	Credentials    string `json:",omitempty"` // the ARN of the upstream's secret; "": anonymous
	Role           string `json:",omitempty"` // the ARN of the role that ECR takes for another account's ECR
}

// rootPrefix is the rule for every repository that has no rule of its own.
const rootPrefix = "ROOT"

// UpstreamRepository returns the repository that an image under the rule comes from.
func (r CacheRule) UpstreamRepository(repository string) string {
	rest := repository
	if r.Prefix != rootPrefix {
		rest = strings.TrimPrefix(strings.TrimPrefix(repository, r.Prefix), "/")
	}
	if p := r.UpstreamPrefix; p != "" && p != rootPrefix {
		rest = strings.TrimSuffix(p, "/") + "/" + rest
	}
	return rest
}

// ruleFor returns the rule that covers a repository: the one with the longest prefix, for lack of any the one for all,
// else an empty one. A repository that is called just like a prefix counts as covered: better a fact less than a
// repository made by a diagnosis.
func ruleFor(rules []CacheRule, repository string) *CacheRule {
	var best CacheRule
	for _, r := range rules {
		prefix := strings.TrimSuffix(r.Prefix, "/")
		switch {
		case prefix == rootPrefix || prefix == "":
			if best.Prefix == "" {
				best, best.Prefix = r, rootPrefix
			}
		case repository == prefix || strings.HasPrefix(repository, prefix+"/"):
			if best.Prefix == "" || best.Prefix == rootPrefix || len(prefix) > len(best.Prefix) {
				best, best.Prefix = r, prefix
			}
		}
	}
	return &best
}

// rulesKept is how long a registry's rules are taken to be as they were read. It spares the question for each of several
// images, and is short because on a stale answer a diagnosis could import an image.
const rulesKept = 30 * time.Second

// rulesOf returns the rules of the reference's registry.
func (p private) rulesOf(ctx context.Context, ref Reference) ([]CacheRule, error) {
	return p.rules.Of(ctx, ref.ECR.place(), func(ctx context.Context) ([]CacheRule, error) { return readRules(ctx, p.api, ref) })
}

func readRules(ctx context.Context, api API, ref Reference) ([]CacheRule, error) {
	pages := ecr.NewDescribePullThroughCacheRulesPaginator(api, &ecr.DescribePullThroughCacheRulesInput{RegistryId: &ref.ECR.Account})
	rules, seen := []CacheRule{}, map[string]bool{}
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx, in(ref), onlyWhatAWSAnswers)
		switch {
		case err != nil:
			return nil, err
		case out.PullThroughCacheRules == nil: // the SDK takes an empty body for an answer
			return nil, errors.New("registry: the answer holds no list of rules")
		case seen[value(out.NextToken)]:
			return nil, errors.New("registry: the token of a page repeats")
		}
		seen[value(out.NextToken)] = value(out.NextToken) != ""
		for _, r := range out.PullThroughCacheRules {
			rules = append(rules, cacheRule(r))
		}
	}
	return rules, nil
}

// onlyWhatAWSAnswers keeps the SDK from asking an emulator that does not have the operation three times, with seconds in
// between. What is unwell for a moment at AWS says so with a code.
func onlyWhatAWSAnswers(o *ecr.Options) {
	if r, ok := o.Retryer.(aws.RetryerV2); ok {
		o.Retryer = coded{r}
	}
}

type coded struct{ aws.RetryerV2 }

func (r coded) IsErrorRetryable(err error) bool {
	if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && code(err) == "" && e.HTTPStatusCode() == http.StatusInternalServerError {
		return false
	}
	return r.RetryerV2.IsErrorRetryable(err)
}

func cacheRule(r types.PullThroughCacheRule) CacheRule {
	return CacheRule{
		Prefix: value(r.EcrRepositoryPrefix), Upstream: string(r.UpstreamRegistry), UpstreamURL: value(r.UpstreamRegistryUrl),
		UpstreamPrefix: value(r.UpstreamRepositoryPrefix), Credentials: value(r.CredentialArn), Role: value(r.CustomRoleArn),
	}
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
