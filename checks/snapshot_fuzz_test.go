package checks_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/canpull/canpull/checks"
)

// Whatever a document says, nothing panics over it, and what was read once is written and read the same.
func FuzzReplay(f *testing.F) {
	f.Add(`{"version": 1, "task": {}, "facts": {}}`)
	f.Add(`{"version": 2}`)
	f.Add(`{"version": 1, "task": {"containers": [{"image": "nginx"}], "placement": {"subnets": ["subnet-1"]}}, "unread": {"x": null}, ` +
		`"facts": {"networks": [{"question": {"subnets": ["subnet-1"]}, "fact": {"subnets": [{"id": "subnet-1", "cidr": "10.0.0.0/24"}], "neighbours": [{}]}}]}}`)
	for _, name := range []string{"endpoint-group-closed", "healthy-credentials-key", "transit-gateway", "cache-denied", "role-malformed-policy", "healthy-ipv6-only", "role-organization-deny"} {
		s := scenario(f, name)
		d, err := checks.Run(f.Context(), s.Task, checks.Default(s.Sources())...)
		if err != nil {
			f.Fatal(err)
		}
		var document strings.Builder
		if err := checks.Capture(&document, d.Snapshot()); err != nil {
			f.Fatal(err)
		}
		f.Add(document.String())
	}
	f.Fuzz(func(t *testing.T, document string) {
		s, err := checks.Replay(strings.NewReader(document))
		if err != nil {
			return
		}
		began := time.Now()
		d := diagnosed(t, s)
		var written strings.Builder
		if err := checks.Capture(&written, d.Snapshot()); err != nil {
			return // a policy that JSON cannot say, or one that grew past the limits
		}
		if got, want := reported(t, diagnosed(t, replay(t, written.String()))), reported(t, d); got != want {
			t.Errorf("another report:\n%s\nwant\n%s", got, want)
		}
		for _, finding := range d.Findings {
			for _, fix := range finding.Fixes {
				_, _ = checks.Verify(t.Context(), d, fix) // facts that a fix cannot be applied to are an error
			}
		}
		_, _ = checks.RedactWith(t.Context(), s, []byte("key"))
		if elapsed := time.Since(began); elapsed > 10*time.Second {
			t.Errorf("%d bytes took %s", len(document), elapsed)
		}
	})
}

// A document in which one value after the other was taken away or is another's is still a document.
func TestNothingPanicsOverFactsThatDoNotFit(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	tried, replayed := 0, 0
	for i, s := range some(t) {
		document := []byte(capture(t, diagnose(t, s).Snapshot()))
		for range 4 {
			var facts any
			if err := json.Unmarshal(document, &facts); err != nil {
				t.Fatal(err)
			}
			var values []any
			collect(facts, &values)
			for range 1 + random.IntN(4) {
				mutate(facts, values, random)
			}
			mutated, err := json.Marshal(facts)
			if err != nil {
				t.Fatal(err)
			}
			tried++
			read, err := checks.Replay(bytes.NewReader(mutated))
			if err != nil {
				continue
			}
			replayed++
			d := diagnosed(t, read)
			if i%8 == 0 {
				_, _ = checks.RedactWith(t.Context(), read, []byte("key"))
			}
			for _, finding := range d.Findings {
				for _, fix := range finding.Fixes {
					_, _ = checks.Verify(t.Context(), d, fix) // facts that a fix cannot be applied to are an error
				}
			}
		}
	}
	if replayed < tried/4 {
		t.Errorf("only %d of %d documents were read at all", replayed, tried)
	}
}

// collect lists the values within a value.
func collect(v any, into *[]any) {
	*into = append(*into, v)
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			collect(v[key], into)
		}
	case []any:
		for _, item := range v {
			collect(item, into)
		}
	}
}

// mutate puts another value of its kind, an empty one or null in the place of one within v.
func mutate(v any, values []any, random *rand.Rand) {
	another := func(old any) any {
		fitting := []any{nil}
		switch old.(type) {
		case string:
			fitting = append(fitting, "", "*", "10.0.0.0/33", "arn:aws:iam::1", "{")
		case float64:
			fitting = append(fitting, 0, 1)
		case bool:
			fitting = append(fitting, true, false)
		case []any:
			fitting = append(fitting, []any{})
		case map[string]any:
			fitting = append(fitting, map[string]any{})
		}
		for range 4 {
			if other := values[random.IntN(len(values))]; reflect.TypeOf(other) == reflect.TypeOf(old) {
				fitting = append(fitting, other)
			}
		}
		return mutable(fitting[random.IntN(len(fitting))])
	}
	var inside []any
	collect(v, &inside)
	for range 20 {
		switch in := inside[random.IntN(len(inside))].(type) {
		case map[string]any:
			if keys := slices.Sorted(maps.Keys(in)); len(keys) > 0 {
				key := keys[random.IntN(len(keys))]
				in[key] = another(in[key])
				return
			}
		case []any:
			if len(in) > 0 {
				k := random.IntN(len(in))
				in[k] = another(in[k])
				return
			}
		}
	}
}

// mutable keeps a value from holding itself.
func mutable(v any) (out any) {
	data, _ := json.Marshal(v)
	_ = json.Unmarshal(data, &out)
	return out
}
