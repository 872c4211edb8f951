package checks

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/netip"

	"github.com/canpull/canpull/network"
)

// addressMap maps addresses to others so that two that begin alike still do, and no longer than before: what lies in a block
// lies in the block's image, and the longest matching route stays the longest. Each bit is kept or flipped by what a keyed
// function says of the bits before it, after Xu, Fan, Ammar and Moon, "Prefix-Preserving IP Address Anonymization" (2002).
type addressMap struct {
	key    []byte
	blocks []netip.Prefix // of the VPCs, IPv4
	known  map[netip.Addr]netip.Addr
}

// ranges are the blocks that mean something by themselves, and are mapped to themselves. Private addresses change in their
// first free bit, so that none stays what it is; what is not inside stays as a whole.
var ranges = []struct {
	block  netip.Prefix
	inside bool
}{
	{netip.MustParsePrefix("10.0.0.0/8"), true},
	{netip.MustParsePrefix("172.16.0.0/12"), true},
	{netip.MustParsePrefix("192.168.0.0/16"), true},
	{netip.MustParsePrefix("100.64.0.0/10"), true},
	{netip.MustParsePrefix("0.0.0.0/8"), false},
	{netip.MustParsePrefix("127.0.0.0/8"), false},
	{netip.MustParsePrefix("169.254.0.0/16"), false}, // Amazon's resolver among others
	{netip.MustParsePrefix("224.0.0.0/3"), false},
	{netip.MustParsePrefix("2000::/3"), true},
	{netip.MustParsePrefix("fc00::/7"), true},
	{netip.MustParsePrefix("fd00:ec2::/32"), false}, // Amazon's resolver among others
	{netip.MustParsePrefix("fe80::/10"), false},
	{netip.MustParsePrefix("ff00::/8"), false},
	{netip.MustParsePrefix("::/8"), false},
}

// nat64 holds IPv4 addresses in its last four bytes (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

func newAddressMap(key []byte, facts Facts) *addressMap {
	m := &addressMap{key: key, known: map[netip.Addr]netip.Addr{}}
	for _, a := range facts.Networks {
		if a.Fact != nil {
			m.learn(a.Fact)
		}
	}
	return m
}

// learn notes the blocks of a VPC: the third address of each is a resolver, which is told by its distance from the first.
// https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
func (m *addressMap) learn(t *network.Topology) {
	for _, c := range t.VPC.CIDRs {
		if c.IsValid() && c.Addr().Is4() {
			m.blocks = append(m.blocks, c.Masked())
		}
	}
	for i := range t.Neighbours {
		m.learn(&t.Neighbours[i])
	}
}

// prefix maps a block. Bits behind its length stay zero.
func (m *addressMap) prefix(p netip.Prefix) netip.Prefix {
	if !p.IsValid() {
		return p
	}
	return netip.PrefixFrom(m.addr(p.Masked().Addr()), p.Bits()).Masked()
}

func (m *addressMap) addr(a netip.Addr) netip.Addr {
	mapped, ok := m.known[a]
	switch {
	case ok:
		return mapped
	case a.Is4In6() || nat64.Contains(a):
		whole := a.As16()
		embedded := m.addr(netip.AddrFrom4([4]byte(whole[12:]))).As4()
		copy(whole[12:], embedded[:])
		mapped = netip.AddrFrom16(whole)
	default:
		bytes := a.AsSlice()
		for i := range a.BitLen() {
			if m.flips(a, i) {
				bytes[i/8] ^= 0x80 >> (i % 8)
			}
		}
		mapped, _ = netip.AddrFromSlice(bytes)
	}
	m.known[a] = mapped
	return mapped
}

// flips reports whether the bit behind an address's first ones changes.
func (m *addressMap) flips(a netip.Addr, bits int) bool {
	node := netip.PrefixFrom(a, bits).Masked()
	for _, b := range m.blocks {
		start := netip.PrefixFrom(b.Addr(), a.BitLen()-2)
		if bits >= b.Bits() && (node.Contains(b.Addr()) || bits >= start.Bits() && start.Contains(a)) {
			return false // the first four addresses of a VPC's block stay the first four, in their order
		}
	}
	first := false
	for _, r := range ranges {
		switch {
		case r.block.Addr().Is4() != a.Is4():
		case r.block.Bits() > bits && node.Contains(r.block.Addr()), !r.inside && r.block.Contains(a):
			return false
		case r.block == node:
			first = true
		}
	}
	return first || m.random(node)&1 == 1
}

func (m *addressMap) random(node netip.Prefix) byte {
	mac := hmac.New(sha256.New, m.key)
	mac.Write([]byte(node.String()))
	return mac.Sum(nil)[0]
}
