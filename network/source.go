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

// Sharer is a Source for many placements.
type Sharer interface {
	Source
	// Shared returns a Source that reads each VPC once, however many placements in it are asked about at the same time or
	// later, and what is the account's once for all VPCs. It keeps what it read, and its callers share it: they must not
	// change it. An attempt that was cancelled is not kept.
	Shared() Source
}

type source struct{ api API }

func (s source) Topology(ctx context.Context, p Placement) (*Topology, error) {
	return s.Shared().Topology(ctx, p)
}

// site is where a placement is.
type site struct {
	vpc     string         // its ID; "" when it could not be read, and then unread says why
	subnets []types.Subnet // all of the account
	unread  error
	account string // of who asks
}

// pageOf is how many subnets a page holds: the most that EC2 gives, because what is neither filtered nor paginated has a
// smaller allowance.
// https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
const pageOf = 1000

// locate finds the VPC of a placement. It asks for all subnets of the account: those of the VPC are needed anyway, and this
// way one question serves every placement.
func (s source) locate(ctx context.Context, p Placement) (site, error) {
	if len(p.Subnets) == 0 {
		return site{}, errors.New("network: the placement names no subnet")
	}
	all, err := pages(ctx, ec2.NewDescribeSubnetsPaginator(s.api, &ec2.DescribeSubnetsInput{MaxResults: aws.Int32(pageOf)}),
		func(out *ec2.DescribeSubnetsOutput) ([]types.Subnet, *string) { return out.Subnets, out.NextToken })
	if ctx.Err() != nil {
		return site{}, ctx.Err()
	}
	if err != nil {
		return site{unread: err}, nil
	}
	var first types.Subnet
	var absent []string
	for _, id := range uniq(slices.Clone(p.Subnets)) {
		i := slices.IndexFunc(all, func(s types.Subnet) bool { return aws.ToString(s.SubnetId) == id })
		switch {
		case i < 0:
			absent = append(absent, id)
		case first.VpcId == nil:
			first = all[i]
		case aws.ToString(all[i].VpcId) != aws.ToString(first.VpcId):
			return site{}, fmt.Errorf("network: subnet %s is in %s, but %s is in %s: a task's subnets share one VPC",
				id, aws.ToString(all[i].VpcId), aws.ToString(first.SubnetId), aws.ToString(first.VpcId))
		}
	}
	if len(absent) > 0 { // not an answer
		return site{unread: fmt.Errorf("network: EC2 does not show subnet %s", strings.Join(absent, ", "))}, nil
	}
	return site{vpc: aws.ToString(first.VpcId), subnets: all, account: p.Account}, nil
}

// read reads the VPC: its gateways to the internet only if one of some subnets may need them. Everything else is the same for
// all placements in it.
func (s source) read(ctx context.Context, at site, subnets []string) (*Topology, error) {
	g := gatherer{api: s.api, subnets: at.subnets, account: at.account, topology: &Topology{VPC: VPC{ID: at.vpc}, Unread: map[string]error{}}}
	g.gather(ctx, subnets)
	return g.topology, ctx.Err()
}

// gatherer fills one topology. Each of its steps writes fields that no other step writes; only Unread is shared.
type gatherer struct {
	api      API
	subnets  []types.Subnet // all of the account
	account  string         // of who asks, "" where it is not known
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

// gather reads the VPC of which the topology has the ID, for some of its subnets.
func (g *gatherer) gather(ctx context.Context, subnets []string) {
	t := g.topology
	t.Subnets = g.subnetsOf(t.VPC.ID)
	// Most steps wait for nothing. Others wait for what names what they ask for: the DHCP options' ID, the interfaces of
	// endpoints and of routes, the prefix lists of tables and groups, and gateways that routes lead to.
	var first, tables, lists, points errgroup.Group
	vpc := []types.Filter{filter("vpc-id", t.VPC.ID)}
	tables.Go(func() error { g.routeTables(ctx, vpc); return nil })
	lists.Go(func() error { g.securityGroups(ctx, vpc); return nil })
	lists.Go(func() error { g.prefixLists(ctx); return nil })
	points.Go(func() error { g.endpoints(ctx, vpc); return nil })
	if exposed(t.Subnets) {
		first.Go(func() error { g.publicAccess(ctx); return nil })
	}
	first.Go(func() error {
		t.VPC.DNSSupport = g.vpcAttribute(ctx, types.VpcAttributeNameEnableDnsSupport)
		return nil
	})
	first.Go(func() error { g.networkACLs(ctx, vpc); return nil })
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
		lists.Go(func() error { g.transitGateways(ctx, named); return nil })
	}
	_ = points.Wait()
	if t.leadsOut(subnets) {
		first.Go(func() error { g.internetGateways(ctx); return nil })
		first.Go(func() error { g.natGateways(ctx, vpc); return nil })
	}
	if privateNames(t) {
		first.Go(func() error {
			t.VPC.DNSHostnames = g.vpcAttribute(ctx, types.VpcAttributeNameEnableDnsHostnames)
			return nil
		})
	}
	first.Go(func() error {
		g.interfaces(ctx)
		g.instances(ctx)
		return nil
	})
	_ = lists.Wait()
	first.Go(func() error { g.entries(ctx); return nil })
	_ = first.Wait()
}

