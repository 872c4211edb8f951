package checks

import "github.com/canpull/canpull/network"

// Path is the way that a task's traffic takes from a subnet to a host, for a stage of the pull.
type Path struct {
	Stage      Stage    `json:"stage"`
	Host       string   `json:"host"` // with its port where that is not 443; a phrase where only the images' registry knows it
	Subnet     string   `json:"subnet"`
	Containers []string `json:"containers"` // whose pulls it is for
	network.Path
}

// paths returns the paths that the checks have decided, for whoever draws them. There are none where the network was not
// asked about.
func (r *recorder) paths() []Path {
	a := r.facts.placed(r.task.Placement)
	if a == nil || a.Fact == nil || len(r.task.Placement.Subnets) == 0 {
		return []Path{}
	}
	paths := []Path{}
	for _, w := range r.survey(a.Fact).ways {
		paths = append(paths, Path{w.stage, w.hostPort(), w.subnet, w.containers, w.path})
	}
	return paths
}
