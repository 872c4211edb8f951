package soundness

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
)

// oracle pulls the image of a random account, packet by packet and request by request, by the rules of AWS's guides and
// with nothing of the library's decisions. It is slow and simple: no sets, no merging, no three values.
type oracle struct{ *account }

// outcome is how a pull ends from one subnet.
type outcome struct {
	works, fails bool   // for some addresses and ports; both: it depends on them
	why          string // one reason of those that fail
}

func (o outcome) String() string {
	switch {
	case o.works && o.fails:
		return "works at times: " + o.why
	case o.works:
		return "works"
	}
	return "fails: " + o.why
}

// pulls says how pulls from a subnet end.
func (o oracle) pulls(subnet string) outcome {
	if why := o.refused(); why != "" {
		return outcome{fails: true, why: why}
	}
	total := outcome{works: true}
	for _, host := range o.hosts() {
		reached := o.reaches(subnet, host)
		total.fails = total.fails || reached.fails
		total.works = total.works && reached.works
		if reached.fails {
			total.why = host + ": " + reached.why
		}
		if !reached.works {
			return total
		}
	}
	return total
}

// hosts are the services that a pull talks to. Before platform version 1.4.0 the token is not fetched through the task's
// interface: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
func (o oracle) hosts() []string {
	if o.task.PlatformVersion == "1.3.0" {
		return []string{dkrService, s3Service}
	}
	return []string{apiService, dkrService, s3Service}
}

// refused says what of the role, its policies or the image stops every pull, wherever from.
func (o oracle) refused() string {
	if !o.trust.allows(question{action: "sts:AssumeRole", service: "ecs-tasks.amazonaws.com"}) {
		return "ECS may not assume the role"
	}
	if !o.mayCall("ecr:GetAuthorizationToken", nil) {
		return "GetAuthorizationToken is not allowed"
	}
	if o.image.Status != registry.Present {
		return "there is no image"
	}
	if m := o.image.Manifest; m.Kind == registry.KindIndex && !slices.ContainsFunc(m.Images, func(i registry.Manifest) bool {
		return i.Platform.Architecture == map[string]string{"X86_64": "amd64", "ARM64": "arm64"}[o.task.Architecture]
	}) {
		return "the index has no image for the platform" // a single image is pulled whatever it is for
	}
	return ""
}

// reaches sends every packet to every address that a host's name may resolve to.
func (o oracle) reaches(subnet, host string) (total outcome) {
	if !*o.topology.VPC.DNSSupport {
		return outcome{fails: true, why: "the name does not resolve"}
	}
	note := func(why string) {
		if why == "" {
			total.works = true
		} else {
			total.fails, total.why = true, why
		}
	}
	for _, target := range o.addresses(host) {
		for _, source := range []int{4, 20, 200} {
			for _, reply := range []int{32768, 50000, 50001, 60999} {
				for _, back := range []int{1024, 32767, 32768, 50000, 50001, 60999, 61000, 65535} {
					prefix := o.subnet(subnet).CIDR.Addr().As4()
					prefix[3] = byte(source)
					note(o.trip(subnet, host, netip.AddrFrom4(prefix), target, reply, back))
				}
			}
		}
	}
	return total
}

// addresses are those that a name resolves to: of an endpoint's interfaces where it has private DNS names, which take both
// attributes of the VPC (https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html), else public ones.
func (o oracle) addresses(host string) (all []netip.Addr) {
	for _, e := range o.topology.VPCEndpoints {
		if e.Service != host || e.Type != "Interface" || !*e.PrivateDNS || !*o.topology.VPC.DNSHostnames {
			continue
		}
		for _, i := range o.topology.Interfaces {
			if slices.Contains(e.Interfaces, i.ID) {
				all = append(all, netip.MustParseAddr(i.Address))
			}
		}
		return all
	}
	if host == s3Service {
		return []netip.Addr{netip.MustParseAddr("52.218.1.1"), netip.MustParseAddr("3.5.65.9")}
	}
	return []netip.Addr{netip.MustParseAddr("99.77.1.1"), netip.MustParseAddr("18.200.3.4"), netip.MustParseAddr("203.0.114.5")}
}

func (o oracle) subnet(id string) network.Subnet {
	return o.topology.Subnets[slices.IndexFunc(o.topology.Subnets, func(s network.Subnet) bool { return s.ID == id })]
}

