package checks

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
)

// passage is a way by which requests leave the VPC, as far as condition keys show it.
type passage struct {
	keys    iam.Context
	subnets []string // from which it is taken; nil: from all
	missing []string // the IAM actions that would show it, where it is not known
	why     string   // why it is not known, where no action would show it
	unread  map[string]error
}

// networkKeys are the condition keys that tell how a request came.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-network-properties
var networkKeys = []string{"aws:SourceVpce", "aws:SourceVpc", "aws:VpcSourceIp", "aws:SourceIp", "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths"}

// hangsOnTheWay reports whether a decision depends on how the request comes.
func hangsOnTheWay(keys []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool {
		return slices.ContainsFunc(networkKeys, func(k string) bool { return strings.EqualFold(k, key) })
	})
}

// throughEndpoint are the network keys of a request that a VPC endpoint carries. aws:SourceIp is absent there.
func throughEndpoint(id, vpc string) iam.Context {
	keys := iam.Context{"aws:SourceVpce": iam.Present(id), "aws:VpcSourceIp": iam.PresentUnknown(), "aws:SourceIp": iam.Absent()}
	if vpc != "" {
		keys["aws:SourceVpc"] = iam.Present(vpc)
	}
	return keys
}

// throughInternet are the network keys of a request that leaves by an internet or NAT gateway.
func throughInternet() iam.Context {
	keys := iam.Context{}
	for _, key := range networkKeys {
		keys[key] = iam.Absent()
	}
	keys["aws:SourceIp"] = iam.PresentUnknown()
	return keys
}

// tokenContradiction is what AWS says about the way of GetAuthorizationToken:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html against
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
const tokenContradiction = "AWS documents both that this call leaves by an interface of Fargate's, on which such a condition cannot be met, and that since platform version 1.4.0 it leaves by the task's own"

// passages returns the ways that a request of the execution role takes from the task's subnets, those that look alike to a
// policy joined.
func passages(ctx context.Context, source network.Source, task Task, action string, ref registry.Reference) ([]passage, error) {
	if action == getToken {
		return []passage{{why: tokenContradiction}}, nil
	}
	s, err := surveyed(ctx, source, task)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return []passage{{why: "which way the request takes is not known, because " + explain(err)}}, nil
	}
	var all []passage
	for _, w := range s.ways {
		if w.image.Registry != ref.Registry || !strings.HasSuffix(w.to.Service, ".dkr") {
			continue
		}
		p := s.passage(w)
		i := slices.IndexFunc(all, func(q passage) bool {
			return reflect.DeepEqual(p.keys, q.keys) && p.why == q.why && slices.Equal(p.missing, q.missing)
		})
		if i < 0 {
			all = append(all, p)
			continue
		}
		all[i].subnets = with(all[i].subnets, w.subnet)
	}
	if len(all) == 0 {
		return []passage{{why: "the host that serves it is not known"}}, nil
	}
	if len(all) == 1 {
		all[0].subnets = nil
	}
	return all, nil
}

// passage tells what a path shows of the way. It is known only where nothing on it is left open: an endpoint that carries
// the traffic, or a gateway by which it certainly leaves.
func (s *survey) passage(w way) passage {
	p := passage{subnets: []string{w.subnet}, unread: s.unread()}
	gateway := false
	for _, h := range w.path.Hops {
		if h.DNS {
			continue
		}
		switch h.Kind {
		case network.KindBeyond:
			p.why = "which way it takes beyond " + h.Subject + " is not known"
		case network.KindName, network.KindRoute:
			if h.Status == network.Unknown {
				p.missing = append(p.missing, h.Missing...)
				p.why = "which way it takes is not known"
			}
		case network.KindVPCEndpoint:
			if h.Reason == network.EndpointFamily {
				p.why = "which way it takes is not known"
			}
		case network.KindNATGateway, network.KindInternetGateway:
			gateway = true
			if h.Status == network.Unknown {
				p.missing = append(p.missing, h.Missing...)
				p.why = "which way it takes beyond " + h.Subject + " is not known"
			}
		}
	}
	p.missing = append(p.missing, w.path.Hidden(network.KindVPCEndpoint)...)
	endpoint := w.path.VPCEndpoint()
	switch {
	case len(p.missing) > 0:
		p.why = ""
	case endpoint != "" && s.topology.VPC.ID == "":
		p.keys, p.why, p.missing = throughEndpoint(endpoint, ""), "", slices.Collect(maps.Keys(p.unread))
	case endpoint != "":
		p.keys, p.why = throughEndpoint(endpoint, s.topology.VPC.ID), ""
	case p.why != "":
	case gateway && len(w.endpoints()) == 0:
		p.keys = throughInternet()
	default:
		p.why = "no way for it was found"
	}
	p.missing = compacted(p.missing)
	slices.Sort(p.missing)
	return p
}

// answer is a decision on a request of the execution role, made for the ways that lead there.
type answer[D any] struct {
	request  iam.Request
	decision D
	passage
}

// ask decides a request of the execution role. Which way it takes is found out only if the decision hangs on it, so that
// what a policy does not ask about need not be read.
func ask[D any](ctx context.Context, source network.Source, task Task, role *iam.Role, action string, ref registry.Reference,
	decide func(iam.Request) (decision D, keys []string)) ([]answer[D], error) {
	r := request(action, ref)
	if r.Principal = role.Principal(); r.Principal.ARN == "" { // a bare name that was not read is of the task's account
		r.Principal = task.principal()
	}
	maps.Copy(r.Context, role.Context())
	decision, keys := decide(r)
	if !hangsOnTheWay(keys) {
		return []answer[D]{{r, decision, passage{}}}, nil
	}
	ways, err := passages(ctx, source, task, action, ref)
	if err != nil {
		return nil, err
	}
	var all []answer[D]
	for _, p := range ways {
		r := r
		r.Context = maps.Clone(r.Context)
		maps.Copy(r.Context, p.keys)
		decision, keys := decide(r)
		if !hangsOnTheWay(keys) {
			p.missing, p.why = nil, ""
		}
		all = append(all, answer[D]{r, decision, p})
	}
	return all, nil
}
