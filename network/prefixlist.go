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

// entriesOf returns the blocks of a prefix list. missing names what would show them.
func (v *vpc) entriesOf(id string) (blocks []CIDR, missing []string) {
	l := v.lists[id]
	switch {
	case v.account.PrefixLists == nil:
		return nil, []string{"ec2:DescribePrefixLists", "ec2:GetManagedPrefixListEntries"}
	case l == nil || l.CIDRs == nil || slices.ContainsFunc(l.CIDRs, func(c CIDR) bool { return !c.IsValid() }):
		return nil, []string{"ec2:GetManagedPrefixListEntries"}
	}
	return l.CIDRs, nil
}

// ofIPv6 reports whether a prefix list holds IPv6 addresses, as far as it was read. No list holds both kinds.
func (v *vpc) ofIPv6(id string) bool {
	blocks, _ := v.entriesOf(id)
	return addrsOf(blocks...).v6()
}

// foreign reports whether a prefix list is that of another service than the destination's: it does not hold a host that
// has a name.
func (v *view) foreign(id string) bool {
	if !v.key.named {
		return false
	}
	if l := v.vpc.lists[id]; l != nil {
		return !l.serves(v.key.service, v.key.region) && strings.HasPrefix(l.Name, "com.amazonaws.") &&
			slices.ContainsFunc(gatewayServices, func(s string) bool { return strings.HasSuffix(l.Name, "."+s) })
	}
	// Its name was not read, but only such lists lead to gateway endpoints.
	e := v.vpc.routed[id]
	return e != nil && !e.Serves(v.key.service, v.key.region)
}

// serviceList returns the prefix list of the IPv4 addresses of the destination's service: by its name, or else as the one
// that a route to the service's gateway endpoint names. (A service may have another of its IPv6 addresses.)
func (v *view) serviceList() *PrefixList {
	for i := range v.vpc.account.PrefixLists {
		if l := &v.vpc.account.PrefixLists[i]; l.serves(v.key.service, v.key.region) && !v.vpc.ofIPv6(l.ID) {
			return l
		}
	}
	for _, table := range v.vpc.RouteTables {
		for _, r := range table.Routes {
			if e := v.vpc.routed[r.PrefixList]; e != nil && e.Serves(v.key.service, v.key.region) && !v.vpc.ofIPv6(r.PrefixList) {
				return &PrefixList{ID: r.PrefixList}
			}
		}
	}
	return nil
}
