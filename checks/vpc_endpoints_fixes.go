package checks

import (
	"slices"
	"strings"

	"github.com/canpull/canpull/network"
)

// serveFault gives the service that the finding is about a VPC endpoint that carries it.
func serveFault(s *scene) []Change { return s.serve(s.faulty()) }

// faulty returns the ways on which the finding's endpoint is at fault.
func (s *scene) faulty() (ways []way) {
	for _, w := range s.ways {
		if v := s.endpointFault(w); slices.Contains(s.Scope, w.subnet) && v.code == s.Code && v.subject == s.Subject {
			ways = append(ways, w)
		}
	}
	return ways
}

// serveWays gives every service whose traffic meets the finding's route table or gateway endpoint a VPC endpoint that carries
// it.
func serveWays(s *scene) []Change {
	var ways []way
	for _, m := range s.atSubject(network.KindRoute, network.KindVPCEndpoint) {
		ways = append(ways, m.way)
	}
	return s.serve(ways)
}

// serve returns what gives each service of some ways an endpoint that carries it. It returns nothing where one of them leads
// elsewhere than to services of AWS in the VPC's own Region.
func (s *scene) serve(ways []way) []Change {
	type service struct{ name, region string }
	var services []service
	var subnets, tables []string
	for _, w := range ways {
		subnet := subnetIn(s.topology, w.subnet)
		table := s.topology.RouteTable(w.subnet)
		if w.to.Service == "" || subnet == nil || table == nil || !subnet.CIDR.IsValid() || // endpoints for IPv6-only tasks: see EndpointFamily
			w.to.Region == "" || !strings.HasPrefix(subnet.AvailabilityZone, w.to.Region) || strings.HasPrefix(w.to.Region, "cn-") { // services have other names there
			return nil
		}
		services = with(services, service{w.to.Service, w.to.Region})
		subnets, tables = with(subnets, w.subnet), with(tables, table.ID)
	}
	if len(services) == 0 || s.topology.VPCEndpoints == nil {
		return nil
	}
	groups, first := s.endpointGroups()
	var changes []Change
	interfaces, fresh := false, false
	for _, to := range services {
		e := s.nearest(to.name, to.region)
		switch {
		case e != nil && to.name == "s3" && strings.EqualFold(e.Type, "Interface"):
			return nil // whether it answers for S3's own names depends on more than it shows
		case e != nil && available(*e) && strings.EqualFold(e.Type, "Gateway"):
			lacking := slices.DeleteFunc(slices.Clone(tables), func(id string) bool { return slices.Contains(e.RouteTables, id) })
			changes = append(changes, ModifyVPCEndpoint{VPCEndpoint: e.ID, AddRouteTables: lacking})
			continue
		case e != nil && available(*e):
			changes = append(changes, ModifyVPCEndpoint{VPCEndpoint: e.ID, PrivateDNS: new(true)})
			interfaces = true
			continue
		case e != nil && !strings.HasPrefix(strings.ToLower(e.State), "delet"):
			changes = append(changes, DeleteVPCEndpoints{e.ID})
			for _, id := range e.RouteTables {
				tables = with(tables, id)
			}
		}
		c := CreateVPCEndpoint{VPC: s.topology.VPC.ID, EndpointType: "Interface", Service: "com.amazonaws." + to.region + "." + to.name}
		if to.name == "s3" {
			c.EndpointType, c.RouteTables = "Gateway", tables
		} else {
			if groups == nil {
				return nil
			}
			c.Subnets, c.SecurityGroups = s.onePerZone(subnets), groups
			interfaces, fresh = true, true
		}
		changes = append(changes, c)
	}
	if fresh {
		changes = append(first, changes...)
	}
	if on := s.topology.VPC.DNSHostnames; interfaces && (on == nil || !*on) { // private DNS names need it; it is not read for none
		changes = slices.Insert(changes, 0, Change(ModifyVPCAttribute{s.topology.VPC.ID, EnableDNSHostnames}))
	}
	return changes
}

// onePerZone returns the first subnet of each Availability Zone, as an interface endpoint takes them.
// https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
func (s *scene) onePerZone(subnets []string) (picked []string) {
	var zones []string
	for _, id := range subnets {
		if name := zone(s.topology, id); !slices.Contains(zones, name) {
			zones, picked = append(zones, name), append(picked, id)
		}
	}
	return picked
}

// endpointGroups returns the security groups for a new endpoint: those of an endpoint of Amazon ECR's that the VPC has, or a
// group that is created and admits the task.
func (s *scene) endpointGroups() (groups []string, changes []Change) {
	for _, e := range s.topology.VPCEndpoints {
		if available(e) && strings.Contains(e.Service, ".ecr.") && len(e.SecurityGroups) > 0 {
			return e.SecurityGroups, nil
		}
	}
	rule, known := s.admitting(443)
	if !known || s.topology.SecurityGroups == nil {
		return nil, nil
	}
	return []string{newSecurityGroup}, []Change{
		CreateSecurityGroup{VPC: s.topology.VPC.ID, Name: "vpc-endpoints", Description: "VPC endpoints that tasks pull their images through"},
		AuthorizeSecurityGroupIngress{newSecurityGroup, rule},
	}
}

// privateDNSOff has the endpoints that the finding names stop answering for the service's own names.
func privateDNSOff(s *scene) []Change {
	var changes []Change
	for _, id := range strings.Split(s.Subject, ", ") {
		if endpointIn(s.topology, id) == nil {
			return nil
		}
		changes = append(changes, ModifyVPCEndpoint{VPCEndpoint: id, PrivateDNS: new(false)})
	}
	return changes
}

// natForService leads the traffic that no endpoint carries to a NAT gateway.
func natForService(s *scene) []Change {
	var hops []met
	for _, w := range s.faulty() {
		for _, h := range w.path.Blocks() {
			if h.Reason == network.NoRoute && !h.DNS {
				hops = append(hops, met{w, h})
			}
		}
	}
	if !s.toInternet(hops) {
		return nil
	}
	return s.toNAT(anyIPv4, subnetsOf(hops))
}
