package soundness

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// account is a random account: the plain data that the sources of a diagnosis give, and beside it, for the oracle, the
// policies as they were made up.
type account struct {
	task     checks.Task
	topology network.Topology
	role     iam.Role
	image    registry.Image

	identity, boundary, repository, trust policyText
	endpoints                             map[string]policyText // by the endpoint's ID
}

const (
	own, other = "111122223333", "999988887777"
	roleARN    = "arn:aws:iam::" + own + ":role/web-execution"
	otherRole  = "arn:aws:iam::" + own + ":role/somebody-else"
	bucketARN  = "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"
	apiService = "com.amazonaws.eu-west-1.ecr.api"
	dkrService = "com.amazonaws.eu-west-1.ecr.dkr"
	s3Service  = "com.amazonaws.eu-west-1.s3"
)

// statementText is a statement of a policy, of the elements that the generator uses.
type statementText struct {
	Effect       string
	Principal    any                          `json:",omitempty"` // "*", or {"AWS": ARN}, or {"Service": name}
	Action       []string                     `json:",omitempty"`
	NotAction    []string                     `json:",omitempty"`
	Resource     []string                     `json:",omitempty"`
	Condition    map[string]map[string]string `json:",omitempty"`
	NotPrincipal any                          `json:",omitempty"`
}

// policyText is a policy; nil is none.
type policyText []statementText

func (p policyText) String() string {
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []statementText(p)})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (p policyText) parsed(name string) iam.Policy {
	document, err := iam.Parse(p.String())
	if err != nil {
		panic(fmt.Sprintf("%v: %s", err, p))
	}
	return iam.Policy{Name: name, Document: document}
}

// dice makes up accounts. The greater luck is, the fewer things are wrong in one.
type dice struct {
	*rand.Rand
	luck int
}

func (d dice) oneIn(n int) bool { return d.IntN(n) == 0 }

// broken decides that something is wrong, in one of n accounts at the worst.
func (d dice) broken(n int) bool { return d.IntN(n*d.luck) == 0 }

func pick[E any](d dice, from ...E) E { return from[d.IntN(len(from))] }

// mostly picks what works, or in some accounts one of the rest.
func mostly[E any](d dice, works E, rest ...E) E {
	if d.broken(2) {
		return pick(d, rest...)
	}
	return works
}

func block(s string) network.CIDR { return network.ParseCIDR(s) }

// account makes up an account that pulls from a repository in Amazon ECR. Most of what it is made of works, so that no
// more than a few things are wrong at a time.
func (d dice) account() *account {
	a := &account{endpoints: map[string]policyText{}}
	a.task = checks.Task{
		ARN: "arn:aws:ecs:eu-west-1:" + own + ":task/prod/1", Account: own, Region: "eu-west-1",
		PlatformVersion: pick(d, "1.4.0", "1.4.0", "1.4.0", "LATEST", "1.3.0"), Architecture: pick(d, "X86_64", "ARM64"),
		ExecutionRole: roleARN, Placement: network.Placement{SecurityGroups: []string{"sg-task"}, PublicIP: new(d.oneIn(2))},
	}
	for _, id := range []string{"subnet-a", "subnet-b", "subnet-public"} {
		if !d.oneIn(3) {
			a.task.Placement.Subnets = append(a.task.Placement.Subnets, id)
		}
	}
	if len(a.task.Placement.Subnets) == 0 {
		a.task.Placement.Subnets = []string{"subnet-a"}
	}
	repositoryAccount := own
	if d.oneIn(4) {
		repositoryAccount = other
	}
	reference := repositoryAccount + ".dkr.ecr.eu-west-1.amazonaws.com/team/web:1"
	a.task.Containers = []checks.Container{{Name: "web", Image: reference}}
	a.network(d)
	a.policies(d, repositoryAccount)
	a.images(d, reference)
	return a
}

