package checks

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/canpull/canpull/network"
)

// What fixes cost, where there is a choice.
const (
	natCost      = "A NAT gateway costs by the hour and by the gigabyte, and the route opens the internet to every subnet that uses the table."
	endpointCost = "Interface endpoints cost by the hour in each Availability Zone and by the gigabyte, S3's gateway endpoint nothing; the traffic stays off the internet."
)

const (
	anyIPv4 = "0.0.0.0/0"
	anyIPv6 = "::/0"
)

// scene is where the fixes of a finding about the network look for what they change, and for what they can use.
type scene struct {
	Finding
	*survey
}

// inVPC makes a Remedy's function of one that needs the task's VPC. Where that was not read, it returns no changes.
func inVPC(changes func(*scene) []Change) func(Repair) []Change {
	return func(r Repair) []Change {
		a := r.Facts.placed(r.Task.Placement)
		if a == nil || a.Fact == nil {
			return nil
		}
		return changes(&scene{r.Finding, walked(r.Task, a.Fact)})
	}
}

// met is a hop that is not open, and the way on which it is.
type met struct {
	way way
	hop network.Hop
}

// met returns the hops that the finding is about, as a check judges them: on ways from its subnets.
func (s *scene) met(about func(way, network.Hop) bool) (all []met) {
	for _, w := range s.ways {
		if !slices.Contains(s.Scope, w.subnet) {
			continue
		}
		for _, h := range w.path.Hops {
			if h.Status != network.Open && about(w, h) {
				all = append(all, met{w, h})
			}
		}
	}
	return all
}

// atSubject returns the hops of the finding's subject, those of kinds if any are given.
func (s *scene) atSubject(kinds ...network.Kind) []met {
	return s.met(func(_ way, h network.Hop) bool {
		return h.Subject == s.Subject && (len(kinds) == 0 || slices.Contains(kinds, h.Kind))
	})
}

// vpcs returns the task's VPC and those behind transit gateways.
func (s *scene) vpcs() []*network.Topology {
	all := []*network.Topology{s.topology}
	for i := range s.topology.Neighbours {
		all = append(all, &s.topology.Neighbours[i])
	}
	return all
}

// vpcWith returns the VPC that has a subnet, or nil.
func (s *scene) vpcWith(subnet string) *network.Topology {
	for _, t := range s.vpcs() {
		if subnetIn(t, subnet) != nil {
			return t
		}
	}
	return nil
}

// zone returns the Availability Zone of a subnet of a VPC.
func zone(t *network.Topology, subnet string) string {
	if s := subnetIn(t, subnet); s != nil {
		return s.AvailabilityZone
	}
	return ""
}

// toInternet reports whether a way leads to a host on the internet, as far as its name shows.
func (w way) toInternet() bool {
	address, err := netip.ParseAddr(w.to.Host)
	return err != nil || !address.IsPrivate() && address.IsGlobalUnicast()
}

// internetGateway returns the internet gateway of a VPC, "" where none is shown to be attached.
func internetGateway(t *network.Topology) string {
	for _, g := range t.InternetGateways {
		if g.VPC == t.VPC.ID && (strings.EqualFold(g.State, "available") || strings.EqualFold(g.State, "attached")) {
			return g.ID
		}
	}
	return ""
}

// defaultRoute returns the target of a subnet's active default route, "" where none is shown.
func defaultRoute(t *network.Topology, subnet string) string {
	table := t.RouteTable(subnet)
	if table == nil {
		return ""
	}
	if r := routeFor(table, anyIPv4); r != nil && strings.EqualFold(r.State, "active") {
		return r.Target
	}
	return ""
}

// public reports whether a subnet leads to the VPC's internet gateway.
func public(t *network.Topology, subnet string) bool {
	gateway := internetGateway(t)
	return gateway != "" && defaultRoute(t, subnet) == gateway
}