// leadsOut reports whether traffic from one of some subnets may meet an internet or NAT gateway, or somebody may want it to.
// That is not so where the subnets' tables lead nowhere but to gateway endpoints, and endpoints carry what a pull from Amazon
// ECR needs.
func (t *Topology) leadsOut(subnets []string) bool {
	tables := guarding(t.RouteTables, func(t *RouteTable) ([]string, bool) { return t.Subnets, t.Main })
	for _, id := range subnets {
		table, _ := tables.of(id)
		if table == nil || slices.ContainsFunc(table.Routes, func(r Route) bool {
			return r.Target != "local" && (r.PrefixList == "" || !strings.HasPrefix(r.Target, "vpce-"))
		}) {
			return true
		}
	}
	for _, service := range []string{".ecr.api", ".ecr.dkr", ".s3"} {
		if !slices.ContainsFunc(t.VPCEndpoints, func(e VPCEndpoint) bool { return strings.HasSuffix(e.Service, service) }) {
			return true
		}
	}
	return false
}

// privateNames reports whether it may matter that private DNS names need DNS host names: there are interface endpoints, or
// somebody may want them because a subnet has no other way out.
func privateNames(t *Topology) bool {
	tables := guarding(t.RouteTables, func(t *RouteTable) ([]string, bool) { return t.Subnets, t.Main })
	cut := func(s Subnet) bool {
		table, _ := tables.of(s.ID)
		return table == nil || !slices.ContainsFunc(table.Routes, func(r Route) bool {
			return r.CIDR.IsValid() && r.CIDR.Bits() == 0 && strings.EqualFold(r.State, "active")
		})
	}
	return t.VPCEndpoints == nil || slices.ContainsFunc(t.VPCEndpoints, VPCEndpoint.isInterface) || slices.ContainsFunc(t.Subnets, cut)
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

// lent says why what is the owner's is not shown: the VPC belongs to another account, which shares its subnets. nil: it does
// not, or that is not known.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html
func (g *gatherer) lent() error {
	for _, s := range g.subnets {
		if owner := aws.ToString(s.OwnerId); aws.ToString(s.VpcId) == g.topology.VPC.ID && owner != "" && g.account != "" && owner != g.account {
			return fmt.Errorf("network: %s belongs to account %s, and EC2 shows these to no other", g.topology.VPC.ID, owner)
		}
	}
	return nil
}

// ofOwner reads a list of what EC2 shows to the VPC's owner: to another account, none is no answer.
func ofOwner[Out, Item, Fact any](ctx context.Context, g *gatherer, action string, p pager[Out], items func(*Out) ([]Item, *string), fact func(Item) Fact) []Fact {
	facts := list(ctx, g, action, p, items, fact)
	if err := g.lent(); err != nil && facts != nil && len(facts) == 0 {
		g.read(action, err)
		return nil
	}
	return facts
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

// subnetsOf returns the subnets of a VPC.
func (g *gatherer) subnetsOf(vpc string) []Subnet {
	subnets := []Subnet{}
	for _, s := range g.subnets {
		if aws.ToString(s.VpcId) == vpc {
			subnets = append(subnets, subnetOf(s))
		}
	}
	return subnets
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

// vpcAttribute returns an attribute of the VPC; nil when it was not read.
func (g *gatherer) vpcAttribute(ctx context.Context, name types.VpcAttributeName) *bool {
	out, err := g.api.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: &g.topology.VPC.ID, Attribute: name})
	if !g.read("ec2:DescribeVpcAttribute", err) {
		return nil
	}
	value := out.EnableDnsSupport
	if name == types.VpcAttributeNameEnableDnsHostnames {
		value = out.EnableDnsHostnames
	}
	if value == nil {
		return nil
	}
	return value.Value
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
