package checks

import (
	"context"
	"errors"
	"slices"

	"github.com/canpull/canpull/registry"
)

// Image checks that every image is where the task definition says: in the ECR of the account and Region in its
// reference, or in another registry, which is asked anonymously from here. That this machine does not reach a registry
// says nothing about the task.
//
// It automates the article's step "check that the image exists and that its URI and tag are those of the task definition".
type Image struct{ Images registry.Source }

// Info describes the check.
func (Image) Info() Info {
	const docs = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"
	const pinning = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html"
	return Info{
		ID: "image", Title: "Images", Actions: imageActions,
		Codes: map[Code]Meaning{
			"image.present":   {Pass, "{subject} exists.", nil},
			"image.malformed": {Fail, "{subject} is not an image reference: {reason}.", []Remedy{{"Correct the image in the task definition", docs, "", nil}}},
			"image.absent": {Fail, "The registry has no image {subject} ({reason}).", []Remedy{
				{"Push {subject}", "https://docs.aws.amazon.com/AmazonECR/latest/userguide/docker-push-ecr-image.html", "", nil},
				{"Name a tag or digest that exists in the task definition", docs, "", nil}}},
			"image.digest-gone": {Fail, "The registry no longer has {subject} ({reason}): the service pinned this digest when it was deployed, and pulls it wherever the tag leads now.", []Remedy{
				{"Force a new deployment of the service, which resolves the image of the task definition again", pinning, "", nil},
				{"Deploy a task definition that sets versionConsistency to disabled for the container, whose tasks then pull what the tag leads to", pinning, "", nil}}},
			"image.repository-absent": {Fail, "The repository of {subject} does not exist ({reason}).", []Remedy{
				{"Correct the account, Region and repository of the image in the task definition", docs, "", nil},
				{"Create the repository and push {subject}", "https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-create.html", "", nil}}},
			"image.archived": {Fail, "{subject} is archived: Amazon ECR answers a pull with 404 until it is restored.", []Remedy{
				{"Restore {subject} from the archive", "https://docs.aws.amazon.com/AmazonECR/latest/userguide/archive-image.html", "", nil}}},
			"image.credentials-required": {Fail, "The registry asks for credentials for {subject}, and the task definition gives none (a missing repository may be hidden behind that).", []Remedy{
				{"Set repositoryCredentials in the task definition to a secret with the registry's user name and password", "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html", "", nil},
				{"Correct the image in the task definition, if it was meant to be public or in Amazon ECR", docs, "", nil}}},
			"image.upstream":    {Pass, "Amazon ECR does not have {subject} yet, and imports it from {upstream}, which exists.", nil},
			"image.first-pull":  {Unknown, "Amazon ECR does not have {subject} yet. The pull-through-cache rule {rule} would import it, if its upstream registry has it, which is not known.", nil},
			"image.not-cached":  {Unknown, "Amazon ECR does not have {subject}. Whether a pull-through-cache rule would import it is not known: {reason}.", nil},
			"image.private":     {Unknown, "Whether {subject} exists is not known: its registry does not say so to anonymous requests, and the task's credentials were not used.", nil},
			"image.pin-unread":  {Unknown, "Which digest of {subject} the service's deployment pinned, and so whether its tasks find it, is not known: {reason}.", nil},
			"image.unread":      {Unknown, "Whether {subject} exists is not known: {reason}.", nil},
			"image.unreachable": {Unknown, "Whether {subject} exists is not known: this machine could not ask its registry ({reason}), which says nothing about the task.", nil},
		},
		Assumes: []string{unpinned},
	}
}

// Check asks each registry once for each image.
func (c Image) Check(ctx context.Context, task Task) ([]Finding, error) {
	found, err := c.check(ctx, task)
	if len(found) > 0 && !task.assumesUnpinned() {
		found[0].Settles = []string{unpinned}
	}
	return found, err
}

