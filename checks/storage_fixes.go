package checks

import "strconv"

// mostStorageGiB is the most ephemeral storage that a task can have.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EphemeralStorage.html
const mostStorageGiB = 200

// raiseStorage sets the ephemeral storage to what the images need once they are unpacked. Platform versions before 1.4.0 have a
// fixed size, and what a task was run with goes before its definition.
func raiseStorage(r Repair) []Change {
	need, err := strconv.ParseInt(r.Finding.Args["need"], 10, 32)
	if err != nil || need >= mostStorageGiB || r.Task.TaskDefinition == "" || r.Task.Overrides.EphemeralStorageGiB > 0 || !r.Task.tokenFromTask() {
		return nil
	}
	revision := r.revision()
	revision.EphemeralStorageGiB = int32(need)
	return []Change{revision}
}
