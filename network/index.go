package network

import (
	"slices"
	"strings"
	"sync"
)

// Paths decides paths in one topology that does not change meanwhile. It looks up by ID what [Topology.Path] would have to
// search for each time, and remembers what tables, groups and ACLs amount to, so that each decision after the first is
// quick. It may be used by several goroutines at once.
type Paths struct{ vpc *vpc }

// Paths returns what decides paths in this topology. The topology must not be changed while it is in use.
func (t *Topology) Paths() *Paths { return &Paths{indexed(t)} }

// Path decides the way from an interface to a host, and back. See [Topology.Path].
func (p *Paths) Path(from Endpoint, to Destination) Path {
	if to.Port == 0 {
		to.Port = 443
	}
	w := walk{vpc: p.vpc, view: p.vpc.viewOf(to), from: from, to: to, missing: new([]string)}
	hops := w.hops()
	return Path{From: from, To: to, Hops: hops, Missing: uniq(*w.missing)}
}

// vpc is one VPC with its lists indexed. What it remembers is the same for every path.
type vpc struct {
	*Topology
	account  *Topology // which holds what is the account's: that of the task's VPC
	subnets  map[string]*Subnet
	groups   map[string]*SecurityGroup
	nats     map[string]*NATGateway
	gateways map[string]*InternetGateway
	points   map[string]*VPCEndpoint

	egressOnly map[string]*InternetGateway
	lists      map[string]*PrefixList
	tables     guards[RouteTable]
	acls       guards[NetworkACL]
	routed     map[string]*VPCEndpoint // gateway endpoints by the prefix list of a route that leads to them
	public     addrs                   // the internet without the VPC's own blocks
	public6    addrs                   // that of IPv6

	far      map[string]*vpc // the neighbours by the VPC's ID
	transits map[string]*TransitGateway
	enis     map[string]*NetworkInterface

	transit memo[*TransitRouteTable, *tableView]
	views   memo[viewKey, *view]
	entries memo[aclKey, []aclRule]
}

func indexed(t *Topology) *vpc {
	v := index(t, t)
	v.far = map[string]*vpc{}
	for i := range t.Neighbours {
		if far := index(&t.Neighbours[i], t); v.far[far.VPC.ID] == nil {
			v.far[far.VPC.ID] = far
		}
	}
	return v
}

func index(t, account *Topology) *vpc {
	v := &vpc{
		Topology: t,
		account:  account,
		subnets:  byID(t.Subnets, func(s *Subnet) string { return s.ID }),
		groups:   byID(t.SecurityGroups, func(g *SecurityGroup) string { return g.ID }),
		nats:     byID(t.NATGateways, func(n *NATGateway) string { return n.ID }),
		gateways: byID(t.InternetGateways, func(g *InternetGateway) string { return g.ID }),
		points:   byID(t.VPCEndpoints, func(e *VPCEndpoint) string { return e.ID }),
		lists:    byID(account.PrefixLists, func(l *PrefixList) string { return l.ID }),
		tables:   routeTables(t),
		acls:     guarding(t.NetworkACLs, func(a *NetworkACL) ([]string, bool) { return a.Subnets, a.Default }),
		transits: byID(account.TransitGateways, func(g *TransitGateway) string { return g.ID }),
		enis:     byID(t.Interfaces, func(i *NetworkInterface) string { return i.ID }),
		routed:   map[string]*VPCEndpoint{},

		egressOnly: byID(t.EgressOnlyGateways, func(g *InternetGateway) string { return g.ID }),
		public:     internet.minus(addrsOf(t.VPC.CIDRs...)),
		public6:    globalUnicast.minus(addrsOf(t.VPC.IPv6CIDRs...)),
	}
	for _, table := range t.RouteTables {
		for _, r := range table.Routes {
			if r.PrefixList == "" || v.routed[r.PrefixList] != nil {
				continue
			}
			if e := v.points[r.Target]; e != nil && strings.EqualFold(e.Type, "Gateway") {
				v.routed[r.PrefixList] = e
			}
		}
	}
	return v
}

