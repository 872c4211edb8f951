package checks

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/canpull/canpull/network"
)

// survey is every way that a pull may take: from each subnet to each host.
type survey struct {
	task     Task
	topology *network.Topology
	ways     []way
}

// way is one path with the step of the pull that it is for.
type way struct {
	step
	subnet string
	path   network.Path
}

// endpoints returns the VPC endpoints that the traffic passes or, where its way is not known, may pass.
func (w way) endpoints() (ids []string) {
	for _, h := range w.path.Hops {
		if h.Kind == network.KindVPCEndpoint && !h.DNS {
			ids = with(ids, h.Subject)
		}
	}
	return ids
}

var errNoSource = errors.New("no source was given for what it needs")

// surveyed decides every path of a task's pull.
func surveyed(ctx context.Context, source network.Source, task Task) (*survey, error) {
	if source == nil {
		return nil, errNoSource
	}
	if len(task.Placement.Subnets) == 0 {
		return nil, errors.New("the task's subnets are not known")
	}
	place := task.Placement
	place.Account = cmp.Or(place.Account, task.Account)
	topology, err := source.Topology(ctx, place)
	if err != nil {
		return nil, err
	}
	if topology == nil {
		return nil, errNoFact
	}
	if r, ok := ctx.Value(recorderKey{}).(*recorder); ok && reflect.DeepEqual(task, r.task) {
		return r.survey(topology), nil
	}
	return walked(task, topology), nil
}

// survey decides every path of the task's pull once for all checks.
func (r *recorder) survey(topology *network.Topology) *survey {
	r.mu.Lock()
	s := r.surveys[topology]
	if s == nil {
		s = sync.OnceValue(func() *survey { return walked(r.task, topology) })
		r.surveys[topology] = s
	}
	r.mu.Unlock()
	return s()
}

// walked decides every path of a task's pull in a topology.
func walked(task Task, topology *network.Topology) *survey {
	s := &survey{task: task, topology: topology}
	paths := topology.Paths()
	for _, step := range task.steps() {
		for _, subnet := range task.Placement.Subnets {
			s.ways = append(s.ways, way{step, subnet, paths.Path(task.in(subnet), step.to)})
		}
	}
	return s
}

// verdict is what a check makes of one hop: the code of its finding and what that is about. A check that is not
// concerned with a hop returns no code.
type verdict struct {
	code    Code
	subject string
	args    map[string]string
	missing []string     // beside what the hop misses
	shows   *network.Hop // what was read, where that is not the hop that was judged
}

// findings asks a check about every hop that is not open, and joins what has one cause: the hosts and subnets that a
// closed hop holds for are the finding's scope. A way of which hops of the check's kind may not have been seen, and that
// the check does not already know to be closed, is Unknown to it: the check's code for that ends in ".unread". When
// nothing is found, the check passes with the code that ends in ".open".
func (s *survey) findings(info Info, kind network.Kind, judge func(way, network.Hop) verdict) []Finding {
	var causes []*cause
	note := func(v verdict, w way, h network.Hop) {
		i := slices.IndexFunc(causes, func(c *cause) bool { return c.code == v.code && c.subject == v.subject })
		if i < 0 {
			causes = append(causes, &cause{verdict: verdict{code: v.code, subject: v.subject, args: map[string]string{}}, stage: w.stage})
			i = len(causes) - 1
		}
		causes[i].add(w, h, v)
	}
	unread := Code(info.ID + ".unread")
	for _, w := range s.ways {
		decided := false
		for _, h := range w.path.Hops {
			if h.Status == network.Open {
				continue
			}
			if v := judge(w, h); v.code != "" {
				if v.shows != nil {
					h = *v.shows
				}
				note(v, w, h)
				decided = decided || info.Codes[v.code].Status == Fail
			}
		}
		if hidden := w.path.Hidden(kind); len(hidden) > 0 && !decided {
			note(verdict{code: unread, subject: s.place(), missing: hidden}, w, network.Hop{})
		}
	}
	var found []Finding
	for _, c := range causes {
		found = append(found, s.finding(info, c))
	}
	if len(found) > 0 {
		return found
	}
	if len(s.ways) == 0 {
		return nil
	}
	return []Finding{info.Finding(s.ways[0].stage, Code(info.ID+".open"), s.place(), map[string]string{
		"subnets": joined(s.task.Placement.Subnets), "hosts": joined(s.hosts()), "vpc": s.topology.VPC.ID})}
}

