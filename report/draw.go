package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

// drawing is a way that the pull takes from some subnets to some hosts.
type drawing struct {
	stages         []checks.Stage
	subnets, hosts []string
	nodes          []node
	status         network.Status
}

// node is something that traffic meets, as a drawing shows it.
type node struct {
	name   string
	status network.Status
	reason string // why it is not open
}

// drawings returns the ways of a pull, with those that look alike for several hosts or subnets as one.
func (w words) drawings(paths []checks.Path) (all []drawing) {
	for _, p := range paths {
		d := drawing{[]checks.Stage{p.Stage}, []string{p.Subnet}, []string{w.host(p.Host)}, w.nodes(p), p.Status()}
		i := slices.IndexFunc(all, func(o drawing) bool { return d.folds(o) })
		if i < 0 {
			all = append(all, d)
			continue
		}
		all[i].stages, all[i].subnets, all[i].hosts = union(all[i].stages, d.stages), union(all[i].subnets, d.subnets), union(all[i].hosts, d.hosts)
	}
	for i := 0; i < len(all); i++ { // the same way to several hosts, from the same subnets
		for j := i + 1; j < len(all); j++ {
			if a, b := &all[i], all[j]; slices.Equal(a.nodes, b.nodes) && a.status == b.status && slices.Equal(a.subnets, b.subnets) {
				a.stages, a.hosts = union(a.stages, b.stages), union(a.hosts, b.hosts)
				all = slices.Delete(all, j, j+1)
				j--
			}
		}
	}
	return all
}

// folds reports that two drawings are the same way from several subnets.
func (d drawing) folds(o drawing) bool {
	return slices.Equal(d.nodes, o.nodes) && d.status == o.status && slices.Equal(d.hosts, o.hosts) && slices.Equal(d.stages, o.stages)
}

func union[E comparable](a, b []E) []E {
	for _, item := range b {
		if !slices.Contains(a, item) {
			a = append(a, item)
		}
	}
	return a
}

// nodes returns what a drawing shows of a path: what leads the traffic on and what filters it, but of that which lets
// everything pass only the security groups.
func (w words) nodes(p checks.Path) (nodes []node) {
	for _, h := range p.Hops {
		open := h.Status == network.Open
		if open && (h.Reply || h.DNS || slices.Contains([]network.Kind{network.KindName, network.KindNetworkACL, network.KindPublicIP}, h.Kind)) {
			continue
		}
		n := node{name: h.Subject, status: h.Status}
		if !open {
			n.reason = cmp.Or(w.reason(h.Reason), w.passage(h.Status))
		}
		if n.name == "" || h.Kind == network.KindName || h.Kind == network.KindPublicIP {
			n.name = w.kind(h.Kind)
		}
		if h.Reply {
			n.name = w.say("path.reply", "hop", n.name)
		}
		if !slices.Contains(nodes, n) {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

func (w words) stagesOf(d drawing) string {
	var stages []string
	for _, s := range d.stages {
		stages = append(stages, w.stage(s))
	}
	return strings.Join(stages, ", ")
}

// mark leads to a node.
type mark struct {
	mark  string
	style ansi.Style
}

// marks are by whether traffic passes a node.
var marks = map[network.Status]mark{
	network.Open:    {"──", plainly},
	network.Closed:  {"─✗", failing},
	network.Unknown: {"─?", warning},
	network.Partial: {"─~", warning},
}

// end leads to the hosts.
func (d drawing) end() mark {
	if d.status == network.Unknown && !slices.ContainsFunc(d.nodes, func(n node) bool { return n.status == network.Unknown }) {
		return marks[network.Unknown] // further hops were not read
	}
	return marks[network.Open]
}

// paths draws the ways of the pull, each as a line of steps.
func (p page) paths(paths []checks.Path) {
	if len(paths) == 0 {
		return
	}
	p.heading(p.say("heading.paths"))
	for _, d := range p.drawings(paths) {
		p.paragraph("  ", span{p.stagesOf(d), plainly})
		p.draw("    ", d)
	}
}

// draw writes a line of steps. It breaks before a step, so that a mark stays with what it marks.
func (p page) draw(lead string, d drawing) {
	l := p.from(lead)
	phrase := func(style ansi.Style, text string) {
		for word := range strings.FieldsSeq(p.safe(text)) {
			l.word(style, word)
		}
	}
	phrase(plainly, p.say("path.task", "subnets", strings.Join(d.subnets, ", ")))
	step := func(m mark, name string) {
		first, rest, _ := strings.Cut(strings.TrimSpace(p.safe(name)), " ")
		l.word(m.style, m.mark+" "+first)
		phrase(m.style, rest)
	}
	for _, n := range d.nodes {
		step(marks[n.status], n.name)
		if n.reason != "" {
			phrase(plainly, "("+n.reason+")")
		}
	}
	step(d.end(), d.hosts[0])
	for _, host := range d.hosts[1:] {
		phrase(plainly, "+ "+host)
	}
	l.end()
}
