package network

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"
)

// prefixLists reads AWS's own lists, which this call shows with their entries. Every Region has those of S3 and DynamoDB, so
// that none is no answer.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribePrefixLists.html
func (g *gatherer) prefixLists(ctx context.Context) {
	lists := list(ctx, g, "ec2:DescribePrefixLists", ec2.NewDescribePrefixListsPaginator(g.api, &ec2.DescribePrefixListsInput{}),
		func(out *ec2.DescribePrefixListsOutput) ([]types.PrefixList, *string) {
			return out.PrefixLists, out.NextToken
		}, prefixListOf)
	if lists != nil && len(lists) == 0 {
		g.read("ec2:DescribePrefixLists", errors.New("network: the answer holds none of AWS's own lists"))
		return
	}
	g.topology.PrefixLists = lists
}

// entries reads the entries, as far as they are not known, of the lists that decide: those that routes and rules name, and
// S3's.
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
	delete(used, "")
	if t.PrefixLists == nil {
		return // which of them are AWS's own is not known
	}
	for _, id := range slices.Sorted(maps.Keys(used)) {
		if used[id] && !slices.ContainsFunc(t.PrefixLists, func(l PrefixList) bool { return l.ID == id }) {
			t.PrefixLists = append(t.PrefixLists, PrefixList{ID: id})
		}
	}
	var steps errgroup.Group
	for i := range t.PrefixLists {
		l := &t.PrefixLists[i]
		if l.CIDRs != nil || !used[l.ID] && !(strings.HasPrefix(l.Name, "com.amazonaws.") && strings.HasSuffix(l.Name, ".s3")) {
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
