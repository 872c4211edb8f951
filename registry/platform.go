package registry

import (
	"fmt"
	"slices"
	"strings"
)

// Platform is what an image runs on.
type Platform struct {
	OS           string // "linux", "windows"
	Architecture string // "amd64", "arm64"
	Variant      string `json:",omitempty"` // "v8", "v7"
	OSVersion    string `json:",omitempty"` // of Windows: "10.0.20348.2700"
}

func (p Platform) String() string {
	s := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	if p.OSVersion != "" {
		s += " " + p.OSVersion
	}
	return s
}

// fargate are the platforms that Fargate has
// (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html).
var fargate = []Platform{{OS: "linux", Architecture: "amd64"}, {OS: "linux", Architecture: "arm64"}, {OS: "windows", Architecture: "amd64"}}

// normalised writes a platform as containerd compares it (github.com/containerd/platforms, database.go).
func (p Platform) normalised() Platform {
	p.OS, p.Architecture, p.Variant = strings.ToLower(p.OS), strings.ToLower(p.Architecture), strings.ToLower(p.Variant)
	if p.OS == "macos" {
		p.OS = "darwin"
	}
	switch p.Architecture {
	case "i386":
		p.Architecture, p.Variant = "386", ""
	case "x86_64", "x86-64", "amd64":
		p.Architecture = "amd64"
		if p.Variant == "v1" {
			p.Variant = ""
		}
	case "aarch64", "arm64":
		p.Architecture = "arm64"
		if p.Variant == "8" || p.Variant == "v8" || p.Variant == "v8.0" {
			p.Variant = ""
		}
	case "armhf":
		p.Architecture, p.Variant = "arm", "v7"
	case "armel":
		p.Architecture, p.Variant = "arm", "v6"
	case "arm":
		switch p.Variant {
		case "":
			p.Variant = "v7"
		case "5", "6", "7", "8":
			p.Variant = "v" + p.Variant
		}
	}
	return p
}

// Match is how well an image fits a platform, the better the greater.
type Match uint8

const (
	// MatchUnknown: what it depends on was not read.
	MatchUnknown Match = iota
	// MatchNone: another operating system or architecture.
	MatchNone
	// MatchVariant: the same operating system and architecture, but a variant (amd64/v3) or a Windows build that
	// containerd may or may not take, depending on its version and settings.
	MatchVariant
	// MatchFallback: an older architecture that the platform's processors run too: 386 on amd64, arm/v7 on arm64.
	// containerd takes it unless it was told to be strict. Which of the two Fargate is, is not documented.
	MatchFallback
	// MatchStrict: the platform itself.
	MatchStrict
)

var matches = [...]string{"unknown", "none", "variant", "fallback", "strict"}

func (m Match) String() string {
	if int(m) < len(matches) {
		return matches[m]
	}
	return fmt.Sprintf("match(%d)", uint8(m))
}

// match compares an image's platform with the one it is to run on, by the measured rules of containerd's
// platforms.Only and platforms.OnlyStrict.
func (p Platform) match(image Platform) Match {
	p, image = p.normalised(), image.normalised()
	switch {
	case p.OS != image.OS:
		return MatchNone
	case p.Architecture == image.Architecture && p.Variant != image.Variant:
		return MatchVariant
	case p.Architecture == image.Architecture:
		if p.OS == "windows" && !sameBuild(p.OSVersion, image.OSVersion) {
			return MatchVariant
		}
		return MatchStrict
	case p.OS == "linux" && p.Architecture == "amd64" && image.Architecture == "386" && image.Variant == "",
		p.OS == "linux" && p.Architecture == "arm64" && image.Architecture == "arm" && slices.Contains(arm32, image.Variant):
		return MatchFallback
	}
	return MatchNone
}

// arm32 are the variants of arm that containerd takes on arm64.
var arm32 = []string{"v5", "v6", "v7", "v8"}

// sameBuild compares the first three numbers of two Windows versions: the fourth counts updates, and containers run
// across those (https://learn.microsoft.com/en-us/virtualization/windowscontainers/deploy-containers/version-compatibility).
// A version that is not known is no reason to refuse.
func sameBuild(a, b string) bool {
	build := func(s string) string {
		parts := strings.SplitN(s, ".", 4)
		return strings.Join(parts[:min(3, len(parts))], ".")
	}
	return a == "" || b == "" || build(a) == build(b)
}

// Support is the answer to whether an image runs on a platform.
type Support struct {
	Match Match
	// Manifest is the manifest that a pull on the platform ends with: the single one there is, or the one that an
	// index's best match names. Nil when none is, or none is known.
	Manifest *Manifest
	// Index reports that an index was looked through, so that without a match the pull itself fails. A single image of
	// another platform is pulled all the same, and then does not start.
	Index bool
	// Offered are the platforms that the image is for, as far as they are known.
	Offered []Platform
}

// Supports decides whether the image fits a platform.
func (i *Image) Supports(p Platform) Support {
	m := i.Manifest
	if m == nil {
		return Support{}
	}
	if m.Kind != KindIndex {
		s := Support{Manifest: m}
		if m.Platform != nil {
			s.Match, s.Offered = p.match(*m.Platform), []Platform{*m.Platform}
		}
		return s
	}
	s := Support{Match: MatchNone, Index: true}
	open := m.Images == nil // not read
	for n := range m.Images {
		image := &m.Images[n]
		if image.Platform == nil {
			open = true // an entry that leaves its platform to its configuration, or another index
			continue
		}
		s.Offered = append(s.Offered, *image.Platform)
		if match := p.match(*image.Platform); match > s.Match {
			s.Match, s.Manifest = match, image
		}
	}
	if open && s.Match != MatchStrict {
		s.Match, s.Manifest = MatchUnknown, nil
	}
	return s
}
