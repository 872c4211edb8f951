package checks

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/canpull/canpull/network"
)

// CreateVPCEndpoint creates a VPC endpoint for a service of AWS: an interface endpoint with private DNS names in subnets, or a
// gateway endpoint for route tables. Its policy is the default one, which allows everything.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
type CreateVPCEndpoint struct {
	VPC            string   `json:"vpc"`
	EndpointType   string   `json:"endpointType"` // "Interface" or "Gateway"
	Service        string   `json:"service"`      // "com.amazonaws.eu-west-1.ecr.api"
	RouteTables    []string `json:"routeTables,omitempty"`
	Subnets        []string `json:"subnets,omitempty"` // one for each Availability Zone
	SecurityGroups []string `json:"securityGroups,omitempty"`
}

const newEndpoint = "vpce" + isNew

// id is what the facts call the endpoint.
func (c CreateVPCEndpoint) id() string {
	parts := strings.SplitN(c.Service, ".", 4) // com.amazonaws.REGION.SERVICE
	return newEndpoint + "-" + parts[len(parts)-1]
}

func (c CreateVPCEndpoint) gateway() bool { return c.EndpointType == "Gateway" }

// Commands creates the endpoint.
func (c CreateVPCEndpoint) Commands() [][]string {
	args := slices.Concat([]string{"--vpc-id", c.VPC, "--vpc-endpoint-type", c.EndpointType, "--service-name", c.Service},
		listArgument("--route-table-ids", c.RouteTables), listArgument("--subnet-ids", c.Subnets), listArgument("--security-group-ids", c.SecurityGroups))
	if !c.gateway() {
		args = append(args, "--private-dns-enabled")
	}
	return [][]string{ec2Command("create-vpc-endpoint", args...)}
}

// Terraform declares the endpoint.
func (c CreateVPCEndpoint) Terraform() string {
	args := []argument{{"vpc_id", c.VPC}, {"vpc_endpoint_type", c.EndpointType}, {"service_name", c.Service}}
	if c.gateway() {
		args = append(args, argument{"route_table_ids", c.RouteTables})
	} else {
		args = append(args, argument{"subnet_ids", c.Subnets}, argument{"security_group_ids", c.SecurityGroups}, argument{"private_dns_enabled", true})
	}
	return resource("aws_vpc_endpoint", strings.TrimPrefix(c.id(), "vpce-"), args...)
}

