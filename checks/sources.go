package checks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// Sources are where the standard checks get their facts. A nil source leaves what depends on it Unknown.
type Sources struct {
	Network network.Source
	Roles   iam.Source
	Images  registry.Source
	// Secrets are the credentials of private registries. Their values are read only by a source that was made with
	// credentials.WithValues.
	Secrets credentials.Source
	// Organizations answers for service control policies. Without it they are assumed to deny nothing.
	Organizations iam.OrganizationSource

	shared bool
}

// FromConfig returns sources that ask AWS with a configuration, and other registries anonymously over HTTPS.
func FromConfig(cfg aws.Config) Sources {
	roles, keys := awsiam.NewFromConfig(cfg), credentials.KeysOnce(kms.NewFromConfig(cfg))
	return Sources{
		Network:       network.New(ec2.NewFromConfig(cfg)),
		Roles:         iam.New(roles, iam.WithOrganization(organizations.NewFromConfig(cfg))),
		Images:        registry.New(ecr.NewFromConfig(cfg), registry.WithKeys(credentials.KeyStates(keys))),
		Secrets:       credentials.New(secretsmanager.NewFromConfig(cfg), keys),
		Organizations: iam.NewOrganizations(roles),
	}
}

// Shared returns sources that fetch every fact once, however many checks and tasks ask for it at the same time or later.
// They keep what they fetched: make new ones to see an account again. An attempt that was cancelled is not kept.
func (s Sources) Shared() Sources {
	if s.shared {
		return s
	}
	s.shared = true
	if s.Network != nil {
		s.Network = network.SourceFunc(noted(topologies(s.Network), placementKey, func(f *Facts) *[]Answer[network.Placement, network.Topology] { return &f.Networks }))
	}
	if sharer, ok := s.Roles.(iam.Sharer); ok {
		s.Roles = sharer.Shared()
	}
	if s.Roles != nil {
		s.Roles = iam.SourceFunc(shared(s.Roles.Role, roleKey, func(f *Facts) *[]Answer[string, iam.Role] { return &f.Roles }))
	}
	if sharer, ok := s.Images.(registry.Sharer); ok {
		s.Images = sharer.Shared()
	}
	if s.Images != nil {
		s.Images = registry.SourceFunc(shared(referred(s.Images.Image), registry.Reference.String, func(f *Facts) *[]Answer[registry.Reference, registry.Image] { return &f.Images }))
	}
	if s.Secrets != nil {
		s.Secrets = credentials.SourceFunc(shared(s.Secrets.Secret, secretKey, func(f *Facts) *[]Answer[credentials.ID, credentials.Secret] { return &f.Secrets }))
	}
	if s.Organizations != nil {
		s.Organizations = iam.OrganizationSourceFunc(shared(s.Organizations.Organization, guardrailsKey, func(f *Facts) *[]Answer[iam.Guardrails, iam.Organization] { return &f.Organizations }))
	}
	return s
}

// topologies returns a function that fetches each VPC once, or, of a source that does not share by itself, each set of
// subnets.
func topologies(source network.Source) func(context.Context, network.Placement) (*network.Topology, error) {
	if s, ok := source.(network.Sharer); ok {
		return s.Shared().Topology
	}
	return once(source.Topology, placementKey)
}

// referred returns a function that gives every image its reference: one of a caller's own source may leave it out.
func referred(fetch func(context.Context, registry.Reference) (*registry.Image, error)) func(context.Context, registry.Reference) (*registry.Image, error) {
	return func(ctx context.Context, ref registry.Reference) (*registry.Image, error) {
		image, err := fetch(ctx, ref)
		if image != nil && image.Reference.Registry == "" {
			named := *image
			named.Reference, image = ref, &named
		}
		return image, err
	}
}

// shared returns a function that fetches every fact once and notes it for every task that asks.
func shared[Q, A any](fetch func(context.Context, Q) (*A, error), key func(Q) string, list func(*Facts) *[]Answer[Q, A]) func(context.Context, Q) (*A, error) {
	return noted(once(fetch, key), key, list)
}

func roleKey(arn string) string { return arn }

func secretKey(id credentials.ID) string { return id.Region + " " + id.Name }

// guardrailsKey names what a question to an organization asks. fmt sorts the keys of a map.
func guardrailsKey(g iam.Guardrails) string { return fmt.Sprint(g) }

// placementKey names what a topology depends on: the subnets.
func placementKey(p network.Placement) string {
	ids := slices.Clone(p.Subnets)
	slices.Sort(ids)
	return strings.Join(ids, ",")
}

// once returns a function that fetches a value for a key at most once.
func once[In, Out any](fetch func(context.Context, In) (Out, error), key func(In) string) func(context.Context, In) (Out, error) {
	type entry struct {
		done  chan struct{} // closed when value and err are there
		value Out
		err   error
	}
	var mu sync.Mutex
	entries := map[string]*entry{}
	return func(ctx context.Context, in In) (Out, error) {
		key := key(in)
		for {
			mu.Lock()
			e, found := entries[key]
			if !found {
				e = &entry{done: make(chan struct{})}
				entries[key] = e
			}
			mu.Unlock()
			if !found {
				e.value, e.err = fetch(ctx, in)
				if cancelled(e.err) {
					mu.Lock()
					delete(entries, key)
					mu.Unlock()
				}
				close(e.done)
				return e.value, e.err
			}
			select {
			case <-e.done:
			case <-ctx.Done():
				var none Out
				return none, ctx.Err()
			}
			if !cancelled(e.err) {
				return e.value, e.err
			}
			// Whoever fetched gave up. That says nothing about this caller.
		}
	}
}

func cancelled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
