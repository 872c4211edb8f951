package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/canpull/canpull/network"
)

// What a fix creates has no ID yet, and until it has is called by its kind and "-new": "nat-new". Later changes of the fix call
// it so, Apply puts it so into the facts, Terraform refers to the resource that declares it, and in commands stands a
// placeholder, "<nat-gateway-id>", for the ID that an earlier command printed. A fix creates one of a kind, or an endpoint for
// each of several services ("vpce-new-ecr.api").
const isNew = "-new"

// created says by their kinds what stands for the IDs of what fixes create.
var created = map[string]struct{ placeholder, resource string }{
	"dopt":     {"dhcp-options-id", "aws_vpc_dhcp_options"},
	"eigw":     {"egress-only-internet-gateway-id", "aws_egress_only_internet_gateway"},
	"eipalloc": {"allocation-id", "aws_eip"},
	"igw":      {"internet-gateway-id", "aws_internet_gateway"},
	"nat":      {"nat-gateway-id", "aws_nat_gateway"},
	"sg":       {"security-group-id", "aws_security_group"},
	"vpce":     {"vpc-endpoint-id", "aws_vpc_endpoint"},
}

// inCommand returns what stands for an ID in a command.
func inCommand(id string) string {
	kind, which, _ := strings.Cut(id, isNew)
	if c, ok := created[kind]; ok && kind != id {
		return "<" + c.placeholder + which + ">"
	}
	return id
}

// inTerraform returns what stands for an ID in Terraform: a string, or a reference to what the fix declares.
func inTerraform(id string) any {
	kind, which, _ := strings.Cut(id, isNew)
	if c, ok := created[kind]; ok && kind != id {
		return reference(c.resource + "." + label("new"+which) + ".id")
	}
	return id
}

func each[A, B any](list []A, f func(A) B) []B {
	out := make([]B, 0, len(list))
	for _, item := range list {
		out = append(out, f(item))
	}
	return out
}

// awsCommand returns the words of one call of the AWS CLI. Without a Region, it is the fix's: see Fix.Commands.
func awsCommand(region, service, operation string, options ...string) []string {
	words := append([]string{"aws", service, operation}, options...)
	if region != "" {
		words = append(words, "--region", region)
	}
	return words
}

func ec2Command(operation string, args ...string) []string {
	return awsCommand("", "ec2", operation, args...)
}

// listArgument returns an argument that takes several words; none when there are none.
func listArgument(name string, ids []string) []string {
	if len(ids) == 0 {
		return nil
	}
	return append([]string{name}, each(ids, inCommand)...)
}

// topologies returns the VPCs of captured facts, those behind transit gateways included.
func (s *Snapshot) topologies() (all []*network.Topology) {
	for _, a := range s.Facts.Networks {
		if a.Fact == nil {
			continue
		}
		all = append(all, a.Fact)
		for i := range a.Fact.Neighbours {
			all = append(all, &a.Fact.Neighbours[i])
		}
	}
	return all
}

// alter makes a change wherever captured facts hold what it is made to. It fails where none does: what was not read cannot
// be changed either.
func (s *Snapshot) alter(what string, change func(*network.Topology) (found bool, err error)) error {
	some := false
	for _, t := range s.topologies() {
		found, err := change(t)
		if err != nil {
			return err
		}
		some = some || found
	}
	if !some {
		return fmt.Errorf("the captured facts hold no %s", what)
	}
	return nil
}

// find returns the first element of a list that has an ID, or nil.
func find[E any](list []E, id string, idOf func(E) string) *E {
	if i := slices.IndexFunc(list, func(e E) bool { return idOf(e) == id }); i >= 0 {
		return &list[i]
	}
	return nil
}

func routeTableIn(t *network.Topology, id string) *network.RouteTable {
	return find(t.RouteTables, id, func(r network.RouteTable) string { return r.ID })
}

func subnetIn(t *network.Topology, id string) *network.Subnet {
	return find(t.Subnets, id, func(s network.Subnet) string { return s.ID })
}

func natGatewayIn(t *network.Topology, id string) *network.NATGateway {
	return find(t.NATGateways, id, func(n network.NATGateway) string { return n.ID })
}

func securityGroupIn(t *network.Topology, id string) *network.SecurityGroup {
	return find(t.SecurityGroups, id, func(g network.SecurityGroup) string { return g.ID })
}

func endpointIn(t *network.Topology, id string) *network.VPCEndpoint {
	return find(t.VPCEndpoints, id, func(e network.VPCEndpoint) string { return e.ID })
}

func attachmentIn(t *network.Topology, id string) *network.TransitAttachment {
	for i := range t.TransitGateways {
		if a := find(t.TransitGateways[i].Attachments, id, func(a network.TransitAttachment) string { return a.ID }); a != nil {
			return a
		}
	}
	return nil
}

func transitTableIn(t *network.Topology, id string) *network.TransitRouteTable {
	for i := range t.TransitGateways {
		if r := find(t.TransitGateways[i].RouteTables, id, func(r network.TransitRouteTable) string { return r.ID }); r != nil {
			return r
		}
	}
	return nil
}
