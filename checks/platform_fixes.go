package checks

import "github.com/canpull/canpull/registry"

// setArchitecture runs the task on the processor that its images are for: the finding's certainly, and none of the others
// certainly not.
func setArchitecture(r Repair) []Change {
	if r.Task.Windows || r.Task.TaskDefinition == "" || !r.Task.tokenFromTask() { // older platform versions have one processor only
		return nil
	}
	refs, _ := r.Task.images()
	for _, architecture := range []string{"X86_64", "ARM64"} {
		task := r.Task
		task.Architecture = architecture
		fits := false
		for _, ref := range refs {
			image := r.image(ref.String())
			if image == nil {
				continue
			}
			match := image.Supports(task.platform()).Match
			if match == registry.MatchNone {
				fits = false
				break
			}
			fits = fits || ref.String() == r.Finding.Subject && match == registry.MatchStrict
		}
		if fits {
			revision := r.revision()
			revision.CPUArchitecture = architecture
			return []Change{revision}
		}
	}
	return nil
}
