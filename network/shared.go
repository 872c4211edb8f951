package network

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// Shared returns a Source that asks EC2 each question once. VPCs behind one transit gateway, for example, have the VPC of
// its NAT gateways in common, and most VPCs their DHCP options.
func (s source) Shared() Source {
	m := &memory{answers: map[string]*answer{}}
	once := source{remembering{s.api, m}}
	return SourceFunc(func(ctx context.Context, p Placement) (*Topology, error) {
		at, err := once.locate(ctx, p)
		if err != nil {
			return &Topology{Unread: map[string]error{}}, err
		}
		if at.unread != nil {
			return &Topology{Unread: map[string]error{"ec2:DescribeSubnets": at.unread}}, nil
		}
		read := func(ctx context.Context) (*Topology, error) { return once.read(ctx, at, p.Subnets) }
		question := at.vpc + " for " + at.account
		t, err := recall(ctx, m, question, read)
		if err == nil && t.NATGateways == nil && t.Unread["ec2:DescribeNatGateways"] == nil && t.leadsOut(p.Subnets) {
			return recall(ctx, m, question+" and its gateways", read) // those who asked first did not need them
		}
		return t, err
	})
}

// memory holds answers by their questions.
type memory struct {
	mu      sync.Mutex
	answers map[string]*answer
}

type answer struct {
	done  chan struct{} // closed when value and err are there
	value any
	err   error
}

// recall returns the answer to a question, which it asks once. Whoever waits for another's attempt does so no longer than
// its own context lasts, and tries for itself if the other was cancelled.
func recall[Out any](ctx context.Context, m *memory, question string, ask func(context.Context) (Out, error)) (Out, error) {
	for {
		m.mu.Lock()
		a, found := m.answers[question]
		if !found {
			a = &answer{done: make(chan struct{})}
			m.answers[question] = a
		}
		m.mu.Unlock()
		if !found {
			value, err := ask(ctx)
			a.value, a.err = value, err
			if cancelled(err) {
				m.mu.Lock()
				delete(m.answers, question)
				m.mu.Unlock()
			}
			close(a.done)
			return value, err
		}
		select {
		case <-a.done:
		case <-ctx.Done():
			var none Out
			return none, ctx.Err()
		}
		if !cancelled(a.err) {
			value, _ := a.value.(Out) // the nil of an error has no type
			return value, a.err
		}
	}
}

func cancelled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// remembering is an API that asks each operation once for each input.
type remembering struct {
	api API
	*memory
}

// remembered calls an operation, or returns what it answered before.
func remembered[In, Out any](ctx context.Context, m *memory, operation string, call func(context.Context, *In, ...func(*ec2.Options)) (*Out, error), in *In, opts []func(*ec2.Options)) (*Out, error) {
	question, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	return recall(ctx, m, operation+string(question), func(ctx context.Context) (*Out, error) { return call(ctx, in, opts...) })
}

func (r remembering) DescribeDhcpOptions(ctx context.Context, in *ec2.DescribeDhcpOptionsInput, opts ...func(*ec2.Options)) (*ec2.DescribeDhcpOptionsOutput, error) {
	return remembered(ctx, r.memory, "DescribeDhcpOptions", r.api.DescribeDhcpOptions, in, opts)
}

func (r remembering) DescribeEgressOnlyInternetGateways(ctx context.Context, in *ec2.DescribeEgressOnlyInternetGatewaysInput, opts ...func(*ec2.Options)) (*ec2.DescribeEgressOnlyInternetGatewaysOutput, error) {
	return remembered(ctx, r.memory, "DescribeEgressOnlyInternetGateways", r.api.DescribeEgressOnlyInternetGateways, in, opts)
}

func (r remembering) DescribeInstances(ctx context.Context, in *ec2.DescribeInstancesInput, opts ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	return remembered(ctx, r.memory, "DescribeInstances", r.api.DescribeInstances, in, opts)
}

func (r remembering) DescribeInternetGateways(ctx context.Context, in *ec2.DescribeInternetGatewaysInput, opts ...func(*ec2.Options)) (*ec2.DescribeInternetGatewaysOutput, error) {
	return remembered(ctx, r.memory, "DescribeInternetGateways", r.api.DescribeInternetGateways, in, opts)
}

func (r remembering) DescribeNatGateways(ctx context.Context, in *ec2.DescribeNatGatewaysInput, opts ...func(*ec2.Options)) (*ec2.DescribeNatGatewaysOutput, error) {
	return remembered(ctx, r.memory, "DescribeNatGateways", r.api.DescribeNatGateways, in, opts)
}

func (r remembering) DescribeNetworkAcls(ctx context.Context, in *ec2.DescribeNetworkAclsInput, opts ...func(*ec2.Options)) (*ec2.DescribeNetworkAclsOutput, error) {
	return remembered(ctx, r.memory, "DescribeNetworkAcls", r.api.DescribeNetworkAcls, in, opts)
}

func (r remembering) DescribeNetworkInterfaces(ctx context.Context, in *ec2.DescribeNetworkInterfacesInput, opts ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error) {
	return remembered(ctx, r.memory, "DescribeNetworkInterfaces", r.api.DescribeNetworkInterfaces, in, opts)
}

