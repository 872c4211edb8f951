package network

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"
)

func (g *gatherer) prefixLists(ctx context.Context) {
	list, err := pages(ctx, ec2.NewDescribeManagedPrefixListsPaginator(g.api, &ec2.DescribeManagedPrefixListsInput{}),
		func(out *ec2.DescribeManagedPrefixListsOutput) ([]types.ManagedPrefixList, *string) {
			return out.PrefixLists, out.NextToken
		})
	if g.read("ec2:DescribeManagedPrefixLists", err) {
		g.topology.PrefixLists = convert(list, prefixListOf)
	}
}

// entries reads the entries of the lists that decide: those that routes and rules name, and S3's.
func (g *gatherer) entries(ctx context.Context) {
	t := g.topology
	used := map[string]bool{}
	tables := t.RouteTables
	for i := range t.Neighbours {
		tables = slices.Concat(tables, t.Neighbours[i].RouteTables)
	}
	for _, table := range tables {
		for _, r := range table.Routes {
			used[r.PrefixList] = true
		}
	}
	for _, gateway := range t.TransitGateways {
		for _, table := range gateway.RouteTables {
			for _, r := range table.Routes {
				used[r.PrefixList] = used[r.PrefixList] || !r.CIDR.IsValid()
			}
		}
	}
	for _, group := range t.SecurityGroups {
		for _, r := range slices.Concat(group.Ingress, group.Egress) {
			for _, id := range r.PrefixLists {
				used[id] = true
			}
		}
	}
	var steps errgroup.Group
	for i := range t.PrefixLists {
		l := &t.PrefixLists[i]
		if !used[l.ID] && !(strings.HasPrefix(l.Name, "com.amazonaws.") && strings.HasSuffix(l.Name, ".s3")) {
			continue
		}
		steps.Go(func() error {
			list, err := pages(ctx, ec2.NewGetManagedPrefixListEntriesPaginator(g.api, &ec2.GetManagedPrefixListEntriesInput{PrefixListId: &l.ID}),
				func(out *ec2.GetManagedPrefixListEntriesOutput) ([]types.PrefixListEntry, *string) {
					return out.Entries, out.NextToken
				})
			if g.read("ec2:GetManagedPrefixListEntries", err) {
				l.CIDRs = convert(list, func(e types.PrefixListEntry) CIDR { return ParseCIDR(aws.ToString(e.Cidr)) })
			}
			return nil
		})
	}
	_ = steps.Wait()
}