func (a *account) network(d dice) {
	local := network.Route{CIDR: block("10.0.0.0/16"), Target: "local", State: "active"}
	table := func(id string, main bool, subnets ...string) network.RouteTable {
		return network.RouteTable{ID: id, Main: main, Subnets: subnets, Gateways: []string{}, Routes: []network.Route{local}}
	}
	subnet := func(id, zone, cidr string) network.Subnet {
		return network.Subnet{ID: id, AvailabilityZone: zone, CIDR: block(cidr), IPv6CIDRs: []network.CIDR{}, DNS64: new(false), BlockPublicAccess: "off"}
	}
	t := &a.topology
	*t = network.Topology{
		VPC: network.VPC{ID: "vpc-1", CIDRs: []network.CIDR{block("10.0.0.0/16")}, IPv6CIDRs: []network.CIDR{}, DNSSupport: new(!d.broken(25)), DNSHostnames: new(!d.broken(12)),
			NameServers: []string{"AmazonProvidedDNS"}, DHCPOptions: "dopt-1", BlockPublicAccess: "off"},
		Subnets: []network.Subnet{subnet("subnet-a", "eu-west-1a", "10.0.1.0/24"), subnet("subnet-b", "eu-west-1b", "10.0.2.0/24"),
			subnet("subnet-public", "eu-west-1a", "10.0.0.0/24"), subnet("subnet-endpoints", "eu-west-1b", "10.0.3.0/24")},
		RouteTables:            []network.RouteTable{table("rtb-main", true), table("rtb-a", false, "subnet-a"), table("rtb-public", false, "subnet-public")},
		InternetGateways:       []network.InternetGateway{{ID: "igw-1", VPC: "vpc-1", State: "available"}},
		NATGateways:            []network.NATGateway{{ID: "nat-1", Subnet: mostly(d, "subnet-public", "subnet-b"), State: "available", Private: d.broken(15)}},
		VPCEndpoints:           []network.VPCEndpoint{},
		Interfaces:             []network.NetworkInterface{},
		PrefixLists:            []network.PrefixList{{ID: "pl-s3", Name: s3Service, CIDRs: []network.CIDR{block("52.218.0.0/17"), block("3.5.64.0/21")}}},
		PublicAccess:           &network.PublicAccess{Mode: "off", State: "default-state"},
		PublicAccessExclusions: []network.PublicAccessExclusion{}, EgressOnlyGateways: []network.InternetGateway{}, Instances: []network.Instance{},
		Peerings: []network.Peering{}, TransitGateways: []network.TransitGateway{}, Neighbours: []network.Topology{},
	}
	if d.broken(20) {
		t.InternetGateways = []network.InternetGateway{}
	}
	if d.broken(12) {
		t.NATGateways[0].State = pick(d, "failed", "deleted")
	}
	if d.oneIn(3) {
		t.RouteTables[1].Subnets = append(t.RouteTables[1].Subnets, "subnet-b")
	}
	public := func(target string) network.Route {
		r := network.Route{CIDR: block("0.0.0.0/0"), Target: target, State: "active"}
		if d.broken(20) {
			r.State = "blackhole"
		}
		return r
	}
	for i := range t.RouteTables {
		r := &t.RouteTables[i]
		switch {
		case r.ID == "rtb-public" && !d.broken(12):
			r.Routes = append(r.Routes, public("igw-1"))
		case r.ID != "rtb-public" && !d.broken(3):
			r.Routes = append(r.Routes, public(mostly(d, "nat-1", "igw-1")))
		}
	}
	a.filters(d)
	for _, service := range []string{apiService, dkrService} {
		if d.oneIn(2) {
			a.interfaceEndpoint(d, service)
		}
	}
	if d.oneIn(2) {
		e := network.VPCEndpoint{ID: "vpce-s3", Type: "Gateway", Service: s3Service, State: "available", RouteTables: []string{}}
		for i := range t.RouteTables {
			if !d.oneIn(3) {
				e.RouteTables = append(e.RouteTables, t.RouteTables[i].ID)
				t.RouteTables[i].Routes = append(t.RouteTables[i].Routes, network.Route{PrefixList: "pl-s3", Target: e.ID, State: "active"})
			}
		}
		a.addEndpoint(d, e, []string{"s3:GetObject"}, bucketARN)
	}
}

// interfaceEndpoint adds an endpoint with an interface in one or two subnets.
func (a *account) interfaceEndpoint(d dice, service string) {
	short := service[strings.LastIndex(service, ".")+1:]
	e := network.VPCEndpoint{ID: "vpce-" + short, Type: "Interface", Service: service, State: "available", PrivateDNS: new(!d.broken(10)), SecurityGroups: []string{"sg-endpoint"}}
	if d.oneIn(10) {
		e.SecurityGroups = append(e.SecurityGroups, "sg-other")
	}
	for i, in := range []struct{ subnet, prefix string }{{"subnet-endpoints", "10.0.3."}, {"subnet-a", "10.0.1."}} {
		if i == 0 && !d.oneIn(4) || i > 0 && (len(e.Subnets) == 0 || d.oneIn(3)) {
			id := fmt.Sprintf("eni-%s-%d", short, i)
			e.Subnets, e.Interfaces = append(e.Subnets, in.subnet), append(e.Interfaces, id)
			a.topology.Interfaces = append(a.topology.Interfaces, network.NetworkInterface{ID: id, Subnet: in.subnet,
				Address: in.prefix + map[string]string{"api": "10", "dkr": "11"}[short], SecurityGroups: e.SecurityGroups})
		}
	}
	actions := []string{"ecr:GetAuthorizationToken"}
	if service == dkrService {
		actions = []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
	}
	a.addEndpoint(d, e, actions, "*")
}

