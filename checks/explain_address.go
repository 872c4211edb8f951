package checks

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/canpull/canpull/network"
)

// location is where the captured facts put an address that was dialled.
type location struct {
	endpoint string // the VPC endpoint that has an interface with it
	vpc      bool   // it is in a block of the VPC
	s3       bool   // it is in the prefix list of Amazon S3

	noEndpoint bool // no interface of a VPC endpoint has it
	notVPC     bool // it is in no block of the VPC
	notS3      bool // it is not in the prefix list
}

// locate looks an address up. Where the facts do not tell, neither a field nor its opposite is set.
func (d Diagnosis) locate(ip netip.Addr) location {
	var at location
	a := d.Facts.placed(d.Task.Placement)
	if !ip.IsValid() || a == nil || a.Fact == nil {
		return at
	}
	t := a.Fact
	at.vpc = in(t.VPC.CIDRs, ip) || in(t.VPC.IPv6CIDRs, ip)
	at.notVPC = !at.vpc && len(t.VPC.CIDRs)+len(t.VPC.IPv6CIDRs) > 0
	for _, i := range t.Interfaces {
		if i.Address != ip.String() {
			continue
		}
		for _, e := range t.VPCEndpoints {
			if slices.Contains(e.Interfaces, i.ID) {
				at.endpoint = e.ID
			}
		}
	}
	at.noEndpoint = at.endpoint == "" && t.Interfaces != nil && t.VPCEndpoints != nil && ip.Is4() // of IPv6 addresses the facts say nothing
	for _, l := range t.PrefixLists {
		if l.Name == "com.amazonaws."+d.Task.Region+".s3" && l.CIDRs != nil && ip.Is4() {
			at.s3 = at.s3 || in(l.CIDRs, ip)
			at.notS3 = !at.s3
		}
	}
	return at
}

func in(blocks []network.CIDR, ip netip.Addr) bool {
	return slices.ContainsFunc(blocks, func(c network.CIDR) bool { return c.IsValid() && c.Contains(ip) })
}

// elsewhere says that the address which was dialled is not one that a finding stands before; "" when it may be.
func (d Diagnosis) elsewhere(f Finding, s Symptom) string {
	ip := s.IP
	if !ip.IsValid() {
		return ""
	}
	at := d.locate(ip)
	public := !at.vpc && !ip.IsPrivate()
	guarded := listed(f, "endpoint")
	switch {
	case f.Code == "endpoint.group-closed" && public:
		return fmt.Sprintf("%s is a public address, so no VPC endpoint answered for the name", ip)
	case f.Code == "endpoint.group-closed" && at.endpoint != "" && !slices.Contains(guarded, at.endpoint):
		return fmt.Sprintf("%s is an address of %s, which it does not guard", ip, at.endpoint)
	case f.Code == "endpoint.group-closed" && at.noEndpoint:
		return fmt.Sprintf("%s is an address of none of the VPC endpoints that there are: the one that had it is gone", ip)
	case slices.Contains(insideVPC, f.Code):
	case at.endpoint != "":
		return fmt.Sprintf("%s is an address of %s, so a VPC endpoint answered for the name", ip, at.endpoint)
	case at.vpc && at.noEndpoint:
		return fmt.Sprintf("%s is an address of the VPC, so a VPC endpoint answered for the name, one that is gone", ip)
	case at.vpc:
		return fmt.Sprintf("%s is an address of the VPC, so a VPC endpoint answered for the name", ip)
	case ip.IsPrivate() && !(at.notVPC && f.Check == "route"): // a route may be what a private network elsewhere lacks
		return fmt.Sprintf("%s is a private address, so a VPC endpoint answered for the name", ip)
	}
	return d.notAtS3(f, ip, at)
}

// notAtS3 holds an address against Amazon S3's prefix list: ECS hides the host of the layers, and the list tells it.
func (d Diagnosis) notAtS3(f Finding, ip netip.Addr, at location) string {
	hosts := listed(f, "hosts")
	if hosts == nil || f.Stage != Download {
		return ""
	}
	ofS3 := func(host string) bool {
		return slices.ContainsFunc(d.Task.steps(), func(s step) bool { return s.to.Service == "s3" && s.hostPort() == host })
	}
	switch {
	case at.s3 && !slices.ContainsFunc(hosts, ofS3):
		return fmt.Sprintf("%s is an address of Amazon S3, and it does not stand before that", ip)
	case at.notS3 && !at.vpc && !slices.ContainsFunc(hosts, func(h string) bool { return !ofS3(h) }):
		return fmt.Sprintf("%s is no address of Amazon S3, and it stands before that only", ip)
	}
	return ""
}

// insideVPC are the codes of what stands between a task and an address of its own VPC.
var insideVPC = []Code{"endpoint.group-closed", "group.egress-closed", "acl.denied", "endpoint.policy-denies", "endpoint.policy-explicit-deny"}