// byID indexes a list; of several with one ID the first counts.
func byID[E any](list []E, idOf func(*E) string) map[string]*E {
	all := make(map[string]*E, len(list))
	for i := range list {
		if id := idOf(&list[i]); all[id] == nil {
			all[id] = &list[i]
		}
	}
	return all
}

// guards tell which element of a list, of route tables or of ACLs, is in effect for a subnet: the one that is associated
// with it, else the default one.
type guards[E any] struct {
	explicit map[string]*E
	fallback *E
	read     bool // the associations of all are known, so that what none names has the default one
}

func routeTables(t *Topology) guards[RouteTable] {
	return guarding(t.RouteTables, func(t *RouteTable) ([]string, bool) { return t.Subnets, t.Main })
}

func guarding[E any](list []E, associations func(*E) (subnets []string, byDefault bool)) guards[E] {
	g := guards[E]{explicit: map[string]*E{}, read: list != nil}
	for i := range list {
		subnets, byDefault := associations(&list[i])
		for _, s := range subnets {
			if g.explicit[s] == nil {
				g.explicit[s] = &list[i]
			}
		}
		switch {
		case byDefault:
			g.fallback = &list[i]
		case subnets == nil:
			g.read = false
		}
	}
	return g
}

// of returns the element in effect for a subnet. read is false when what decides that was not read.
func (g guards[E]) of(subnet string) (e *E, read bool) {
	if e := g.explicit[subnet]; e != nil {
		return e, true
	}
	if !g.read {
		return nil, false
	}
	return g.fallback, true
}

// routeTable returns the table in effect for a subnet: the explicitly associated one, else the VPC's main table.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
func (v *vpc) routeTable(subnet string) (table *RouteTable, read bool) { return v.tables.of(subnet) }

// networkACL returns the ACL that guards a subnet: the associated one, else the VPC's default ACL.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
func (v *vpc) networkACL(subnet string) (acl *NetworkACL, read bool) { return v.acls.of(subnet) }

func (v *vpc) subnet(id string) (*Subnet, bool) { return v.subnets[id], v.Subnets != nil }

// view is a VPC as traffic to one service's hosts meets it: prefix lists of other services do not hold them.
type view struct {
	vpc    *vpc
	key    viewKey
	tables memo[*RouteTable, *tableView]
	rules  memo[ruleKey, *ruleSet]
	target memo[struct{}, target]
	// serving are the interface endpoints of the service.
	serving []*VPCEndpoint
}

type viewKey struct {
	service, region string
	named           bool // the host has a name, so that the service tells which lists hold it
}

func (v *vpc) viewOf(to Destination) *view {
	key := viewKey{to.Service, to.Region, to.Host != "" && !hostCIDR(to.Host).IsValid()}
	return v.views.get(key, func() *view {
		seen := &view{vpc: v, key: key}
		for i := range v.VPCEndpoints {
			if e := &v.VPCEndpoints[i]; e.isInterface() && e.Serves(key.service, key.region) {
				seen.serving = append(seen.serving, e)
			}
		}
		return seen
	})
}

// memo remembers values by their keys.
type memo[K comparable, V any] struct {
	mu sync.RWMutex
	m  map[K]V
}

// get returns the value of a key, which it makes once. Two goroutines may make it at the same time; both get the same one.
func (m *memo[K, V]) get(key K, make func() V) V {
	m.mu.RLock()
	v, ok := m.m[key]
	m.mu.RUnlock()
	if ok {
		return v
	}
	made := make()
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.m[key]; ok {
		return v
	}
	if m.m == nil {
		m.m = map[K]V{}
	}
	m.m[key] = made
	return made
}

// uniq sorts a list of names and drops repetitions.
func uniq(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
