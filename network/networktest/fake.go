// Package networktest fakes the EC2 API that package network calls, from what `aws ec2 describe-…` prints.
package networktest

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"github.com/canpull/canpull/network"
)

// Fake is an account's EC2 in one region. It satisfies network.API. A nil list is one that may not be read: its operation
// is denied; an empty one is an answer.
type Fake struct {
	Subnets                    []types.Subnet
	Vpcs                       []types.Vpc
	VpcAttributes              []ec2.DescribeVpcAttributeOutput // one per VPC and attribute; an attribute that none has is denied
	RouteTables                []types.RouteTable
	NetworkAcls                []types.NetworkAcl
	SecurityGroups             []types.SecurityGroup
	InternetGateways           []types.InternetGateway
	NatGateways                []types.NatGateway
	VpcEndpoints               []types.VpcEndpoint
	NetworkInterfaces          []types.NetworkInterface
	DhcpOptions                []types.DhcpOptions
	PrefixLists                []types.ManagedPrefixList
	EgressOnlyInternetGateways []types.EgressOnlyInternetGateway
	Reservations               []types.Reservation // with the instances
	VpcPeeringConnections      []types.VpcPeeringConnection
	TransitGatewayAttachments  []types.TransitGatewayAttachment
	TransitGatewayVpcs         []types.TransitGatewayVpcAttachment
	// TransitGatewayRoutes holds the routes of transit gateway route tables by the table's ID.
	TransitGatewayRoutes map[string][]types.TransitGatewayRoute
	PublicAccess         *types.VpcBlockPublicAccessOptions
	PublicAccessExcluded []types.VpcBlockPublicAccessExclusion
	// PrefixListEntries holds the entries of prefix lists by their ID.
	PrefixListEntries map[string][]types.PrefixListEntry

	// Before, when set, is called ahead of every answer, with the IAM action ("ec2:DescribeSubnets") and the SDK's
	// input. What it returns is returned in place of the answer: it can record, refuse and delay.
	Before func(ctx context.Context, action string, input any) error
	// PageSize is how many items a page holds; 0 means all.
	PageSize int
}

var _ network.API = (*Fake)(nil)

// Denied returns what the SDK returns for an operation ("DescribeSubnets") that the caller may not call.
func Denied(operation string) error {
	return failed(operation, "UnauthorizedOperation", "You are not authorized to perform this operation.")
}

// failed returns what the SDK returns for an operation that EC2 answers with an error.
func failed(operation, code, message string) error {
	return &smithy.OperationError{ServiceID: "EC2", OperationName: operation, Err: &smithy.GenericAPIError{
		Code: code, Message: message, Fault: smithy.FaultClient,
	}}
}

// answer returns the page of a list that matches, and the token of the next one.
func answer[E any](ctx context.Context, f *Fake, operation string, input any, list []E, token *string, match func(E) bool) ([]E, *string, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, &smithy.OperationError{ServiceID: "EC2", OperationName: operation, Err: err}
	}
	if f.Before != nil {
		if err := f.Before(ctx, "ec2:"+operation, input); err != nil {
			return nil, nil, err
		}
	}
	if list == nil {
		return nil, nil, Denied(operation)
	}
	page := []E{}
	for _, e := range list {
		if match(e) {
			page = append(page, e)
		}
	}
	if f.PageSize == 0 {
		return page, nil, nil
	}
	start := 0
	if token != nil {
		start = len(*token) // the token is as long as what came before it
	}
	end := min(start+f.PageSize, len(page))
	if end < len(page) {
		return page[start:end], aws.String(string(make([]byte, end))), nil
	}
	return page[start:end], nil, nil
}

// ids matches the items whose ID is among those asked for; none asked for means all.
func ids[E any](wanted []string, id func(E) *string) func(E) bool {
	return func(e E) bool { return len(wanted) == 0 || slices.Contains(wanted, aws.ToString(id(e))) }
}

// filtered matches the items that have, for every filter of a known name, one of its values.
func filtered[E any](filters []types.Filter, values map[string]func(E) []string) func(E) bool {
	return func(e E) bool {
		for _, f := range filters {
			has, known := values[aws.ToString(f.Name)]
			if !known {
				panic("networktest: the fake knows no filter " + aws.ToString(f.Name))
			}
			if !slices.ContainsFunc(has(e), func(v string) bool { return slices.Contains(f.Values, v) }) {
				return false
			}
		}
		return true
	}
}

func vpcID[E any](id func(E) *string) map[string]func(E) []string {
	return map[string]func(E) []string{"vpc-id": func(e E) []string { return []string{aws.ToString(id(e))} }}
}

func both[E any](a, b func(E) bool) func(E) bool { return func(e E) bool { return a(e) && b(e) } }
