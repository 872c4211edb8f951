package checks

import (
	"context"

	"github.com/canpull/canpull/network"
)

// PublicIP checks that a task whose route leads to an internet gateway has a public IPv4 address: the gateway translates
// only for interfaces that have one.
//
// It automates the article's step "if you use an internet gateway, check that the task was given a public IP".
type PublicIP struct{ Network network.Source }

// Info describes the check.
func (PublicIP) Info() Info {
	const docs = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html"
	return Info{
		ID: "public-ip", Title: "Public IP address", Actions: network.Actions(),
		Codes: map[Code]Meaning{
			"public-ip.open":    {Pass, "The task needs no public IP address on its way, or has one.", nil},
			"public-ip.unread":  {Unknown, "Whether the task needs a public IP address in {subnets} to reach {hosts} is not known, because {reason}.", nil},
			"public-ip.unknown": {Unknown, "Traffic from {subnets} to {hosts} leaves through an internet gateway, which takes a public IP address, and whether the task has one is not known.", nil},
			"public-ip.none": {Fail, "The task has no public IP address, and its route from {subnets} to {hosts} leads to an internet gateway, which forwards nothing without one.", []Remedy{
				{"Set assignPublicIp to ENABLED", docs, "", inVPC(publicIP)},
				{"Run the task in a subnet whose default route leads to a NAT gateway", docs, natCost, inVPC(privateSubnets)},
			}},
			"public-ip.private-ipv6": {Fail, "{subnets} have no IPv4, and their IPv6 addresses are private: an internet gateway or egress-only internet gateway leads to {hosts}, and nothing comes back from there.", []Remedy{
				{"Give {subnets} an IPv6 block that AWS advertises on the internet", "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html", "The addresses of all that is in the subnets change.", nil}}},
			"public-ip.partial": {Unknown, "The task has no public IP address, and its route from {subnets} leads to an internet gateway for some of the internet's addresses; whether {hosts} are among them is not known.", []Remedy{
				{"Set assignPublicIp to ENABLED", docs, "", inVPC(publicIP)}}},
			"public-ip.partial-known": {Warn, "The task has no public IP address, and its route from {subnets} leads to an internet gateway for some of the addresses of {hosts}.", []Remedy{
				{"Set assignPublicIp to ENABLED", docs, "", inVPC(publicIP)}}},
		},
	}
}

// Check looks at every path that leads to an internet gateway.
func (c PublicIP) Check(ctx context.Context, task Task) ([]Finding, error) {
	s, err := surveyed(ctx, c.Network, task)
	if err != nil {
		return nil, err
	}
	return s.findings(c.Info(), network.KindPublicIP, func(_ way, h network.Hop) verdict {
		if h.Kind != network.KindPublicIP || h.DNS {
			return verdict{}
		}
		v := verdict{subject: task.subject()}
		switch {
		case h.Status == network.Closed && h.Reason == network.PrivateIPv6:
			h.Kind = network.KindSubnet // which shows it
			v.code, v.subject, v.shows = "public-ip.private-ipv6", s.place(), &h
		case h.Status == network.Closed:
			v.code = "public-ip.none"
		case h.Status == network.Partial && h.Depends:
			v.code = "public-ip.partial"
		case h.Status == network.Partial:
			v.code = "public-ip.partial-known"
		case len(h.Missing) > 0:
			v.code = "public-ip.unread"
		default:
			v.code, v.missing, v.shows = "public-ip.unknown", task.unread(), task.notPlaced(h)
		}
		return v
	}), nil
}
