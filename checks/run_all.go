package checks

import (
	"context"
	"iter"
	"slices"
	"sync"
)

// tasksAtOnce is how many tasks a Runner diagnoses at a time when it is not told. Most of them wait for facts that another
// one is fetching, so more of them cost memory and gain little.
const tasksAtOnce = 32

// RunAll runs checkers on every task and yields each diagnosis as it is done, in no set order. See Runner.RunAll.
func RunAll(ctx context.Context, tasks iter.Seq2[Task, error], checkers ...Checker) iter.Seq2[Diagnosis, error] {
	return Runner{}.RunAll(ctx, tasks, checkers...)
}

// RunAll runs checkers on every task and yields each diagnosis as it is done, in no set order. It takes a task from the
// sequence only when there is room to run it, so what is in memory does not grow with their number: what was yielded is the
// caller's, and the facts are those of the checkers' sources. Let the checkers share theirs, as Default's do.
//
// A task that comes with an error was not loaded: the error is yielded beside a Diagnosis that holds the task alone, and the
// rest goes on. One for which Runner.Timeout was too short comes with an error beside what was found. When the context ends,
// what is not done is given up, what is done is yielded, and the context's error last.
func (r Runner) RunAll(ctx context.Context, tasks iter.Seq2[Task, error], checkers ...Checker) iter.Seq2[Diagnosis, error] {
	return func(yield func(Diagnosis, error) bool) {
		running, stop := context.WithCancel(ctx)
		todo, done := make(chan outcome), make(chan outcome)
		var workers sync.WaitGroup
		defer func() { // a caller that stops early leaves nothing running
			stop()
			for range done {
			}
		}()
		workers.Go(func() {
			defer close(todo)
			for task, err := range tasks {
				select {
				case todo <- outcome{Diagnosis{Task: task}, err}:
				case <-running.Done():
					return
				}
			}
		})
		for range r.tasksAtOnce() {
			workers.Go(func() {
				for o := range todo {
					if o.err == nil {
						o.Diagnosis, o.err = r.Run(running, o.Task, r.checkersFor(o.Task, checkers)...)
					}
					done <- o
				}
			})
		}
		go func() {
			workers.Wait()
			close(done)
		}()
		for o := range done {
			if o.err != nil && ctx.Err() != nil {
				continue // given up
			}
			if !yield(o.Diagnosis, o.err) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Diagnosis{}, err)
		}
	}
}

func (r Runner) checkersFor(task Task, all []Checker) []Checker {
	if r.CheckersFor == nil {
		return all
	}
	return slices.Concat(r.CheckersFor(task), all)
}

// outcome is a task on its way through RunAll.
type outcome struct {
	Diagnosis
	err error
}

func (r Runner) tasksAtOnce() int {
	if r.Tasks > 0 {
		return r.Tasks
	}
	return tasksAtOnce
}
