package network

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// The ports that a client picks, to which answers come back.
// https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
var (
	linuxPorts   = Ports{32768, 60999}
	windowsPorts = Ports{49152, 65535}
	natPorts     = Ports{1024, 65535}
)

// ReplyPorts are the ports that the interface's operating system picks, to which answers come back.
func (e Endpoint) ReplyPorts() Ports {
	if e.Windows {
		return windowsPorts
	}
	return linuxPorts
}

// ReplyPorts are the ports that a NAT gateway picks, to which answers come back.
func (NATGateway) ReplyPorts() Ports { return natPorts }

// packets are what an ACL judges: those whose remote address is in a set and whose destination port is in a range.
type packets struct {
	remote addrs
	ports  Ports
}

// aclHop judges packets at a subnet's border. remote is the source of inbound packets and the destination of outbound
// ones.
func (w *walk) aclHop(subnet string, inbound, reply bool, p packets, depends bool) Hop {
	h := Hop{Kind: KindNetworkACL, Subnet: subnet, Inbound: inbound, Reply: reply}
	acl, read := w.networkACL(subnet)
	switch {
	case !read, acl != nil && acl.Entries == nil:
		h.Reason, h.Missing = Unread, []string{"ec2:DescribeNetworkAcls"}
		return h
	case acl == nil:
		h.Reason = ACLAbsent
		return h
	}
	h.Subject = acl.ID
	v := w.aclRules(acl, !inbound).judge(p)
	h.Status, h.Detail = v.status, v.detail
	switch h.Status {
	case Open:
	case Unknown:
		h.Reason, h.Missing = Unread, []string{"ec2:DescribeNetworkAcls"}
	default:
		h.Reason = Denied
	}
	h.Depends = h.Status == Partial && depends && v.splitsAddresses
	return h
}

type aclVerdict struct {
	status          Status
	detail          string
	splitsAddresses bool // the denied part differs from the allowed one by address
}

// aclKey is the entries of one direction of an ACL that are about a protocol.
type aclKey struct {
	acl         *NetworkACL
	egress, udp bool
}

// aclRule is one of them.
type aclRule struct {
	packets
	allow     bool
	malformed bool // its block could not be read
	text      string
}

type aclRules []aclRule

func (w *walk) aclRules(acl *NetworkACL, egress bool) aclRules {
	return w.entries.get(aclKey{acl, egress, w.to.UDP}, func() []aclRule { return acl.rules(egress, w.to.protocol()) })
}

// rules returns the entries of one direction that are about a protocol, in the order in which they are applied.
func (acl *NetworkACL) rules(egress bool, protocol string) aclRules {
	var entries []ACLEntry
	for _, e := range acl.Entries {
		if e.Egress == egress && (e.Protocol == "-1" || protocolNumber(e.Protocol) == protocolNumber(protocol)) {
			entries = append(entries, e)
		}
	}
	slices.SortStableFunc(entries, func(a, b ACLEntry) int { return cmp.Compare(a.Number, b.Number) })
	rules := aclRules{}
	for _, e := range entries {
		ports := e.Ports
		if e.Protocol == "-1" {
			ports = AllPorts
		}
		rules = append(rules, aclRule{packets{addrsOf(e.CIDR), ports}, e.Allow, !e.CIDR.IsValid(), e.String()})
	}
	return rules
}