// cause is what findings of one code and subject are joined from.
type cause struct {
	verdict
	stage          Stage
	hosts, subnets []string
	details        []network.Hop
}

func (c *cause) add(w way, h network.Hop, v verdict) {
	c.stage = min(c.stage, w.stage)
	for name, value := range v.args {
		c.args[name] = united(c.args[name], value)
	}
	c.hosts = with(c.hosts, w.hostPort())
	c.subnets = with(c.subnets, w.subnet)
	c.missing = append(append(c.missing, h.Missing...), v.missing...)
	if h.Detail != "" && !slices.ContainsFunc(c.details, func(d network.Hop) bool { return d.Detail == h.Detail && d.Subject == h.Subject }) {
		c.details = append(c.details, h)
	}
}

func (s *survey) finding(info Info, c *cause) Finding {
	args := map[string]string{"hosts": joined(c.hosts), "subnets": joined(c.subnets), "vpc": s.topology.VPC.ID, "subject": c.subject}
	if len(c.missing) > 0 {
		missing := slices.Clone(c.missing)
		slices.Sort(missing)
		args["reason"] = "the answer of " + strings.Join(slices.Compact(missing), ", ") + " is missing"
	}
	for name, value := range c.args {
		args[name] = value
	}
	f := info.Finding(c.stage, c.code, c.subject, args)
	f.Scope = c.subnets
	for _, d := range c.details {
		f.Evidence = append(f.Evidence, Evidence{cmp.Or(actionBehind[d.Kind], "ec2"), strings.TrimPrefix(d.Subject+": ", ": ") + d.Detail})
	}
	return f.because(c.missing, s.unread())
}

// actionBehind names the IAM action that showed a hop.
var actionBehind = map[network.Kind]string{
	network.KindSubnet:          "ec2:DescribeSubnets",
	network.KindName:            "ec2:DescribeDhcpOptions",
	network.KindSecurityGroup:   "ec2:DescribeSecurityGroups",
	network.KindNetworkACL:      "ec2:DescribeNetworkAcls",
	network.KindRoute:           "ec2:DescribeRouteTables",
	network.KindInternetGateway: "ec2:DescribeInternetGateways",
	network.KindPublicIP:        "ecs:DescribeTasks",
	network.KindNATGateway:      "ec2:DescribeNatGateways",
	network.KindVPCEndpoint:     "ec2:DescribeVpcEndpoints",
	network.KindPeering:         "ec2:DescribeVpcPeeringConnections",
	network.KindAppliance:       "ec2:DescribeNetworkInterfaces",
	network.KindTransitGateway:  "ec2:DescribeTransitGatewayAttachments",
	network.KindTransitRoute:    "ec2:SearchTransitGatewayRoutes",
}

// notPlaced is a hop that says why the task's security groups or public address are not known; nil where something was refused.
func (t Task) notPlaced(h network.Hop) *network.Hop {
	if t.PlacementNotRead == "" {
		return nil
	}
	h.Subject, h.Detail = "", t.PlacementNotRead
	return &h
}

// unread says, by IAM action, why a fact about the task or its VPC is missing.
func (s *survey) unread() map[string]error {
	all := maps.Clone(s.task.Unread)
	if all == nil {
		all = map[string]error{}
	}
	maps.Copy(all, s.topology.Unread)
	return all
}

// place names where the task runs: the VPC, or its subnets as long as the VPC is not known.
func (s *survey) place() string {
	return cmp.Or(s.topology.VPC.ID, joined(s.task.Placement.Subnets))
}

func (s *survey) hosts() (hosts []string) {
	for _, w := range s.ways {
		hosts = with(hosts, w.hostPort())
	}
	return hosts
}

// with appends an item that is not there yet.
func with[E comparable](list []E, item E) []E {
	if slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}

// compacted drops the repetitions of a list and keeps its order. The result is never nil.
func compacted[E comparable](list []E) []E {
	out := []E{}
	for _, item := range list {
		out = with(out, item)
	}
	return out
}

func portOf(port uint16) string { return strconv.Itoa(int(port)) }
