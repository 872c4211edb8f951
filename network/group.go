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
	return w.judgeGroups(h, groups, inbound, remote, depends)
}

// judgeGroups judges traffic by groups that are known.
func (w *walk) judgeGroups(h Hop, groups []string, inbound bool, remote peers, depends bool) Hop {
	var sets [8]*ruleSet // the groups of one interface are five, seldom more
	rules := sets[:0]
	absent, whole := false, false
	var admitted addrs
	var unread []string // rules that may admit more, were their prefix list or peers known
	for _, id := range groups {
		group := w.groups[id]
		if group == nil {
			absent = true
			continue
		}
		set := w.view.ruleSet(group, inbound, w.to)
		rules = append(rules, set)
		if set.unread {
			unread = append(unread, "ec2:DescribeSecurityGroups")
		}
		switch {
		case len(admitted) == 0:
			admitted = set.admitted
		case len(set.admitted) > 0:
			admitted = union(slices.Concat(admitted, set.admitted))
		}
		whole = whole || slices.ContainsFunc(set.rules, func(r setRule) bool { return r.names(remote) })
	}
	if whole || admitted.covers(remote.addrs) {
		h.Status, h.Detail = Open, strings.Join(deciding(rules, remote), "; ")
		return h
	}
	matching := deciding(rules, remote)
	for _, set := range rules {
		for _, r := range set.rules {
			unread = append(unread, r.missing...)
			if remote.groupsUnknown && len(r.groups) > 0 {
				unread = append(unread, "")
			}
		}
	}
	traffic := fmt.Sprintf("%s/%d", w.to.protocol(), w.to.Port)
	switch {
	case len(unread) > 0:
		h.Reason, h.Missing = Unread, uniq(slices.DeleteFunc(unread, func(a string) bool { return a == "" }))
		if len(h.Missing) == 0 {
			h.Reason = GroupsUnknown
		}
	case absent:
		h.Reason = GroupsUnknown
	case len(matching) == 0:
		var seen []string
		for _, set := range rules {
			seen = append(seen, set.seen()...)
		}
		h.Status, h.Reason = Closed, NoRule
		h.Detail = fmt.Sprintf("no %s rule admits %s; %s", direction(inbound), traffic, listed(seen))
	default:
		h.Status, h.Reason, h.Depends = Partial, NoRule, depends
		h.Detail = fmt.Sprintf("%s; no %s rule admits %s for %s", strings.Join(matching, "; "), direction(inbound), traffic, remote.addrs.minus(admitted))
	}
	return h
}

// deciding returns the rules that admit something of the other side: the first that admits all of it, if one does.
func deciding(sets []*ruleSet, remote peers) (matching []string) {
	for _, set := range sets {
		for i := range set.rules {
			if r := &set.rules[i]; r.names(remote) || r.addrs.covers(remote.addrs) {
				return append(matching[:0], r.text)
			}
		}
	}
	for _, set := range sets {
		for i := range set.rules {
			if r := &set.rules[i]; r.addrs.overlaps(remote.addrs) {
				matching = append(matching, r.text)
			}
		}
	}
	return matching
}

// ruleKey is the rules of one direction of a group that are about a protocol and port.
type ruleKey struct {
	group   *SecurityGroup
	inbound bool
	udp     bool
	port    uint16
}

// ruleSet is what those rules amount to.
type ruleSet struct {
	all      []Rule // all rules of the direction
	unread   bool
	rules    []setRule
	admitted addrs // what they admit by address
}

// setRule is one of them. It admits addresses, and whatever carries a group or is what a prefix list holds.
type setRule struct {
	text    string
	addrs   addrs
	lists   []string
	groups  []string
	missing []string // what would show more of its addresses: an IAM action, or "" where no action would
}

// names reports whether a rule admits the other side as a whole: by its group, or by the prefix list that holds exactly
// its addresses, whose entries need not be known then.
func (r *setRule) names(remote peers) bool {
	for _, id := range r.lists {
		if id != "" && id == remote.list {
			return true
		}
	}
	for _, id := range r.groups {
		if slices.Contains(remote.groups, id) {
			return true
		}
	}
	return false
}

// ruleSet returns the rules of a group that are about a destination's protocol and port.
func (v *view) ruleSet(group *SecurityGroup, inbound bool, to Destination) *ruleSet {
	return v.rules.get(ruleKey{group, inbound, to.UDP, to.Port}, func() *ruleSet {
		set := &ruleSet{all: group.Egress}
		if inbound {
			set.all = group.Ingress
		}
		set.unread = set.all == nil
		var ranges []addrRange
		for _, r := range set.all {
			if !r.carries(to.protocol(), to.Port) {
				continue
			}
			one := v.rule(r)
			one.text = group.ID + " " + direction(inbound) + ": " + r.String()
			set.rules = append(set.rules, one)
			ranges = append(ranges, one.addrs...)
		}
		set.admitted = union(ranges)
		return set
	})
}

// rule works out what a rule admits.
func (v *view) rule(r Rule) setRule {
	one := setRule{lists: r.PrefixLists, groups: r.Groups, addrs: addrsOf(r.CIDRs...)}
	if slices.ContainsFunc(r.CIDRs, func(c CIDR) bool { return !c.IsValid() }) {
		one.missing = append(one.missing, "")
	}
	for _, id := range r.PrefixLists {
		if v.foreign(id) {
			continue
		}
		entries, unread := v.vpc.entriesOf(id)
		one.addrs = union(slices.Concat(one.addrs, addrsOf(entries...)))
		one.missing = append(one.missing, unread...)
	}
	return one
}

// seen writes all rules of the direction.
func (s *ruleSet) seen() (texts []string) {
	for _, r := range s.all {
		texts = append(texts, r.String())
	}
	return texts
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
		return what + " (no peer)"
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
