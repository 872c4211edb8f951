package network_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/canpull/canpull/network"
)

// The law: taking a fact away never makes an answer more certain.

// atomic are the fields that are read with what holds them: nil says there that they name nobody.
var atomic = []string{"CIDRs", "PrefixLists", "Groups"} // of a Rule

// without calls judge once for every fact of a topology that can be nil and is not, while it is nil.
func without(t *network.Topology, judge func(fact string)) {
	var visit func(v reflect.Value, path string)
	visit = func(v reflect.Value, path string) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				field := v.Type().Field(i)
				rule := v.Type() == reflect.TypeFor[network.Rule]() && slices.Contains(atomic, field.Name)
				if field.IsExported() && field.Type != reflect.TypeFor[network.CIDR]() && field.Name != "Unread" && !rule {
					visit(v.Field(i), path+"."+field.Name)
				}
			}
		case reflect.Slice, reflect.Pointer:
			if v.IsNil() {
				return
			}
			was := reflect.ValueOf(v.Interface())
			v.SetZero()
			judge(path)
			v.Set(was)
			for i := 0; v.Kind() == reflect.Slice && i < v.Len(); i++ {
				visit(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
			}
		}
	}
	visit(reflect.ValueOf(t).Elem(), "")
}

// aspect is what one check looks at.
type aspect struct {
	kind           network.Kind
	inbound, reply bool
	dns            bool
}

func aspects(p network.Path) map[aspect]network.Path {
	all := map[aspect]network.Path{}
	for _, h := range p.Hops {
		a := aspect{h.Kind, h.Inbound, h.Reply, h.DNS}
		part := all[a]
		part.Hops, part.Missing = append(part.Hops, h), p.Missing // where the walk was cut, more of it may follow
		all[a] = part
	}
	return all
}

// moreCertain says what is more certain after than before, "" if nothing is.
func moreCertain(before, after network.Path) string {
	if a, b := after.Status(), before.Status(); a != network.Unknown && a != b {
		return fmt.Sprintf("the path was %s and is %s", b, a)
	}
	parts := aspects(before)
	for a, part := range aspects(after) {
		had, met := parts[a]
		switch status := part.Status(); {
		case status == network.Unknown, met && status == had.Status():
		case !met && status == network.Open: // on a way that may be taken now
		default:
			return fmt.Sprintf("%+v was %s and is %s", a, had.Status(), status)
		}
	}
	for a := range parts {
		if _, met := aspects(after)[a]; !met && after.Status() == network.Open {
			return fmt.Sprintf("%+v is no more on an open path", a)
		}
	}
	if before.Status() == network.Unknown || after.Status() != network.Unknown {
		return ""
	}
	for _, h := range after.Hops {
		if len(h.Missing) > 0 {
			return ""
		}
	}
	if len(after.Missing) == 0 {
		return "no action is named that would settle it"
	}
	return ""
}

// lawful checks the law for a trip with every single fact taken away.
func lawful(t *testing.T, name string, trip *trip) (facts int) {
	t.Helper()
	before := trip.path()
	without(trip.Topology, func(fact string) {
		facts++
		after := trip.path()
		if broken := moreCertain(before, after); broken != "" {
			t.Errorf("%s without %s: %s\nbefore\n%s\nafter\n%s", name, fact, broken, show(before), show(after))
		}
		for _, actions := range append([][]string{after.Missing}, missing(after)...) {
			for _, action := range actions {
				if !slices.Contains(network.Actions(), action) {
					t.Errorf("%s without %s: no action is called %q", name, fact, action)
				}
			}
		}
	})
	return facts
}

func missing(p network.Path) (all [][]string) {
	for _, h := range p.Hops {
		all = append(all, h.Missing)
	}
	return all
}

