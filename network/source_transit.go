package network

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"
)

// targets returns what the active routes of some tables lead to, of one kind ("tgw-").
func targets(tables []RouteTable, kind string, in func(*RouteTable) bool) (ids []string) {
	for i := range tables {
		for _, r := range tables[i].Routes {
			if strings.HasPrefix(r.Target, kind) && in(&tables[i]) {
				ids = append(ids, r.Target)
			}
		}
	}
	return uniq(ids)
}

func every(*RouteTable) bool { return true }

// peerings reads the peering connections that routes lead to.
func (g *gatherer) peerings(ctx context.Context) {
	ids := targets(g.topology.RouteTables, "pcx-", every)
	if len(ids) == 0 {
		return
	}
	list, err := pages(ctx, ec2.NewDescribeVpcPeeringConnectionsPaginator(g.api, &ec2.DescribeVpcPeeringConnectionsInput{
		Filters: []types.Filter{filter("vpc-peering-connection-id", ids...)},
	}), func(out *ec2.DescribeVpcPeeringConnectionsOutput) ([]types.VpcPeeringConnection, *string) {
		return out.VpcPeeringConnections, out.NextToken
	})
	if g.read("ec2:DescribeVpcPeeringConnections", err) {
		g.topology.Peerings = convert(list, peeringOf)
	}
}

func peeringOf(c types.VpcPeeringConnection) Peering {
	p := Peering{ID: aws.ToString(c.VpcPeeringConnectionId), VPCs: []PeeredVPC{}}
	if c.Status != nil {
		p.State = string(c.Status.Code)
	}
	for _, v := range []*types.VpcPeeringConnectionVpcInfo{c.RequesterVpcInfo, c.AccepterVpcInfo} {
		if v == nil {
			continue
		}
		end := PeeredVPC{ID: aws.ToString(v.VpcId)}
		for _, b := range v.CidrBlockSet {
			end.CIDRs = append(end.CIDRs, ParseCIDR(aws.ToString(b.CidrBlock)))
		}
		if end.CIDRs == nil && v.CidrBlock != nil {
			end.CIDRs = []CIDR{ParseCIDR(*v.CidrBlock)}
		}
		for _, b := range v.Ipv6CidrBlockSet {
			end.CIDRs = append(end.CIDRs, ParseCIDR(aws.ToString(b.Ipv6CidrBlock)))
		}
		p.VPCs = append(p.VPCs, end)
	}
	return p
}

// egressOnlyGateways reads the egress-only internet gateways if a route leads to one. The call knows no filter.
func (g *gatherer) egressOnlyGateways(ctx context.Context) {
	if len(targets(g.topology.RouteTables, "eigw-", every)) == 0 {
		return
	}
	if err := g.lent(); err != nil {
		g.read("ec2:DescribeEgressOnlyInternetGateways", err)
		return
	}
	list, err := pages(ctx, ec2.NewDescribeEgressOnlyInternetGatewaysPaginator(g.api, &ec2.DescribeEgressOnlyInternetGatewaysInput{}),
		func(out *ec2.DescribeEgressOnlyInternetGatewaysOutput) ([]types.EgressOnlyInternetGateway, *string) {
			return out.EgressOnlyInternetGateways, out.NextToken
		})
	if g.read("ec2:DescribeEgressOnlyInternetGateways", err) {
		g.topology.EgressOnlyGateways = convert(list, func(e types.EgressOnlyInternetGateway) InternetGateway {
			return internetGatewayOf(types.InternetGateway{InternetGatewayId: e.EgressOnlyInternetGatewayId, Attachments: e.Attachments})
		})
	}
}

// instances reads the instances that routes lead to.
func (g *gatherer) instances(ctx context.Context) {
	t := g.topology
	ids := targets(t.RouteTables, "i-", every)
	routed := targets(t.RouteTables, "eni-", every)
	for _, i := range t.Interfaces {
		if i.Instance != "" && slices.Contains(routed, i.ID) {
			ids = append(ids, i.Instance)
		}
	}
	if ids = uniq(ids); len(ids) == 0 {
		return
	}
	list, err := pages(ctx, ec2.NewDescribeInstancesPaginator(g.api, &ec2.DescribeInstancesInput{Filters: []types.Filter{filter("instance-id", ids...)}}),
		func(out *ec2.DescribeInstancesOutput) ([]types.Reservation, *string) {
			return out.Reservations, out.NextToken
		})
	if !g.read("ec2:DescribeInstances", err) {
		return
	}
	t.Instances = []Instance{}
	for _, r := range list {
		for _, i := range r.Instances {
			one := Instance{ID: aws.ToString(i.InstanceId), Interfaces: []string{}}
			if i.State != nil {
				one.State = string(i.State.Name)
			}
			for _, n := range i.NetworkInterfaces {
				one.Interfaces = append(one.Interfaces, aws.ToString(n.NetworkInterfaceId))
			}
			t.Instances = append(t.Instances, one)
		}
	}
}

