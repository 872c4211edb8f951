package checks

import (
	"context"
	"iter"
	"sync"
)

// partsAhead is how many calls' worth of tasks are loaded ahead of the one that is wanted.
const partsAhead = 4

// loaded is a task, or why it was not loaded.
type loaded struct {
	task Task
	err  error
}

// ahead loads the parts of a list, some of them ahead of the one that is wanted, and yields their tasks in order. A part that
// could not be listed comes with an error, which is yielded in its place.
func ahead[Part any](ctx context.Context, parts iter.Seq2[Part, error], load func(context.Context, Part) []loaded) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer stop() // a caller that stops early leaves nothing running
		queue := make(chan chan []loaded, partsAhead-1)
		running.Go(func() {
			defer close(queue)
			for part, err := range parts {
				done := make(chan []loaded, 1)
				select {
				case queue <- done:
				case <-ctx.Done():
					return
				}
				if err != nil {
					done <- []loaded{{err: err}}
					continue
				}
				running.Go(func() { done <- load(ctx, part) })
			}
		})
		for done := range queue {
			for _, l := range <-done {
				if !yield(l.task, l.err) {
					return
				}
			}
		}
	}
}
