package network

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// An ACL's verdict about sets of packets against one about every single packet, every port of a few addresses.
func TestJudgeAgainstBruteForce(t *testing.T) {
	const seed = 7
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	met := map[Status]int{}
	for range 120 {
		acl, egress := someACL(random), random.IntN(2) == 0
		protocol := []string{"tcp", "udp"}[random.IntN(2)]
		p := packets{addrsIn([]string{"10.0.0.0/29", "10.0.0.4/30", "10.0.0.1/32"}[random.IntN(3)]), somePorts(random)}
		allowed, denied := 0, 0
		for _, r := range p.remote {
			for a := r.first; !r.last.Less(a); a = a.Next() {
				deciding := acl.about(egress, protocol, a)
				for port := int(p.ports.From); port <= int(p.ports.To); port++ {
					if lets(deciding, uint16(port)) {
						allowed++
					} else {
						denied++
					}
				}
			}
		}
		want := Partial
		switch {
		case denied == 0:
			want = Open
		case allowed == 0:
			want = Closed
		}
		met[want]++
		if v := acl.rules(egress, protocol).judge(p); v.status != want {
			t.Fatalf("%s of %s, %d packets allowed and %d denied, is judged %s (%s) by\n%v", p.ports, p.remote, allowed, denied, v.status, v.detail, acl.Entries)
		}
	}
	if met[Open] < 5 || met[Closed] < 5 || met[Partial] < 5 {
		t.Errorf("the entries are not mixed enough: %v", met)
	}
}

func someACL(random *rand.Rand) *NetworkACL {
	acl := &NetworkACL{}
	blocks := []string{"0.0.0.0/0", "10.0.0.0/29", "10.0.0.0/30", "10.0.0.4/31", "10.0.0.1/32", "10.1.0.0/16", "::/0"}
	for _, n := range random.Perm(random.IntN(9)) {
		acl.Entries = append(acl.Entries, ACLEntry{Number: int32(n), Egress: random.IntN(4) > 0, Allow: random.IntN(3) > 0,
			Protocol: []string{"-1", "6", "6", "17"}[random.IntN(4)], Ports: somePorts(random), CIDR: ParseCIDR(blocks[random.IntN(len(blocks))])})
	}
	return acl
}

func somePorts(random *rand.Rand) Ports {
	edges := []uint16{0, 1, 442, 443, 444, 1024, 32768, 60999, 65534, 65535}
	a, b := edges[random.IntN(len(edges))], edges[random.IntN(len(edges))]
	return Ports{min(a, b), max(a, b)}
}

// about returns the entries about an address, by ascending number.
func (acl *NetworkACL) about(egress bool, protocol string, a netip.Addr) (entries []ACLEntry) {
	number := map[string]string{"tcp": "6", "udp": "17"}[protocol]
	for _, e := range acl.Entries {
		if e.Egress == egress && (e.Protocol == "-1" || e.Protocol == number) && e.CIDR.Contains(a) {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b ACLEntry) int { return int(a.Number - b.Number) })
	return entries
}

func lets(entries []ACLEntry, port uint16) bool {
	for _, e := range entries {
		if e.Protocol == "-1" || e.Ports.From <= port && port <= e.Ports.To {
			return e.Allow
		}
	}
	return false // rule *
}

// A range that ends before it starts is EC2's to refuse; nothing is in it.
func TestJudgeIgnoresEmptyRanges(t *testing.T) {
	acl := &NetworkACL{Entries: []ACLEntry{{Number: 1, Allow: true, Protocol: "6", Ports: Ports{500, 400}, CIDR: ParseCIDR("0.0.0.0/0")}}}
	if v := acl.rules(false, "tcp").judge(packets{everywhere, Ports{100, 1000}}); v.status != Closed {
		t.Errorf("the verdict is %s (%s), want closed", v.status, v.detail)
	}
}

func TestVerdictNamesWhatIsDenied(t *testing.T) {
	allow := ACLEntry{Number: 100, Allow: true, Protocol: "-1", CIDR: ParseCIDR("0.0.0.0/0")}
	deny := ACLEntry{Number: 90, Protocol: "6", Ports: Ports{50000, 50010}, CIDR: ParseCIDR("52.0.0.0/8")}
	v := (&NetworkACL{Entries: []ACLEntry{allow, deny}}).rules(false, "tcp").judge(packets{everywhere, linuxPorts})
	want := "inbound rule 90: deny tcp 50000-50010 52.0.0.0/8: denied for ports 50000-50010 of 52.0.0.0-52.255.255.255"
	if v.status != Partial || v.detail != want || !v.splitsAddresses {
		t.Errorf("the verdict is %+v, want %q", v, want)
	}
}
