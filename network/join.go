package network

import "slices"

// allOf joins ways that are all used. What closes some of them and not others leaves the whole partly open.
func allOf(ways [][]Hop, depends bool) []Hop {
	if len(ways) == 1 {
		return ways[0]
	}
	closed, unknown := 0, []string(nil)
	undecided := false
	for _, way := range ways {
		switch (Path{Hops: way}).Status() {
		case Closed:
			closed++
		case Unknown:
			undecided = true
			for _, h := range way {
				unknown = append(unknown, h.Missing...)
			}
		}
	}
	var hops []Hop
	for _, way := range ways {
		for _, h := range way {
			if h.Status == Closed && closed < len(ways) {
				if undecided { // closed or partial: that is for the other ways to tell
					h.Status, h.Missing = Unknown, uniq(slices.Clone(unknown))
				} else {
					h.Status, h.Depends = Partial, depends
				}
			}
			hops = append(hops, h)
		}
	}
	return hops
}

// oneOf joins ways of which one is used, and it is not known which. Only what closes every one of them is certain.
func oneOf(ways [][]Hop, undecided []string) []Hop {
	if len(ways) == 1 {
		return ways[0]
	}
	var hops []Hop
	for _, way := range ways {
		for _, h := range way {
			everywhere := !slices.ContainsFunc(ways, func(other []Hop) bool {
				return !slices.ContainsFunc(other, func(o Hop) bool { return o.key() == h.key() && o.Status == h.Status })
			})
			switch {
			case everywhere:
			case h.Status == Closed || h.Status == Partial:
				h.Status, h.Depends, h.Missing = Unknown, false, uniq(slices.Clone(undecided))
			case h.Status == Unknown && len(h.Missing) == 0: // it may not be met at all
				h.Missing = uniq(slices.Clone(undecided))
			}
			hops = append(hops, h)
		}
	}
	return hops
}

// hopKey tells hops apart that judge different traffic.
type hopKey struct {
	kind                    Kind
	subject, subnet, target string
	reason                  Reason
	inbound, reply, dns     bool
}

func (h *Hop) key() hopKey {
	return hopKey{h.Kind, h.Subject, h.Subnet, h.Target, h.Reason, h.Inbound, h.Reply, h.DNS}
}

// distinct drops hops that say the same again.
func distinct(hops []Hop) []Hop {
	out := hops[:0]
	for i := range hops {
		h := &hops[i]
		again := false
		for j := range out {
			o := &out[j]
			again = again || o.Status == h.Status && o.Depends == h.Depends && o.key() == h.key() && o.Detail == h.Detail && slices.Equal(o.Missing, h.Missing)
		}
		if !again {
			out = append(out, *h)
		}
	}
	return out
}
