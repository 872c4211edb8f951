// Package kept remembers answers for a while, so that several questions which hang on one fact cost one call.
package kept

import (
	"context"
	"sync"
	"time"
)

// Book reads each thing once in a while, however many ask for it at a time. Its zero value keeps nothing longer than it
// takes to read it.
type Book[V any] struct {
	For time.Duration // how long an answer, or its error, is taken to hold

	mu    sync.Mutex
	pages map[string]*page[V]
}

type page[V any] struct {
	turn  chan struct{} // holds one token; whoever has it may read and write the rest
	read  time.Time
	value V
	err   error
}

// Of returns what read told of a key, and calls it if that is too long ago. What a context that ended told is not kept.
func (b *Book[V]) Of(ctx context.Context, key string, read func(context.Context) (V, error)) (V, error) {
	b.mu.Lock()
	if b.pages == nil {
		b.pages = map[string]*page[V]{}
	}
	p := b.pages[key]
	if p == nil {
		p = &page[V]{turn: make(chan struct{}, 1)}
		p.turn <- struct{}{}
		b.pages[key] = p
	}
	b.mu.Unlock()

	select {
	case <-p.turn:
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
	defer func() { p.turn <- struct{}{} }()
	if p.read.IsZero() || time.Since(p.read) > b.For {
		p.value, p.err = read(ctx)
		if ctx.Err() == nil {
			p.read = time.Now()
		}
	}
	return p.value, p.err
}
