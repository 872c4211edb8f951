package checks

import (
	"context"

	"github.com/canpull/canpull/network"
)

// SecurityGroup checks that the task's groups let its requests out (to DNS servers too, where those are not Amazon's,
// whose resolver no group filters), and that the groups of the endpoints on the way let them in.
//
// It automates the article's step "check that the security groups of the VPC endpoints admit port 443 from the task".
type SecurityGroup struct{ Network network.Source }

// Info describes the check.
func (SecurityGroup) Info() Info {
	const docs = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"
	const endpoints = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"
	return Info{
		ID: "security-group", Title: "Security groups", Actions: network.Actions(),
		Codes: map[Code]Meaning{
			"security-group.open":    {Pass, "The security groups of the task and of the VPC endpoints on its way admit the pull.", nil},
			"security-group.unread":  {Unknown, "Whether the security groups admit traffic from {subnets} to {hosts} is not known, because {reason}.", nil},
			"security-group.unknown": {Unknown, "Which security groups decide about traffic from {subnets} to {hosts}, or what they refer to, is not known.", nil},
			"group.egress-closed": {Fail, "The task's security group {subject} has no outbound rule that admits {port} to {hosts}.", []Remedy{
				{"Add an outbound rule for {port} to {subject} ({anywhere}, or the endpoints' group and the S3 prefix list)", docs, "", inVPC(letOut)}}},
			"group.egress-closed-dns": {Fail, "The task's security group {subject} has no outbound rule that admits DNS ({port}) to the name servers of {vpc}, so {hosts} cannot be resolved.", []Remedy{
				{"Add an outbound rule for udp/53 and tcp/53 to the name servers to {subject}", docs, "", inVPC(letDNSOut)}}},
			"group.egress-partial": {Unknown, "The task's security group {subject} admits {port} to some of the internet's addresses only, and whether {hosts} are among them is not known.", []Remedy{
				{"Add an outbound rule for {port} to {anywhere} to {subject}", docs, "", inVPC(letOut)}}},
			"group.egress-partial-known": {Warn, "The task's security group {subject} admits {port} to some of the addresses of {hosts} only, so some pulls will fail.", []Remedy{
				{"Add an outbound rule for {port} to the rest of the addresses to {subject}", docs, "", inVPC(letOut)}}},
			"endpoint.group-closed": {Fail, "Security group {subject} has no inbound rule that admits {port} from the task to {endpoint}, where {hosts} lead in all of {vpc}.", []Remedy{
				{"Add an inbound rule for {port} from the task ({from}) to {subject}", endpoints, "", inVPC(admitTask)}}},
			"endpoint.group-partial": {Warn, "Security group {subject} admits {port} to {endpoint} from some of the addresses of {subnets} only, so some tasks will fail.", []Remedy{
				{"Add an inbound rule for {port} from the task ({from}) to {subject}", endpoints, "", inVPC(admitTask)}}},
		},
	}
}

// Check looks at the groups on every path.
func (c SecurityGroup) Check(ctx context.Context, task Task) ([]Finding, error) {
	s, err := surveyed(ctx, c.Network, task)
	if err != nil {
		return nil, err
	}
	return s.findings(c.Info(), network.KindSecurityGroup, func(w way, h network.Hop) verdict {
		if h.Kind != network.KindSecurityGroup {
			return verdict{}
		}
		v := verdict{subject: h.Subject, args: map[string]string{"port": "tcp/" + portOf(w.path.To.Port), "endpoint": joined(w.endpoints()), "from": s.source(w), "anywhere": s.anywhere(w)}}
		if h.DNS {
			v.args["port"] = "udp/53"
		}
		switch {
		case h.Status == network.Unknown && len(h.Missing) > 0:
			v.code, v.subject = "security-group.unread", s.place()
		case h.Status == network.Unknown:
			v.code, v.subject, v.missing, v.shows = "security-group.unknown", s.place(), task.unread(), task.notPlaced(h)
		case h.Inbound && h.Status == network.Partial:
			v.code = "endpoint.group-partial"
		case h.Inbound:
			v.code = "endpoint.group-closed"
		case h.Status == network.Partial && h.Depends:
			v.code = "group.egress-partial"
		case h.Status == network.Partial:
			v.code = "group.egress-partial-known"
		case h.DNS:
			v.code = "group.egress-closed-dns"
		default:
			v.code = "group.egress-closed"
		}
		return v
	}), nil
}
