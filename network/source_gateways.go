package network

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// exposed reports whether VPC Block Public Access may matter to any of some subnets: EC2 does not say that it is off.
func exposed(subnets []Subnet) bool {
	return len(subnets) == 0 || slices.ContainsFunc(subnets, func(s Subnet) bool { return s.BlockPublicAccess != "off" })
}

// publicAccess reads VPC Block Public Access. Exclusions are read only where EC2 says, with the subnets or by itself, that
// there is something to be excluded from. Of a VPC that another account shares, its owner's setting is in effect.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcBlockPublicAccessOptions.html
func (g *gatherer) publicAccess(ctx context.Context) {
	if err := g.lent(); err != nil {
		g.read("ec2:DescribeVpcBlockPublicAccessOptions", err)
		return
	}
	g.publicAccessOptions(ctx)
	on := g.topology.PublicAccess != nil && g.topology.PublicAccess.Mode != "" && g.topology.PublicAccess.Mode != "off"
	for _, s := range g.topology.Subnets {
		on = on || g.topology.PublicAccess == nil && s.BlockPublicAccess != "" && s.BlockPublicAccess != "off"
	}
	if on {
		g.publicAccessExclusions(ctx)
	}
}

// publicAccessOptions reads the account's setting in the Region.
func (g *gatherer) publicAccessOptions(ctx context.Context) {
	out, err := g.api.DescribeVpcBlockPublicAccessOptions(ctx, &ec2.DescribeVpcBlockPublicAccessOptionsInput{})
	if err == nil && (out == nil || out.VpcBlockPublicAccessOptions == nil) {
		err = fmt.Errorf("network: no answer about VPC Block Public Access")
	}
	if notOffered(err) {
		g.topology.PublicAccess = &PublicAccess{}
	} else if g.read("ec2:DescribeVpcBlockPublicAccessOptions", err) {
		o := out.VpcBlockPublicAccessOptions
		g.topology.PublicAccess = &PublicAccess{Mode: strings.ToLower(string(o.InternetGatewayBlockMode)), State: string(o.State)}
	}
}

func (g *gatherer) publicAccessExclusions(ctx context.Context) {
	list, err := pages(ctx, &exclusionPages{api: g.api}, func(out *ec2.DescribeVpcBlockPublicAccessExclusionsOutput) ([]types.VpcBlockPublicAccessExclusion, *string) {
		return out.VpcBlockPublicAccessExclusions, out.NextToken
	})
	if g.read("ec2:DescribeVpcBlockPublicAccessExclusions", err) {
		g.topology.PublicAccessExclusions = convert(list, exclusionOf)
	}
}

// exclusionPages is the paginator that the SDK has for other operations.
type exclusionPages struct {
	api API
	in  ec2.DescribeVpcBlockPublicAccessExclusionsInput
	end bool
}

func (p *exclusionPages) HasMorePages() bool { return !p.end }

func (p *exclusionPages) NextPage(ctx context.Context, _ ...func(*ec2.Options)) (*ec2.DescribeVpcBlockPublicAccessExclusionsOutput, error) {
	in := p.in
	out, err := p.api.DescribeVpcBlockPublicAccessExclusions(ctx, &in)
	if err == nil {
		p.in.NextToken, p.end = out.NextToken, aws.ToString(out.NextToken) == ""
	}
	return out, err
}

// notOffered reports that an endpoint answered with a page, as emulators do for an operation that they do not have. Whoever
// stands before EC2, as a portal or a proxy, can answer with the same page, so that one over TLS is none of an emulator's:
// AWS's endpoints are asked over TLS in all partitions.
func notOffered(err error) bool {
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || response.Response == nil || response.Response.Response == nil {
		return false
	}
	header, request, status := response.Response.Header, response.Response.Request, response.HTTPStatusCode()
	return request != nil && request.URL != nil && request.URL.Scheme == "http" &&
		strings.HasPrefix(header.Get("Content-Type"), "text/html") && header.Get("X-Amzn-Requestid") == "" &&
		(status == http.StatusInternalServerError || status == http.StatusNotImplemented || status == http.StatusNotFound)
}

func exclusionOf(e types.VpcBlockPublicAccessExclusion) PublicAccessExclusion {
	out := PublicAccessExclusion{ID: aws.ToString(e.ExclusionId), Mode: strings.ToLower(string(e.InternetGatewayExclusionMode)), State: string(e.State)}
	resource := aws.ToString(e.ResourceArn) // arn:aws:ec2:REGION:ACCOUNT:subnet/ID
	switch id := resource[strings.LastIndexAny(resource, "/:")+1:]; {
	case strings.HasPrefix(id, "subnet-"):
		out.Subnet = id
	case strings.HasPrefix(id, "vpc-"):
		out.VPC = id
	}
	return out
}

func (g *gatherer) internetGateways(ctx context.Context) {
	g.topology.InternetGateways = ofOwner(ctx, g, "ec2:DescribeInternetGateways", ec2.NewDescribeInternetGatewaysPaginator(g.api, &ec2.DescribeInternetGatewaysInput{
		Filters: []types.Filter{filter("attachment.vpc-id", g.topology.VPC.ID)},
	}),
		func(out *ec2.DescribeInternetGatewaysOutput) ([]types.InternetGateway, *string) {
			return out.InternetGateways, out.NextToken
		}, internetGatewayOf)
}

func (g *gatherer) natGateways(ctx context.Context, vpc []types.Filter) {
	g.topology.NATGateways = ofOwner(ctx, g, "ec2:DescribeNatGateways", ec2.NewDescribeNatGatewaysPaginator(g.api, &ec2.DescribeNatGatewaysInput{Filter: vpc}),
		func(out *ec2.DescribeNatGatewaysOutput) ([]types.NatGateway, *string) {
			return out.NatGateways, out.NextToken
		}, natGatewayOf)
}
