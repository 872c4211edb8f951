package network

import "strings"

// What stands around a VPC: gateways that lead elsewhere than to the internet. A nil slice was not read here either.

// Peering is a VPC peering connection.
type Peering struct {
	ID    string      `json:"id"`
	State string      `json:"state"` // "active"
	VPCs  []PeeredVPC `json:"vpcs"`  // the two ends
}

// PeeredVPC is one end of a peering connection.
type PeeredVPC struct {
	ID    string `json:"id"`
	CIDRs []CIDR `json:"cidrs"` // of both families; nil: not shown, as for a connection that is not active
}

// Instance is an EC2 instance that a route leads to.
type Instance struct {
	ID         string   `json:"id"`
	State      string   `json:"state"` // "running"
	Interfaces []string `json:"interfaces"`
}

// TransitGateway is a transit gateway with what of it was shown to this account.
type TransitGateway struct {
	ID          string              `json:"id"`
	Attachments []TransitAttachment `json:"attachments"`
	RouteTables []TransitRouteTable `json:"routeTables"` // those that the task's traffic passes
}

// TransitAttachment is what connects a VPC, or something else, to a transit gateway.
type TransitAttachment struct {
	ID            string   `json:"id"`
	Type          string   `json:"type"`     // "vpc", "vpn", "direct-connect-gateway", "peering", "connect", …
	Resource      string   `json:"resource"` // the VPC's ID, where it is one
	State         string   `json:"state"`
	RouteTable    string   `json:"routeTable"`            // that routes what comes from the attachment; "" for none
	PolicyTable   string   `json:"policyTable,omitempty"` // that picks the route table instead
	Association   string   `json:"association"`           // the state of that association
	Foreign       bool     `json:"foreign,omitempty"`     // the transit gateway belongs to another account than the VPC
	Subnets       []string `json:"subnets"`               // of a VPC: one for each zone; nil: not read
	ApplianceMode bool     `json:"applianceMode,omitempty"`
}

// TransitRouteTable is a transit gateway's route table.
type TransitRouteTable struct {
	ID     string         `json:"id"`
	Routes []TransitRoute `json:"routes"`
}

// TransitRoute is a route of a transit gateway.
type TransitRoute struct {
	CIDR        CIDR     `json:"cidr"`
	PrefixList  string   `json:"prefixList,omitempty"`
	Attachments []string `json:"attachments"` // several where traffic is spread over them
	Type        string   `json:"type"`        // of the attachments: "vpc", "vpn", …
	State       string   `json:"state"`       // "active" or "blackhole"
	Propagated  bool     `json:"propagated,omitempty"`
}

// attachmentOf returns the attachment of a VPC: of several, one that is not gone, as EC2 shows those that are for a while.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TransitGatewayAttachment.html
func (g *TransitGateway) attachmentOf(vpc string) *TransitAttachment {
	of := func(a *TransitAttachment) bool { return a.Type == "vpc" && a.Resource == vpc }
	if a := g.attachment(func(a *TransitAttachment) bool { return of(a) && !a.gone() }); a != nil {
		return a
	}
	return g.attachment(of)
}

func (a *TransitAttachment) gone() bool {
	switch strings.ToLower(a.State) {
	case "deleting", "deleted", "failing", "failed", "rejecting", "rejected":
		return true
	}
	return false
}

func (g *TransitGateway) attachment(match func(*TransitAttachment) bool) *TransitAttachment {
	for i := range g.Attachments {
		if match(&g.Attachments[i]) {
			return &g.Attachments[i]
		}
	}
	return nil
}

func (g *TransitGateway) table(id string) *TransitRouteTable {
	for i := range g.RouteTables {
		if g.RouteTables[i].ID == id {
			return &g.RouteTables[i]
		}
	}
	return nil
}