// addEndpoint adds an endpoint with a policy: mostly the one that allows everything.
func (a *account) addEndpoint(d dice, e network.VPCEndpoint, actions []string, resource string) {
	p := policyText{{Effect: "Allow", Principal: "*", Action: []string{"*"}, Resource: []string{"*"}}}
	if d.broken(3) {
		p = policyText{{Effect: "Allow", Principal: pick[any](d, "*", "*", map[string]string{"AWS": roleARN}, map[string]string{"AWS": otherRole}),
			Action: pick(d, actions, actions, actions[:1], []string{"ecr:*", "s3:Get*"}, []string{"s3:PutObject"}), Resource: pick(d, []string{"*"}, []string{resource}, []string{"arn:aws:s3:::my-own-bucket/*"})}}
	}
	if d.broken(15) {
		p = append(p, statementText{Effect: "Deny", Principal: "*", Action: []string{pick(d, actions...)}, Resource: []string{"*"}})
	}
	e.Policy = new(p.String())
	a.endpoints[e.ID] = p
	a.topology.VPCEndpoints = append(a.topology.VPCEndpoints, e)
}

// filters makes up security groups and network ACLs, which take all of the internet's addresses, all of Amazon S3's, or none.
func (a *account) filters(d dice) {
	everything := network.Rule{Protocol: "-1", Ports: network.AllPorts, CIDRs: []network.CIDR{block("0.0.0.0/0")}}
	https := func(r network.Rule) network.Rule {
		r.Protocol, r.Ports = "tcp", mostly(d, network.Ports{From: 443, To: 443}, network.Ports{From: 80, To: 8080}, network.Ports{From: 80, To: 80})
		return r
	}
	egress := [][]network.Rule{{everything}, {https(network.Rule{CIDRs: []network.CIDR{block("0.0.0.0/0")}})},
		{https(network.Rule{CIDRs: []network.CIDR{block("10.0.0.0/16")}, PrefixLists: []string{"pl-s3"}})},
		{https(network.Rule{Groups: []string{"sg-endpoint"}}), https(network.Rule{PrefixLists: []string{"pl-s3"}})}, {}}
	ingress := [][]network.Rule{{https(network.Rule{Groups: []string{"sg-task"}})}, {https(network.Rule{CIDRs: []network.CIDR{block("10.0.0.0/16")}})},
		{https(network.Rule{CIDRs: []network.CIDR{block("10.0.1.0/24"), block("10.0.2.0/24"), block("10.0.0.0/24")}})},
		{https(network.Rule{CIDRs: []network.CIDR{block(pick(d, "10.0.1.0/24", "10.0.1.0/28"))}})}, {https(network.Rule{Groups: []string{"sg-other"}})}, {everything}}
	a.topology.SecurityGroups = []network.SecurityGroup{
		{ID: "sg-task", Ingress: []network.Rule{}, Egress: mostly(d, egress[0], egress[1:]...)},
		{ID: "sg-endpoint", Ingress: mostly(d, pick(d, ingress[:3]...), ingress...), Egress: []network.Rule{}},
		{ID: "sg-other", Ingress: pick(d, []network.Rule{}, []network.Rule{everything}), Egress: []network.Rule{}},
	}
	last := func(egress bool) network.ACLEntry {
		return network.ACLEntry{Number: 32767, Egress: egress, Protocol: "-1", CIDR: block("0.0.0.0/0")}
	}
	open := []network.ACLEntry{{Number: 100, Allow: true, Protocol: "-1", CIDR: block("0.0.0.0/0")}, last(false),
		{Number: 100, Egress: true, Allow: true, Protocol: "-1", CIDR: block("0.0.0.0/0")}, last(true)}
	a.topology.NetworkACLs = []network.NetworkACL{{ID: "acl-default", Default: true, Subnets: []string{}, Entries: open}}
	for _, subnet := range []string{"subnet-a", "subnet-b", "subnet-public", "subnet-endpoints"} {
		if !d.broken(4) {
			continue
		}
		acl := network.NetworkACL{ID: "acl-" + subnet, Subnets: []string{subnet}, Entries: []network.ACLEntry{last(false), last(true)}}
		for _, out := range []bool{false, true} {
			for n := range 1 + d.IntN(4) {
				ports := pick(d, network.Ports{From: 443, To: 443}, network.Ports{From: 1024, To: 65535}, network.Ports{From: 32768, To: 60999}, network.AllPorts, network.Ports{From: 32768, To: 50000})
				acl.Entries = append(acl.Entries, network.ACLEntry{Number: int32(10*n + 1 + d.IntN(9)), Egress: out, Allow: !d.oneIn(5), Protocol: pick(d, "6", "6", "-1", "17"),
					Ports: ports, CIDR: block(pick(d, "0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0", "10.0.0.0/16"))})
			}
			if d.oneIn(2) {
				acl.Entries = append(acl.Entries, network.ACLEntry{Number: 200, Egress: out, Allow: true, Protocol: "-1", CIDR: block("0.0.0.0/0")})
			}
		}
		a.topology.NetworkACLs = append(a.topology.NetworkACLs, acl)
	}
}

