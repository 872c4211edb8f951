package network

import (
	"slices"
	"strings"
)

// gatewayServices are the services with gateway endpoints: Amazon keeps a prefix list of each one's addresses in the region,
// named "com.amazonaws.eu-west-1.s3".
// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
var gatewayServices = []string{"s3", "dynamodb", "s3express"}

// serves reports whether the list holds the addresses of a service in a region.
func (l *PrefixList) serves(service, region string) bool {
	return service != "" && strings.HasPrefix(l.Name, "com.amazonaws.") && strings.HasSuffix(l.Name, "."+region+"."+service)
}

// entries returns the blocks of a prefix list. missing names what would show them.
func (w *walk) entries(id string) (blocks []CIDR, missing []string) {
	l := w.prefixList(id)
	switch {
	case w.PrefixLists == nil:
		return nil, []string{"ec2:DescribeManagedPrefixLists", "ec2:GetManagedPrefixListEntries"}
	case l == nil || l.CIDRs == nil || slices.ContainsFunc(l.CIDRs, func(c CIDR) bool { return !c.IsValid() }):
		return nil, []string{"ec2:GetManagedPrefixListEntries"}
	}
	return l.CIDRs, nil
}

// foreign reports whether a prefix list is that of another service than the destination's: it does not hold a host that
// has a name.
func (w *walk) foreign(id string) bool {
	if w.to.Host == "" || hostCIDR(w.to.Host).IsValid() {
		return false
	}
	if l := w.prefixList(id); l != nil {
		return !l.serves(w.to.Service, w.to.Region) && strings.HasPrefix(l.Name, "com.amazonaws.") &&
			slices.ContainsFunc(gatewayServices, func(s string) bool { return strings.HasSuffix(l.Name, "."+s) })
	}
	// Its name was not read, but only such lists lead to gateway endpoints.
	e := w.gatewayEndpoint(id)
	return e != nil && !e.Serves(w.to.Service, w.to.Region)
}

// gatewayEndpoint returns the gateway endpoint that a route for a prefix list leads to.
func (w *walk) gatewayEndpoint(list string) *VPCEndpoint {
	for _, table := range w.RouteTables {
		for _, r := range table.Routes {
			if e, _ := w.Endpoint(r.Target); e != nil && r.PrefixList == list && list != "" && strings.EqualFold(e.Type, "Gateway") {
				return e
			}
		}
	}
	return nil
}

// serviceList returns the prefix list of the destination's service: by its name, or else as the one that a route to the
// service's gateway endpoint names.
func (w *walk) serviceList() *PrefixList {
	for i := range w.PrefixLists {
		if w.PrefixLists[i].serves(w.to.Service, w.to.Region) {
			return &w.PrefixLists[i]
		}
	}
	for _, table := range w.RouteTables {
		for _, r := range table.Routes {
			if e := w.gatewayEndpoint(r.PrefixList); e != nil && e.Serves(w.to.Service, w.to.Region) {
				return &PrefixList{ID: r.PrefixList}
			}
		}
	}
	return nil
}
