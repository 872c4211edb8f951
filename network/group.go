package network

import (
	"fmt"
	"slices"
	"strings"
)

// peers are the other side of a security group's rule: addresses, and the groups that all of them carry.
type peers struct {
	addrs  addrs
	list   string   // the prefix list that holds exactly these addresses, if one does
	groups []string // groups of the interfaces that have these addresses
	// groupsUnknown is set when the interfaces may carry other groups.
	groupsUnknown bool
}

// groupHop judges traffic at an interface: rules only allow, and those of all its groups add up. Groups are stateful, so
// answers are not judged.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
func (w *walk) groupHop(groups []string, inbound bool, remote peers, depends bool) Hop {
	h := Hop{Kind: KindSecurityGroup, Inbound: inbound, Subject: strings.Join(groups, ",")}
	if w.SecurityGroups == nil {
		h.Reason, h.Missing = Unread, []string{"ec2:DescribeSecurityGroups"}
		return h
	}
	if groups == nil {
		h.Reason = GroupsUnknown
		return h
	}
	var admitted addrs
	var unread []string // rules that may admit more, were their prefix list or peers known
	var matching, seen []string
	absent := false
	for _, id := range groups {
		group, _ := w.securityGroup(id)
		if group == nil {
			absent = true
			continue
		}
		rules := group.Egress
		if inbound {
			rules = group.Ingress
		}
		if rules == nil {
			unread = append(unread, "ec2:DescribeSecurityGroups")
		}
		for _, r := range rules {
			seen = append(seen, r.String())
			if !r.carries(w.to.protocol(), w.to.Port) {
				continue
			}
			add, missing := w.admitted(r, remote)
			unread = append(unread, missing...)
			if !remote.addrs.and(add).empty() {
				matching = append(matching, id+" "+direction(inbound)+": "+r.String())
				admitted = union(append(slices.Clone(admitted), add...))
			}
		}
	}
	traffic := fmt.Sprintf("%s/%d", w.to.protocol(), w.to.Port)
	rest := remote.addrs.minus(admitted)
	switch {
	case rest.empty():
		h.Status, h.Detail = Open, strings.Join(matching, "; ")
	case len(unread) > 0:
		h.Reason, h.Missing = Unread, uniq(slices.DeleteFunc(unread, func(a string) bool { return a == "" }))
		if len(h.Missing) == 0 {
			h.Reason = GroupsUnknown
		}
	case absent:
		h.Reason = GroupsUnknown
	case len(matching) == 0:
		h.Status, h.Reason = Closed, NoRule
		h.Detail = fmt.Sprintf("no %s rule admits %s; %s", direction(inbound), traffic, listed(seen))
	default:
		h.Status, h.Reason, h.Depends = Partial, NoRule, depends
		h.Detail = fmt.Sprintf("%s; no %s rule admits %s for %s", strings.Join(matching, "; "), direction(inbound), traffic, rest)
	}
	return h
}

// admitted returns the addresses of the other side that a rule admits. missing names what would show more of them: an
// IAM action, or "" where no action would.
func (w *walk) admitted(r Rule, remote peers) (s addrs, missing []string) {
	s = addrsOf(r.CIDRs...)
	if slices.ContainsFunc(r.CIDRs, func(c CIDR) bool { return !c.IsValid() }) {
		missing = append(missing, "")
	}
	for _, id := range r.PrefixLists {
		if id != "" && id == remote.list {
			return remote.addrs, nil // the same list on both sides: its entries need not be known
		}
		if w.foreign(id) {
			continue
		}
		entries, unread := w.entries(id)
		s = union(append(s, addrsOf(entries...)...))
		missing = append(missing, unread...)
	}
	for _, id := range r.Groups {
		if slices.Contains(remote.groups, id) {
			return remote.addrs, nil
		}
		if remote.groupsUnknown {
			missing = append(missing, "")
		}
	}
	return s, missing
}

// carries reports whether a rule is about a protocol and port.
func (r Rule) carries(protocol string, port uint16) bool {
	if r.Protocol == "-1" {
		return true
	}
	return protocolNumber(r.Protocol) == protocolNumber(protocol) && r.Ports.contains(port)
}

// String writes a rule as "tcp 443 from/to peers".
func (r Rule) String() string {
	var who []string
	for _, c := range r.CIDRs {
		who = append(who, c.String())
	}
	who = append(append(who, r.PrefixLists...), r.Groups...)
	what := "all traffic"
	if r.Protocol != "-1" {
		what = protocolName(r.Protocol) + " " + r.Ports.String()
	}
	if len(who) == 0 {
		return what + " (no IPv4 peer)"
	}
	return what + " " + strings.Join(who, ", ")
}

func direction(inbound bool) string {
	if inbound {
		return "inbound"
	}
	return "outbound"
}

func listed(rules []string) string {
	if len(rules) == 0 {
		return "there are no rules"
	}
	const most = 6
	if len(rules) > most {
		rules = append(slices.Clone(rules[:most]), "…")
	}
	return "the rules are: " + strings.Join(rules, "; ")
}

// taskGroups returns the groups of the interface that traffic starts from; nil when they are not known. A task for which
// no group was named has the VPC's default group.
func (w *walk) taskGroups() []string {
	if w.from.SecurityGroups == nil || len(w.from.SecurityGroups) > 0 {
		return w.from.SecurityGroups
	}
	for _, g := range w.SecurityGroups {
		if g.Name == "default" {
			return []string{g.ID}
		}
	}
	return nil
}
