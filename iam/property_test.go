package iam_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/canpull/canpull/iam"
)

// The law of the package: what is certain with less knowledge is certain, and the same, with more. Random small policies
// are evaluated with some keys unknown, and again with those keys completed in every way.
func TestUnknownContextNeverContradicts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	completions := []iam.Value{
		iam.Absent(), iam.Present("a"), iam.Present("b"), iam.Present("ab"), iam.Set(), iam.Set("a"), iam.Set("a", "b"),
	}
	unknowns := 0
	for range 1000 {
		p := iam.Policies{Identity: randomLayer(random, "")}
		if random.IntN(2) == 0 {
			p.Boundary = new(randomLayer(random, ""))
		}
		if random.IntN(2) == 0 {
			p.Resource = new(randomLayer(random, `"Principal":"*",`))
		}
		if random.IntN(3) == 0 {
			p.SCP = []iam.Layer{randomLayer(random, ""), randomLayer(random, "")}
		}
		r := readable()
		if random.IntN(3) == 0 {
			r.Resource = foreign
		}
		r.Context = iam.Context{"k:known": completions[random.IntN(len(completions))]}
		before := iam.Evaluate(r, p)
		if before.Outcome == iam.Unknown {
			unknowns++
		}
		for _, first := range completions {
			for _, second := range completions {
				r.Context["k:one"], r.Context["k:two"] = first, second
				after := iam.Evaluate(r, p)
				consistent(t, p, before, after)
				if first.State == iam.ValuePresent && len(first.Values) > 0 {
					r.Context["k:one"] = iam.PresentUnknown()
					consistent(t, p, iam.Evaluate(r, p), after)
				}
				if t.Failed() {
					return
				}
			}
		}
		delete(r.Context, "k:one")
		delete(r.Context, "k:two")
		if t.Failed() {
			return
		}
	}
	if unknowns < 100 {
		t.Errorf("only %d of the answers were unknown: the test has lost its teeth", unknowns)
	}
}

// consistent holds an answer with less knowledge against one with more. An implicit deny may turn out to be explicit: it
// says that the request is not allowed.
func consistent(t *testing.T, p iam.Policies, less, more iam.Decision) {
	t.Helper()
	switch {
	case less.Outcome == iam.Unknown, less.Outcome == more.Outcome:
	case less.Outcome == iam.ImplicitDeny && more.Outcome == iam.ExplicitDeny:
	default:
		t.Errorf("%v with less knowledge, %v with more\n%+v", less.Outcome, more.Outcome, p)
	}
	if less.Outcome == iam.Unknown && len(less.Keys)+len(less.Missing)+len(less.Warnings) == 0 {
		t.Errorf("nothing would settle this unknown: %+v\n%+v", less, p)
	}
	if less.Outcome != iam.Unknown && less.Layer == "" {
		t.Errorf("nothing decided: %+v", less)
	}
}

func randomLayer(random *rand.Rand, principal string) iam.Layer {
	pick := func(values ...string) string { return values[random.IntN(len(values))] }
	var l iam.Layer
	for range 1 + random.IntN(2) {
		condition := ""
		if random.IntN(4) > 0 {
			condition = fmt.Sprintf(`,"Condition":{"%s%s%s":{"%s":%s}}`,
				pick("", "", "ForAllValues:", "ForAnyValue:"),
				pick("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"),
				pick("", "", "IfExists"),
				pick("k:one", "k:two", "k:known"),
				pick(`"a"`, `"a*"`, `["a","b"]`, `"${k:one}"`, `"${k:two, 'a'}"`, `["a","${k:one}"]`, `[]`))
		}
		if random.IntN(8) == 0 {
			condition = `,"Condition":{"Null":{"k:one":"` + pick("true", "false") + `"}}`
		}
		d, err := iam.Parse(statement(fmt.Sprintf(`"Effect":%q,%s"%s":"ecr:*","%s":%s%s`,
			pick("Allow", "Allow", "Deny"), principal,
			pick("Action", "Action", "Action", "NotAction"),
			pick("Resource", "Resource", "NotResource"),
			pick(`"*"`, `"*"`, `"arn:aws:ecr:*:*:repository/${k:one}*"`, `"arn:aws:s3:::x"`, `["arn:aws:ecr:*:*:repository/${k:two}*","*"]`),
			condition)))
		if err != nil {
			panic(err)
		}
		l.Policies = append(l.Policies, iam.Policy{Name: "random", Document: d})
	}
	return l
}

// Leaving a policy unread never makes an answer more certain, whichever policy it is.
func TestUnreadPoliciesNeverContradict(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		full := iam.Policies{
			Identity: randomLayer(random, ""), Boundary: new(randomLayer(random, "")),
			Resource: new(randomLayer(random, `"Principal":"*",`)), RCP: []iam.Layer{randomLayer(random, `"Principal":"*",`)},
		}
		r := readable()
		r.Context = iam.Context{"k:known": iam.Present("a"), "k:one": iam.Present("b"), "k:two": iam.Absent()}
		more := iam.Evaluate(r, full)
		for _, lose := range []func(*iam.Policies){
			func(p *iam.Policies) { p.Identity = lost(p.Identity) },
			func(p *iam.Policies) { p.Boundary = new(lost(*p.Boundary)) },
			func(p *iam.Policies) { p.Resource = new(lost(*p.Resource)) },
			func(p *iam.Policies) { p.RCP = []iam.Layer{lost(p.RCP[0])} },
		} {
			partial := full
			lose(&partial)
			consistent(t, partial, iam.Evaluate(r, partial), more)
		}
		if t.Failed() {
			return
		}
	}
}

