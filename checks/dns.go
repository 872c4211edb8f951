package checks

import (
	"context"

	"github.com/canpull/canpull/network"
)

// DNS checks that the names of the pull's hosts resolve: the DHCP options' name servers, and the VPC's attributes
// enableDnsSupport and enableDnsHostnames.
//
// It automates the article's step "check that the DHCP option set's domain name servers are AmazonProvidedDNS; if not,
// configure conditional forwarding".
type DNS struct{ Network network.Source }

// Info describes the check.
func (DNS) Info() Info {
	const attributes = "https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html"
	const options = "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_DHCP_Options.html"
	return Info{
		ID: "dns", Title: "DNS", Actions: network.Actions(),
		Codes: map[Code]Meaning{
			"dns.ipv4-only": {Fail, "{hosts} have IPv4 addresses only, and {subnets} have none and make none: their DNS64 is off.", []Remedy{
				{"Use the image's dual-stack host (ACCOUNT.dkr-ecr.REGION.on.aws)", "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html", "", nameDualStack},
				{"Turn on DNS64 for {subnets} and route 64:ff9b::/96 to a NAT gateway", "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html", "", inVPC(translateNames)},
			}},
			"dns.family": {Unknown, "Whether {hosts} have IPv6 addresses is not known, and {subnets} have no IPv4, with DNS64 off.", nil},
			"dns.open":   {Pass, "The Amazon resolver answers in {vpc}.", nil},
			"dns.unread": {Unknown, "How {hosts} resolve in {vpc} is not known, because {reason}.", nil},
			"dns.custom": {Unknown, "{vpc} uses its own name servers ({servers}), and what they answer for {hosts} is not visible in the account: they have to forward AWS's names to the Amazon resolver for VPC endpoints to be used.", []Remedy{
				{"Configure conditional forwarding of amazonaws.com to the Amazon resolver on the name servers", options, "", nil},
				{"Set domain-name-servers to AmazonProvidedDNS in the VPC's DHCP options", options, "It replaces the DHCP options of all of {vpc}, its domain name and the answers of its own name servers included.", inVPC(amazonDNS)},
			}},
			"dns.no-servers": {Unknown, "The DHCP options of {vpc} ({subject}) name no name servers. AWS says that instances have no DNS then, and does not say whether tasks do, so whether {hosts} can be resolved is not known.", []Remedy{
				{"Set domain-name-servers to AmazonProvidedDNS in the VPC's DHCP options", options, "It replaces the DHCP options of all of {vpc}, its domain name included.", inVPC(amazonDNS)}}},
			"dns.unreachable": {Fail, "None of the name servers of {vpc} ({servers}) can be reached from {subnets}, so {hosts} cannot be resolved.", []Remedy{
				{"Set domain-name-servers to AmazonProvidedDNS in the VPC's DHCP options", options, "It replaces the DHCP options of all of {vpc}, its domain name and the answers of its own name servers included.", inVPC(amazonDNS)},
				{"Open the way from {subnets} to the name servers on port 53", options, "", inVPC(openDNS)},
			}},
			"dns.support-off": {Fail, "{subject} has enableDnsSupport set to false, so the Amazon resolver does not answer for {hosts}.", []Remedy{
				{"Set enableDnsSupport of {subject} to true", attributes, "", inVPC(turnOn(EnableDNSSupport))}}},
			"dns.hostnames-off": {Fail, "{subject} has enableDnsHostnames set to false, so the private DNS name of {endpoint} is not used and {hosts} resolve to public addresses, to which there is no route from {subnets}.", []Remedy{
				{"Set enableDnsHostnames of {subject} to true", attributes, "", inVPC(turnOn(EnableDNSHostnames))}}},
		},
		Assumes: []string{noRules},
	}
}

// noRules is taken for granted by whoever asks which way the traffic to a host goes.
const noRules = "No Route 53 Resolver rule, DNS Firewall rule or private hosted zone changes the answers for the pull's hosts."

// Check looks at how the name of every host resolves.
func (c DNS) Check(ctx context.Context, task Task) ([]Finding, error) {
	s, err := surveyed(ctx, c.Network, task)
	if err != nil {
		return nil, err
	}
	servers := map[string]string{"servers": joined(s.topology.VPC.NameServers)}
	kind := network.KindName
	if on := s.topology.VPC.DNSHostnames; on != nil && !*on {
		kind = network.KindRoute // whether that matters is for the routes to public addresses to tell
	}
	return s.findings(c.Info(), kind, func(w way, h network.Hop) verdict {
		if fault := s.endpointFault(w); fault.code == "dns.hostnames-off" && h.Reason == network.NoRoute && !h.DNS {
			return fault
		}
		if h.Kind != network.KindName {
			return verdict{}
		}
		switch h.Reason {
		case network.DNSSupportOff:
			return verdict{code: "dns.support-off", subject: s.place()}
		case network.ResolverUnreachable:
			return verdict{code: "dns.unreachable", subject: s.place(), args: servers}
		case network.CustomResolver:
			// Whether the servers are reached at all may depend on the task's groups and address, and on the way to them.
			v := verdict{code: "dns.custom", subject: s.place(), args: servers, missing: task.unread()}
			for _, way := range w.path.Hops {
				if way.DNS {
					v.missing = append(v.missing, way.Missing...)
				}
			}
			return v
		case network.NoNameServers:
			return verdict{code: "dns.no-servers", subject: h.Subject}
		case network.EndpointState:
			return verdict{} // the endpoints' own check
		case network.IPv4Host:
			v := verdict{code: "dns.family", subject: s.place()}
			if h.Status == network.Closed {
				v.code = "dns.ipv4-only"
			}
			return v
		}
		return verdict{code: "dns.unread", subject: s.place()}
	}), nil
}