func (a *account) policies(d dice, repositoryAccount string) {
	repository := "arn:aws:ecr:eu-west-1:" + repositoryAccount + ":repository/team/web"
	pull := []string{"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"}
	a.trust = policyText{{Effect: "Allow", Principal: map[string]string{"Service": pick(d, "ecs-tasks.amazonaws.com", mostly(d, "ecs-tasks.amazonaws.com", "ec2.amazonaws.com"))}, Action: []string{"sts:AssumeRole"}}}
	switch d.IntN(2 + 3*d.luck) {
	case 0:
		a.identity = policyText{{Effect: "Allow", Action: pull[:1], Resource: []string{"*"}}, {Effect: "Allow", Action: pull[1:], Resource: []string{repository}}}
	case 1:
		a.identity = policyText{{Effect: "Allow", Action: []string{pick(d, "ecr:*", "ecr:Get*", "ecr:?et*", "*", "ECR:*")}, Resource: []string{pick(d, "*", "*", "arn:aws:ecr:*:*:repository/team/*", "arn:aws:ecr:eu-west-1:"+own+":repository/*")}}}
	case 2:
		a.identity = policyText{{Effect: "Allow", NotAction: []string{pick(d, "iam:*", "ecr:Batch*")}, Resource: []string{"*"}}}
	default:
		a.identity = policyText{{Effect: "Allow", Action: pull, Resource: []string{"*"}}}
	}
	condition := func() map[string]map[string]string {
		switch d.IntN(3 + 3*d.luck) {
		case 0:
			return map[string]map[string]string{pick(d, "StringEquals", "StringNotEquals", "StringNotEqualsIfExists", "StringLike"): {"aws:SourceVpce": pick(d, "vpce-dkr", "vpce-*")}}
		case 1:
			return map[string]map[string]string{pick(d, "StringEquals", "StringNotEquals"): {"aws:SourceVpc": pick(d, "vpc-1", "vpc-2")}}
		case 2:
			return map[string]map[string]string{"Bool": {"aws:SecureTransport": pick(d, "true", "false")}}
		}
		return nil
	}
	if d.broken(4) {
		a.identity = append(a.identity, statementText{Effect: "Deny", Action: []string{pick(d, pull[1:]...)}, Resource: []string{pick(d, "*", repository, repository+"-old")}, Condition: condition()})
	}
	if d.broken(3) {
		a.boundary = policyText{{Effect: "Allow", Action: pick(d, []string{"ecr:*"}, []string{"*"}, []string{"s3:*"}, pull[2:]), Resource: []string{"*"}}}
	}
	if repositoryAccount == other && !d.broken(5) || d.broken(3) {
		grantee := mostly[any](d, map[string]string{"AWS": roleARN}, map[string]string{"AWS": otherRole})
		if repositoryAccount == other && d.oneIn(2) {
			grantee = map[string]string{"AWS": "arn:aws:iam::" + own + ":root"}
		}
		a.repository = policyText{{Effect: mostly(d, "Allow", "Deny"), Principal: grantee, Action: mostly(d, pull[2:], []string{"ecr:*"}, pull[2:3]), Condition: condition()}}
	}
	a.role = iam.Role{ARN: roleARN, Name: "web-execution", Path: "/", ID: "AROAEXAMPLE", Exists: new(true), Tags: map[string]string{},
		Trust: new(a.trust.parsed("trust policy")), Identity: iam.Layer{Policies: []iam.Policy{a.identity.parsed("pull")}}}
	if a.boundary != nil {
		a.role.Boundary = &iam.Layer{Policies: []iam.Policy{a.boundary.parsed("boundary")}}
	}
}