// lost is a layer of which the last policy was not read.
func lost(l iam.Layer) iam.Layer {
	return iam.Layer{Policies: l.Policies[:len(l.Policies)-1], Missing: []string{"x:Read"}}
}

// Knowing less of the request never makes an answer more certain either.
func TestUnknownRequestsNeverContradict(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	principals := []string{
		`"*"`, `{"AWS":"111122223333"}`, `{"AWS":"` + roleARN + `"}`, `{"AWS":"` + sessionARN + `"}`,
		`{"AWS":"AROAEXAMPLE"}`, `{"AWS":"arn:aws:iam::444455556666:root"}`, `{"AWS":"AROAEXAMPLE:task"}`,
	}
	for range 3000 {
		principal := principals[random.IntN(len(principals))]
		p := iam.Policies{
			Identity: randomLayer(random, ""),
			Resource: new(randomLayer(random, `"`+[]string{"", "", "Not"}[random.IntN(3)]+`Principal":`+principal+`,`)),
		}
		if random.IntN(2) == 0 {
			p.Boundary = new(randomLayer(random, ""))
		}
		r := iam.Request{
			Action:    []string{pull, "kms:Decrypt", "sts:AssumeRole"}[random.IntN(3)],
			Resource:  []string{repository, foreign}[random.IntN(2)],
			Principal: iam.Principal{ARN: roleARN, Session: "task", ID: "AROAEXAMPLE"},
			Context:   iam.Context{"k:known": iam.Present("a"), "k:one": iam.Present("b"), "k:two": iam.Absent()},
		}
		more := iam.Evaluate(r, p)
		for _, forget := range []func(*iam.Request){
			func(r *iam.Request) { r.Principal.Session = "" },
			func(r *iam.Request) { r.Principal.ID = "" },
			func(r *iam.Request) { r.Principal.ARN, r.Principal.Account = "", "111122223333" },
			func(r *iam.Request) { r.Principal.ARN = "" },
			func(r *iam.Request) { r.Resource = "" },
			func(r *iam.Request) { r.Action = "" },
		} {
			partial := r
			forget(&partial)
			less := iam.Evaluate(partial, p)
			if less.Outcome != iam.Unknown && less.Outcome != more.Outcome && (less.Outcome != iam.ImplicitDeny || more.Outcome != iam.ExplicitDeny) {
				t.Fatalf("%v for %+v\n%v for %+v\n%+v", less.Outcome, partial, more.Outcome, r, p)
			}
		}
	}
}

// The order of policies, statements, conditions and values is nothing to a decision but which of two equal reasons is named.
func TestOrderNeverMatters(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	shuffled := func(l iam.Layer) iam.Layer {
		l.Policies = shuffle(random, l.Policies)
		for i := range l.Policies {
			l.Policies[i].Document.Statements = shuffle(random, l.Policies[i].Document.Statements)
			for j := range l.Policies[i].Document.Statements {
				s := &l.Policies[i].Document.Statements[j]
				s.Actions, s.NotActions = shuffle(random, s.Actions), shuffle(random, s.NotActions)
				s.Resources, s.NotResources = shuffle(random, s.Resources), shuffle(random, s.NotResources)
				s.Conditions = shuffle(random, s.Conditions)
				for k := range s.Conditions {
					s.Conditions[k].Values = shuffle(random, s.Conditions[k].Values)
				}
			}
		}
		return l
	}
	several := func(principal string) iam.Layer { // one document of several statements, each of several conditions
		l := randomLayer(random, principal)
		for range 3 {
			more := randomLayer(random, principal).Policies[0].Document.Statements[0]
			first := &l.Policies[0].Document
			first.Statements = append(first.Statements, more)
			first.Statements[0].Conditions = append(first.Statements[0].Conditions, more.Conditions...)
			first.Statements[0].Actions = append(first.Statements[0].Actions, more.Actions...)
		}
		return l
	}
	outcomes := map[iam.Outcome]int{}
	for range 2000 {
		p := iam.Policies{Identity: several(""), Boundary: new(several("")), Resource: new(several(`"Principal":"*",`)), SCP: []iam.Layer{several("")}}
		q := iam.Policies{Identity: shuffled(p.Identity), Boundary: new(shuffled(*p.Boundary)), Resource: new(shuffled(*p.Resource)), SCP: []iam.Layer{shuffled(p.SCP[0])}}
		r := readable()
		r.Context = iam.Context{"k:known": iam.Present("a"), "k:one": iam.Present("b")}
		before, after := iam.Evaluate(r, p), iam.Evaluate(r, q)
		if before.Outcome != after.Outcome || before.Layer != after.Layer || !slices.Equal(before.Keys, after.Keys) || !slices.Equal(before.Missing, after.Missing) {
			t.Fatalf("%+v\n%+v\n%+v\n%+v", before, after, p, q)
		}
		for i := range before.Layers {
			if before.Layers[i].Outcome != after.Layers[i].Outcome || before.Layers[i].Blocks != after.Layers[i].Blocks {
				t.Fatalf("%+v\n%+v", before.Layers[i], after.Layers[i])
			}
		}
		outcomes[before.Outcome]++
	}
	if len(outcomes) != 4 {
		t.Errorf("%v: the test has lost its teeth", outcomes)
	}
}

func shuffle[T any](random *rand.Rand, list []T) []T {
	list = slices.Clone(list)
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}
