package network

import "strings"

// PublicAccess is VPC Block Public Access as it is set for the account in the region.
type PublicAccess struct {
	// Mode is "off", "block-bidirectional" or "block-ingress"; "" where the endpoint does not have the operation that
	// tells, as an emulator: then it is taken to be off, which is its default.
	Mode  string `json:"mode"`
	State string `json:"state"` // "default-state", "update-complete", "update-in-progress"
}

// PublicAccessExclusion exempts a VPC with all its subnets, or one subnet, from VPC Block Public Access.
type PublicAccessExclusion struct {
	ID     string `json:"id"`
	VPC    string `json:"vpc,omitempty"`
	Subnet string `json:"subnet,omitempty"`
	Mode   string `json:"mode"` // "allow-bidirectional" or "allow-egress"
	State  string `json:"state"`
}

// publicAccessHops judges VPC Block Public Access for traffic that comes to an internet gateway from a subnet. outbound is
// set for what only opens connections to the outside: NAT gateways and egress-only internet gateways.
//
// What EC2 shows with the subnet is in effect there, exclusions included. Without it, the account's mode and its
// exclusions tell, or the mode that EC2 shows with the VPC.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa-basics.html
func (w *walk) publicAccessHops(gateway, subnet, shown string, outbound bool) []Hop {
	h := Hop{Kind: KindInternetGateway, Subject: gateway, Subnet: subnet}
	mode := shown
	if mode == "" {
		if mode = w.VPC.BlockPublicAccess; mode == "" && w.account.PublicAccess == nil {
			h.Reason, h.Missing = Unread, []string{"ec2:DescribeVpcBlockPublicAccessOptions"}
			return []Hop{h}
		}
		if w.account.PublicAccess != nil {
			mode = w.account.PublicAccess.Mode
			if strings.EqualFold(w.account.PublicAccess.State, "update-in-progress") {
				h.Reason, h.Detail = PublicAccessChanging, "the state is "+w.account.PublicAccess.State
				return []Hop{h}
			}
		}
		if blocks(mode, outbound) {
			if w.account.PublicAccessExclusions == nil {
				h.Reason, h.Missing = Unread, []string{"ec2:DescribeVpcBlockPublicAccessExclusions"}
				return []Hop{h}
			}
			var changing bool
			if mode, changing = w.excluded(mode, subnet); changing {
				h.Reason, h.Detail = PublicAccessChanging, "an exclusion is being changed"
				return []Hop{h}
			}
		}
	}
	switch {
	case blocks(mode, outbound):
		h.Status, h.Reason, h.Detail = Closed, PublicAccessBlocked, "InternetGatewayBlockMode is "+mode
	case mode != "" && mode != "off" && mode != "block-ingress" && mode != "block-bidirectional":
		h.Reason, h.Detail = PublicAccessChanging, "InternetGatewayBlockMode is "+mode
	default:
		return nil
	}
	return []Hop{h}
}

func blocks(mode string, outbound bool) bool {
	return mode == "block-bidirectional" || mode == "block-ingress" && !outbound
}

// excluded returns the mode that is left where exclusions apply: allow-bidirectional lifts everything, and allow-egress
// leaves what blocking of ingress leaves. changing is set when one that would matter is on its way in or out.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa-exclusions.html
func (w *walk) excluded(mode, subnet string) (left string, changing bool) {
	for _, e := range w.account.PublicAccessExclusions {
		if e.Subnet != subnet && e.VPC != w.VPC.ID || e.Subnet == "" && e.VPC == "" || subnet == "" && e.VPC != w.VPC.ID {
			continue
		}
		switch state := strings.ToLower(e.State); {
		case strings.HasSuffix(state, "-in-progress"):
			changing = true
		case state != "create-complete" && state != "update-complete":
		case e.Mode == "allow-bidirectional":
			return "off", false
		case e.Mode == "allow-egress":
			mode = "block-ingress"
		}
	}
	return mode, changing
}