// trip sends a request from the task and the answer back, and says what stops them, "" for nothing.
func (o oracle) trip(subnet, host string, source, target netip.Addr, reply, back int) string {
	if !o.admitted("sg-task", false, target, nil, o.groupsAt(target)) {
		return "the task's group"
	}
	for _, i := range o.topology.Interfaces {
		if i.Address != target.String() {
			continue
		}
		if i.Subnet != subnet && (!o.crosses(subnet, true, target, 443) || !o.crosses(i.Subnet, false, source, 443) ||
			!o.crosses(i.Subnet, true, source, reply) || !o.crosses(subnet, false, target, reply)) {
			return "a network ACL before " + i.ID
		}
		if !slices.ContainsFunc(i.SecurityGroups, func(g string) bool { return o.admitted(g, true, source, []string{"sg-task"}, nil) }) {
			return "the group of " + i.ID
		}
		return o.judged(host, "vpce-"+strings.Split(i.ID, "-")[1])
	}
	if !o.crosses(subnet, true, target, 443) || !o.crosses(subnet, false, target, reply) {
		return "the subnet's network ACL"
	}
	switch next := o.next(subnet, target); next {
	case "igw-1":
		if len(o.topology.InternetGateways) == 0 || !*o.task.Placement.PublicIP {
			return "no internet gateway, or no public address"
		}
	case "nat-1":
		nat := o.topology.NATGateways[0]
		beyond := o.next(nat.Subnet, target)
		if nat.State != "available" || beyond != "vpce-s3" && (nat.Private || beyond != "igw-1" || len(o.topology.InternetGateways) == 0) {
			return "the NAT gateway"
		}
		if !o.crosses(nat.Subnet, true, target, 443) || !o.crosses(nat.Subnet, false, target, back) ||
			nat.Subnet != subnet && (!o.crosses(nat.Subnet, false, source, 443) || !o.crosses(nat.Subnet, true, source, reply)) {
			return "the network ACL of the NAT gateway's subnet"
		}
		if beyond == "vpce-s3" { // its traffic takes its own subnet's routes
			return o.judged(host, beyond)
		}
	case "vpce-s3":
		return o.judged(host, next)
	default:
		return "no route: " + next
	}
	return o.judged(host, "")
}

// groupsAt returns the groups of the interface at an address.
func (o oracle) groupsAt(at netip.Addr) []string {
	for _, i := range o.topology.Interfaces {
		if i.Address == at.String() {
			return i.SecurityGroups
		}
	}
	return nil
}

// admitted says whether a rule of a group admits tcp/443 to or from a peer.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
func (o oracle) admitted(group string, ingress bool, peer netip.Addr, members, at []string) bool {
	for _, g := range o.topology.SecurityGroups {
		rules := g.Egress
		if ingress {
			rules = g.Ingress
		}
		if g.ID != group {
			continue
		}
		for _, r := range rules {
			if r.Protocol != "-1" && (r.Ports.From > 443 || r.Ports.To < 443) {
				continue
			}
			blocks := slices.Clone(r.CIDRs)
			for _, l := range o.topology.PrefixLists {
				if slices.Contains(r.PrefixLists, l.ID) {
					blocks = append(blocks, l.CIDRs...)
				}
			}
			if slices.ContainsFunc(blocks, func(c network.CIDR) bool { return c.Contains(peer) }) ||
				slices.ContainsFunc(r.Groups, func(id string) bool { return slices.Contains(slices.Concat(members, at), id) }) {
				return true
			}
		}
	}
	return false
}

// crosses says whether the ACL of a subnet lets a TCP packet pass its border: the lowest number that fits decides.
// https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html
func (o oracle) crosses(subnet string, egress bool, remote netip.Addr, port int) bool {
	acl := o.topology.NetworkACLs[0]
	for _, a := range o.topology.NetworkACLs {
		if slices.Contains(a.Subnets, subnet) {
			acl = a
		}
	}
	lowest, allowed := int32(1<<30), false
	for _, e := range acl.Entries {
		fits := e.Protocol == "-1" || e.Protocol == "6" && int(e.Ports.From) <= port && port <= int(e.Ports.To)
		if fits && e.Egress == egress && e.CIDR.Contains(remote) && e.Number < lowest {
			lowest, allowed = e.Number, e.Allow
		}
	}
	return allowed
}

// next returns where a subnet's table leads an address: the longest block that holds it decides.
// https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
func (o oracle) next(subnet string, target netip.Addr) string {
	table := o.topology.RouteTables[0] // the main one
	for _, t := range o.topology.RouteTables {
		if slices.Contains(t.Subnets, subnet) {
			table = t
		}
	}
	longest, next := -1, "nowhere"
	for _, r := range table.Routes {
		blocks := []network.CIDR{r.CIDR}
		if r.PrefixList != "" {
			blocks = o.topology.PrefixLists[0].CIDRs
		}
		for _, c := range blocks {
			if c.Contains(target) && c.Bits() > longest {
				longest, next = c.Bits(), r.Target
				if r.State != "active" {
					next = "a black hole"
				}
			}
		}
	}
	return next
}

