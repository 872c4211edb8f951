package iam_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/iam"
)

func TestContextSurvivesJSON(t *testing.T) {
	context := iam.Context{
		"k:absent": iam.Absent(), "k:present": iam.Present("a"), "k:none": iam.Present(), "k:many": iam.Present("a", "b"),
		"k:set": iam.Set("a"), "k:some": iam.PresentUnknown(), "k:unknown": iam.NotKnown(),
	}
	raw, err := json.Marshal(context)
	if err != nil {
		t.Fatal(err)
	}
	var back iam.Context
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(context, back); diff != "" {
		t.Errorf("%s: %s", raw, diff)
	}
}

func TestDecisionInJSON(t *testing.T) {
	raw, err := json.Marshal(identity(t, readable(), denyAll))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Outcome":"explicit-deny","Layer":"identity","Policy":"p","Statement":"Stop","Element":"Effect",` +
		`"Layers":[{"Layer":"identity","Outcome":"explicit-deny","Blocks":true,"Policy":"p","Statement":"Stop","Element":"Effect"}]}`
	if diff := cmp.Diff(want, string(raw)); diff != "" {
		t.Error(diff)
	}
}

func TestSyntaxErrorNamesStatementAndElement(t *testing.T) {
	_, err := iam.Parse(`{"Version":"1","Statement":[{"Sid":"Pull","Effect":"Allow","Action":7},{"Effect":"Allow"}]}`)
	want := `policy document: Version: "1" is not a version of the policy language` + "\n" +
		`policy document: statement Pull: Action: is not a string, nor a list` + "\n" +
		`policy document: statement #1: Action: is missing`
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}