// judge applies the rules of one direction in ascending order of their numbers: the first that matches a packet
// decides it, and what none matches is denied by the rule "*". (IPv6 entries never match IPv4 packets, nor the other way
// round: their blocks hold no such addresses.)
// https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
func (rules aclRules) judge(p packets) aclVerdict {
	left := []packets{p} // not yet decided
	var allowed, denied []packets
	var allowing, denying []string
	for _, r := range rules {
		if len(left) == 0 {
			break
		}
		if r.malformed {
			return aclVerdict{status: Unknown, detail: r.text}
		}
		if len(left) == 1 && r.allow && len(denied) == 0 && len(allowed) == 0 && r.holds(left[0]) {
			return aclVerdict{status: Open, detail: r.text} // as most ACLs do
		}
		var rest, hit []packets
		for _, l := range left {
			inside, outside := l.split(r.packets)
			if !inside.remote.empty() {
				hit = append(hit, inside)
			}
			rest = append(rest, outside...)
		}
		left = rest
		if len(hit) == 0 {
			continue
		}
		if r.allow {
			allowed = append(allowed, hit...)
			allowing = append(allowing, r.text)
		} else {
			denied = append(denied, hit...)
			denying = append(denying, r.text)
		}
	}
	if len(left) > 0 {
		denied = append(denied, left...)
		denying = append(denying, "rule * denies what no rule allows")
	}
	switch {
	case len(denied) == 0:
		return aclVerdict{status: Open, detail: strings.Join(allowing, "; ")}
	case len(allowed) == 0:
		return aclVerdict{status: Closed, detail: strings.Join(denying, "; ")}
	}
	v := aclVerdict{status: Partial, detail: fmt.Sprintf("%s: denied for %s", strings.Join(denying, "; "), parts(denied, p))}
	for _, d := range denied {
		v.splitsAddresses = v.splitsAddresses || !slices.Equal(d.remote, p.remote)
	}
	return v
}

// holds reports whether all of q are among p.
func (p packets) holds(q packets) bool {
	return p.ports.From <= q.ports.From && q.ports.To <= p.ports.To && p.remote.covers(q.remote)
}

// split cuts p into what lies inside q and what lies outside.
func (p packets) split(q packets) (inside packets, outside []packets) {
	both := p.remote.and(q.remote)
	ports := Ports{max(p.ports.From, q.ports.From), min(p.ports.To, q.ports.To)}
	if both.empty() || ports.From > ports.To || q.ports.From > q.ports.To {
		return packets{}, []packets{p}
	}
	if rest := p.remote.minus(q.remote); !rest.empty() {
		outside = append(outside, packets{rest, p.ports})
	}
	if p.ports.From < ports.From {
		outside = append(outside, packets{both, Ports{p.ports.From, ports.From - 1}})
	}
	if ports.To < p.ports.To {
		outside = append(outside, packets{both, Ports{ports.To + 1, p.ports.To}})
	}
	return packets{both, ports}, outside
}

// parts names the denied part of all packets: by ports where those are cut, by addresses where those are.
func parts(denied []packets, all packets) string {
	var names []string
	for _, d := range denied {
		var name string
		if d.ports != all.ports {
			name = "ports " + d.ports.String()
		}
		if !slices.Equal(d.remote, all.remote) {
			if name != "" {
				name += " of "
			}
			name += d.remote.String()
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// String writes an entry as the console shows it.
func (e ACLEntry) String() string {
	action, direction := "deny", "inbound"
	if e.Allow {
		action = "allow"
	}
	if e.Egress {
		direction = "outbound"
	}
	traffic := "all traffic"
	if e.Protocol != "-1" {
		traffic = protocolName(e.Protocol) + " " + e.Ports.String()
	}
	return fmt.Sprintf("%s rule %d: %s %s %s", direction, e.Number, action, traffic, e.CIDR)
}

// String writes a single port as a number and a range as two.
func (p Ports) String() string {
	if p.From == p.To {
		return fmt.Sprint(p.From)
	}
	return fmt.Sprintf("%d-%d", p.From, p.To)
}

func (p Ports) contains(port uint16) bool { return p.From <= port && port <= p.To }

// protocolNumber brings EC2's two spellings of a protocol to one.
func protocolNumber(protocol string) string {
	switch strings.ToLower(protocol) {
	case "tcp":
		return "6"
	case "udp":
		return "17"
	}
	return protocol
}

func protocolName(protocol string) string {
	switch protocol {
	case "6":
		return "tcp"
	case "17":
		return "udp"
	}
	return protocol
}

func (d Destination) protocol() string {
	if d.UDP {
		return "udp"
	}
	return "tcp"
}