// transitGateways follows the routes of the VPC's subnets through transit gateways: their attachments, the route tables
// that the traffic and its answers pass, and the VPCs that it is led to. named is closed when the name servers are known, which
// may be behind one too.
func (g *gatherer) transitGateways(ctx context.Context, named <-chan struct{}) {
	t := g.topology
	ids := targets(t.RouteTables, "tgw-", func(r *RouteTable) bool { return r.Main || len(r.Subnets) > 0 })
	if len(ids) == 0 {
		return
	}
	gateways := make([]TransitGateway, len(ids))
	var steps errgroup.Group
	for i, id := range ids {
		gateways[i].ID = id
		steps.Go(func() error { g.attachments(ctx, &gateways[i]); return nil })
	}
	_ = steps.Wait()
	t.TransitGateways = gateways
	var behind []string
	for i := range gateways {
		home := gateways[i].attachmentOf(t.VPC.ID)
		if home != nil && home.RouteTable != "" {
			g.transitTables(ctx, &gateways[i], home.RouteTable)
			<-named
			behind = append(behind, g.behind(&gateways[i], home)...)
		}
	}
	// The VPCs that the traffic is led to, and the tables that route their answers.
	behind = uniq(behind)
	far := make([]Topology, len(behind))
	var rest errgroup.Group
	for i, vpc := range behind {
		rest.Go(func() error { far[i] = *g.neighbour(ctx, vpc); return nil })
	}
	for i := range gateways {
		var others []string
		for _, a := range gateways[i].Attachments {
			if slices.Contains(behind, a.Resource) && a.RouteTable != "" && gateways[i].table(a.RouteTable) == nil {
				others = append(others, a.RouteTable)
			}
		}
		rest.Go(func() error { g.transitTables(ctx, &gateways[i], uniq(others)...); return nil })
	}
	_ = rest.Wait()
	t.Neighbours = []Topology{}
	for _, n := range far {
		if n.VPC.CIDRs != nil || len(n.Subnets) > 0 { // another account's VPC is not shown
			t.Neighbours = append(t.Neighbours, n)
		}
	}
}

// attachments reads a transit gateway's attachments. Each call writes its own fields; they are joined afterwards.
func (g *gatherer) attachments(ctx context.Context, gateway *TransitGateway) {
	of := []types.Filter{filter("transit-gateway-id", gateway.ID)}
	var all []types.TransitGatewayAttachment
	var vpcs []types.TransitGatewayVpcAttachment
	var err, err2 error
	var steps errgroup.Group
	steps.Go(func() error {
		all, err = pages(ctx, ec2.NewDescribeTransitGatewayAttachmentsPaginator(g.api, &ec2.DescribeTransitGatewayAttachmentsInput{Filters: of}),
			func(out *ec2.DescribeTransitGatewayAttachmentsOutput) ([]types.TransitGatewayAttachment, *string) {
				return out.TransitGatewayAttachments, out.NextToken
			})
		return nil
	})
	steps.Go(func() error {
		vpcs, err2 = pages(ctx, ec2.NewDescribeTransitGatewayVpcAttachmentsPaginator(g.api, &ec2.DescribeTransitGatewayVpcAttachmentsInput{Filters: of}),
			func(out *ec2.DescribeTransitGatewayVpcAttachmentsOutput) ([]types.TransitGatewayVpcAttachment, *string) {
				return out.TransitGatewayVpcAttachments, out.NextToken
			})
		return nil
	})
	_ = steps.Wait()
	g.read("ec2:DescribeTransitGatewayVpcAttachments", err2)
	if !g.read("ec2:DescribeTransitGatewayAttachments", err) {
		return
	}
	gateway.Attachments = convert(all, attachmentOf)
	for i := range gateway.Attachments {
		a := &gateway.Attachments[i]
		for _, v := range vpcs {
			if aws.ToString(v.TransitGatewayAttachmentId) != a.ID {
				continue
			}
			a.Subnets = append([]string{}, v.SubnetIds...)
			a.ApplianceMode = v.Options != nil && alike(v.Options.ApplianceModeSupport, types.ApplianceModeSupportValueEnable)
		}
	}
}

