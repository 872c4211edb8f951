package checks

import (
	"context"
	"fmt"
	"strconv"

	"github.com/canpull/canpull/registry"
)

// Storage checks that the task's images fit its ephemeral storage, which holds their layers both compressed and unpacked.
// That the compressed layers alone do not fit is certain. How far they grow is an estimate: to three times the compressed
// size in all. Layers that several images share are counted once.
//
// The article leaves this step out; its error text is "no space left on device".
type Storage struct{ Images registry.Source }

// unpackedRatio is how much room an image is taken to need, compressed and unpacked together, in multiples of its
// compressed size: an estimate, which is why exceeding it is no more than a warning.
const unpackedRatio = 3

// Info describes the check.
func (Storage) Info() Info {
	const docs = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-storage.html"
	fixes := []Remedy{
		{"Set ephemeralStorage in the task definition to {need} GiB or more (200 GiB at most; on Linux that takes platform version 1.4.0 or later)", docs, "What goes beyond 20 GiB is billed.", raiseStorage},
		{"Make the images smaller", "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-considerations.html", "", nil},
	}
	return Info{
		ID: "storage", Title: "Ephemeral storage", Actions: imageActions,
		Codes: map[Code]Meaning{
			"storage.fits":     {Pass, "The ephemeral storage holds {images}.", nil},
			"storage.exceeded": {Fail, "The task has {storage} of ephemeral storage, and the compressed layers of its images alone take {size}.", fixes},
			"storage.tight":    {Warn, "The task has {storage} of ephemeral storage, and its images take {size} compressed: with about {estimate} once unpacked ({ratio} times as much in all) they may not fit.", fixes},
			"storage.unread":   {Unknown, "Whether {subject} fits the ephemeral storage is not known: {reason}.", nil},
			"storage.not-read": {Skip, "The sizes of {images} were not read and are taken to fit the ephemeral storage: {reason}.", nil},
		},
		Assumes: []string{assumedContent},
	}
}

// Check adds up what the task's images download.
func (c Storage) Check(ctx context.Context, task Task) ([]Finding, error) {
	info, platform := c.Info(), task.platform()
	found := content{info: info, prefix: "storage", stage: Unpack}
	var blobs []registry.Blob
	var evidence []Evidence
	seen := map[string]bool{}
	findings, err := found.ask(ctx, c.Images, task, func(image *registry.Image, scope []string) {
		s := image.Supports(platform)
		own, ok := image.Blobs(platform)
		if !ok || s.Index && s.Match == registry.MatchVariant {
			found.unread(image, scope, whyNotRead(image, s))
			return
		}
		for _, b := range own {
			if !seen[b.Digest] {
				seen[b.Digest] = true
				blobs = append(blobs, b)
			}
		}
		found.pass(image)
		evidence = append(evidence, Evidence{manifestSource(image.Reference), fmt.Sprintf("%s: %s in %s", image.Reference, size(registry.Total(own)), layers(len(own)-1))})
	})
	sum, room := registry.Total(blobs), task.storage()
	code := Code("")
	switch {
	case sum >= room && !task.Windows: // Fargate keeps base layers of Windows at hand, so there the sum proves nothing
		code = "storage.exceeded"
	case sum > room/unpackedRatio:
		code = "storage.tight"
	}
	if err != nil || code == "" {
		return findings, err
	}
	need := min(mostStorageGiB, sum/(1<<30)*unpackedRatio+unpackedRatio)
	f := info.Finding(Unpack, code, task.subject(), map[string]string{"storage": size(room), "size": size(sum), "need": strconv.FormatInt(max(need, 21), 10),
		"estimate": size(min(sum, 1<<60) * unpackedRatio), "ratio": strconv.Itoa(unpackedRatio), "images": joined(found.fit)})
	f.Evidence = evidence
	kept := []Finding{f}
	for _, other := range findings {
		if other.Code != "storage.fits" {
			kept = append(kept, other)
		}
	}
	return kept, nil
}

// storage returns how many bytes a task has for its images: 20 GiB unless the task definition says otherwise, and 10 on
// platform versions before 1.4.0.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-storage.html
func (t Task) storage() int64 {
	switch {
	case !t.tokenFromTask():
		return 10 << 30
	case t.EphemeralStorageGiB > 0:
		return int64(t.EphemeralStorageGiB) << 30
	}
	return 20 << 30
}

// layers writes how many there are, beside the configuration.
func layers(n int) string {
	if n == 1 {
		return "1 layer"
	}
	return fmt.Sprintf("%d layers", n)
}

// size writes a number of bytes.
func size(n int64) string {
	switch {
	case n < 1<<20:
		return fmt.Sprintf("%d KiB", (n+1023)>>10)
	case n < 1<<30:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
