package network

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"
)

// New returns a Source that asks EC2: each operation once for each distinct input, every page, and all that do not wait
// for one another's answers at the same time. It is a [Locator].
func New(api API) Source { return source{api} }

// Locator is a Source that can tell which VPC a placement is in before it reads the VPC, so that whoever asks about many
// placements can read each VPC once.
type Locator interface {
	Source
	// Locate returns the ID of the VPC, and what reads its topology, which is the same for all placements in it. The ID is
	// "" when it could not be read; what read returns then says why.
	Locate(context.Context, Placement) (vpc string, read func(context.Context) (*Topology, error), err error)
}

type source struct{ api API }

func (s source) Topology(ctx context.Context, p Placement) (*Topology, error) {
	_, read, err := s.Locate(ctx, p)
	if err != nil {
		return &Topology{Unread: map[string]error{}}, err
	}
	return read(ctx)
}

func (s source) Locate(ctx context.Context, p Placement) (string, func(context.Context) (*Topology, error), error) {
	if len(p.Subnets) == 0 {
		return "", nil, errors.New("network: the placement names no subnet")
	}
	ids := uniq(slices.Clone(p.Subnets))
	placed, err := pages(ctx, ec2.NewDescribeSubnetsPaginator(s.api, &ec2.DescribeSubnetsInput{SubnetIds: ids}),
		func(out *ec2.DescribeSubnetsOutput) ([]types.Subnet, *string) { return out.Subnets, out.NextToken })
	if ctx.Err() != nil {
		return "", nil, ctx.Err()
	}
	var vpc string
	for _, subnet := range placed {
		switch in := aws.ToString(subnet.VpcId); vpc {
		case "", in:
			vpc = in
		default:
			return "", nil, fmt.Errorf("network: subnet %s is in %s, but %s is in %s: a task's subnets share one VPC",
				aws.ToString(subnet.SubnetId), in, aws.ToString(placed[0].SubnetId), vpc)
		}
	}
	if err == nil && vpc == "" { // none of them was shown: not an answer
		err = fmt.Errorf("network: no answer for subnets %s", strings.Join(ids, ", "))
	}
	if err != nil {
		return "", func(ctx context.Context) (*Topology, error) {
			return &Topology{Unread: map[string]error{"ec2:DescribeSubnets": err}}, ctx.Err()
		}, nil
	}
	return vpc, func(ctx context.Context) (*Topology, error) {
		g := gatherer{api: s.api, topology: &Topology{VPC: VPC{ID: vpc}, Unread: map[string]error{}}}
		g.gather(ctx, convert(placed, subnetOf))
		return g.topology, ctx.Err()
	}, nil
}

// gatherer fills one topology. Each of its steps writes fields that no other step writes; only Unread is shared.
type gatherer struct {
	api      API
	topology *Topology
	parent   *gatherer // which notes what is missing; nil for the task's own VPC
	mu       sync.Mutex
}

// read notes why an answer is missing. It reports whether the answer is there.
func (g *gatherer) read(action string, err error) bool {
	if g.parent != nil {
		return g.parent.read(action, err)
	}
	if err != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.topology.Unread[action] = err
	}
	return err == nil
}

// gather reads the VPC of which the topology has the ID. What it reads does not depend on the subnets that are known, only
// when it does.
func (g *gatherer) gather(ctx context.Context, known []Subnet) {
	t := g.topology
	// Most steps wait for nothing. Others wait for what names what they ask for: the DHCP options' ID, the interfaces of
	// endpoints and of routes, the prefix lists of tables and groups, and gateways that routes lead to.
	var first, tables, lists, points errgroup.Group
	vpc := []types.Filter{filter("vpc-id", t.VPC.ID)}
	tables.Go(func() error { g.routeTables(ctx, vpc); return nil })
	lists.Go(func() error { g.securityGroups(ctx, vpc); return nil })
	lists.Go(func() error { g.prefixLists(ctx); return nil })
	points.Go(func() error { g.endpoints(ctx, vpc); return nil })
	early := exposed(known)
	if early {
		first.Go(func() error { g.publicAccess(ctx, known); return nil })
	}
	first.Go(func() error {
		g.subnets(ctx, vpc)
		if !early && exposed(t.Subnets) {
			g.publicAccess(ctx, t.Subnets)
		}
		return nil
	})
	first.Go(func() error { g.vpcAttributes(ctx); return nil })
	first.Go(func() error { g.networkACLs(ctx, vpc); return nil })
	first.Go(func() error { g.internetGateways(ctx); return nil })
	first.Go(func() error { g.natGateways(ctx, vpc); return nil })
	named := make(chan struct{})
	first.Go(func() error {
		defer close(named)
		g.vpcs(ctx)
		g.nameServers(ctx)
		return nil
	})
	_ = tables.Wait() // the steps return no errors: they note them
	first.Go(func() error { g.peerings(ctx); return nil })
	first.Go(func() error { g.egressOnlyGateways(ctx); return nil })
	if len(targets(t.RouteTables, "tgw-", every)) > 0 {
		lists.Go(func() error {
			<-named // name servers may be behind it too
			g.transitGateways(ctx)
			return nil
		})
	}
	first.Go(func() error {
		_ = points.Wait()
		g.interfaces(ctx)
		g.instances(ctx)
		return nil
	})
	_ = lists.Wait()
	first.Go(func() error { g.entries(ctx); return nil })
	_ = first.Wait()
}

