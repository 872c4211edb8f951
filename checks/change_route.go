package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/canpull/canpull/network"
)

// CreateRoute adds a route to a route table.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html
type CreateRoute struct {
	RouteTable  string `json:"routeTable"`
	Destination string `json:"destination"` // a block of either family
	Target      string `json:"target"`      // the ID of a gateway, a peering connection or an interface
}

// Commands creates the route.
func (c CreateRoute) Commands() [][]string { return [][]string{c.command("create-route")} }

func (c CreateRoute) command(operation string) []string {
	destination := "--destination-cidr-block"
	if c.v6() {
		destination = "--destination-ipv6-cidr-block"
	}
	return ec2Command(operation, "--route-table-id", c.RouteTable, destination, c.Destination, c.kind().option, inCommand(c.Target))
}

func (c CreateRoute) v6() bool { return strings.Contains(c.Destination, ":") }

// targetKind is how the CLI and Terraform call a route's target.
type targetKind struct{ option, argument string }

func (c CreateRoute) kind() targetKind {
	switch kind, _, _ := strings.Cut(c.Target, "-"); kind {
	case "nat":
		return targetKind{"--nat-gateway-id", "nat_gateway_id"}
	case "tgw":
		return targetKind{"--transit-gateway-id", "transit_gateway_id"}
	case "eigw":
		return targetKind{"--egress-only-internet-gateway-id", "egress_only_gateway_id"}
	case "pcx":
		return targetKind{"--vpc-peering-connection-id", "vpc_peering_connection_id"}
	case "eni":
		return targetKind{"--network-interface-id", "network_interface_id"}
	}
	return targetKind{"--gateway-id", "gateway_id"}
}

// Terraform declares the route.
func (c CreateRoute) Terraform() string {
	destination := "destination_cidr_block"
	if c.v6() {
		destination = "destination_ipv6_cidr_block"
	}
	return resource("aws_route", c.RouteTable+"_"+c.Destination, argument{"route_table_id", c.RouteTable},
		argument{destination, c.Destination}, argument{c.kind().argument, inTerraform(c.Target)})
}

// Apply adds the route. A table holds one route for a block.
func (c CreateRoute) Apply(s *Snapshot) error {
	return s.alter("route table "+c.RouteTable, func(t *network.Topology) (bool, error) {
		table := routeTableIn(t, c.RouteTable)
		if table == nil {
			return false, nil
		}
		if routeFor(table, c.Destination) != nil {
			return true, fmt.Errorf("%s has a route for %s already", c.RouteTable, c.Destination)
		}
		table.Routes = append(table.Routes, network.Route{CIDR: network.ParseCIDR(c.Destination), Target: c.Target, State: "active"})
		return true, nil
	})
}

// routeFor returns a table's own route for exactly a block.
func routeFor(table *network.RouteTable, block string) *network.Route {
	i := slices.IndexFunc(table.Routes, func(r network.Route) bool {
		return r.PrefixList == "" && !r.Propagated && r.CIDR.Equal(network.ParseCIDR(block))
	})
	if i < 0 {
		return nil
	}
	return &table.Routes[i]
}

// ReplaceRoute leads a route that is there to another target.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRoute.html
type ReplaceRoute struct {
	RouteTable  string `json:"routeTable"`
	Destination string `json:"destination"` // a block of either family
	Target      string `json:"target"`      // the ID of a gateway, a peering connection or an interface
}

// Commands replaces the route.
func (c ReplaceRoute) Commands() [][]string {
	return [][]string{CreateRoute(c).command("replace-route")}
}

// Terraform declares the route as it is to be.
func (c ReplaceRoute) Terraform() string {
	return note("In place of the route that "+c.RouteTable+" has for "+c.Destination+":") + CreateRoute(c).Terraform()
}

// Apply replaces the route.
func (c ReplaceRoute) Apply(s *Snapshot) error {
	return s.alter("route table "+c.RouteTable, func(t *network.Topology) (bool, error) {
		table := routeTableIn(t, c.RouteTable)
		if table == nil {
			return false, nil
		}
		r := routeFor(table, c.Destination)
		if r == nil {
			return true, fmt.Errorf("%s has no route for %s", c.RouteTable, c.Destination)
		}
		r.Target, r.State = c.Target, "active"
		return true, nil
	})
}

// AssociateRouteTable gives a subnet that uses the VPC's main route table a table of its own.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateRouteTable.html
type AssociateRouteTable struct {
	RouteTable string `json:"routeTable"`
	Subnet     string `json:"subnet"`
}

// Commands associates the table.
func (c AssociateRouteTable) Commands() [][]string {
	return [][]string{ec2Command("associate-route-table", "--route-table-id", c.RouteTable, "--subnet-id", c.Subnet)}
}

// Terraform declares the association.
func (c AssociateRouteTable) Terraform() string {
	return resource("aws_route_table_association", c.Subnet, argument{"subnet_id", c.Subnet}, argument{"route_table_id", c.RouteTable})
}

// Apply associates the table.
func (c AssociateRouteTable) Apply(s *Snapshot) error {
	return s.alter("route table "+c.RouteTable+" and subnet "+c.Subnet, func(t *network.Topology) (bool, error) {
		table := routeTableIn(t, c.RouteTable)
		if table == nil || subnetIn(t, c.Subnet) == nil {
			return false, nil
		}
		for _, r := range t.RouteTables {
			if slices.Contains(r.Subnets, c.Subnet) {
				return true, fmt.Errorf("%s is associated with %s already", c.Subnet, r.ID)
			}
		}
		table.Subnets = append(table.Subnets, c.Subnet)
		return true, nil
	})
}
