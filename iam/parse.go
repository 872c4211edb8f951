package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// The grammar is https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. AWS refuses most
// documents that break it when they are stored, yet a document under review has not been stored.

// Parse reads a policy document, plain or URL-encoded as IAM returns it. A malformed part gives a [SyntaxError]; the
// document is returned beside the error with its well-formed statements, and with the malformed ones, which evaluate as
// unknown.
func Parse(doc string) (Document, error) {
	d := parseDocument([]byte(decoded(doc)))
	return d, d.Err()
}

// decoded undoes the RFC 3986 encoding of IAM's own answers. Some imitations of IAM write "+" for a space.
func decoded(doc string) string {
	doc = strings.TrimPrefix(strings.TrimSpace(doc), "\ufeff")
	if inner, err := text([]byte(doc)); err == nil && strings.HasPrefix(strings.TrimSpace(inner), "{") {
		return inner // some tools keep the document as a string
	}
	if !strings.HasPrefix(doc, "%") {
		return doc
	}
	plain, err := url.PathUnescape(doc)
	if err == nil && json.Valid([]byte(plain)) {
		return decoded(plain)
	}
	if form, err := url.QueryUnescape(doc); err == nil && json.Valid([]byte(form)) {
		return form
	}
	if err != nil {
		return doc
	}
	return plain
}

func parseDocument(raw []byte) Document {
	var d Document
	if !json.Valid(raw) {
		text, _ := json.Marshal(strings.ToValidUTF8(string(raw), "\ufffd")) // as it is after a round trip
		return Document{Malformed: &Malformed{Reason: errNotObject.Error(), Source: text}}
	}
	fail := func(element string, err error) {
		if d.Malformed == nil {
			d.Malformed = &Malformed{Element: element, Reason: err.Error(), Source: canonical(raw)}
		}
	}
	elements, err := members(raw)
	if err != nil {
		fail("", err)
	}
	found := false
	for _, e := range elements {
		switch e.name {
		case "Version":
			if d.Version, err = text(e.value); err != nil {
				fail(e.name, err)
			} else if !slices.Contains(versions, d.Version) {
				fail(e.name, fmt.Errorf("%q is not a version of the policy language", d.Version))
			}
		case "Id":
			if d.ID, err = text(e.value); err != nil {
				fail(e.name, err)
			}
		case "Statement":
			found = true
			if d.Statements, err = parseStatements(e.value); err != nil {
				fail(e.name, err)
			}
		default:
			fail(e.name, errUnknownElement)
		}
	}
	if !found {
		fail("Statement", errors.New("is missing"))
	}
	return d
}

const version2012 = "2012-10-17" // the only version with policy variables

var versions = []string{"", "2008-10-17", version2012}

func parseStatements(raw json.RawMessage) ([]Statement, error) {
	if !strings.HasPrefix(string(raw), "[") {
		if _, err := members(raw); errors.Is(err, errNotObject) {
			return nil, errors.New("is neither an object nor a list of objects")
		}
		return []Statement{parseStatement(raw)}, nil
	}
	items, err := list(raw)
	if err != nil {
		return nil, err
	}
	statements := make([]Statement, len(items))
	for i, item := range items {
		statements[i] = parseStatement(item)
	}
	return statements, nil
}

// parseStatement keeps only name and effect of a statement that it cannot read in full: half a statement matches more
// than the whole.
func parseStatement(raw json.RawMessage) Statement {
	s, element, err := readStatement(raw)
	if err != nil {
		m := &Malformed{Element: element, Reason: err.Error(), Source: canonical(raw)}
		return Statement{Sid: s.Sid, Effect: s.Effect, Malformed: m}
	}
	return s
}

// readStatement returns the first element at fault. It reads on after a fault, so that Sid and Effect are kept wherever
// they stand.
func readStatement(raw json.RawMessage) (s Statement, fault string, first error) {
	fail := func(element string, err error) {
		if err != nil && first == nil {
			fault, first = element, err
		}
	}
	elements, err := members(raw)
	fail("", err)
	for _, e := range elements {
		var err error
		switch e.name {
		case "Sid":
			s.Sid, err = text(e.value)
		case "Effect":
			s.Effect, err = effect(e.value)
		case "Principal":
			s.Principal, err = principals(e.value)
		case "NotPrincipal":
			s.NotPrincipal, err = principals(e.value)
		case "Action":
			s.Actions, err = actions(e.value)
		case "NotAction":
			s.NotActions, err = actions(e.value)
		case "Resource":
			s.Resources, err = texts(e.value)
		case "NotResource":
			s.NotResources, err = texts(e.value)
		case "Condition":
			var operator string
			if s.Conditions, operator, err = conditions(e.value); operator != "" {
				e.name += "." + operator
			}
		default:
			err = errUnknownElement
		}
		fail(e.name, err)
	}
	both := errors.New("stands beside its negation")
	switch {
	case s.Effect == "":
		fail("Effect", errors.New("is missing"))
	case s.Actions == nil && s.NotActions == nil:
		fail("Action", errors.New("is missing"))
	case s.Actions != nil && s.NotActions != nil:
		fail("Action", both)
	case s.Resources != nil && s.NotResources != nil:
		fail("Resource", both)
	case s.Principal != nil && s.NotPrincipal != nil:
		fail("Principal", both)
	}
	return s, fault, first
}