// pager is what the SDK's paginators have in common.
type pager[Out any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*ec2.Options)) (*Out, error)
}

// pages reads every page. The result is never nil without an error, and always nil with one: half a list is no list.
//
// EC2 writes a list that holds nothing, and never a page's token twice. An answer without a list is none of EC2's (the SDK
// takes an empty body and a portal's page for one), and after a token that repeats nobody knows what is missing.
func pages[Out, Item any](ctx context.Context, p pager[Out], items func(*Out) ([]Item, *string)) ([]Item, error) {
	all, seen := []Item{}, map[string]bool{}
	for p.HasMorePages() {
		out, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		list, next := items(out)
		token := aws.ToString(next)
		switch {
		case list == nil:
			return nil, errNoList
		case seen[token]:
			return nil, errRepeats
		}
		seen[token] = token != ""
		all = append(all, list...)
	}
	return all, nil
}

var (
	errNoList  = errors.New("network: the answer holds no list")
	errRepeats = errors.New("network: the token of a page repeats")
)

// list reads every page of an operation as facts; nil, and why, when a page is missing.
func list[Out, Item, Fact any](ctx context.Context, g *gatherer, action string, p pager[Out], items func(*Out) ([]Item, *string), fact func(Item) Fact) []Fact {
	all, err := pages(ctx, p, items)
	if !g.read(action, err) {
		return nil
	}
	return convert(all, fact)
}

// always reads a list of which every VPC has something. Of another account's VPC nothing is shown.
func always[Out, Item, Fact any](ctx context.Context, g *gatherer, action string, p pager[Out], items func(*Out) ([]Item, *string), fact func(Item) Fact) []Fact {
	facts := list(ctx, g, action, p, items, fact)
	if g.parent == nil && facts != nil && len(facts) == 0 {
		g.read(action, fmt.Errorf("network: the answer holds none of %s", g.topology.VPC.ID))
		return nil
	}
	return facts
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}

func (g *gatherer) subnets(ctx context.Context, vpc []types.Filter) {
	g.topology.Subnets = always(ctx, g, "ec2:DescribeSubnets", ec2.NewDescribeSubnetsPaginator(g.api, &ec2.DescribeSubnetsInput{Filters: vpc}),
		func(out *ec2.DescribeSubnetsOutput) ([]types.Subnet, *string) { return out.Subnets, out.NextToken }, subnetOf)
}

func (g *gatherer) vpcs(ctx context.Context) {
	list, err := pages(ctx, ec2.NewDescribeVpcsPaginator(g.api, &ec2.DescribeVpcsInput{VpcIds: []string{g.topology.VPC.ID}}),
		func(out *ec2.DescribeVpcsOutput) ([]types.Vpc, *string) { return out.Vpcs, out.NextToken })
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("network: no answer for %s", g.topology.VPC.ID)
	}
	if !g.read("ec2:DescribeVpcs", err) {
		return
	}
	v := &g.topology.VPC
	v.CIDRs, v.IPv6CIDRs = cidrsOf(list[0]), ipv6CIDRsOf(list[0])
	v.DHCPOptions = aws.ToString(list[0].DhcpOptionsId)
	if s := list[0].BlockPublicAccessStates; s != nil {
		v.BlockPublicAccess = strings.ToLower(string(s.InternetGatewayBlockMode))
	}
}

// nameServers reads the DHCP options. A VPC without any, which EC2 writes as "default", gives its hosts Amazon's
// resolver at its link-local address.
// https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSetConcepts.html
func (g *gatherer) nameServers(ctx context.Context) {
	v := &g.topology.VPC
	switch v.DHCPOptions {
	case "":
		return // the VPC was not read
	case "default":
		v.NameServers = []string{}
		return
	}
	list, err := pages(ctx, ec2.NewDescribeDhcpOptionsPaginator(g.api, &ec2.DescribeDhcpOptionsInput{DhcpOptionsIds: []string{v.DHCPOptions}}),
		func(out *ec2.DescribeDhcpOptionsOutput) ([]types.DhcpOptions, *string) {
			return out.DhcpOptions, out.NextToken
		})
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("network: no answer for %s", v.DHCPOptions)
	}
	if g.read("ec2:DescribeDhcpOptions", err) {
		v.NameServers = nameServersOf(list[0])
	}
}

