package checks

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// PullThroughCache checks the first pull of an image that Amazon ECR does not have yet but would import: the execution
// role's permissions to import it and to create its repository, its name, and the secret that ECR asks the upstream
// registry with. Where Amazon ECR is reached through a VPC endpoint, a first pull also takes a way to the internet. An image
// that ECR has already does not depend on any of them.
//
// The article leaves this step out; AWS's page on pull-through-cache rules has it.
type PullThroughCache struct {
	Roles   iam.Source
	Images  registry.Source
	Secrets credentials.Source
	Network network.Source // for the way that a first pull takes
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
		Actions: slices.Concat([]string{credentials.DescribeSecret, credentials.GetResourcePolicy}, imageActions, roleActions, network.Actions()),
		Codes: map[Code]Meaning{
			"cache.none":    {Skip, "No image waits to be imported through a pull-through-cache rule.", nil},
			"cache.ready":   {Pass, "Nothing that was read stands in the way of importing {subject} through the rule {rule}.", nil},
			"cache.unread":  {Unknown, "Whether a pull-through-cache rule imports {subject} is not known: {reason}.", nil},
			"cache.library": {Fail, "{subject} asks Docker Hub for {upstream}, and its official images are in library/.", []Remedy{{"Name the image {official} in the task definition", user + "pull-through-cache-working-pulling.html", "", nameOfficialImage}}},
			"cache.denied": {Fail, "A policy explicitly denies {actions} to {role}, without which {subject} cannot be imported ({cite}).", []Remedy{
				{"Remove or narrow the statement that denies {actions} ({cite})", user + "pull-through-cache-iam.html", "", spareImport}}},
			"cache.not-allowed": {Fail, "Neither the policies of {role} nor those of the registry and the repository allow {actions}, without which {subject} cannot be imported.", []Remedy{
				{"Allow {actions} in a policy of {role}", user + "pull-through-cache-iam.html", "", allowImport},
				{"Allow {actions} for {role} in the policy of the registry", user + "registry-permissions-create-pullthroughcache.html", "", allowImportInRegistry}}},
			"cache.fips": {Fail, "{subject} is named by a FIPS host, which does not import through the rule {rule}: Amazon ECR's FIPS endpoints support no first pull through a cache.", []Remedy{
				{"Name the image by the host without -fips in the task definition, at least until it is in Amazon ECR", user + "pull-through-cache.html", "", nameWithoutFIPS},
				{"Pull {subject} once by the host without -fips, which imports it", user + "pull-through-cache.html", "", nil}}},
			"cache.secret-name":   {Fail, "The rule {rule} names the secret {secret}; ECR takes one of its own account and Region whose name begins with ecr-pullthroughcache/.", []Remedy{{"Create such a secret and name it in the rule {rule}", user + "pull-through-cache-creating-secret.html", "", giveRuleSecret}}},
			"cache.secret-absent": {Fail, "The secret {secret} of the rule {rule} does not exist or is scheduled for deletion.", []Remedy{{"Restore the secret {secret}, or create one and name it in the rule {rule}", user + "pull-through-cache-creating-secret.html", "", returnRuleSecret}}},
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
		if task.RevisionNotRead != "" && ref.Digest == "" && image.Status != registry.RepositoryAbsent &&
			(rulesRefused(image) || image.CacheRule != nil && image.CacheRule.Prefix != "") {
			found = append(found, task.revisionUnread(info, Resolve, "cache.unread", ref, containers[ref.String()]))
			continue
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
	args := map[string]string{"rule": rule.Prefix, "upstream": rule.UpstreamRepository(ref.Repository), "secret": rule.Credentials}
	fail := func(code Code, source, fact string) (Finding, error) {
		f := info.Finding(Resolve, code, ref.String(), args)
		f.Evidence = append(f.Evidence, Evidence{source, fact})
		return f, nil
	}
	if ref.ECR.FIPS {
		named := *image // is the same by the other host
		named.Reference = otherHost(ref, func(e *registry.ECR) { e.FIPS = false })
		if _, err := c.judge(ctx, info, task, &named); err != nil { // so that a fix which names it can be tried out
			return Finding{}, err
		}
		return fail("cache.fips", describeRules, "the rule "+rule.Prefix+" covers it, and Amazon ECR does not have it yet")
	}
	if rule.Upstream == "docker-hub" && !strings.Contains(args["upstream"], "/") {
		official := officialImage(ref, args["upstream"])
		if err := c.rehearse(ctx, info, task, official); err != nil {
			return Finding{}, err
		}
		args["official"] = official.Repository
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

// rehearse asks what it takes to judge an image that the task does not name, so that a fix which names it can be tried out.
func (c PullThroughCache) rehearse(ctx context.Context, info Info, task Task, ref registry.Reference) error {
	image, err := c.Images.Image(ctx, ref)
	if err != nil {
		return err
	}
	if from, ok := upstream(image); ok {
		if _, err := c.Images.Image(ctx, from); err != nil {
			return err
		}
	}
	_, err = c.judge(ctx, info, task, image)
	return err
}

// officialImage names an official image of Docker Hub as Docker Hub itself does.
func officialImage(ref registry.Reference, upstream string) registry.Reference {
	ref.Repository = strings.TrimSuffix(ref.Repository, upstream) + "library/" + upstream
	return ref
}

// judgeRole asks for the permissions of a first pull. The role's policies can grant them, or the registry's; to import into
// a repository that there is, its policy as well.
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
	needed := importActions(image)
	var denied, missing, keys, warnings []string
	for _, action := range needed {
		said := c.importSays(role, request(action, ref), image)
		allows := func(p policyWord) bool { return p.Outcome == iam.Allowed }
		allowed, open := slices.ContainsFunc(said, allows), false
		if ref.ECR.Account != cmp.Or(role.Principal().Account, task.Account) { // there it takes the leave of both
			allowed = allows(said[0]) && slices.ContainsFunc(said[1:], allows)
			if open = !allowed; open {
				warnings = append(warnings, "the registry is in another account")
			}
		}
		if allowed && said[0].Outcome == iam.ImplicitDeny { // what a resource's policy allows, the role's own may deny
			if own := c.importSays(unlimited(role), request(action, ref), image)[0]; own.Outcome == iam.Unknown {
				said[0] = own
			}
		}
		for _, p := range said {
			switch {
			case p.Outcome == iam.ExplicitDeny:
				args["actions"], args["role"], args["cite"] = action, called(role), cite(p.Policy, p.Statement, p.Element)
				f := info.Finding(Resolve, "cache.denied", ref.String(), args)
				f.Evidence = append(f.Evidence, Evidence{p.source, action + " is explicitly denied by " + args["cite"]})
				return f, nil
			case p.Outcome == iam.Unknown && (!allowed || p.mayDeny):
				open = true
				missing, keys, warnings = append(missing, p.Missing...), append(keys, p.Keys...), append(warnings, p.Warnings...)
			}
		}
		if !allowed && !open {
			denied = append(denied, action)
		}
	}
	switch {
	case len(denied) > 0:
		args["role"], args["actions"] = called(role), joined(denied)
		f := info.Finding(Resolve, "cache.not-allowed", ref.String(), args)
		f.Evidence = append(f.Evidence, Evidence{policySource(iam.Decision{}), "no statement allows " + args["actions"]}, Evidence{registryPolicy, "nor does the registry's policy"})
		return f, nil
	case len(missing)+len(keys)+len(warnings) > 0:
		args["reason"] = "the policies that were read do not settle " + joined(needed) + ": " + unsettled(compacted(missing), compacted(keys), warnings...)
		unread := maps.Clone(role.Unread)
		if unread == nil {
			unread = map[string]error{}
		}
		maps.Copy(unread, image.Unread)
		return info.Finding(Resolve, "cache.unread", ref.String(), args).because(missing, unread), nil
	}
	return c.judgeWay(ctx, info, task, image, args)
}

// judgeWay asks for the way to the internet that AWS says a first pull takes as well where Amazon ECR is reached through an
// interface endpoint: layers have been seen to come from the upstream then. That they always do is not documented, so that
// the lack of a way leaves the answer open.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-vpc-endpoint-considerations
func (c PullThroughCache) judgeWay(ctx context.Context, info Info, task Task, image *registry.Image, args map[string]string) (Finding, error) {
	ref := image.Reference
	s, err := surveyed(ctx, c.Network, task)
	if err != nil {
		args["reason"] = "which way the request takes is not known, because " + explain(err)
		return info.Finding(Resolve, "cache.unread", ref.String(), args), ctx.Err()
	}
	var subnets, missing []string
	for _, w := range s.ways {
		if w.image.Registry != ref.Registry || !strings.HasSuffix(w.to.Service, ".dkr") || w.path.Status() == network.Closed {
			continue
		}
		p := s.passage(w)
		if p.keys != nil && w.path.VPCEndpoint() == "" {
			continue // it leaves by a gateway
		}
		out := s.topology.Path(task.in(w.subnet), network.Destination{Host: image.CacheRule.UpstreamURL, Port: 443})
		if out.Status() == network.Open {
			continue
		}
		subnets, missing = with(subnets, w.subnet), append(missing, p.missing...)
		if out.Status() != network.Closed {
			missing = append(missing, out.Unread()...)
		}
	}
	if len(subnets) > 0 {
		args["reason"] = "AWS says that a first pull through a VPC endpoint takes a way to the internet as well, which " + joined(subnets) + " may not have"
		return info.Finding(Resolve, "cache.unread", ref.String(), args).because(missing, s.unread()), nil
	}
	return info.Finding(Resolve, "cache.ready", ref.String(), args), nil
}

// policyWord is what one policy says about an import.
type policyWord struct {
	iam.LayerDecision
	source  string // the action that reads it
	mayDeny bool   // of an Unknown: it is as likely to be a Deny, however much another policy allows
}

// importSays returns what the policies say that can grant the import of an image, each by itself: the role's, and those of
// the resource.
func (PullThroughCache) importSays(role *iam.Role, r iam.Request, image *registry.Image) []policyWord {
	alone := r
	alone.Context = maps.Clone(r.Context)
	alone.Context["aws:ResourceAccount"] = iam.Present(r.ResourceAccount)
	alone.ResourceAccount = role.Principal().Account
	own := role.Can(alone)
	words := []policyWord{{iam.LayerDecision{Outcome: own.Outcome, Policy: own.Policy, Statement: own.Statement, Element: own.Element,
		Missing: own.Missing, Keys: own.Keys, Warnings: own.Warnings}, policySource(own), true}}
	all := registrySays(role, r, image, false)
	if denies := registrySays(role, r, image, true); denies.Outcome == iam.Unknown && image.RegistryPolicy != nil {
		all = denies
	}
	words = append(words, policyWord{all, registryPolicy, image.RegistryPolicy != nil || registryRefused(role, image)})
	if r.Action != importImage || image.Status != registry.ImageAbsent {
		return words // a repository that is to be created has no policy yet
	}
	said := iam.LayerDecision{Outcome: iam.ImplicitDeny}
	if l := repositoryLayer(image); l != nil {
		said = resourceSays(role, r, l)
	}
	return append(words, policyWord{said, repositoryPolicy, true})
}

// unlimited returns a role whose policies and boundary allow everything as well, so that they only deny.
func unlimited(role *iam.Role) *iam.Role {
	r, all := *role, iam.Unrestricted().Policies
	r.Identity.Policies = slices.Concat(r.Identity.Policies, all)
	if b := r.Boundary; b != nil {
		r.Boundary = &iam.Layer{Policies: slices.Concat(b.Policies, all), Missing: b.Missing}
	}
	return &r
}

// importActions are what the first pull of an image takes.
func importActions(image *registry.Image) []string {
	if image.Status == registry.RepositoryAbsent {
		return []string{importImage, createRepository}
	}
	return []string{importImage}
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