// faults are what breaks a trip, or may.
var faults = map[string]func(*trip){
	"nothing":   func(*trip) {},
	"no egress": func(t *trip) { t.group("sg-task").Egress = []network.Rule{} },
	"egress to one endpoint": func(t *trip) {
		t.group("sg-task").Egress = []network.Rule{https(network.Rule{CIDRs: cidrs("10.0.2.10/32")})}
	},
	"egress to a part": func(t *trip) {
		t.group("sg-task").Egress = []network.Rule{https(network.Rule{CIDRs: cidrs("52.0.0.0/8")})}
	},
	"egress to Amazon S3": func(t *trip) {
		t.group("sg-task").Egress = []network.Rule{https(network.Rule{PrefixLists: []string{"pl-s3"}})}
	},
	"egress to S3's blocks": func(t *trip) {
		t.group("sg-task").Egress = []network.Rule{https(network.Rule{CIDRs: t.PrefixLists[0].CIDRs})}
	},
	"egress to a group": func(t *trip) {
		t.group("sg-task").Egress = []network.Rule{https(network.Rule{Groups: []string{"sg-endpoint"}})}
	},
	"egress by an own list": func(t *trip) {
		t.group("sg-task").Egress = []network.Rule{https(network.Rule{PrefixLists: []string{"pl-own"}})}
	},
	"no ingress":          func(t *trip) { t.group("sg-endpoint").Ingress = []network.Rule{} },
	"ACL without answers": func(t *trip) { t.acl("subnet-task", admitting()[0]) },
	"ACL against S3": func(t *trip) {
		t.acl("subnet-task", append(admitting(), entry(1, "out", "deny", "52.218.0.0/17", 0, 65535))...)
	},
	"ACL for S3 only":        func(t *trip) { t.acl("subnet-task", entry(1, "out", "allow", "52.218.0.0/17", 443, 443)) },
	"ACL for half the ports": func(t *trip) { t.acl("subnet-task", admitting()[0], entry(1, "in", "allow", anywhere, 50000, 65535)) },
	"public ACL":             func(t *trip) { t.acl("subnet-public") },
	"endpoint ACL":           func(t *trip) { t.acl("subnet-endpoints", entry(1, "in", "allow", "10.0.1.0/25", 443, 443)) },
	"no route":               func(t *trip) { t.table("rtb-task").Routes = t.table("rtb-task").Routes[:1] },
	"main table elsewhere":   func(t *trip) { t.addRoute("rtb-main", route(anywhere, "igw-1")) },
	"blackhole for a part": func(t *trip) {
		t.addRoute("rtb-task", network.Route{CIDR: network.ParseCIDR("52.0.0.0/8"), State: "blackhole"})
	},
	"blackhole inside S3": func(t *trip) {
		t.addRoute("rtb-task", network.Route{CIDR: network.ParseCIDR("52.218.0.0/24"), State: "blackhole"})
	},
	"own list to nowhere": func(t *trip) {
		t.addRoute("rtb-task", network.Route{PrefixList: "pl-own", Target: "nat-gone", State: "blackhole"})
	},
	"own list's blocks too": func(t *trip) { t.addRoute("rtb-task", route("198.51.100.0/24", "igw-gone"), route("pl-own", "tgw-1")) },
	"transit gateway":       func(t *trip) { t.reroute("rtb-task", anywhere, "tgw-1") },
	"other gateway": func(t *trip) {
		t.reroute("rtb-task", anywhere, "igw-gone")
		t.reroute("rtb-public", anywhere, "igw-gone")
	},
	"no public address":      func(t *trip) { t.from.PublicIP = new(false) },
	"unknown address":        func(t *trip) { t.from.PublicIP = nil },
	"unknown groups":         func(t *trip) { t.from.SecurityGroups = nil },
	"default group":          func(t *trip) { t.from.SecurityGroups = []string{} },
	"blocked":                func(t *trip) { t.VPC.BlockPublicAccess = "block-bidirectional" },
	"NAT gateways failed":    func(t *trip) { mend(t.NATGateways, func(n *network.NATGateway) { n.State = "failed" }) },
	"NAT gateways private":   func(t *trip) { mend(t.NATGateways, func(n *network.NATGateway) { n.Private = true }) },
	"NAT gateways near":      func(t *trip) { mend(t.NATGateways, func(n *network.NATGateway) { n.Subnet = "subnet-task" }) },
	"endpoints pending":      func(t *trip) { mend(t.VPCEndpoints, func(e *network.VPCEndpoint) { e.State = "pending" }) },
	"endpoints failed":       func(t *trip) { mend(t.VPCEndpoints, func(e *network.VPCEndpoint) { e.State = "failed" }) },
	"private DNS off":        func(t *trip) { mend(t.VPCEndpoints, func(e *network.VPCEndpoint) { e.PrivateDNS = new(false) }) },
	"no interfaces":          func(t *trip) { t.Interfaces = []network.NetworkInterface{} },
	"DNS support off":        func(t *trip) { t.VPC.DNSSupport = new(false) },
	"DNS hostnames off":      func(t *trip) { t.VPC.DNSHostnames = new(false) },
	"custom servers":         func(t *trip) { t.VPC.NameServers = []string{"192.168.9.9", "10.0.2.53"} },
	"unreachable servers":    func(t *trip) { t.VPC.NameServers = []string{"192.168.9.9", "192.168.9.8"} },
	"unreachable and amazon": func(t *trip) { t.VPC.NameServers = []string{"192.168.9.9", "10.0.0.2"} },
	"firewalled answers": func(t *trip) {
		t.addRoute("rtb-public", route("10.0.1.0/24", "vpce-firewall"))
		t.addRoute("rtb-main", route("10.0.1.0/24", "eni-1"))
	},
	"gateway with a table":    func(t *trip) { t.RouteTables = append(t.RouteTables, edgeTable()) },
	"Docker Hub":              func(t *trip) { t.to = hub },
	"some host":               func(t *trip) { t.to = network.Destination{} },
	"the API":                 func(t *trip) { t.to = ecrAPI },
	"the layers":              func(t *trip) { t.to = layers },
	"an address of Amazon S3": func(t *trip) { t.to = network.Destination{Host: "52.218.1.1"} },
	"an address in the VPC":   func(t *trip) { t.to = network.Destination{Host: "10.0.2.77"} },
	"all endpoints": func(t *trip) {
		e, g := privateLink(), gatewayEndpoint()
		t.VPCEndpoints, t.Interfaces = append(e.VPCEndpoints, g.VPCEndpoints...), e.Interfaces
		t.addRoute("rtb-task", route("pl-s3", "vpce-s3"))
	},
	"a nearer interface": func(t *trip) {
		mend(t.VPCEndpoints, func(e *network.VPCEndpoint) { e.Subnets = append(e.Subnets, "subnet-task") })
	},
}

