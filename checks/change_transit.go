package checks

import (
	"fmt"
	"slices"

	"github.com/canpull/canpull/network"
)

// AcceptTransitGatewayVPCAttachment accepts an attachment that waits for it.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AcceptTransitGatewayVpcAttachment.html
type AcceptTransitGatewayVPCAttachment struct {
	Attachment string `json:"attachment"`
}

// Commands accepts the attachment. It is for the transit gateway's account.
func (c AcceptTransitGatewayVPCAttachment) Commands() [][]string {
	return [][]string{ec2Command("accept-transit-gateway-vpc-attachment", "--transit-gateway-attachment-id", c.Attachment)}
}

// Terraform declares the accepter's side.
func (c AcceptTransitGatewayVPCAttachment) Terraform() string {
	return resource("aws_ec2_transit_gateway_vpc_attachment_accepter", c.Attachment, argument{"transit_gateway_attachment_id", c.Attachment})
}

// Apply makes the attachment available.
func (c AcceptTransitGatewayVPCAttachment) Apply(s *Snapshot) error {
	return s.alterAttachment(c.Attachment, func(a *network.TransitAttachment) error {
		a.State = "available"
		return nil
	})
}

// alterAttachment makes a change to a transit gateway's attachment.
func (s *Snapshot) alterAttachment(id string, change func(*network.TransitAttachment) error) error {
	return s.alter("transit gateway attachment "+id, func(t *network.Topology) (bool, error) {
		a := attachmentIn(t, id)
		if a == nil {
			return false, nil
		}
		return true, change(a)
	})
}

// ModifyTransitGatewayVPCAttachment adds a subnet of one more Availability Zone to an attachment.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyTransitGatewayVpcAttachment.html
type ModifyTransitGatewayVPCAttachment struct {
	Attachment string `json:"attachment"`
	AddSubnet  string `json:"addSubnet"`
}

// Commands adds the subnet.
func (c ModifyTransitGatewayVPCAttachment) Commands() [][]string {
	return [][]string{ec2Command("modify-transit-gateway-vpc-attachment", "--transit-gateway-attachment-id", c.Attachment, "--add-subnet-ids", c.AddSubnet)}
}

// Terraform declares the subnet.
func (c ModifyTransitGatewayVPCAttachment) Terraform() string {
	return note("In the list of the resource that declares "+c.Attachment+", add:") +
		resource("aws_ec2_transit_gateway_vpc_attachment", c.Attachment, argument{"subnet_ids", []string{c.AddSubnet}})
}

// Apply adds the subnet.
func (c ModifyTransitGatewayVPCAttachment) Apply(s *Snapshot) error {
	return s.alterAttachment(c.Attachment, func(a *network.TransitAttachment) error {
		switch {
		case a.Subnets == nil:
			return fmt.Errorf("the subnets of %s were not read", c.Attachment)
		case slices.Contains(a.Subnets, c.AddSubnet):
			return fmt.Errorf("%s has %s already", c.Attachment, c.AddSubnet)
		}
		a.Subnets = append(a.Subnets, c.AddSubnet)
		return nil
	})
}

// AssociateTransitGatewayRouteTable has a transit gateway's route table route what comes from an attachment that no table
// is associated with.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateTransitGatewayRouteTable.html
type AssociateTransitGatewayRouteTable struct {
	RouteTable string `json:"routeTable"`
	Attachment string `json:"attachment"`
}

// Commands associates the table.
func (c AssociateTransitGatewayRouteTable) Commands() [][]string {
	return [][]string{ec2Command("associate-transit-gateway-route-table", "--transit-gateway-route-table-id", c.RouteTable,
		"--transit-gateway-attachment-id", c.Attachment)}
}

// Terraform declares the association.
func (c AssociateTransitGatewayRouteTable) Terraform() string {
	return resource("aws_ec2_transit_gateway_route_table_association", c.Attachment, argument{"transit_gateway_attachment_id", c.Attachment},
		argument{"transit_gateway_route_table_id", c.RouteTable})
}

