package iam

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// OrganizationsAPI is the part of the client of AWS Organizations that [WithOrganization] uses.
type OrganizationsAPI interface {
	DescribeOrganization(context.Context, *organizations.DescribeOrganizationInput, ...func(*organizations.Options)) (*organizations.DescribeOrganizationOutput, error)
}

var _ OrganizationsAPI = (*organizations.Client)(nil)

// WithOrganization also reads which organization the account belongs to, on which conditions on aws:PrincipalOrgID hang:
// once for all roles of the source. The API's credentials have to belong to the same account as those for IAM.
func WithOrganization(api OrganizationsAPI) Option {
	return func(s *source) { s.membership = &membership{api: api, answer: newKept[*string]()} }
}

const describeOrganization = "organizations:DescribeOrganization"

// membership is what an account says of its organization, asked once.
type membership struct {
	api    OrganizationsAPI
	answer *kept[*string]
}

// read returns the organization's id, "" if the account is in none, nil if that is not known.
//
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html
func (m *membership) read(ctx context.Context) (id *string, err error) {
	if m == nil {
		return nil, nil
	}
	return m.answer.get(ctx, func() (*string, error) {
		out, err := m.api.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
		var none *types.AWSOrganizationsNotInUseException
		switch {
		case errors.As(err, &none):
			return new(""), nil
		case err != nil:
			return nil, err
		case out == nil || out.Organization == nil || aws.ToString(out.Organization.Id) == "":
			return nil, errors.New("the answer names no organization")
		}
		return out.Organization.Id, nil
	})
}
