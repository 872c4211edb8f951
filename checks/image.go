package checks

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
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
				{"Force a new deployment of the service, which resolves the image of the task definition again", pinning, "", deployAgain},
				{"Deploy a task definition that sets versionConsistency to disabled for the container, whose tasks then pull what the tag leads to", pinning, "", nil}}},
			"image.repository-absent": {Fail, "The repository of {subject} does not exist ({reason}).", []Remedy{
				{"Correct the account, Region and repository of the image in the task definition", docs, "", nil},
				{"Create the repository and push {subject}", "https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-create.html", "", nil}}},
			"image.archived": {Fail, "{subject} is archived: Amazon ECR answers a pull with 404 until it is restored.", []Remedy{
				{"Restore {subject} from the archive", "https://docs.aws.amazon.com/AmazonECR/latest/userguide/archive-image.html", "", restoreImage}}},
			"image.credentials-required": {Fail, "The registry asks for credentials for {subject}, and the task definition gives none (a missing repository may be hidden behind that).", []Remedy{
				{"Set repositoryCredentials in the task definition to a secret with the registry's user name and password", "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html", "", giveCredentials},
				{"Correct the image in the task definition, if it was meant to be public or in Amazon ECR", docs, "", nil}}},
			"image.key-unusable": {Fail, "Amazon ECR cannot decrypt {subject}: {key}, the key of its repository, is {state}.", []Remedy{
				{"Make {key} usable: enable it, cancel its deletion, import its key material or connect its key store", "https://docs.aws.amazon.com/kms/latest/developerguide/enabling-keys.html", "", enableRepositoryKey},
				{"Push {subject} to a repository with another key, if {key} is gone for good", "https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html", "", nil}}},
			"image.key-unread":  {Unknown, "Whether Amazon ECR can decrypt {subject} is not known: {reason}.", nil},
			"image.upstream":    {Pass, "Amazon ECR does not have {subject} yet, and imports it from {upstream}, which exists.", nil},
			"image.first-pull":  {Unknown, "Amazon ECR does not have {subject} yet. The pull-through-cache rule {rule} would import it, if its upstream registry has it, which is not known.", nil},
			"image.not-cached":  {Unknown, "Amazon ECR does not have {subject}. Whether a pull-through-cache rule would import it is not known: {reason}.", nil},
			"image.hidden":      {Unknown, "Whether the repository of {subject} exists is not known: its registry is another account's than the task's, {account}, and may not show it to the credentials in use ({reason}).", nil},
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
	private := map[string]bool{} // images whose containers name credentials
	for _, container := range task.Containers {
		ref, err := container.reference()
		if err != nil {
			reason := err.Error()
			if p, ok := errors.AsType[*registry.ParseError](err); ok {
				reason = p.Reason
			}
			f := info.Finding(Resolve, "image.malformed", container.Image, map[string]string{"reason": reason})
			f.Container, f.Scope = container.Name, []string{container.Name}
			found = info.joinTo(found, f, func(g Finding) bool { return g.Subject == f.Subject })
			continue
		}
		if container.RepositoryCredentials != "" {
			private[ref.String()] = true
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
		code, reason := verdictOf(image, private[ref.String()])
		args := map[string]string{"reason": reason}
		if code == "image.absent" && task.pinned(containers[ref.String()]) {
			code = "image.digest-gone"
		}
		if code == "image.absent" || code == "image.digest-gone" || code == "image.repository-absent" {
			if code, err = c.imported(ctx, image, code, args); err != nil {
				return found, err
			}
		}
		if ref.ECR != nil && code == "image.repository-absent" && task.Account != ref.ECR.Account {
			// The role may be shown more than these credentials are.
			if code, args["account"] = "image.hidden", ref.ECR.Account; task.Account == "" {
				code, args["reason"] = "image.unread", task.elsewhere(ref.ECR.Account)
			}
		}
		if code == "image.present" || code == "image.unread" && image.Encryption != nil && image.Encryption.Refused {
			code = keyOf(image, args)
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
		f.Evidence = append(f.Evidence, answered(image))
		if task.pinned(f.Scope) {
			f.Evidence = append(f.Evidence, Evidence{describeRevisions, task.ServiceRevision + " pins " + ref.Digest})
		}
		if code == "image.digest-gone" { // what a new deployment would pull
			if image, err = c.Images.Image(ctx, task.unpinned(f.Scope)); err != nil {
				return found, err
			}
			now := answered(image)
			f.Evidence = append(f.Evidence, Evidence{now.Source, "of " + image.Reference.String() + ": " + now.Fact})
		}
		if hint := ref.Hint(); hint != "" && f.Status != Pass {
			f.Args["hint"] = hint
			f.Evidence = append(f.Evidence, Evidence{"the reference", "it looks like a mistake: " + hint})
		}
		if code == "image.key-unusable" {
			f.Evidence = append(f.Evidence, Evidence{describeRepositories, "the repository is encrypted with " + args["key"]}, Evidence{credentials.DescribeKey, "KeyState " + args["state"]})
		}
		if code == "image.key-unread" {
			f = f.because(keyMissing(image), image.Unread)
		}
		if code == "image.not-cached" {
			f = f.because([]string{describeRules}, image.Unread)
		}
		if code == "image.unread" && image.Unread["ecr:DescribeImages"] != nil {
			f = f.because([]string{"ecr:DescribeImages"}, image.Unread)
		}
		found = info.joinTo(found, f, func(g Finding) bool { return code == "image.repository-absent" && sameRepository(g.Subject, ref) }, "subject")
	}
	return found, nil
}

// answered is what a registry said of an image.
func answered(image *registry.Image) Evidence {
	switch {
	case image.Reference.ECR == nil:
		return Evidence{"registry " + image.Reference.Registry, image.Answer}
	case image.Manifest != nil:
		return Evidence{getManifest, image.Answer}
	}
	return Evidence{describeImages, image.Answer}
}

// ofManifest are the codes that hold for one manifest and not for another of the same repository.
var ofManifest = []Code{"image.present", "image.absent", "image.archived", "image.upstream", "image.first-pull", "image.not-cached"}

// keyOf returns what the key of its repository comes to for an image in ECR that is there. A manifest that ECR handed out is
// encrypted with the same key, and shows that it works. ECR decrypts with grants of its own, so that only the key's state
// matters, not who may use it.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
func keyOf(image *registry.Image, args map[string]string) Code {
	e := image.Encryption
	switch {
	case image.Reference.ECR == nil || image.Manifest != nil:
		return "image.present"
	case e != nil && e.Unusable():
		args["key"], args["state"] = e.Key, e.KeyState
		return "image.key-unusable"
	case e != nil && e.Refused:
		args["reason"] = "it refused to hand out the manifest for an error of AWS KMS"
		return "image.key-unread"
	case e != nil && !letsDecrypt(e.KeyState):
		args["reason"] = "its key is in the state " + e.KeyState
		return "image.key-unread"
	}
	if missing := keyMissing(image); len(missing) > 0 {
		args["reason"] = unsettled(missing, nil)
		return "image.key-unread"
	}
	return "image.present"
}

// letsDecrypt reports a state in which nothing keeps a key from decrypting, or that was not read. A key that is being created
// cannot decrypt yet, and of states to come nothing is known.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
func letsDecrypt(state string) bool { return state == "" || state == "Enabled" || state == "Updating" }

// keyMissing returns the actions whose refusal keeps it open whether ECR can use the key. The state of a key does not show
// the grants of ECR, which a manifest that is handed out does; under a pull-through-cache rule, where none is asked for,
// the state has to be enough.
func keyMissing(image *registry.Image) (missing []string) {
	e := image.Encryption
	for _, action := range []string{describeRepositories, credentials.DescribeKey} {
		if err := image.Unread[action]; err != nil && !notOffered(err) {
			missing = append(missing, action)
		}
	}
	if e != nil && e.Key != "" && e.KeyState == "" && image.Unread[credentials.DescribeKey] == nil {
		missing = append(missing, credentials.DescribeKey)
	}
	if len(missing) > 0 || e != nil && e.Key != "" {
		missing = append(missing, manifestRefused(image)...)
	}
	return missing
}

// sameRepository reports whether an image is one of the repository of another.
func sameRepository(image string, ref registry.Reference) bool {
	other, err := registry.Parse(image)
	return err == nil && other.Registry == ref.Registry && other.Repository == ref.Repository
}

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
	if isLoopback(image.Reference) {
		return "image.unread", image.Reference.Registry + " is another machine for the task than for this one"
	}
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

// isLoopback reports a registry that whoever asks finds on the own machine.
func isLoopback(ref registry.Reference) bool {
	host := ref.Hosts()[0].Name
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}