// usableNAT reports whether a NAT gateway takes the traffic of a zone to the internet, as far as its own state and its
// subnet's route tell.
func usableNAT(t *network.Topology, n network.NATGateway, zone string) bool {
	switch {
	case !strings.EqualFold(n.State, "available") || n.Private:
		return false
	case n.Regional:
		return strings.EqualFold(n.AutoProvision, "enabled") || slices.Contains(n.Zones, zone)
	}
	return public(t, n.Subnet)
}

// natFor returns a NAT gateway for the traffic of a zone: one of the VPC's own that works, in the same zone if there is one;
// else one that has to be created in a public subnet, with the changes that create it. It is "" where the VPC has neither.
// Tables are those that are about to lead to it: its own subnet's cannot be among them.
func natFor(t *network.Topology, zoneName string, tables []string) (id string, changes []Change) {
	for _, n := range t.NATGateways {
		if usableNAT(t, n, zoneName) && (id == "" || zone(t, n.Subnet) == zoneName && zone(t, natGatewayIn(t, id).Subnet) != zoneName) {
			id = n.ID
		}
	}
	if id != "" || t.NATGateways == nil {
		return id, nil
	}
	home := ""
	for _, s := range t.Subnets {
		if public(t, s.ID) && !slices.Contains(tables, t.RouteTable(s.ID).ID) && (home == "" || s.AvailabilityZone == zoneName && zone(t, home) != zoneName) {
			home = s.ID
		}
	}
	if home == "" {
		return "", nil
	}
	return newNATGateway, []Change{CreateNATGateway{Subnet: home}}
}

// routed returns the change that leads a block to a target: a new route, or the one that the table has for it.
func routed(table *network.RouteTable, block, target string) Change {
	if routeFor(table, block) != nil {
		return ReplaceRoute{table.ID, block, target}
	}
	return CreateRoute{table.ID, block, target}
}

// tableOf is a route table with the VPC and the Availability Zone of a subnet that uses it.
type tableOf struct {
	*network.RouteTable
	vpc  *network.Topology
	zone string
}

// tablesOf returns the tables of some subnets, each once; none where one of them was not read.
func (s *scene) tablesOf(subnets []string) (tables []tableOf) {
	for _, id := range subnets {
		t := s.vpcWith(id)
		if t == nil || t.RouteTable(id) == nil {
			return nil
		}
		one := tableOf{t.RouteTable(id), t, zone(t, id)}
		if !slices.ContainsFunc(tables, func(o tableOf) bool { return o.ID == one.ID }) {
			tables = append(tables, one)
		}
	}
	return tables
}

// toNAT leads a block by the tables of some subnets to NAT gateways. It returns nothing where one of them finds none.
func (s *scene) toNAT(block string, subnets []string) []Change {
	tables := s.tablesOf(subnets)
	ids := each(tables, func(t tableOf) string { return t.ID })
	var first, then []Change
	for _, table := range tables {
		nat, create := natFor(table.vpc, table.zone, ids)
		if nat == "" {
			return nil
		}
		if len(first) == 0 {
			first = create
		}
		then = append(then, routed(table.RouteTable, block, nat))
	}
	return slices.Concat(first, then)
}

// subnetsOf returns the subnets by whose border or table hops are met.
func subnetsOf(hops []met) (ids []string) {
	for _, m := range hops {
		if m.hop.Subnet != "" {
			ids = with(ids, m.hop.Subnet)
		}
	}
	return ids
}

// leadingTo returns the subnets by whose tables the finding's ways lead to a target, and the block by which they do.
func (s *scene) leadingTo(target string) (subnets []string, block string) {
	for _, w := range s.ways {
		for _, h := range w.path.Hops {
			if h.Kind != network.KindRoute || h.Target != target || h.DNS || h.Reply || !slices.Contains(s.Scope, w.subnet) {
				continue
			}
			t := s.vpcWith(h.Subnet)
			if t == nil || t.RouteTable(h.Subnet) == nil {
				continue
			}
			for _, r := range t.RouteTable(h.Subnet).Routes {
				if r.Target == target && r.PrefixList == "" && !r.Propagated && (block == "" || block == r.CIDR.String()) {
					subnets, block = with(subnets, h.Subnet), r.CIDR.String()
				}
			}
		}
	}
	return subnets, block
}