func (a *account) images(d dice, reference string) {
	ref, err := registry.Parse(reference)
	if err != nil {
		panic(err)
	}
	one := func(architecture string) registry.Manifest {
		return registry.Manifest{Kind: registry.KindImage, MediaType: "application/vnd.oci.image.manifest.v1+json", Digest: "sha256:" + strings.Repeat("a", 64),
			Platform: &registry.Platform{OS: "linux", Architecture: architecture}, Config: &registry.Blob{Digest: "sha256:" + strings.Repeat("c", 64), Size: 40},
			Layers: []registry.Blob{{Digest: "sha256:" + strings.Repeat("b", 64), MediaType: "application/vnd.oci.image.layer.v1.tar+gzip", Size: 1 << 20}}}
	}
	manifest := one(pick(d, "amd64", "arm64"))
	if d.oneIn(2) {
		manifest = registry.Manifest{Kind: registry.KindIndex, MediaType: "application/vnd.oci.image.index.v1+json", Digest: manifest.Digest, Images: []registry.Manifest{one("amd64")}}
		if !d.broken(3) {
			manifest.Images = append(manifest.Images, one("arm64"))
		}
	}
	a.image = registry.Image{Reference: ref, Status: registry.Present, Digest: manifest.Digest, MediaType: manifest.MediaType, Manifest: &manifest, CacheRule: &registry.CacheRule{}, RepositoryPolicy: new("")}
	if a.repository != nil {
		a.image.RepositoryPolicy = new(a.repository.String())
	}
	if d.broken(15) {
		a.image.Status, a.image.Manifest, a.image.ManifestNotRead, a.image.Digest, a.image.MediaType = pick(d, registry.ImageAbsent, registry.Archived), nil, "there is none", "", ""
	}
}

// sources gives the account's facts.
func (a *account) sources() checks.Sources {
	return checks.Sources{
		Network: network.SourceFunc(func(context.Context, network.Placement) (*network.Topology, error) { return &a.topology, nil }),
		Roles:   iam.SourceFunc(func(context.Context, string) (*iam.Role, error) { return &a.role, nil }),
		Images:  registry.SourceFunc(func(context.Context, registry.Reference) (*registry.Image, error) { return &a.image, nil }),
		Secrets: credentials.New(nil, nil),
	}
}

// hide takes facts away, and returns which.
func (a *account) hide(d dice) (hidden []string) {
	t := &a.topology
	all := map[string]func(){
		"subnets": func() { t.Subnets = nil }, "route tables": func() { t.RouteTables = nil }, "ACLs": func() { t.NetworkACLs = nil },
		"groups": func() { t.SecurityGroups = nil }, "internet gateways": func() { t.InternetGateways = nil }, "NAT gateways": func() { t.NATGateways = nil },
		"endpoints": func() { t.VPCEndpoints = nil }, "interfaces": func() { t.Interfaces = nil }, "prefix lists": func() { t.PrefixLists = nil },
		"entries": func() {
			for i := range t.PrefixLists {
				t.PrefixLists[i].CIDRs = nil
			}
		},
		"attributes":        func() { t.VPC.DNSSupport, t.VPC.DNSHostnames = nil, nil },
		"the VPC":           func() { t.VPC.CIDRs, t.VPC.NameServers, t.VPC.DHCPOptions = nil, nil, "" },
		"name servers":      func() { t.VPC.NameServers = nil },
		"public address":    func() { a.task.Placement.PublicIP = nil },
		"the task's groups": func() { a.task.Placement.SecurityGroups = nil },
		"identity policies": func() { a.role.Identity = iam.Layer{Missing: []string{"iam:ListRolePolicies"}} },
		"boundary":          func() { a.role.Boundary = &iam.Layer{Missing: []string{"iam:GetRole"}} },
		"trust":             func() { a.role.Trust = nil },
		"repository policy": func() { a.image.RepositoryPolicy = nil },
		"cache rules":       func() { a.image.CacheRule = nil },
		"endpoint policies": func() {
			for i := range t.VPCEndpoints {
				t.VPCEndpoints[i].Policy = nil
			}
		},
		"the image": func() { a.image.Status, a.image.Manifest, a.image.ManifestNotRead = registry.Unknown, nil, "denied" },
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for range 1 + d.IntN(3) {
		name := names[d.IntN(len(names))]
		all[name]()
		hidden = append(hidden, name)
	}
	return hidden
}
