package network

import (
	"net/netip"
	"slices"
	"strings"
)

// addrs is a set of addresses: sorted ranges that neither touch nor overlap.
type addrs []addrRange

type addrRange struct{ first, last netip.Addr } // inclusive

func rangeOf(p netip.Prefix) addrRange {
	p = p.Masked()
	if p.Addr().Is4() {
		last := p.Addr().As4()
		fill(last[:], p.Bits())
		return addrRange{p.Addr(), netip.AddrFrom4(last)}
	}
	last := p.Addr().As16()
	fill(last[:], p.Bits())
	return addrRange{p.Addr(), netip.AddrFrom16(last)}
}

// fill sets the bits of an address behind a prefix.
func fill(address []byte, bits int) {
	for bit := bits; bit < len(address)*8; bit++ {
		address[bit/8] |= 1 << (7 - bit%8)
	}
}

// addrsOf returns the union of blocks; invalid ones are left out.
func addrsOf(cidrs ...CIDR) addrs {
	if len(cidrs) == 1 && cidrs[0].IsValid() {
		return addrs{rangeOf(cidrs[0].Prefix)}
	}
	var ranges []addrRange
	for _, c := range cidrs {
		if c.IsValid() {
			ranges = append(ranges, rangeOf(c.Prefix))
		}
	}
	return union(ranges)
}

func addrsIn(cidrs ...string) addrs {
	var s addrs
	for _, c := range cidrs {
		s = append(s, rangeOf(netip.MustParsePrefix(c)))
	}
	return union(s)
}

// union sorts ranges and joins those that touch.
func union(ranges []addrRange) addrs {
	slices.SortFunc(ranges, func(a, b addrRange) int { return a.first.Compare(b.first) })
	var s addrs
	for _, r := range ranges {
		if n := len(s) - 1; n >= 0 && (!s[n].last.Less(r.first) || s[n].last.Next() == r.first) {
			if s[n].last.Less(r.last) {
				s[n].last = r.last
			}
			continue
		}
		s = append(s, r)
	}
	return s
}

func (s addrs) empty() bool { return len(s) == 0 }

// overlaps reports whether some address is in both sets.
func (s addrs) overlaps(t addrs) bool {
	for i, j := 0, 0; i < len(s) && j < len(t); {
		switch {
		case s[i].last.Less(t[j].first):
			i++
		case t[j].last.Less(s[i].first):
			j++
		default:
			return true
		}
	}
	return false
}

// covers reports whether every address of t is in s.
func (s addrs) covers(t addrs) bool {
	i := 0
	for _, r := range t {
		for i < len(s) && s[i].last.Less(r.first) {
			i++
		}
		if i == len(s) || r.first.Less(s[i].first) || s[i].last.Less(r.last) {
			return false
		}
	}
	return true
}

func (s addrs) and(t addrs) addrs {
	var out addrs
	for i, j := 0, 0; i < len(s) && j < len(t); {
		first, last := s[i].first, s[i].last
		if first.Less(t[j].first) {
			first = t[j].first
		}
		if t[j].last.Less(last) {
			last = t[j].last
		}
		if !last.Less(first) {
			out = append(out, addrRange{first, last})
		}
		if s[i].last.Less(t[j].last) {
			i++
		} else {
			j++
		}
	}
	return out
}

func (s addrs) minus(t addrs) addrs {
	var out addrs
	j := 0
	for _, r := range s {
		for j < len(t) && t[j].last.Less(r.first) {
			j++
		}
		first, done := r.first, false
		for k := j; k < len(t) && !r.last.Less(t[k].first); k++ {
			if first.Less(t[k].first) {
				out = append(out, addrRange{first, t[k].first.Prev()})
			}
			if !t[k].last.Less(r.last) {
				done = true
				break
			}
			first = t[k].last.Next()
		}
		if !done {
			out = append(out, addrRange{first, r.last})
		}
	}
	return out
}

// String lists the ranges, a few of them when there are many.
func (s addrs) String() string {
	const most = 4
	var parts []string
	for i, r := range s {
		if i == most {
			parts = append(parts, "…")
			break
		}
		if r.first == r.last {
			parts = append(parts, r.first.String())
		} else {
			parts = append(parts, r.first.String()+"-"+r.last.String())
		}
	}
	return strings.Join(parts, ", ")
}

// internet is every IPv4 address that an internet gateway forwards to: none that is private (RFC 1918), shared
// (RFC 6598), loopback, link-local, multicast or reserved.
// https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
var internet = addrsIn("0.0.0.0/0").minus(addrsIn("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
	"169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3"))

// everywhere is every IPv4 address.
var everywhere = addrsIn("0.0.0.0/0")
