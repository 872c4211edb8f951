package network

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// The algebra of address sets against sets of single addresses, around every edge that there is: touching ranges, the first
// and the last address of IPv4.
func TestAddressSetsAgainstBruteForce(t *testing.T) {
	const seed = 6
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	for _, base := range []uint32{0, 0x0a000000, 0xffffffe0} { // the last 32 addresses too
		for range 2000 {
			a, inA := someSet(random, base)
			b, inB := someSet(random, base)
			for name, c := range map[string]struct {
				got  addrs
				want func(i int) bool
			}{
				"union": {union(slices.Concat(a, b)), func(i int) bool { return inA[i] || inB[i] }},
				"and":   {a.and(b), func(i int) bool { return inA[i] && inB[i] }},
				"minus": {a.minus(b), func(i int) bool { return inA[i] && !inB[i] }},
			} {
				if err := same(c.got, base, c.want); err != nil {
					t.Fatalf("%s of %s and %s is %s: %v", name, a, b, c.got, err)
				}
			}
		}
	}
}

func someSet(random *rand.Rand, base uint32) (addrs, [32]bool) {
	var ranges []addrRange
	var in [32]bool
	for range random.IntN(5) {
		first := random.IntN(32)
		last := first + random.IntN(32-first)
		ranges = append(ranges, addrRange{v4(base + uint32(first)), v4(base + uint32(last))})
		for i := first; i <= last; i++ {
			in[i] = true
		}
	}
	return union(ranges), in
}

// same reports how a set differs from the wanted one, or from what a set promises: sorted ranges that do not touch.
func same(s addrs, base uint32, want func(i int) bool) error {
	for i, r := range s {
		if r.last.Less(r.first) || i > 0 && !s[i-1].last.Next().Less(r.first) {
			return fmt.Errorf("range %d is out of order or touches", i)
		}
	}
	for i := range 32 {
		a := v4(base + uint32(i))
		has := slices.ContainsFunc(s, func(r addrRange) bool { return !a.Less(r.first) && !r.last.Less(a) })
		if has != want(i) {
			return fmt.Errorf("it has %s: %t", a, has)
		}
	}
	return nil
}

func v4(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

func TestAddressSetOfBlocks(t *testing.T) {
	for _, c := range []struct {
		blocks []string
		want   string
	}{
		{nil, ""},
		{[]string{"10.0.10.0/22"}, "10.0.8.0-10.0.11.255"}, // host bits are dropped, as EC2 does
		{[]string{"10.0.0.1/32"}, "10.0.0.1"},
		{[]string{"10.0.0.0/25", "10.0.0.128/25"}, "10.0.0.0-10.0.0.255"},
		{[]string{"0.0.0.0/0", "10.0.0.0/8"}, "0.0.0.0-255.255.255.255"},
		{[]string{"nonsense", "10.0.0.0/33", "10.0.0.0"}, ""},
		{[]string{"::/0"}, "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{[]string{"1.0.0.0/32", "3.0.0.0/32", "5.0.0.0/32", "7.0.0.0/32", "9.0.0.0/32"}, "1.0.0.0, 3.0.0.0, 5.0.0.0, 7.0.0.0, …"},
	} {
		var blocks []CIDR
		for _, b := range c.blocks {
			blocks = append(blocks, ParseCIDR(b))
		}
		if got := addrsOf(blocks...).String(); got != c.want {
			t.Errorf("the set of %s is %q, want %q", c.blocks, got, c.want)
		}
	}
	if private := internet.and(addrsIn("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")); !private.empty() {
		t.Errorf("the internet holds %s", private)
	}
}
