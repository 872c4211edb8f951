package network

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// publicAccess reads VPC Block Public Access, unless EC2 says with the subnets that it is off: then nothing of it matters.
// Exclusions are read only where there is something to be excluded from.
func (g *gatherer) publicAccess(ctx context.Context, placed []types.Subnet) {
	off, shown := true, ""
	for _, s := range placed {
		mode := subnetOf(s).BlockPublicAccess
		off = off && mode == "off"
		if mode != "" {
			shown = mode
		}
	}
	if off {
		return
	}
	out, err := g.api.DescribeVpcBlockPublicAccessOptions(ctx, &ec2.DescribeVpcBlockPublicAccessOptionsInput{})
	if err == nil && (out == nil || out.VpcBlockPublicAccessOptions == nil) {
		err = fmt.Errorf("network: no answer about VPC Block Public Access")
	}
	if isPage(err) {
		g.topology.PublicAccess = &PublicAccess{}
	} else if g.read("ec2:DescribeVpcBlockPublicAccessOptions", err) {
		o := out.VpcBlockPublicAccessOptions
		shown = strings.ToLower(string(o.InternetGatewayBlockMode))
		g.topology.PublicAccess = &PublicAccess{Mode: shown, State: string(o.State)}
	}
	if shown == "" || shown == "off" {
		return
	}
	all := []PublicAccessExclusion{}
	for in := (&ec2.DescribeVpcBlockPublicAccessExclusionsInput{}); ; {
		out, err := g.api.DescribeVpcBlockPublicAccessExclusions(ctx, in)
		if !g.read("ec2:DescribeVpcBlockPublicAccessExclusions", err) {
			return
		}
		all = append(all, convert(out.VpcBlockPublicAccessExclusions, exclusionOf)...)
		if aws.ToString(out.NextToken) == "" {
			break
		}
		in.NextToken = out.NextToken
	}
	g.topology.PublicAccessExclusions = all
}

// isPage reports that an endpoint answered with a page, as emulators do for an operation that they do not have. AWS's own
// answers have an error code or a request ID, and what stands before it answers 502, 503 or 504.
func isPage(err error) bool {
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || response.Response == nil || response.Response.Response == nil {
		return false
	}
	header, status := response.Response.Header, response.HTTPStatusCode()
	return strings.HasPrefix(header.Get("Content-Type"), "text/html") && header.Get("X-Amzn-Requestid") == "" &&
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
