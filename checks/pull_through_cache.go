package checks

import (
	"context"
	"strings"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// PullThroughCache checks the first pull of an image that Amazon ECR does not have yet but would import: the execution
// role's permissions to import it and to create its repository, its name, and the secret that ECR asks the upstream
// registry with. An image that ECR has already does not depend on any of them.
//
// The article leaves this step out; AWS's page on pull-through-cache rules has it.
type PullThroughCache struct {
	Roles   iam.Source
	Images  registry.Source
	Secrets credentials.Source
}

const (
	importImage      = "ecr:BatchImportUpstreamImage"
	createRepository = "ecr:CreateRepository"
	secretPrefix     = "ecr-pullthroughcache/"
)

// Info describes the check.
func (PullThroughCache) Info() Info {
	const user = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/"
	return Info{
		ID: "pull-through-cache", Title: "Pull-through cache",
		Actions: append(append([]string{credentials.DescribeSecret, credentials.GetResourcePolicy}, imageActions...), roleActions...),
		Codes: map[Code]Meaning{
			"cache.none":    {Skip, "No image waits to be imported through a pull-through-cache rule.", nil},
			"cache.ready":   {Pass, "Nothing that was read stands in the way of importing {subject} through the rule {rule}.", nil},
			"cache.unread":  {Unknown, "Whether a pull-through-cache rule imports {subject} is not known: {reason}.", nil},
			"cache.library": {Fail, "{subject} asks Docker Hub for {upstream}, and its official images are in library/.", []Remedy{{"Name the image {prefix}/library/{upstream} in the task definition", user + "pull-through-cache-working-pulling.html", "", nil}}},
			"cache.denied": {Fail, "A policy explicitly denies {actions} to {role}, without which {subject} cannot be imported ({cite}).", []Remedy{
				{"Remove or narrow the statement that denies {actions} ({cite})", user + "pull-through-cache-iam.html", "", nil}}},
			"cache.secret-name":   {Fail, "The rule {rule} names the secret {secret}; ECR takes one of its own account and Region whose name begins with ecr-pullthroughcache/.", []Remedy{{"Create such a secret and name it in the rule {rule}", user + "pull-through-cache-creating-secret.html", "", nil}}},
			"cache.secret-absent": {Fail, "The secret {secret} of the rule {rule} does not exist or is scheduled for deletion.", []Remedy{{"Create or restore the secret {secret}", user + "pull-through-cache-creating-secret.html", "", nil}}},
		},
		Assumes: []string{"No pull-through-cache rule covers an image of a registry whose rules could not be read."},
	}
}

// Check looks at the images that are not in ECR yet.
func (c PullThroughCache) Check(ctx context.Context, task Task) ([]Finding, error) {
	info := c.Info()
	if c.Images == nil || c.Roles == nil || c.Secrets == nil {
		return nil, errNoSource
	}
	var found []Finding
	refs, containers := task.images()
	for _, ref := range refs {
		if ref.ECR == nil {
			continue
		}
		image, err := c.Images.Image(ctx, ref)
		if err != nil {
			return found, err
		}
		f, err := c.judge(ctx, info, task, image)
		if err != nil {
			return found, err
		}
		if f.Code != "" {
			f.Scope = containers[ref.String()]
			found = info.joinTo(found, f, func(g Finding) bool {
				switch f.Code {
				case "cache.denied":
					return g.Args["cite"] == f.Args["cite"]
				case "cache.secret-name", "cache.secret-absent":
					return g.Args["secret"] == f.Args["secret"]
				}
				return false
			}, "subject", "actions", "rule")
		}
	}
	if len(found) == 0 {
		found = append(found, info.Finding(Resolve, "cache.none", task.subject(), nil))
	}
	return found, nil
}

// judge returns no finding for an image that no rule is needed for.
func (c PullThroughCache) judge(ctx context.Context, info Info, task Task, image *registry.Image) (Finding, error) {
	ref, rule := image.Reference, image.CacheRule
	unknown := func(unread map[string]error, actions ...string) Finding {
		return info.Finding(Resolve, "cache.unread", ref.String(), map[string]string{"reason": unsettled(actions, nil)}).because(actions, unread)
	}
	waits := image.Status == registry.ImageAbsent || image.Status == registry.RepositoryAbsent
	switch {
	case rule == nil && (waits || image.Status == registry.Unknown) && rulesRefused(image):
		return unknown(image.Unread, describeRules), nil
	case rule == nil || rule.Prefix == "":
		return Finding{}, nil
	case image.Unread[describeImages] != nil:
		return unknown(image.Unread, describeImages), nil
	case !waits:
		return Finding{}, nil
	}
	args := map[string]string{"rule": rule.Prefix, "prefix": rule.Prefix, "upstream": rule.UpstreamRepository(ref.Repository), "secret": rule.Credentials}
	fail := func(code Code, source, fact string) (Finding, error) {
		f := info.Finding(Resolve, code, ref.String(), args)
		f.Evidence = append(f.Evidence, Evidence{source, fact})
		return f, nil
	}
	if rule.Upstream == "docker-hub" && !strings.Contains(args["upstream"], "/") {
		return fail("cache.library", describeRules, "the rule "+rule.Prefix+" is for "+rule.UpstreamURL)
	}
	if secret := rule.Credentials; secret != "" {
		parts := strings.SplitN(secret, ":", 7)
		if len(parts) != 7 || parts[3] != ref.ECR.Region || parts[4] != ref.ECR.Account || !strings.HasPrefix(parts[6], secretPrefix) {
			return fail("cache.secret-name", describeRules, "credentialArn "+secret)
		}
		s, err := c.Secrets.Secret(ctx, credentials.ID{Name: secret, Region: ref.ECR.Region})
		switch {
		case err != nil:
			return Finding{}, err
		case s.Exists == nil:
			return unknown(s.Unread, credentials.DescribeSecret), nil
		case !*s.Exists:
			return fail("cache.secret-absent", credentials.DescribeSecret, "ResourceNotFoundException")
		case s.DeletedAt != nil:
			return fail("cache.secret-absent", credentials.DescribeSecret, "scheduled for deletion")
		}
	}
	return c.judgeRole(ctx, info, task, image, args)
}

// judgeRole asks for the permissions of a first pull. The registry's policy can grant them as well, and is not read.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html
func (c PullThroughCache) judgeRole(ctx context.Context, info Info, task Task, image *registry.Image, args map[string]string) (Finding, error) {
	ref := image.Reference
	if task.ExecutionRole == "" {
		return Finding{}, nil // the ExecutionRole check reports that
	}
	role, err := c.Roles.Role(ctx, task.ExecutionRole)
	if err != nil {
		return Finding{}, err
	}
	if role.Exists != nil && !*role.Exists {
		return Finding{}, nil // and that
	}
	needed := []string{importImage}
	if image.Status == registry.RepositoryAbsent {
		needed = append(needed, createRepository)
	}
	var missing, keys []string
	for _, action := range needed {
		switch d := role.Can(request(action, ref)); d.Outcome {
		case iam.ExplicitDeny:
			args["actions"], args["role"], args["cite"] = action, role.ARN, cite(d.Policy, d.Statement, d.Element)
			f := info.Finding(Resolve, "cache.denied", ref.String(), args)
			f.Evidence = append(f.Evidence, Evidence{policySource(d), d.Reason(iam.Request{Action: action})})
			return f, nil
		case iam.ImplicitDeny:
			missing = with(missing, "ecr:GetRegistryPolicy")
		case iam.Unknown:
			missing, keys = append(missing, d.Missing...), append(keys, d.Keys...)
		}
	}
	if len(missing)+len(keys) > 0 {
		args["reason"] = "the execution role's own policies do not allow " + joined(needed) + ", and " + unsettled(compacted(missing), keys)
		return info.Finding(Resolve, "cache.unread", ref.String(), args).because(missing, role.Unread), nil
	}
	return info.Finding(Resolve, "cache.ready", ref.String(), args), nil
}

// rulesRefused reports that the pull-through-cache rules could have been read and were not.
func rulesRefused(image *registry.Image) bool {
	err := image.Unread[describeRules]
	return err != nil && !notOffered(err)
}

// upstream returns what an image that ECR does not have yet would be imported from. False: no rule imports it, or from
// where nobody is let in without credentials of ECR's.
func upstream(image *registry.Image) (registry.Reference, bool) {
	rule := image.CacheRule
	if rule == nil || rule.Prefix == "" || rule.Role != "" {
		return registry.Reference{}, false
	}
	host := rule.UpstreamURL
	if rule.Upstream == "docker-hub" {
		host = "docker.io"
	}
	ref := registry.Reference{Registry: host, Repository: rule.UpstreamRepository(image.Reference.Repository), Tag: image.Reference.Tag, Digest: image.Reference.Digest}
	parsed, err := registry.Parse(ref.String())
	// Docker's own shorthand, library/ left out, is none to ECR.
	return parsed, err == nil && parsed.ECR == nil && parsed.Registry == host && parsed.Repository == ref.Repository
}
