package checks

import (
	"context"
	"strings"

	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// imageActions are what the standard source of images may call of Amazon ECR, and of AWS KMS for encrypted repositories.
var imageActions = []string{describeImages, describeRepositories, describeRules, repositoryPolicy, registryPolicy, accountSetting, getManifest, getLayer,
	credentials.DescribeKey}

const (
	describeImages       = "ecr:DescribeImages"
	describeRepositories = "ecr:DescribeRepositories"
	describeRules        = "ecr:DescribePullThroughCacheRules"
	repositoryPolicy     = "ecr:GetRepositoryPolicy"
	registryPolicy       = "ecr:GetRegistryPolicy"
	accountSetting       = "ecr:GetAccountSetting"
)

// assumedContent is what is taken for granted of an image that could not be read.
const assumedContent = "An image whose manifest or configuration could not be read is for the task's platform, is packed as images usually are and fits the ephemeral storage."

// content collects what a check finds about what images are made of: a finding for each image that something is wrong
// with or that could not be judged, one for all that pass, and one for all that were not read. An image that was not read
// because a call was refused is Unknown. One that cannot be read here at all (a registry that this machine does not
// reach, a manifest under a pull-through-cache rule, an emulator without the operation) is an assumption of the diagnosis.
type content struct {
	info      Info
	prefix    string // of the check's codes
	stage     Stage
	found     []Finding
	fit, open []string // images
	reasons   []string // why open ones are open
}

// ask calls judge with each image of a task that there is anything to say about, and returns the findings.
func (c *content) ask(ctx context.Context, source registry.Source, task Task, judge func(*registry.Image, []string)) ([]Finding, error) {
	if source == nil {
		return nil, errNoSource
	}
	refs, containers := task.images()
	for _, ref := range refs {
		if task.RevisionNotRead != "" {
			c.found = append(c.found, task.revisionUnread(c.info, c.stage, Code(c.prefix+".unread"), ref, containers[ref.String()]))
			continue
		}
		image, err := source.Image(ctx, ref)
		if err != nil {
			return c.found, err
		}
		if isGone(image) {
			c.open, c.reasons = with(c.open, image.Reference.String()), with(c.reasons, "it is not there")
			continue
		}
		judge(image, containers[ref.String()])
	}
	return c.findings(task), nil
}

// found adds what is wrong with an image.
func (c *content) add(code string, image *registry.Image, scope []string, args map[string]string, fact string) {
	f := c.info.Finding(c.stage, Code(c.prefix+"."+code), image.Reference.String(), args)
	f.Scope = scope
	if len(scope) == 1 {
		f.Container = scope[0]
	}
	if fact != "" {
		f.Evidence = append(f.Evidence, Evidence{manifestSource(image.Reference), fact})
	}
	c.found = append(c.found, f)
}

func manifestSource(ref registry.Reference) string {
	if ref.ECR != nil {
		return getManifest
	}
	return "registry " + ref.Registry
}

// pass notes an image that nothing is wrong with.
func (c *content) pass(image *registry.Image) { c.fit = with(c.fit, image.Reference.String()) }

// unread notes an image whose content is not known.
func (c *content) unread(image *registry.Image, scope []string, reason string) {
	missing := manifestRefused(image)
	if len(missing) == 0 {
		c.open, c.reasons = with(c.open, image.Reference.String()), with(c.reasons, reason)
		return
	}
	f := c.info.Finding(c.stage, Code(c.prefix+".unread"), image.Reference.String(), map[string]string{"reason": unsettled(missing, nil)})
	f.Scope = scope
	c.found = append(c.found, f.because(missing, image.Unread))
}

// isGone reports an image that there is nothing to read of, which is for the Image check to say.
func isGone(image *registry.Image) bool {
	return image.Status == registry.ImageAbsent || image.Status == registry.RepositoryAbsent || image.Status == registry.Archived
}

// manifestRefused returns the actions whose refusal kept a manifest or a configuration from being read.
func manifestRefused(image *registry.Image) (missing []string) {
	for _, action := range []string{describeRules, getManifest, getLayer} {
		if err := image.Unread[action]; err != nil && !notOffered(err) {
			missing = append(missing, action)
		}
	}
	return missing
}

// whyNotRead says why nothing is known of what a pull of an image would download.
func whyNotRead(image *registry.Image, s registry.Support) string {
	switch {
	case image.Manifest == nil && image.ManifestNotRead != "":
		return image.ManifestNotRead
	case image.Manifest == nil:
		return "its manifest was not read"
	case s.Manifest != nil && s.Manifest.NotRead != "":
		return s.Manifest.NotRead
	case s.Match == registry.MatchNone:
		return "it has no image for the task's platform"
	}
	return "its manifest does not say"
}

func (c *content) findings(task Task) []Finding {
	if len(c.fit) > 0 {
		c.found = append(c.found, c.info.Finding(c.stage, Code(c.prefix+".fits"), task.subject(), map[string]string{
			"images": joined(c.fit), "platform": task.platform().String()}))
	}
	if len(c.open) > 0 || len(c.found) == 0 {
		if len(c.open) == 0 {
			c.reasons = []string{"no image of the task is well named"}
		}
		f := c.info.Finding(c.stage, Code(c.prefix+".not-read"), task.subject(), map[string]string{
			"images": joined(c.open), "reason": strings.Join(c.reasons, "; ")})
		c.found = append(c.found, f)
	}
	return c.found
}
