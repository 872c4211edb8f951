package checks

import (
	"context"
	"fmt"

	"github.com/canpull/canpull/network"
)

// NetworkACL checks the ACLs of every subnet that the pull crosses, in both directions: requests out of the task's subnet
// and into an endpoint's or a NAT gateway's, and the answers to the ports that the task picks.
//
// The article does not name this step; AWS's page on stopped tasks does, from the server's side. A task is the client:
// it needs 443 outbound and the ephemeral ports inbound.
type NetworkACL struct{ Network network.Source }

// Info describes the check.
func (NetworkACL) Info() Info {
	const docs = "https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports"
	fix := func(changes func(Repair) []Change) []Remedy {
		return []Remedy{{"Add {direction} rules to {subject} that allow the pull ahead of the one that denies it", docs, "", changes}}
	}
	return Info{
		ID: "network-acl", Title: "Network ACLs", Actions: network.Actions(),
		Codes: map[Code]Meaning{
			"network-acl.open":         {Pass, "The network ACLs on the way from {subnets} allow the pull in both directions.", nil},
			"network-acl.unread":       {Unknown, "Whether the network ACLs allow traffic from {subnets} to {hosts} is not known, because {reason}.", nil},
			"acl.denied":               {Fail, "Network ACL {subject} of {where} denies {traffic} between {subnets} and {hosts}.", fix(inVPC(allowPull))},
			"acl.denied-dns":           {Fail, "Network ACL {subject} of {where} denies {traffic} between {subnets} and the name servers of {vpc}.", fix(inVPC(allowDNS))},
			"acl.partial":              {Unknown, "Network ACL {subject} of {where} denies {traffic} for some of the internet's addresses, and whether {hosts} are among them is not known.", fix(nil)},
			"acl.partial-known":        {Warn, "Network ACL {subject} of {where} denies some of the {traffic} between {subnets} and {hosts}, so some pulls will fail.", fix(inVPC(allowPull))},
			"network-acl.unattributed": {Unknown, "Which network ACL guards a subnet on the way from {subnets} to {hosts} is not known.", nil},
		},
	}
}

// Check looks at the ACLs on every path.
func (c NetworkACL) Check(ctx context.Context, task Task) ([]Finding, error) {
	s, err := surveyed(ctx, c.Network, task)
	if err != nil {
		return nil, err
	}
	return s.findings(c.Info(), network.KindNetworkACL, func(w way, h network.Hop) verdict {
		if h.Kind != network.KindNetworkACL {
			return verdict{}
		}
		v := verdict{subject: h.Subject, args: map[string]string{"where": h.Subnet, "direction": "outbound", "traffic": "outbound requests"}}
		if h.Inbound {
			v.args["direction"], v.args["traffic"] = "inbound", "inbound requests"
		}
		if h.Reply {
			v.args["traffic"] = fmt.Sprintf("%s answers", v.args["direction"])
		}
		switch {
		case h.Status == network.Unknown && len(h.Missing) > 0:
			v.code, v.subject = "network-acl.unread", s.place()
		case h.Status == network.Unknown:
			v.code, v.subject = "network-acl.unattributed", s.place()
		case h.Status == network.Partial && h.Depends:
			v.code = "acl.partial"
		case h.Status == network.Partial:
			v.code = "acl.partial-known"
		case h.DNS:
			v.code = "acl.denied-dns"
		default:
			v.code = "acl.denied"
		}
		return v
	}), nil
}
