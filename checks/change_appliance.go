package checks

import (
	"github.com/canpull/canpull/network"
)

// ModifyNetworkInterfaceAttribute turns the source/destination check of an interface on or off.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html
type ModifyNetworkInterfaceAttribute struct {
	Interface       string `json:"interface"`
	SourceDestCheck bool   `json:"sourceDestCheck"`
}

// Commands sets the attribute.
func (c ModifyNetworkInterfaceAttribute) Commands() [][]string {
	option := "--no-source-dest-check"
	if c.SourceDestCheck {
		option = "--source-dest-check"
	}
	return [][]string{ec2Command("modify-network-interface-attribute", "--network-interface-id", c.Interface, option)}
}

// Terraform declares the attribute. That of an instance's first interface is an argument of aws_instance.
func (c ModifyNetworkInterfaceAttribute) Terraform() string {
	return setting("aws_network_interface", c.Interface, argument{"source_dest_check", c.SourceDestCheck})
}

// Apply sets the attribute.
func (c ModifyNetworkInterfaceAttribute) Apply(s *Snapshot) error {
	return s.alter("network interface "+c.Interface, func(t *network.Topology) (bool, error) {
		i := find(t.Interfaces, c.Interface, func(i network.NetworkInterface) string { return i.ID })
		if i == nil {
			return false, nil
		}
		i.SourceDestCheck = &c.SourceDestCheck
		return true, nil
	})
}

// StartInstances starts an instance.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StartInstances.html
type StartInstances struct {
	Instance string `json:"instance"`
}

// Commands starts the instance.
func (c StartInstances) Commands() [][]string {
	return [][]string{ec2Command("start-instances", "--instance-ids", c.Instance)}
}

// Terraform declares that the instance runs.
func (c StartInstances) Terraform() string {
	return resource("aws_ec2_instance_state", c.Instance, argument{"instance_id", c.Instance}, argument{"state", "running"})
}

// Apply makes the instance run.
func (c StartInstances) Apply(s *Snapshot) error {
	return s.alter("instance "+c.Instance, func(t *network.Topology) (bool, error) {
		i := find(t.Instances, c.Instance, func(i network.Instance) string { return i.ID })
		if i == nil {
			return false, nil
		}
		i.State = "running"
		return true, nil
	})
}
