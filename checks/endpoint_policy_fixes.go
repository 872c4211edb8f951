package checks

import (
	"slices"

	"github.com/canpull/canpull/iam"
)

// amendEndpointPolicy lets the pull pass a VPC endpoint by its policy.
func amendEndpointPolicy(r Repair) []Change {
	a := r.Facts.placed(r.Task.Placement)
	if a == nil || a.Fact == nil {
		return nil
	}
	s := walked(r.Task, a.Fact)
	e, _ := s.topology.Endpoint(r.Finding.Subject)
	if e == nil || e.Policy == nil {
		return nil
	}
	document, err := iam.Parse(*e.Policy)
	if err != nil {
		return nil
	}
	on := &attached{at: iam.EndpointLayer, endpoint: iam.EndpointType(e.Type), layer: &iam.Layer{Policies: []iam.Policy{{Document: document}}},
		form:   asItIs,
		change: func(d iam.Document) Change { return SetEndpointPolicy{e.ID, r.Task.Region, d} }}
	info, role := EndpointPolicy{}.Info(), r.role(r.Task.ExecutionRole)
	if role != nil && role.Exists != nil && !*role.Exists {
		role = nil // as in the check
	}
	actions, resources := listed(r.Finding, "actions"), listed(r.Finding, "resource")
	refs, _ := r.Task.images()
	var needs []need
	for _, w := range s.ways {
		if !slices.Contains(w.endpoints(), e.ID) {
			continue
		}
		for _, q := range s.requests(w, refs) {
			f, denied := s.endpointDecision(info, w, e, role, q) // it adds to the request what the endpoint does
			if denied && f.Code == r.Finding.Code && slices.Contains(resources, f.Args["resource"]) && slices.Contains(actions, q.Action) {
				needs = append(needs, need{q, on})
			}
		}
	}
	return amendment{needs: needs, layers: []iam.LayerName{iam.EndpointLayer}}.changes()
}
