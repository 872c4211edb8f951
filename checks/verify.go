package checks

import (
	"context"
	"fmt"
)

// Verify makes a fix's changes to a copy of the facts of a diagnosis, runs the standard checks again and returns what is
// left. The error that was observed is left out: it tells of the time before the fix.
func Verify(ctx context.Context, d Diagnosis, fix Fix) (Diagnosis, error) {
	after, err := Snapshot{d.Task, d.Facts}.clone()
	if err != nil {
		return Diagnosis{}, err
	}
	after.Task.StopCode, after.Task.StoppedReason = "", ""
	for i := range after.Task.Containers {
		after.Task.Containers[i].Reason = ""
	}
	for _, c := range fix.Changes {
		if err := c.Apply(&after); err != nil {
			return Diagnosis{}, fmt.Errorf("checks: %s: %w", fix.Summary, err)
		}
	}
	return Run(ctx, after.Task, Default(after.Facts.Sources())...)
}
