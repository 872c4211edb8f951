package kept_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canpull/canpull/registry/internal/kept"
)

func TestOneReadForManyAtATime(t *testing.T) {
	book := kept.Book[int]{For: time.Minute}
	var reads atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			v, err := book.Of(t.Context(), "key", func(context.Context) (int, error) { reads.Add(1); return 7, errors.New("and an error") })
			if v != 7 || err == nil {
				t.Errorf("%d, %v", v, err)
			}
		})
	}
	all.Wait()
	if reads.Load() != 1 {
		t.Errorf("read %d times", reads.Load())
	}
}

func TestAnAnswerGrowsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		book := kept.Book[int]{For: time.Minute}
		next := 0
		read := func(context.Context) (int, error) { next++; return next, nil }
		for _, want := range []int{1, 1, 2} {
			if got, _ := book.Of(t.Context(), "key", read); got != want {
				t.Errorf("got %d, want %d", got, want)
			}
			time.Sleep(40 * time.Second)
		}
	})
}

func TestWhatACancelledContextToldIsNotKept(t *testing.T) {
	book := kept.Book[int]{For: time.Minute}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := book.Of(ctx, "key", func(ctx context.Context) (int, error) { cancel(); return 0, ctx.Err() }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if got, err := book.Of(t.Context(), "key", func(context.Context) (int, error) { return 3, nil }); got != 3 || err != nil {
		t.Errorf("afterwards: %d, %v", got, err)
	}
}