// Apply associates the table.
func (c AssociateTransitGatewayRouteTable) Apply(s *Snapshot) error {
	return s.alterAttachment(c.Attachment, func(a *network.TransitAttachment) error {
		if a.RouteTable != "" {
			return fmt.Errorf("%s is associated with %s already", c.Attachment, a.RouteTable)
		}
		a.RouteTable, a.Association = c.RouteTable, "associated"
		return nil
	})
}

// CreateTransitGatewayRoute adds a static route to a transit gateway's route table.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTransitGatewayRoute.html
type CreateTransitGatewayRoute struct {
	RouteTable  string `json:"routeTable"`
	Destination string `json:"destination"` // a block
	Attachment  string `json:"attachment"`
}

// Commands creates the route.
func (c CreateTransitGatewayRoute) Commands() [][]string {
	return [][]string{c.command("create-transit-gateway-route")}
}

func (c CreateTransitGatewayRoute) command(operation string) []string {
	return ec2Command(operation, "--transit-gateway-route-table-id", c.RouteTable, "--destination-cidr-block", c.Destination,
		"--transit-gateway-attachment-id", c.Attachment)
}

// Terraform declares the route.
func (c CreateTransitGatewayRoute) Terraform() string {
	return resource("aws_ec2_transit_gateway_route", c.RouteTable+"_"+c.Destination, argument{"transit_gateway_route_table_id", c.RouteTable},
		argument{"destination_cidr_block", c.Destination}, argument{"transit_gateway_attachment_id", c.Attachment})
}

// Apply adds the route.
func (c CreateTransitGatewayRoute) Apply(s *Snapshot) error { return c.put(s, false) }

// put adds the route, or puts it in the place of the static one for the same block.
func (c CreateTransitGatewayRoute) put(s *Snapshot, replace bool) error {
	return s.alter("routes of transit gateway route table "+c.RouteTable, func(t *network.Topology) (bool, error) {
		table := transitTableIn(t, c.RouteTable)
		if table == nil || table.Routes == nil {
			return false, nil
		}
		kind := ""
		if a := attachmentIn(t, c.Attachment); a != nil {
			kind = a.Type
		}
		i := slices.IndexFunc(table.Routes, func(r network.TransitRoute) bool { return staticFor(r, c.Destination) })
		route := network.TransitRoute{CIDR: network.ParseCIDR(c.Destination), Attachments: []string{c.Attachment}, Type: kind, State: "active"}
		switch {
		case replace && i < 0:
			return true, fmt.Errorf("%s has no static route for %s", c.RouteTable, c.Destination)
		case !replace && i >= 0:
			return true, fmt.Errorf("%s has a static route for %s already", c.RouteTable, c.Destination)
		case replace:
			table.Routes[i] = route
		default:
			table.Routes = append(table.Routes, route)
		}
		return true, nil
	})
}

// staticFor reports whether a route is the static one for exactly a block.
func staticFor(r network.TransitRoute, block string) bool {
	return !r.Propagated && r.PrefixList == "" && r.CIDR.Equal(network.ParseCIDR(block))
}

// ReplaceTransitGatewayRoute leads a static route of a transit gateway's route table to another attachment.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceTransitGatewayRoute.html
type ReplaceTransitGatewayRoute struct {
	RouteTable  string `json:"routeTable"`
	Destination string `json:"destination"` // a block
	Attachment  string `json:"attachment"`
}

// Commands replaces the route.
func (c ReplaceTransitGatewayRoute) Commands() [][]string {
	return [][]string{CreateTransitGatewayRoute(c).command("replace-transit-gateway-route")}
}

// Terraform declares the route as it is to be.
func (c ReplaceTransitGatewayRoute) Terraform() string {
	return note("In place of the route that "+c.RouteTable+" has for "+c.Destination+":") + CreateTransitGatewayRoute(c).Terraform()
}

// Apply replaces the route.
func (c ReplaceTransitGatewayRoute) Apply(s *Snapshot) error {
	return CreateTransitGatewayRoute(c).put(s, true)
}
