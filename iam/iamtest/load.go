package iamtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// DetailsFile, SimulationFile and OrganizationFile are what [Load] reads.
const (
	DetailsFile      = "iam/get-account-authorization-details.json"
	SimulationFile   = "iam/simulate-principal-policy.json"
	OrganizationFile = "organizations/describe-organization.json"
)

// Load makes a [Fake] of what the CLI prints; what a file is missing for is denied. [SimulationFile] is the output of `aws
// iam simulate-principal-policy`; [OrganizationFile] that of `aws organizations describe-organization`, or {} for an account
// in no organization; [DetailsFile] that of `aws iam get-account-authorization-details`, or several such outputs one after
// another, for accounts too large for one page. Without it all of IAM is denied.
func Load(fsys fs.FS) (*Fake, error) {
	fake := &Fake{}
	raw, err := fs.ReadFile(fsys, SimulationFile)
	if err == nil {
		var simulation iam.SimulatePrincipalPolicyOutput
		if err := json.Unmarshal(raw, &simulation); err != nil {
			return nil, fmt.Errorf("%s: %w", SimulationFile, err)
		}
		fake.Simulated = append([]types.EvaluationResult{}, simulation.EvaluationResults...)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if raw, err = fs.ReadFile(fsys, OrganizationFile); err == nil {
		var out struct{ Organization struct{ ID string } }
		if err := json.Unmarshal(raw, &out); err != nil {
			return nil, fmt.Errorf("%s: %w", OrganizationFile, err)
		}
		fake.Organization = &out.Organization.ID
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	raw, err = fs.ReadFile(fsys, DetailsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return fake, nil
	}
	if err != nil {
		return nil, err
	}
	details := &iam.GetAccountAuthorizationDetailsOutput{}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	for {
		var output json.RawMessage
		if err := decoder.Decode(&output); errors.Is(err, io.EOF) {
			fake.Details = details
			return fake, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", DetailsFile, err)
		}
		var page iam.GetAccountAuthorizationDetailsOutput
		if err := unmarshal(output, &page); err != nil {
			return nil, fmt.Errorf("%s: %w", DetailsFile, err)
		}
		details.RoleDetailList = append(details.RoleDetailList, page.RoleDetailList...)
		details.Policies = append(details.Policies, page.Policies...)
		details.UserDetailList = append(details.UserDetailList, page.UserDetailList...)
		details.GroupDetailList = append(details.GroupDetailList, page.GroupDetailList...)
	}
}

func unmarshal(output json.RawMessage, page *iam.GetAccountAuthorizationDetailsOutput) error {
	flat, err := flatten(output)
	if err != nil {
		return err
	}
	return json.Unmarshal(flat, page)
}

// documents are the members that the CLI decodes and the SDK leaves as URL-encoded text.
var documents = map[string]bool{"AssumeRolePolicyDocument": true, "PolicyDocument": true, "Document": true}

// flatten turns documents that are JSON objects into text, unchanged: a capture may hold a malformed one.
func flatten(raw json.RawMessage) (json.RawMessage, error) {
	switch raw[0] {
	case '[':
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			return nil, err
		}
		for i := range items {
			var err error
			if items[i], err = flatten(items[i]); err != nil {
				return nil, err
			}
		}
		return json.Marshal(items)
	case '{':
		var members map[string]json.RawMessage
		if err := json.Unmarshal(raw, &members); err != nil {
			return nil, err
		}
		for name, value := range members {
			var err error
			if documents[name] && value[0] == '{' {
				members[name], err = json.Marshal(encode(string(value)))
			} else {
				members[name], err = flatten(value)
			}
			if err != nil {
				return nil, err
			}
		}
		return json.Marshal(members)
	}
	return raw, nil
}

// encoded is a document as IAM sends it.
func encoded(document *string) *string {
	if document == nil || strings.HasPrefix(*document, "%") {
		return document
	}
	return aws.String(encode(*document))
}

// encode follows RFC 3986, in which a space is %20.
func encode(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
