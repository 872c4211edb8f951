package checks

import (
	"context"

	"github.com/canpull/canpull/registry"
)

// Platform checks that every image is for the operating system and processor of the task's runtimePlatform, which is
// Linux on X86_64 where a task definition does not say. An index without that platform ends the pull, and so does one whose
// image for it is gone. A single image of another platform is pulled all the same, and its container then dies with
// "exec format error".
//
// The article leaves this step out; its error texts are "image Manifest does not contain descriptor matching platform" and
// "no match for platform in manifest".
type Platform struct{ Images registry.Source }

// Info describes the check.
func (Platform) Info() Info {
	const docs = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html"
	const build = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/docker-push-multi-architecture-image.html"
	fixes := []Remedy{
		{"Build and push {subject} for {platform}: docker buildx build --platform {target}", build, "", nil},
		{"Set runtimePlatform in the task definition to a platform that the image is for ({offered})", docs, "All containers of the task then run on it.", setArchitecture},
	}
	return Info{
		ID: "platform", Title: "Platforms", Actions: imageActions,
		Codes: map[Code]Meaning{
			"platform.fits":   {Pass, "{images}: for {platform}, as the task.", nil},
			"platform.absent": {Fail, "{subject} has no image for {platform}, which the task runs on: its index offers {offered}.", fixes},
			"platform.gone": {Fail, "{subject} lists an image for {platform}, {digest}, which its registry does not have any more.", []Remedy{
				{"Push {subject} again with all its platforms: docker buildx build --platform {target}", build, "", nil},
				{"Keep what cleans up untagged images from those that an index names", "https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html", "", nil}}},
			"platform.other":    {Warn, "{subject} is an image for {offered}, and the task runs on {platform}: it is pulled, and then the container stops with \"exec format error\".", fixes},
			"platform.variant":  {Warn, "{subject} is for {offered}, and the task runs on {platform}: whether that variant or build is taken depends on the version of containerd.", fixes},
			"platform.fallback": {Warn, "{subject} offers {offered}: for {platform} there is only an older architecture, which containerd takes unless it is told to be strict.", fixes},
			"platform.unread":   {Unknown, "Whether {subject} is for the task's platform is not known: {reason}.", nil},
			"platform.not-read": {Skip, "The platforms of {images} were not read and are taken to fit the task: {reason}.", nil},
		},
		Assumes: []string{assumedContent},
	}
}

// Check compares each image with the task's platform.
func (c Platform) Check(ctx context.Context, task Task) ([]Finding, error) {
	found, platform := content{info: c.Info(), prefix: "platform", stage: Resolve}, task.platform()
	return found.ask(ctx, c.Images, task, func(image *registry.Image, scope []string) {
		s := image.Supports(platform)
		offered := offers(s)
		args := map[string]string{"platform": platform.String(), "target": platform.OS + "/" + platform.Architecture, "offered": offered}
		fact := "the image is for " + offered
		if s.Index {
			fact = "the index lists " + offered
		}
		switch {
		case s.Match == registry.MatchStrict && s.Manifest.Absent:
			args["digest"] = s.Manifest.Digest
			found.add("gone", image, scope, args, "for "+s.Manifest.Digest+", "+s.Manifest.NotRead)
		case s.Match == registry.MatchStrict && s.Manifest.NotRead != "":
			found.unread(image, scope, whyNotRead(image, s)) // it may be gone as well
		case s.Match == registry.MatchStrict:
			found.pass(image)
		case s.Match == registry.MatchFallback:
			found.add("fallback", image, scope, args, fact)
		case s.Match == registry.MatchVariant:
			found.add("variant", image, scope, args, fact)
		case s.Match == registry.MatchNone && s.Index:
			found.add("absent", image, scope, args, fact)
		case s.Match == registry.MatchNone:
			found.add("other", image, scope, args, fact)
		default:
			found.unread(image, scope, whyNotRead(image, s))
		}
	})
}

func offers(s registry.Support) string {
	var names []string
	for _, p := range s.Offered {
		names = with(names, p.String())
	}
	if len(names) == 0 {
		return "none"
	}
	return joined(names)
}