func (c Image) check(ctx context.Context, task Task) ([]Finding, error) {
	info := c.Info()
	var found []Finding
	credentials := map[string]bool{}
	for _, container := range task.Containers {
		ref, err := container.reference()
		if err != nil {
			reason := err.Error()
			if p, ok := errors.AsType[*registry.ParseError](err); ok {
				reason = p.Reason
			}
			f := info.Finding(Resolve, "image.malformed", container.Image, map[string]string{"reason": reason})
			f.Container, f.Scope = container.Name, []string{container.Name}
			found = append(found, f)
			continue
		}
		if container.RepositoryCredentials != "" {
			credentials[ref.String()] = true
		}
	}
	if c.Images == nil {
		return found, errNoSource
	}
	refs, containers := task.images()
	for _, ref := range refs {
		image, err := c.Images.Image(ctx, ref)
		if err != nil {
			return found, err
		}
		code, reason := verdictOf(image, credentials[ref.String()])
		args := map[string]string{"reason": reason}
		if code == "image.absent" && task.pinned(containers[ref.String()]) {
			code = "image.digest-gone"
		}
		if code == "image.absent" || code == "image.digest-gone" || code == "image.repository-absent" {
			if code, err = c.imported(ctx, image, code, args); err != nil {
				return found, err
			}
		}
		if task.RevisionNotRead != "" && ref.Digest == "" && slices.Contains(ofManifest, code) {
			found = append(found, task.revisionUnread(info, Resolve, "image.pin-unread", ref, containers[ref.String()]))
			continue
		}
		f := info.Finding(Resolve, code, ref.String(), args)
		f.Scope = containers[ref.String()]
		if len(f.Scope) == 1 {
			f.Container = f.Scope[0]
		}
		source := "registry " + ref.Registry
		if ref.ECR != nil {
			source = "ecr:DescribeImages"
		}
		f.Evidence = append(f.Evidence, Evidence{source, image.Answer})
		if task.pinned(f.Scope) {
			f.Evidence = append(f.Evidence, Evidence{describeRevisions, task.ServiceRevision + " pins " + ref.Digest})
		}
		if hint := ref.Hint(); hint != "" && f.Status != Pass {
			f.Args["hint"] = hint
			f.Evidence = append(f.Evidence, Evidence{"the reference", "it looks like a mistake: " + hint})
		}
		if code == "image.not-cached" {
			f = f.because([]string{describeRules}, image.Unread)
		}
		if code == "image.unread" && image.Unread["ecr:DescribeImages"] != nil {
			f = f.because([]string{"ecr:DescribeImages"}, image.Unread)
		}
		found = append(found, f)
	}
	return found, nil
}

// ofManifest are the codes that hold for one manifest and not for another of the same repository.
var ofManifest = []Code{"image.present", "image.absent", "image.archived", "image.upstream", "image.first-pull", "image.not-cached"}

// imported returns what the absence of an image comes to when ECR may import it on its first pull.
func (c Image) imported(ctx context.Context, image *registry.Image, absent Code, args map[string]string) (Code, error) {
	if image.Reference.ECR == nil {
		return absent, nil
	}
	if image.CacheRule == nil {
		if rulesRefused(image) {
			args["reason"] = unsettled([]string{describeRules}, nil)
			return "image.not-cached", nil
		}
		return absent, nil
	}
	if image.CacheRule.Prefix == "" {
		return absent, nil
	}
	args["rule"] = image.CacheRule.Prefix
	if ref, ok := upstream(image); ok {
		there, err := c.Images.Image(ctx, ref)
		if err != nil {
			return absent, err
		}
		if args["upstream"] = ref.String(); there.Status == registry.Present {
			return "image.upstream", nil
		}
	}
	return "image.first-pull", nil
}

// verdictOf turns what a registry answered into a code.
func verdictOf(image *registry.Image, credentials bool) (Code, string) {
	private := image.Reference.ECR == nil && credentials
	switch image.Status {
	case registry.Present:
		return "image.present", ""
	case registry.Archived:
		return "image.archived", image.Answer
	case registry.ImageAbsent, registry.RepositoryAbsent, registry.CredentialsRequired:
		switch {
		case private: // an anonymous 404 may hide what a login would show
			return "image.private", image.Answer
		case image.Status == registry.ImageAbsent:
			return "image.absent", image.Answer
		case image.Status == registry.RepositoryAbsent:
			return "image.repository-absent", image.Answer
		}
		return "image.credentials-required", image.Answer
	}
	if image.Unreachable != nil {
		return "image.unreachable", image.Answer
	}
	return "image.unread", image.Answer
}
