package checks

import "slices"

// publicIP gives the service's tasks, or the task, a public address.
func publicIP(s *scene) []Change {
	return s.runIn(s.task.Placement.Subnets, true)
}

// privateSubnets places the tasks in subnets that lead to a NAT gateway: those of the service's that do, or others of the VPC,
// one for each Availability Zone.
func privateSubnets(s *scene) []Change {
	behindNAT := func(id string) bool {
		target := defaultRoute(s.topology, id)
		nat := natGatewayIn(s.topology, target)
		return nat != nil && usableNAT(s.topology, *nat, zone(s.topology, id))
	}
	kept := slices.DeleteFunc(slices.Clone(s.task.Placement.Subnets), func(id string) bool { return !behindNAT(id) })
	if len(kept) == 0 {
		for _, subnet := range s.topology.Subnets {
			if subnet.CIDR.IsValid() && behindNAT(subnet.ID) {
				kept = append(kept, subnet.ID)
			}
		}
		kept = s.onePerZone(kept)
	}
	if len(kept) == 0 || s.task.Placement.PublicIP == nil {
		return nil
	}
	return s.runIn(kept, *s.task.Placement.PublicIP)
}

// runIn returns the change that places the service's tasks, or the task. ECS takes the whole placement, so that where the
// security groups are not known there is none, nor where another controller than ECS deploys the service.
func (s *scene) runIn(subnets []string, publicIP bool) []Change {
	t, groups := s.task, s.task.Placement.SecurityGroups
	switch {
	case groups == nil || len(subnets) == 0:
		return nil
	case t.updatable() != "":
		return []Change{UpdateService{t.Cluster, t.Service, subnets, groups, publicIP}}
	case t.Service == "" && t.TaskDefinition != "":
		return []Change{RunTask{t.Cluster, t.TaskDefinition, t.PlatformVersion, t.Overrides, subnets, groups, publicIP}}
	}
	return nil
}
