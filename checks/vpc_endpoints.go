package checks

import (
	"context"
	"slices"
	"strings"

	"github.com/canpull/canpull/network"
)

// VPCEndpoints checks the VPC endpoints that the pull uses or would need: for platform version 1.4.0 and newer ecr.api,
// ecr.dkr and S3's gateway endpoint, before that the latter two. An endpoint is only missed where nothing else leads to
// the host.
//
// It automates the article's step "check that the endpoints com.amazonaws.REGION.ecr.dkr and ecr.api and the S3 gateway
// are there and associated with the task's subnets".
type VPCEndpoints struct{ Network network.Source }

// Info describes the check.
func (VPCEndpoints) Info() Info {
	const docs = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"
	return Info{
		ID: "vpc-endpoints", Title: "VPC endpoints", Actions: network.Actions(),
		Codes: map[Code]Meaning{
			"vpc-endpoints.open":   {Pass, "No VPC endpoint is missing on the way from {subnets} to the hosts of the pull.", nil},
			"vpc-endpoints.unread": {Unknown, "Which VPC endpoints carry traffic from {subnets} to {hosts} is not known, because {reason}.", nil},
			"endpoint.changing":    {Unknown, "Whether the VPC endpoint {subject} answers for {hosts} is not known: it is not fully available, or its interfaces were not found.", nil},
			"endpoint.missing": {Fail, "{vpc} reaches Amazon ECR through VPC endpoints and has none for {subject}, and there is no other route from {subnets} to {hosts}.", []Remedy{
				{"Create a VPC endpoint for {subject}", docs, endpointCost, inVPC(serveFault)},
				{"Add a route for 0.0.0.0/0 to a NAT gateway", "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html", natCost, inVPC(natForService)},
			}},
			"endpoint.state": {Fail, "The VPC endpoint {subject} is in state {state}, and there is no other route from {subnets} to {hosts}.", []Remedy{
				{"Create the VPC endpoint for {service} anew", docs, "", inVPC(serveFault)}}},
			"endpoint.private-dns-off": {Fail, "The VPC endpoint {subject} has private DNS off, so {hosts} resolve to public addresses, to which there is no route from {subnets}.", []Remedy{
				{"Turn on private DNS names for {subject}", docs, "", inVPC(serveFault)}}},
			"endpoint.gateway-not-associated": {Fail, "The gateway endpoint {subject} is not associated with route table {table} of {subnets}, from which there is no other route to {hosts}.", []Remedy{
				{"Associate {subject} with route table {table}", "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html", "", inVPC(serveFault)}}},
			"endpoint.shadows-nat": {Warn, "The VPC endpoint {subject} answers for {hosts} in all of {vpc}; without it, traffic from {subnets} would take a route that works.", []Remedy{
				{"Turn off private DNS names for {subject}, if the endpoint is not wanted", docs, "", inVPC(privateDNSOff)}}},
		},
	}
}

// Check looks for what keeps the hosts of AWS services from being reached through endpoints.
func (c VPCEndpoints) Check(ctx context.Context, task Task) ([]Finding, error) {
	s, err := surveyed(ctx, c.Network, task)
	if err != nil {
		return nil, err
	}
	// The subnet's own route decides whether an endpoint is missed, as it decides whether a public IP address is.
	return s.findings(c.Info(), network.KindPublicIP, func(w way, h network.Hop) verdict {
		switch {
		case h.DNS: // the way to the name servers is the DNS check's
		case h.Reason == network.NoRoute && h.Status == network.Closed:
			if fault := s.endpointFault(w); fault.code != "dns.hostnames-off" {
				return fault
			}
		case h.Kind == network.KindName && h.Reason == network.EndpointState, h.Reason == network.EndpointInterfaces:
			return verdict{code: "endpoint.changing", subject: h.Subject}
		case h.Kind == network.KindSecurityGroup && h.Inbound:
			return s.shadow(w, h)
		}
		return verdict{}
	}), nil
}

// endpointFault says which endpoint is at fault when a subnet has no route to an AWS service's host in a VPC that is
// built on endpoints, that is, has an interface endpoint for Amazon ECR. It returns no code otherwise: then it is a
// route that is missing.
func (s *survey) endpointFault(w way) verdict {
	if w.to.Service == "" || !slices.ContainsFunc(w.path.Blocks(), func(h network.Hop) bool {
		return h.Reason == network.NoRoute && h.Subnet == w.subnet && !h.DNS
	}) {
		return verdict{}
	}
	if !slices.ContainsFunc(s.topology.VPCEndpoints, func(e network.VPCEndpoint) bool {
		return strings.EqualFold(e.Type, "Interface") && (e.Serves("ecr.api", w.to.Region) || e.Serves("ecr.dkr", w.to.Region))
	}) {
		return verdict{}
	}
	at := s.nearest(w.to.Service, w.to.Region)
	if at == nil {
		return verdict{code: "endpoint.missing", subject: "com.amazonaws." + w.to.Region + "." + w.to.Service}
	}
	v := verdict{subject: at.ID, args: map[string]string{"service": at.Service, "state": at.State, "endpoint": at.ID}}
	switch {
	case !available(*at):
		v.code = "endpoint.state"
	case strings.EqualFold(at.Type, "Gateway"):
		v.code = "endpoint.gateway-not-associated"
		for _, h := range w.path.Blocks() {
			if h.Reason == network.NoRoute && !h.DNS {
				v.args["table"] = h.Subject
			}
		}
	case s.topology.VPC.DNSHostnames != nil && !*s.topology.VPC.DNSHostnames:
		v.code, v.subject = "dns.hostnames-off", s.topology.VPC.ID
	default:
		v.code = "endpoint.private-dns-off"
	}
	return v
}

// nearest returns the endpoint that comes nearest to serving a service, or nil. Of two that are available it is the gateway
// endpoint, which needs no names: those of an interface endpoint of S3's may be for inbound resolvers only.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
func (s *survey) nearest(service, region string) *network.VPCEndpoint {
	var at *network.VPCEndpoint
	gateway := func(e network.VPCEndpoint) bool { return strings.EqualFold(e.Type, "Gateway") }
	for i, e := range s.topology.VPCEndpoints {
		if e.Serves(service, region) && (at == nil || available(e) && (!available(*at) || gateway(e) && !gateway(*at))) {
			at = &s.topology.VPCEndpoints[i]
		}
	}
	return at
}

func available(e network.VPCEndpoint) bool { return strings.EqualFold(e.State, "available") }

// shadow says whether an endpoint whose group shuts the task out stands before a way that works: the one that traffic
// would take if the endpoint did not answer for the host's name.
func (s *survey) shadow(w way, group network.Hop) verdict {
	without := *s.topology
	without.VPCEndpoints = slices.DeleteFunc(slices.Clone(s.topology.VPCEndpoints), func(e network.VPCEndpoint) bool {
		return slices.Contains(w.endpoints(), e.ID)
	})
	other := without.Path(w.path.From, w.to)
	unread := slices.Concat(group.Missing, other.Unread())
	switch {
	case group.Status == network.Closed && other.Status() == network.Open:
		v := verdict{code: "endpoint.shadows-nat", subject: joined(w.endpoints())}
		for _, h := range other.Hops {
			if h.Kind == network.KindRoute && h.Subnet == w.subnet {
				v.shows = &h
			}
		}
		return v
	case group.Status != network.Partial && other.Status() != network.Closed && len(unread) > 0:
		return verdict{code: "vpc-endpoints.unread", subject: s.place(), missing: unread}
	}
	return verdict{}
}
