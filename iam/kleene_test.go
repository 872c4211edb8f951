package iam_test

import (
	"fmt"
	"testing"

	"github.com/canpull/canpull/iam"
)

// say is one policy type that allows, does not, denies, or was not read.
type say int

const (
	silent say = iota
	allows
	denies
	unread
)

func (s say) String() string { return [...]string{"silent", "allows", "denies", "unread"}[s] }

func (s say) layer(t *testing.T, principal string) *iam.Layer {
	t.Helper()
	switch s {
	case allows:
		return layer(t, statement(`"Effect":"Allow","Action":"*","Resource":"*"`+principal))
	case denies:
		return layer(t, statement(`"Effect":"Deny","Action":"*","Resource":"*"`+principal))
	case unread:
		return &iam.Layer{Missing: []string{"x:Read"}}
	}
	return layer(t, statement(`"Effect":"Allow","Action":"sqs:*","Resource":"*"`+principal))
}

// reading is every way in which an unread layer could turn out. A policy type may allow in one statement and deny in
// another, but then it denies.
func reading(s say) []say {
	if s == unread {
		return []say{silent, allows, denies}
	}
	return []say{s}
}

// TestTruthTableOfLayers runs all combinations of what the layers say, in one account and across two, and holds each
// answer against the answers to everything that the unread layers could turn out to be.
func TestTruthTableOfLayers(t *testing.T) {
	const everyone = `,"Principal":"*"`
	all := []say{silent, allows, denies, unread}
	for _, resource := range []string{repository, foreign} {
		r := readable()
		r.Resource = resource
		evaluate := func(s [5]say) iam.Outcome {
			return iam.Evaluate(r, iam.Policies{
				Identity: *s[0].layer(t, ""),
				Boundary: s[1].layer(t, ""),
				SCP:      []iam.Layer{*s[2].layer(t, "")},
				Resource: s[3].layer(t, `,"Principal":{"AWS":"`+roleARN+`"}`),
				Endpoint: s[4].layer(t, everyone),
			}).Outcome
		}
		table := map[[5]say]iam.Outcome{}
		each5(all, func(s [5]say) { table[s] = evaluate(s) })
		each5(all, func(s [5]say) {
			got := table[s]
			if certain := plain(s, resource == repository); certain != nil && got != *certain {
				t.Errorf("%v: %v, want %v", s, got, *certain)
			}
			ends := map[bool]bool{}
			product(s, func(end [5]say) { ends[table[end] == iam.Allowed] = true })
			switch {
			case len(ends) == 2 && got != iam.Unknown:
				t.Errorf("%v: %v, although it could end either way", s, got)
			case len(ends) == 1 && got == iam.Unknown && s[3] == unread && s[1] == silent:
				// The resource's policy may turn out to grant everyone, which the table leaves out and a boundary does not limit.
			case len(ends) == 1 && got == iam.Unknown:
				t.Errorf("%v: unknown, although it can end in one way only", s)
			case len(ends) == 1 && ends[true] != (got == iam.Allowed):
				t.Errorf("%v: %v, and it cannot end so", s, got)
			}
		})
	}
}

// plain is the textbook's two-valued answer, for combinations without an unread layer.
func plain(s [5]say, sameAccount bool) *iam.Outcome {
	for _, one := range s {
		if one == unread {
			return nil
		}
	}
	for _, one := range s {
		if one == denies {
			return new(iam.ExplicitDeny)
		}
	}
	identity, boundary, scp, resource, endpoint := s[0] == allows, s[1] == allows, s[2] == allows, s[3] == allows, s[4] == allows
	core := identity && boundary && resource
	if sameAccount {
		core = (identity || resource) && boundary
	}
	if core && scp && endpoint {
		return new(iam.Allowed)
	}
	return new(iam.ImplicitDeny)
}

func each5(all []say, do func([5]say)) {
	for _, a := range all {
		for _, b := range all {
			for _, c := range all {
				for _, d := range all {
					for _, e := range all {
						do([5]say{a, b, c, d, e})
					}
				}
			}
		}
	}
}

func product(s [5]say, do func([5]say)) {
	for _, a := range reading(s[0]) {
		for _, b := range reading(s[1]) {
			for _, c := range reading(s[2]) {
				for _, d := range reading(s[3]) {
					for _, e := range reading(s[4]) {
						do([5]say{a, b, c, d, e})
					}
				}
			}
		}
	}
}

func TestOutcomeText(t *testing.T) {
	for outcome, text := range map[iam.Outcome]string{
		iam.Unknown: "unknown", iam.ImplicitDeny: "implicit-deny", iam.ExplicitDeny: "explicit-deny", iam.Allowed: "allowed",
	} {
		marshalled, err := outcome.MarshalText()
		var back iam.Outcome
		if err != nil || string(marshalled) != text || fmt.Sprint(outcome) != text || back.UnmarshalText(marshalled) != nil || back != outcome {
			t.Errorf("%d: %q %v %v", outcome, marshalled, back, err)
		}
	}
	if (iam.Decision{}).Outcome != iam.Unknown {
		t.Error("a decision nobody made is not unknown")
	}
	if new(iam.Outcome).UnmarshalText([]byte("yes")) == nil {
		t.Error("an unknown name is taken")
	}
}
