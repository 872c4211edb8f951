package iam

import (
	"encoding/json"
	"errors"
	"strconv"
)

// Effect is what a statement does to the requests it matches. AWS compares it with regard to case.
type Effect string

// The two effects a statement can have.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Document is a parsed policy document. Its JSON is AWS's own.
type Document struct {
	Version    string // "2012-10-17", "2008-10-17" or "", which means 2008-10-17
	ID         string
	Statements []Statement
	Malformed  *Malformed // nil: the document as a whole is well-formed
}

// Statement is one statement of a document. In the string lists nil means that the element is absent, which is not the
// same as an element that lists nothing.
type Statement struct {
	Sid                     string
	Effect                  Effect
	Principal, NotPrincipal *PrincipalSet
	Actions, NotActions     []string
	Resources, NotResources []string
	Conditions              []Condition // all must hold
	Malformed               *Malformed  // nil: well-formed; otherwise nothing but Sid and Effect was kept
}

// PrincipalSet is a Principal or NotPrincipal element. "Principal": "*" is AWS: ["*"], as AWS treats them alike.
type PrincipalSet struct {
	AWS, Service, Federated, CanonicalUser []string // nil: the kind is absent
}

// Condition is one operator applied to one key. The values are alternatives.
type Condition struct {
	Operator string // as written: "StringEquals", "ForAnyValue:ArnLikeIfExists"
	Key      string // as written: AWS compares it without regard to case
	Values   []string
}

// Malformed tells why a statement or a document could not be understood and keeps its text. AWS would have refused most
// of these; dropping one could drop a Deny, so it stays and evaluates as unknown.
type Malformed struct {
	Element string // the element at fault: "Action", "Condition.StringEquals"; "" for the whole
	Reason  string
	Source  json.RawMessage // as found
}

// SyntaxError says which part of a document is malformed.
type SyntaxError struct {
	Statement string // the statement's Sid, or "#" and its index from 0; "" for the document
	Element   string
	Reason    string
}

func (e *SyntaxError) Error() string {
	where := "policy document"
	if e.Statement != "" {
		where += ": statement " + e.Statement
	}
	if e.Element != "" {
		where += ": " + e.Element
	}
	return where + ": " + e.Reason
}

// Err joins a [SyntaxError] for every malformed part, or is nil.
func (d Document) Err() error {
	var errs []error
	if m := d.Malformed; m != nil {
		errs = append(errs, &SyntaxError{Element: m.Element, Reason: m.Reason})
	}
	for i := range d.Statements {
		s := &d.Statements[i]
		if m := s.Malformed; m != nil {
			errs = append(errs, &SyntaxError{Statement: s.name(i), Element: m.Element, Reason: m.Reason})
		}
	}
	return errors.Join(errs...)
}

// name is how a statement is cited: ECR and many people write none, so the index must do.
func (s *Statement) name(index int) string {
	if s.Sid != "" {
		return s.Sid
	}
	return "#" + strconv.Itoa(index)
}