func (g *gatherer) vpcAttributes(ctx context.Context) {
	attribute := func(name types.VpcAttributeName) *ec2.DescribeVpcAttributeOutput {
		out, err := g.api.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: &g.topology.VPC.ID, Attribute: name})
		if !g.read("ec2:DescribeVpcAttribute", err) {
			return &ec2.DescribeVpcAttributeOutput{}
		}
		return out
	}
	var steps errgroup.Group
	steps.Go(func() error {
		if v := attribute(types.VpcAttributeNameEnableDnsSupport).EnableDnsSupport; v != nil {
			g.topology.VPC.DNSSupport = v.Value
		}
		return nil
	})
	steps.Go(func() error {
		if v := attribute(types.VpcAttributeNameEnableDnsHostnames).EnableDnsHostnames; v != nil {
			g.topology.VPC.DNSHostnames = v.Value
		}
		return nil
	})
	_ = steps.Wait()
}

func (g *gatherer) routeTables(ctx context.Context, vpc []types.Filter) {
	g.topology.RouteTables = always(ctx, g, "ec2:DescribeRouteTables", ec2.NewDescribeRouteTablesPaginator(g.api, &ec2.DescribeRouteTablesInput{Filters: vpc}),
		func(out *ec2.DescribeRouteTablesOutput) ([]types.RouteTable, *string) {
			return out.RouteTables, out.NextToken
		}, routeTableOf)
}

func (g *gatherer) networkACLs(ctx context.Context, vpc []types.Filter) {
	g.topology.NetworkACLs = always(ctx, g, "ec2:DescribeNetworkAcls", ec2.NewDescribeNetworkAclsPaginator(g.api, &ec2.DescribeNetworkAclsInput{Filters: vpc}),
		func(out *ec2.DescribeNetworkAclsOutput) ([]types.NetworkAcl, *string) {
			return out.NetworkAcls, out.NextToken
		}, networkACLOf)
}

func (g *gatherer) securityGroups(ctx context.Context, vpc []types.Filter) {
	g.topology.SecurityGroups = always(ctx, g, "ec2:DescribeSecurityGroups", ec2.NewDescribeSecurityGroupsPaginator(g.api, &ec2.DescribeSecurityGroupsInput{Filters: vpc}),
		func(out *ec2.DescribeSecurityGroupsOutput) ([]types.SecurityGroup, *string) {
			return out.SecurityGroups, out.NextToken
		}, securityGroupOf)
}

func (g *gatherer) internetGateways(ctx context.Context) {
	g.topology.InternetGateways = list(ctx, g, "ec2:DescribeInternetGateways", ec2.NewDescribeInternetGatewaysPaginator(g.api, &ec2.DescribeInternetGatewaysInput{
		Filters: []types.Filter{filter("attachment.vpc-id", g.topology.VPC.ID)},
	}),
		func(out *ec2.DescribeInternetGatewaysOutput) ([]types.InternetGateway, *string) {
			return out.InternetGateways, out.NextToken
		}, internetGatewayOf)
}

func (g *gatherer) natGateways(ctx context.Context, vpc []types.Filter) {
	g.topology.NATGateways = list(ctx, g, "ec2:DescribeNatGateways", ec2.NewDescribeNatGatewaysPaginator(g.api, &ec2.DescribeNatGatewaysInput{Filter: vpc}),
		func(out *ec2.DescribeNatGatewaysOutput) ([]types.NatGateway, *string) {
			return out.NatGateways, out.NextToken
		}, natGatewayOf)
}

func (g *gatherer) endpoints(ctx context.Context, vpc []types.Filter) {
	g.topology.VPCEndpoints = list(ctx, g, "ec2:DescribeVpcEndpoints", ec2.NewDescribeVpcEndpointsPaginator(g.api, &ec2.DescribeVpcEndpointsInput{Filters: vpc}),
		func(out *ec2.DescribeVpcEndpointsOutput) ([]types.VpcEndpoint, *string) {
			return out.VpcEndpoints, out.NextToken
		}, vpcEndpointOf)
}

// interfaces reads the interfaces of the interface endpoints that a pull may use, whose addresses are what groups and
// ACLs judge, and those that routes lead to.
func (g *gatherer) interfaces(ctx context.Context) {
	ids := targets(g.topology.RouteTables, "eni-", every)
	if g.topology.VPCEndpoints == nil && len(ids) == 0 {
		return
	}
	for _, e := range g.topology.VPCEndpoints {
		if strings.EqualFold(e.Type, "Interface") {
			ids = append(ids, e.Interfaces...)
		}
	}
	if len(ids) == 0 {
		g.topology.Interfaces = []NetworkInterface{}
		return
	}
	// A filter, not NetworkInterfaceIds: one interface deleted meanwhile would fail the whole call. It takes 200 values.
	list := []types.NetworkInterface{}
	for part := range slices.Chunk(uniq(ids), 200) {
		some, err := pages(ctx, ec2.NewDescribeNetworkInterfacesPaginator(g.api, &ec2.DescribeNetworkInterfacesInput{
			Filters: []types.Filter{filter("network-interface-id", part...)},
		}), func(out *ec2.DescribeNetworkInterfacesOutput) ([]types.NetworkInterface, *string) {
			return out.NetworkInterfaces, out.NextToken
		})
		if !g.read("ec2:DescribeNetworkInterfaces", err) {
			return
		}
		list = append(list, some...)
	}
	g.topology.Interfaces = convert(list, networkInterfaceOf)
}
