package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

// mostRails is how many ways a map shows. Who needs more of them reads the JSON report.
const mostRails = 100

// htmlWay is a row of the map: a way from some subnets to some hosts whose hops are all alike.
type htmlWay struct {
	*htmlPage
	path           checks.Path // any of them
	key            string
	stages         []checks.Stage
	subnets, hosts []string
}

func (p *htmlPage) HasPaths() bool { return len(p.d.Paths) > 0 }

// ways folds what is alike: first the subnets of each host, then the hosts of the same subnets.
func (p *htmlPage) ways() (ways []htmlWay) {
	byHost := map[string]int{}
	for _, path := range p.d.Paths {
		w := htmlWay{p, path, keyOf(path), []checks.Stage{path.Stage}, []string{path.Subnet}, []string{path.Host}}
		key := fmt.Sprintf("%d\n%s\n%s", path.Stage, path.Host, w.key)
		if i, found := byHost[key]; found {
			ways[i].subnets = union(ways[i].subnets, w.subnets)
			continue
		}
		byHost[key] = len(ways)
		ways = append(ways, w)
	}
	bySubnets, folded := map[string]int{}, []htmlWay{}
	for _, w := range ways {
		key := strings.Join(w.subnets, ",") + "\n" + w.key
		if i, found := bySubnets[key]; found {
			folded[i].stages, folded[i].hosts = union(folded[i].stages, w.stages), union(folded[i].hosts, w.hosts)
			continue
		}
		bySubnets[key] = len(folded)
		folded = append(folded, w)
	}
	return folded
}

// keyOf returns what ways that are alike have in common: every hop, but not by which subnet's own border it stands.
func keyOf(p checks.Path) string {
	hops := slices.Clone(p.Hops)
	for i := range hops {
		if hops[i].Subnet == p.Subnet {
			hops[i].Subnet = ""
		}
	}
	return fmt.Sprintf("%+v %q", hops, p.Missing)
}

// Ways returns the rows of the map.
func (p *htmlPage) Ways() []htmlWay {
	ways := p.ways()
	return ways[:min(len(ways), mostRails)]
}

// MoreWays says how many ways are not drawn.
func (p *htmlPage) MoreWays() string {
	if more := len(p.ways()) - mostRails; more > 0 {
		return p.count("path.more", more)
	}
	return ""
}

// passages are the names of the icons and styles by whether traffic passes.
var passages = map[network.Status]checks.Status{
	network.Unknown: checks.Unknown, network.Open: checks.Pass, network.Partial: checks.Warn, network.Closed: checks.Fail,
}

func (w htmlWay) Class() string { return passages[w.path.Status()].String() }
func (w htmlWay) Word() string  { return w.passage(w.path.Status()) }
func (w htmlWay) Name() string  { return strings.Join(w.Hosts(), ", ") }

// Steps names the steps of the pull that the way is for.
func (w htmlWay) Steps() string {
	var names []string
	for _, s := range w.stages {
		names = append(names, w.stage(s))
	}
	return strings.Join(names, ", ")
}

// Start names where the way begins.
func (w htmlWay) Start() string {
	return w.safe(w.bare.say("path.task", "subnets", strings.Join(w.subnets, ", ")))
}

func (w htmlWay) Hosts() (names []string) {
	for _, h := range w.hosts {
		names = append(names, w.safe(w.bare.host(h)))
	}
	return names
}

// Missing returns the actions that would have shown more hops.
func (w htmlWay) Missing() (actions []string) {
	for _, action := range w.path.Missing {
		actions = append(actions, w.safe(action))
	}
	return actions
}

// htmlLeg is a part of a way: to a name server, of the requests, or of the answers.
type htmlLeg struct {
	Label, From, To string
	Cut             bool // it is not known that the traffic comes to its end
	Hops            []htmlHop
}

// Legs returns the parts of a way that have hops.
func (w htmlWay) Legs() (legs []htmlLeg) {
	task, hosts := w.say("path.start"), w.count("path.hosts", len(w.hosts))
	if len(w.hosts) == 1 {
		hosts = w.Hosts()[0]
	}
	dns, requests, answers := htmlLeg{Label: w.say("path.dns"), From: task}, htmlLeg{From: task, To: hosts}, htmlLeg{Label: w.say("path.answers")}
	for _, h := range w.path.Hops {
		leg := &requests
		switch {
		case h.DNS:
			leg = &dns
		case h.Reply:
			leg = &answers
		}
		w.ids++
		leg.Hops = append(leg.Hops, htmlHop{w, h, fmt.Sprintf("hop-%d", w.ids), leg.Cut})
		leg.Cut = leg.Cut || h.Status == network.Closed || h.Status == network.Unknown
	}
	requests.Cut = requests.Cut || len(w.path.Missing) > 0
	for _, leg := range []htmlLeg{dns, requests, answers} {
		if len(leg.Hops) > 0 || leg.To != "" {
			legs = append(legs, leg)
		}
	}
	return legs
}

// htmlHop is a hop as the template shows it.
type htmlHop struct {
	way htmlWay
	h   network.Hop
	ID  string
	Cut bool // it is not known that the traffic comes so far
}

// Minor reports a hop that is drawn small: one that lets everything pass and leads nowhere else.
func (h htmlHop) Minor() bool {
	return h.h.Status == network.Open && (h.h.Reply || h.h.Kind == network.KindNetworkACL || h.h.Kind == network.KindName || h.h.Kind == network.KindPublicIP)
}

func (h htmlHop) Class() string  { return passages[h.h.Status].String() }
func (h htmlHop) Word() string   { return h.way.passage(h.h.Status) }
func (h htmlHop) Kind() string   { return h.way.safe(h.way.kind(h.h.Kind)) }
func (h htmlHop) Name() string   { return h.way.safe(h.h.Subject) }
func (h htmlHop) Reason() string { return h.way.safe(h.way.reason(h.h.Reason)) }
func (h htmlHop) Rule() string   { return h.way.safe(h.h.Detail) }

// Subnet names the subnet whose border or table it is, if not each of the row's own.
func (h htmlHop) Subnet() string {
	if h.h.Subnet == h.way.path.Subnet && len(h.way.subnets) > 1 {
		return h.way.safe(strings.Join(h.way.subnets, ", "))
	}
	return h.way.safe(h.h.Subnet)
}

// Traffic says which traffic is judged, where there is a choice.
func (h htmlHop) Traffic() string {
	switch {
	case h.h.Kind != network.KindNetworkACL && h.h.Kind != network.KindSecurityGroup && !h.h.Reply:
		return ""
	case h.h.Inbound && h.h.Reply:
		return h.way.say("arg.traffic.inbound-answers")
	case h.h.Reply:
		return h.way.say("arg.traffic.outbound-answers")
	case h.h.Inbound:
		return h.way.say("arg.traffic.inbound-requests")
	}
	return h.way.say("arg.traffic.outbound-requests")
}

// htmlRow is a line of what is told of a hop.
type htmlRow struct{ Label, Text string }

// Rows returns what there is to tell beside the hop's name and state.
func (h htmlHop) Rows() (rows []htmlRow) {
	var missing []string
	for _, action := range h.h.Missing {
		missing = append(missing, h.way.safe(action))
	}
	for _, r := range []htmlRow{
		{h.way.say("label.rule"), h.Rule()},
		{h.way.say("label.traffic"), h.Traffic()},
		{h.way.say("label.subnet"), h.Subnet()},
		{h.way.say("heading.missing"), strings.Join(missing, ", ")},
	} {
		if r.Text != "" {
			rows = append(rows, r)
		}
	}
	return rows
}
