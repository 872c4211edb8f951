package main

import (
	"testing"

	"github.com/canpull/canpull/checks"
)

func TestOurRegistry(t *testing.T) {
	const ours = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
	for image, want := range map[string]checks.Code{
		ours + "/web:1": "our-registry.only",
		"nginx":         "our-registry.foreign",
		"a b":           checks.Unfinished,
	} {
		d, err := checks.Run(t.Context(), checks.Task{Containers: []checks.Container{{Image: image}}}, OurRegistry{ours})
		if err != nil || len(d.Findings) != 1 || d.Findings[0].Code != want {
			t.Errorf("%s: %v, %v; want %s", image, d.Findings, err, want)
		}
	}
}