// Apply adds the endpoint, available. The addresses of its interfaces are not known yet: paths to it have to be open for
// every address of its subnets.
func (c CreateVPCEndpoint) Apply(s *Snapshot) error {
	return s.alter("VPC "+c.VPC+" whose endpoints were read", func(t *network.Topology) (bool, error) {
		if t.VPC.ID != c.VPC || t.VPCEndpoints == nil {
			return false, nil
		}
		if endpointIn(t, c.id()) != nil {
			return true, fmt.Errorf("an endpoint for %s is created already", c.Service)
		}
		everything := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`
		e := network.VPCEndpoint{ID: c.id(), Type: c.EndpointType, Service: c.Service, State: "available", PrivateDNS: new(!c.gateway()), Policy: &everything,
			Subnets: append([]string{}, c.Subnets...), SecurityGroups: append([]string{}, c.SecurityGroups...), Interfaces: []string{}}
		t.VPCEndpoints = append(t.VPCEndpoints, e)
		return true, routeGateway(s, t, e.ID, c.RouteTables)
	})
}

// routeGateway associates a gateway endpoint with route tables, which puts a route for the service's prefix list there.
// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
func routeGateway(s *Snapshot, t *network.Topology, endpoint string, tables []string) error {
	if len(tables) == 0 {
		return nil
	}
	e := endpointIn(t, endpoint)
	list := prefixListOf(s, e.Service)
	if list == "" {
		return errors.New("the prefix list of " + e.Service + " was not read")
	}
	for _, id := range tables {
		table := routeTableIn(t, id)
		if table == nil {
			return errors.New("the captured facts hold no route table " + id)
		}
		table.Routes = slices.DeleteFunc(table.Routes, func(r network.Route) bool { return r.PrefixList == list })
		table.Routes = append(table.Routes, network.Route{PrefixList: list, Target: endpoint, State: "active"})
		e.RouteTables = append(e.RouteTables, id)
	}
	return nil
}

// prefixListOf returns the prefix list that is named for a service.
func prefixListOf(s *Snapshot, service string) string {
	for _, a := range s.Facts.Networks {
		if a.Fact == nil {
			continue
		}
		if l := find(a.Fact.PrefixLists, service, func(l network.PrefixList) string { return l.Name }); l != nil {
			return l.ID
		}
	}
	return ""
}

// ModifyVPCEndpoint adds route tables to a gateway endpoint, or turns the private DNS names of an interface endpoint on or
// off.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpoint.html
type ModifyVPCEndpoint struct {
	VPCEndpoint    string   `json:"vpcEndpoint"`
	AddRouteTables []string `json:"addRouteTables,omitempty"`
	PrivateDNS     *bool    `json:"privateDNS,omitempty"` // nil: as it is
}

// Commands modifies the endpoint.
func (c ModifyVPCEndpoint) Commands() [][]string {
	args := append([]string{"--vpc-endpoint-id", inCommand(c.VPCEndpoint)}, listArgument("--add-route-table-ids", c.AddRouteTables)...)
	if c.PrivateDNS != nil {
		option := "--no-private-dns-enabled"
		if *c.PrivateDNS {
			option = "--private-dns-enabled"
		}
		args = append(args, option)
	}
	return [][]string{ec2Command("modify-vpc-endpoint", args...)}
}

// Terraform declares what the endpoint is to have. Of private DNS names, one resource is to decide.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_endpoint_private_dns
func (c ModifyVPCEndpoint) Terraform() string {
	var blocks []string
	for _, id := range c.AddRouteTables {
		blocks = append(blocks, resource("aws_vpc_endpoint_route_table_association", c.VPCEndpoint+"_"+id,
			argument{"vpc_endpoint_id", inTerraform(c.VPCEndpoint)}, argument{"route_table_id", id}))
	}
	if c.PrivateDNS != nil {
		blocks = append(blocks, note("Leave private_dns_enabled out of the aws_vpc_endpoint that declares "+c.VPCEndpoint+".")+resource("aws_vpc_endpoint_private_dns", c.VPCEndpoint,
			argument{"vpc_endpoint_id", inTerraform(c.VPCEndpoint)}, argument{"private_dns_enabled", *c.PrivateDNS}))
	}
	return strings.Join(blocks, "\n")
}

// Apply modifies the endpoint.
func (c ModifyVPCEndpoint) Apply(s *Snapshot) error {
	return s.alter("VPC endpoint "+c.VPCEndpoint, func(t *network.Topology) (bool, error) {
		e := endpointIn(t, c.VPCEndpoint)
		if e == nil {
			return false, nil
		}
		if c.PrivateDNS != nil {
			e.PrivateDNS = c.PrivateDNS
		}
		return true, routeGateway(s, t, e.ID, c.AddRouteTables)
	})
}

// DeleteVPCEndpoints deletes a VPC endpoint: one for a service has to go before another takes its private DNS names, or its
// place in a route table.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpcEndpoints.html
type DeleteVPCEndpoints struct {
	VPCEndpoint string `json:"vpcEndpoint"`
}

// Commands deletes the endpoint.
func (c DeleteVPCEndpoints) Commands() [][]string {
	return [][]string{ec2Command("delete-vpc-endpoints", "--vpc-endpoint-ids", c.VPCEndpoint)}
}

// Terraform says what to take away.
func (c DeleteVPCEndpoints) Terraform() string {
	return note("Remove the aws_vpc_endpoint that declares " + c.VPCEndpoint + ".")
}

// Apply deletes the endpoint, and the routes that lead to it.
func (c DeleteVPCEndpoints) Apply(s *Snapshot) error {
	return s.alter("VPC endpoint "+c.VPCEndpoint, func(t *network.Topology) (bool, error) {
		if endpointIn(t, c.VPCEndpoint) == nil {
			return false, nil
		}
		t.VPCEndpoints = slices.DeleteFunc(t.VPCEndpoints, func(e network.VPCEndpoint) bool { return e.ID == c.VPCEndpoint })
		for i := range t.RouteTables {
			t.RouteTables[i].Routes = slices.DeleteFunc(t.RouteTables[i].Routes, func(r network.Route) bool { return r.Target == c.VPCEndpoint })
		}
		return true, nil
	})
}