func (r remembering) DescribePrefixLists(ctx context.Context, in *ec2.DescribePrefixListsInput, opts ...func(*ec2.Options)) (*ec2.DescribePrefixListsOutput, error) {
	return remembered(ctx, r.memory, "DescribePrefixLists", r.api.DescribePrefixLists, in, opts)
}

func (r remembering) DescribeRouteTables(ctx context.Context, in *ec2.DescribeRouteTablesInput, opts ...func(*ec2.Options)) (*ec2.DescribeRouteTablesOutput, error) {
	return remembered(ctx, r.memory, "DescribeRouteTables", r.api.DescribeRouteTables, in, opts)
}

func (r remembering) DescribeSecurityGroups(ctx context.Context, in *ec2.DescribeSecurityGroupsInput, opts ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error) {
	return remembered(ctx, r.memory, "DescribeSecurityGroups", r.api.DescribeSecurityGroups, in, opts)
}

func (r remembering) DescribeSubnets(ctx context.Context, in *ec2.DescribeSubnetsInput, opts ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error) {
	return remembered(ctx, r.memory, "DescribeSubnets", r.api.DescribeSubnets, in, opts)
}

func (r remembering) DescribeTransitGatewayAttachments(ctx context.Context, in *ec2.DescribeTransitGatewayAttachmentsInput, opts ...func(*ec2.Options)) (*ec2.DescribeTransitGatewayAttachmentsOutput, error) {
	return remembered(ctx, r.memory, "DescribeTransitGatewayAttachments", r.api.DescribeTransitGatewayAttachments, in, opts)
}

func (r remembering) DescribeTransitGatewayVpcAttachments(ctx context.Context, in *ec2.DescribeTransitGatewayVpcAttachmentsInput, opts ...func(*ec2.Options)) (*ec2.DescribeTransitGatewayVpcAttachmentsOutput, error) {
	return remembered(ctx, r.memory, "DescribeTransitGatewayVpcAttachments", r.api.DescribeTransitGatewayVpcAttachments, in, opts)
}

func (r remembering) DescribeVpcAttribute(ctx context.Context, in *ec2.DescribeVpcAttributeInput, opts ...func(*ec2.Options)) (*ec2.DescribeVpcAttributeOutput, error) {
	return remembered(ctx, r.memory, "DescribeVpcAttribute", r.api.DescribeVpcAttribute, in, opts)
}

func (r remembering) DescribeVpcBlockPublicAccessExclusions(ctx context.Context, in *ec2.DescribeVpcBlockPublicAccessExclusionsInput, opts ...func(*ec2.Options)) (*ec2.DescribeVpcBlockPublicAccessExclusionsOutput, error) {
	return remembered(ctx, r.memory, "DescribeVpcBlockPublicAccessExclusions", r.api.DescribeVpcBlockPublicAccessExclusions, in, opts)
}

func (r remembering) DescribeVpcBlockPublicAccessOptions(ctx context.Context, in *ec2.DescribeVpcBlockPublicAccessOptionsInput, opts ...func(*ec2.Options)) (*ec2.DescribeVpcBlockPublicAccessOptionsOutput, error) {
	return remembered(ctx, r.memory, "DescribeVpcBlockPublicAccessOptions", r.api.DescribeVpcBlockPublicAccessOptions, in, opts)
}

func (r remembering) DescribeVpcEndpoints(ctx context.Context, in *ec2.DescribeVpcEndpointsInput, opts ...func(*ec2.Options)) (*ec2.DescribeVpcEndpointsOutput, error) {
	return remembered(ctx, r.memory, "DescribeVpcEndpoints", r.api.DescribeVpcEndpoints, in, opts)
}

func (r remembering) DescribeVpcPeeringConnections(ctx context.Context, in *ec2.DescribeVpcPeeringConnectionsInput, opts ...func(*ec2.Options)) (*ec2.DescribeVpcPeeringConnectionsOutput, error) {
	return remembered(ctx, r.memory, "DescribeVpcPeeringConnections", r.api.DescribeVpcPeeringConnections, in, opts)
}

func (r remembering) DescribeVpcs(ctx context.Context, in *ec2.DescribeVpcsInput, opts ...func(*ec2.Options)) (*ec2.DescribeVpcsOutput, error) {
	return remembered(ctx, r.memory, "DescribeVpcs", r.api.DescribeVpcs, in, opts)
}

func (r remembering) GetManagedPrefixListEntries(ctx context.Context, in *ec2.GetManagedPrefixListEntriesInput, opts ...func(*ec2.Options)) (*ec2.GetManagedPrefixListEntriesOutput, error) {
	return remembered(ctx, r.memory, "GetManagedPrefixListEntries", r.api.GetManagedPrefixListEntries, in, opts)
}

func (r remembering) SearchTransitGatewayRoutes(ctx context.Context, in *ec2.SearchTransitGatewayRoutesInput, opts ...func(*ec2.Options)) (*ec2.SearchTransitGatewayRoutesOutput, error) {
	return remembered(ctx, r.memory, "SearchTransitGatewayRoutes", r.api.SearchTransitGatewayRoutes, in, opts)
}