func attachmentOf(a types.TransitGatewayAttachment) TransitAttachment {
	out := TransitAttachment{ID: aws.ToString(a.TransitGatewayAttachmentId), Type: strings.ToLower(string(a.ResourceType)), Resource: aws.ToString(a.ResourceId),
		State: string(a.State), Foreign: aws.ToString(a.ResourceOwnerId) != aws.ToString(a.TransitGatewayOwnerId)}
	if a.Association != nil {
		out.RouteTable, out.PolicyTable = aws.ToString(a.Association.TransitGatewayRouteTableId), aws.ToString(a.Association.TransitGatewayPolicyTableId)
		out.Association = string(a.Association.State)
	}
	return out
}

// transitTables reads the routes of a transit gateway's tables.
func (g *gatherer) transitTables(ctx context.Context, gateway *TransitGateway, ids ...string) {
	if gateway.RouteTables == nil {
		gateway.RouteTables = []TransitRouteTable{}
	}
	for _, id := range ids {
		list, err := pages(ctx, ec2.NewSearchTransitGatewayRoutesPaginator(g.api, &ec2.SearchTransitGatewayRoutesInput{
			TransitGatewayRouteTableId: &id, Filters: []types.Filter{filter("state", "active", "blackhole")},
		}), func(out *ec2.SearchTransitGatewayRoutesOutput) ([]types.TransitGatewayRoute, *string) {
			if aws.ToBool(out.AdditionalRoutesAvailable) && aws.ToString(out.NextToken) == "" {
				return nil, nil // half a list is no list
			}
			return out.Routes, out.NextToken
		})
		table := TransitRouteTable{ID: id}
		if g.read("ec2:SearchTransitGatewayRoutes", err) {
			table.Routes = convert(list, transitRouteOf)
		}
		gateway.RouteTables = append(gateway.RouteTables, table)
	}
}

func transitRouteOf(r types.TransitGatewayRoute) TransitRoute {
	out := TransitRoute{CIDR: ParseCIDR(aws.ToString(r.DestinationCidrBlock)), PrefixList: aws.ToString(r.PrefixListId),
		State: string(r.State), Propagated: alike(r.Type, types.TransitGatewayRouteTypePropagated), Attachments: []string{}}
	for _, a := range r.TransitGatewayAttachments {
		out.Attachments, out.Type = append(out.Attachments, aws.ToString(a.TransitGatewayAttachmentId)), strings.ToLower(string(a.ResourceType))
	}
	out.Attachments = uniq(out.Attachments)
	return out
}

// behind returns the VPCs to which a transit gateway leads the task's traffic: that for public addresses, and for name
// servers.
func (g *gatherer) behind(gateway *TransitGateway, home *TransitAttachment) (vpcs []string) {
	wanted := union(slices.Concat(internet, globalUnicast))
	for _, server := range g.topology.VPC.NameServers {
		if c := hostCIDR(server); c.IsValid() {
			wanted = union(append(wanted, addrsOf(c)...))
		}
	}
	table := gateway.table(home.RouteTable)
	for _, r := range table.Routes {
		if r.CIDR.IsValid() && !addrsOf(r.CIDR).overlaps(wanted) {
			continue
		}
		for _, id := range r.Attachments {
			a := gateway.attachment(func(a *TransitAttachment) bool { return a.ID == id })
			if a != nil && a.Type == "vpc" && a != home {
				vpcs = append(vpcs, a.Resource)
			}
		}
	}
	return vpcs
}

// neighbour reads the VPC behind a transit gateway, as far as traffic to the internet meets it.
func (g *gatherer) neighbour(ctx context.Context, id string) *Topology {
	n := &gatherer{api: g.api, parent: g, account: g.account, topology: &Topology{VPC: VPC{ID: id}, Subnets: g.subnetsOf(id)}}
	vpc := []types.Filter{filter("vpc-id", id)}
	var steps errgroup.Group
	steps.Go(func() error { n.vpcs(ctx); return nil })
	steps.Go(func() error { n.routeTables(ctx, vpc); return nil })
	steps.Go(func() error { n.networkACLs(ctx, vpc); return nil })
	steps.Go(func() error { n.internetGateways(ctx); return nil })
	steps.Go(func() error { n.natGateways(ctx, vpc); return nil })
	steps.Go(func() error { n.endpoints(ctx, vpc); return nil })
	_ = steps.Wait()
	return n.topology
}
