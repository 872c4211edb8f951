package iam

import "context"

// kept is an answer that is asked for once. What a context that ended told is not kept.
type kept[V any] struct {
	turn  chan struct{} // holds one value while somebody asks
	there bool
	value V
	err   error
}

func newKept[V any]() *kept[V] { return &kept[V]{turn: make(chan struct{}, 1)} }

// get returns the answer, and asks if nobody has. Whoever waits for another's turn does so no longer than its own context
// lasts.
func (k *kept[V]) get(ctx context.Context, ask func() (V, error)) (V, error) {
	var none V
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return none, ctx.Err()
	}
	if k.there {
		return k.value, k.err
	}
	value, err := ask()
	if ctx.Err() == nil {
		k.there, k.value, k.err = true, value, err
	}
	return value, err
}