func mend[E any](list []E, change func(*E)) {
	for i := range list {
		change(&list[i])
	}
}

func edgeTable() network.RouteTable {
	return network.RouteTable{ID: "rtb-edge", Subnets: []string{}, Gateways: []string{"igw-1"},
		Routes: []network.Route{route("10.0.0.0/16", "local"), route("10.0.1.0/24", "eni-1")}}
}

func TestLaw(t *testing.T) {
	for base, in := range healthy {
		for fault, change := range faults {
			trip := in()
			change(trip)
			if lawful(t, base+" with "+fault, trip) < 30 {
				t.Errorf("%s with %s: too few facts were taken away", base, fault)
			}
		}
	}
}

func TestLawForFaultsTogether(t *testing.T) {
	const seed = 1
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	for range 300 {
		trip, name := someTrip(random)
		lawful(t, name, trip)
	}
}

// someTrip is a healthy trip with a few faults.
func someTrip(random *rand.Rand) (*trip, string) {
	bases, all := slices.Sorted(maps.Keys(healthy)), slices.Sorted(maps.Keys(faults))
	base := bases[random.IntN(len(bases))]
	trip, names := healthy[base](), []string{}
	for range 2 + random.IntN(5) {
		fault := all[random.IntN(len(all))]
		faults[fault](trip)
		names = append(names, fault)
	}
	return trip, base + " with " + strings.Join(names, ", ")
}

// What is written as JSON and read again is the same topology.
func TestTopologyAsJSON(t *testing.T) {
	for fault, change := range faults {
		for base, in := range healthy {
			trip := in()
			change(trip)
			want := show(trip.path())
			text, err := json.Marshal(trip.Topology)
			if err != nil {
				t.Fatal(err)
			}
			trip.Topology = new(network.Topology)
			if err := json.Unmarshal(text, trip.Topology); err != nil {
				t.Fatal(err)
			}
			if got := show(trip.path()); got != want {
				t.Errorf("%s with %s: after JSON the path is\n%s\nand was\n%s", base, fault, got, want)
			}
		}
	}
}