// judged says whether policies refuse what a pull asks of a host, by an endpoint or ("") by the internet.
func (o oracle) judged(host, endpoint string) string {
	way := map[string]string{}
	if endpoint != "" {
		way["aws:SourceVpce"], way["aws:SourceVpc"] = endpoint, "vpc-1"
	}
	var asked []question
	switch host {
	case apiService:
		asked = []question{{action: "ecr:GetAuthorizationToken", resource: "*", principal: roleARN}}
	case dkrService:
		for _, action := range []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"} {
			if !o.mayCall(action, way) {
				return action + " is not allowed"
			}
			asked = append(asked, question{action: action, resource: o.repositoryARN(), principal: roleARN})
		}
	case s3Service: // a principal of Amazon ECR's, by a URL that it signed
		asked = []question{{action: "s3:GetObject", resource: strings.TrimSuffix(bucketARN, "*") + "layer", principal: "arn:aws:iam::000000000000:role/ecr"}}
	}
	for _, q := range asked {
		if policy, ok := o.endpoints[endpoint]; ok && !policy.allows(q) {
			return fmt.Sprintf("the policy of %s does not allow %s", endpoint, q.action)
		}
	}
	return ""
}

func (o oracle) repositoryARN() string {
	account, _, _ := strings.Cut(o.task.Containers[0].Image, ".")
	return "arn:aws:ecr:eu-west-1:" + account + ":repository/team/web"
}

// mayCall says whether the role's and the repository's policies allow an action, by the flow chart of IAM's guide:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func (o oracle) mayCall(action string, way map[string]string) bool {
	q := question{action: action, resource: o.repositoryARN(), principal: roleARN, keys: map[string]string{"aws:SecureTransport": "true"}}
	for key, value := range way {
		q.keys[key] = value
	}
	repository := o.repository
	if action == "ecr:GetAuthorizationToken" {
		q.resource, repository = "*", nil
	}
	if o.identity.denies(q) || o.boundary.denies(q) || repository.denies(q) {
		return false
	}
	bounded := o.boundary == nil || o.boundary.grants(q)
	if strings.Contains(q.resource, other) {
		return o.identity.grants(q) && bounded && repository.grants(q)
	}
	// A grant of the resource's to the role is limited by the boundary, as the role's own are.
	return bounded && (o.identity.grants(q) || repository.grants(q))
}

// question is a request as one policy sees it.
type question struct {
	action, resource   string
	principal, service string
	keys               map[string]string // absent: not in the request
}

func (p policyText) denies(q question) bool { return p.says("Deny", q) }
func (p policyText) grants(q question) bool { return p.says("Allow", q) }
func (p policyText) allows(q question) bool { return p.grants(q) && !p.denies(q) }

func (p policyText) says(effect string, q question) bool {
	return slices.ContainsFunc(p, func(s statementText) bool { return s.Effect == effect && s.fits(q) })
}

func (s statementText) fits(q question) bool {
	action := len(s.Action) > 0 && slices.ContainsFunc(s.Action, func(p string) bool { return like(strings.ToLower(p), strings.ToLower(q.action)) }) ||
		len(s.NotAction) > 0 && !slices.ContainsFunc(s.NotAction, func(p string) bool { return like(strings.ToLower(p), strings.ToLower(q.action)) })
	resource := len(s.Resource) == 0 || slices.ContainsFunc(s.Resource, func(p string) bool { return like(p, q.resource) })
	principal := true
	if named, ok := s.Principal.(map[string]string); ok {
		principal = named["AWS"] == q.principal && q.principal != "" || named["Service"] == q.service && q.service != "" ||
			strings.HasSuffix(named["AWS"], ":root") && strings.HasPrefix(q.principal, strings.TrimSuffix(named["AWS"], "root"))
	}
	if !action || !resource || !principal {
		return false
	}
	for operator, pairs := range s.Condition {
		for key, want := range pairs {
			got, present := q.keys[key]
			met := false
			switch operator {
			case "StringEquals", "Bool":
				met = present && got == want
			case "StringLike":
				met = present && like(want, got)
			case "StringNotEquals", "StringNotEqualsIfExists": // true of a key that is not there
				met = !present || got != want
			}
			if !met {
				return false
			}
		}
	}
	return true
}

// like matches * and ?.
func like(pattern, s string) bool {
	if pattern == "" {
		return s == ""
	}
	if pattern[0] == '*' {
		return like(pattern[1:], s) || s != "" && like(pattern, s[1:])
	}
	return s != "" && (pattern[0] == '?' || pattern[0] == s[0]) && like(pattern[1:], s[1:])
}
