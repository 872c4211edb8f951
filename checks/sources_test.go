package checks_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// counted is a source of roles that counts its calls and does what a test wants.
func counted(calls *atomic.Int32, role func(context.Context) (*iam.Role, error)) checks.Sources {
	return checks.Sources{Roles: iam.SourceFunc(func(ctx context.Context, _ string) (*iam.Role, error) {
		calls.Add(1)
		return role(ctx)
	})}
}

// A source that gives neither a topology nor an error leaves what depends on it unknown.
func TestNoTopologyIsNotKnown(t *testing.T) {
	silent := network.SourceFunc(func(context.Context, network.Placement) (*network.Topology, error) { return nil, nil })
	task := checks.Task{Containers: []checks.Container{{Name: "web", Image: "nginx"}}, Placement: network.Placement{Subnets: []string{"subnet-a"}}}
	d, err := checks.Run(t.Context(), task, checks.Route{Network: silent})
	if err != nil || d.Status() != checks.Unknown {
		t.Errorf("the status is %s, the error %v; want unknown", d.Status(), err)
	}
}

func TestSharedFetchesOnceForManyAtATime(t *testing.T) {
	var calls atomic.Int32
	release := make(chan struct{})
	s := counted(&calls, func(context.Context) (*iam.Role, error) {
		<-release
		return &iam.Role{Name: "exec"}, nil
	}).Shared().Shared() // sharing twice is sharing once
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if role, err := s.Roles.Role(t.Context(), "exec"); err != nil || role.Name != "exec" {
				t.Errorf("got %v, %v", role, err)
			}
		})
	}
	close(release)
	all.Wait()
	if n := calls.Load(); n != 1 {
		t.Errorf("fetched %d times", n)
	}
	if _, err := s.Roles.Role(t.Context(), "another"); err != nil || calls.Load() != 2 {
		t.Errorf("another key was fetched %d times (%v)", calls.Load()-1, err)
	}
}

func TestSharedForgetsACancelledAttempt(t *testing.T) {
	var calls atomic.Int32
	s := counted(&calls, func(ctx context.Context) (*iam.Role, error) { return &iam.Role{}, ctx.Err() }).Shared()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Roles.Role(ctx, "exec"); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled attempt gives %v", err)
	}
	if _, err := s.Roles.Role(t.Context(), "exec"); err != nil {
		t.Errorf("the next attempt gives %v", err)
	}
}

func TestSharedRemembersAnError(t *testing.T) {
	var calls atomic.Int32
	s := counted(&calls, func(context.Context) (*iam.Role, error) { return nil, errors.New("bad name") }).Shared()
	for range 3 {
		if _, err := s.Roles.Role(t.Context(), "exec"); err == nil {
			t.Fatal("the error is lost")
		}
	}
	if calls.Load() != 1 {
		t.Errorf("fetched %d times", calls.Load())
	}
}

// Whoever waits for another's attempt does not wait longer than its own context, and is not cancelled with the other.
func TestSharedWaitersKeepTheirOwnContext(t *testing.T) {
	var calls atomic.Int32
	started, release := make(chan struct{}, 2), make(chan struct{})
	s := counted(&calls, func(ctx context.Context) (*iam.Role, error) {
		started <- struct{}{}
		select {
		case <-release:
			return &iam.Role{}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}).Shared()
	first, cancelFirst := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := s.Roles.Role(first, "exec"); !errors.Is(err, context.Canceled) {
			t.Errorf("the first gives %v", err)
		}
	})
	<-started
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Roles.Role(impatient, "exec"); !errors.Is(err, context.Canceled) {
		t.Errorf("the impatient one gives %v", err)
	}
	all.Go(func() {
		if role, err := s.Roles.Role(t.Context(), "exec"); err != nil || role == nil {
			t.Errorf("the patient one gives %v", err)
		}
	})
	cancelFirst()
	<-started // the patient one tries for itself
	close(release)
	all.Wait()
}

// A VPC is read once, however many of its subnets are asked about.
func TestSharedReadsAVPCOnce(t *testing.T) {
	s := scenario(t, "healthy-nat")
	var mu sync.Mutex
	calls := map[string]int{}
	s.EC2.Before = func(_ context.Context, action string, input any) error {
		mu.Lock()
		defer mu.Unlock()
		calls[action]++
		return nil
	}
	source := s.Sources().Shared().Network
	for _, subnets := range [][]string{{"subnet-0private0a"}, {"subnet-0private0b"}, {"subnet-0private0a", "subnet-0private0b"}, {"subnet-0private0a"}} {
		if _, err := source.Topology(t.Context(), network.Placement{Subnets: subnets}); err != nil {
			t.Fatal(err)
		}
	}
	if calls["ec2:DescribeSubnets"] != 1 || calls["ec2:DescribeRouteTables"] != 1 {
		t.Errorf("the calls are %v", calls)
	}
}

// A source of a caller's own that gives nothing, and no error either, has read nothing.
func TestASourceThatGivesNothingLeavesEverythingOpen(t *testing.T) {
	nothing := checks.Sources{
		Network:       network.SourceFunc(func(context.Context, network.Placement) (*network.Topology, error) { return nil, nil }),
		Roles:         iam.SourceFunc(func(context.Context, string) (*iam.Role, error) { return nil, nil }),
		Images:        registry.SourceFunc(func(context.Context, registry.Reference) (*registry.Image, error) { return nil, nil }),
		Secrets:       credentials.SourceFunc(func(context.Context, credentials.ID) (*credentials.Secret, error) { return nil, nil }),
		Organizations: iam.OrganizationSourceFunc(func(context.Context, iam.Guardrails) (*iam.Organization, error) { return nil, nil }),
	}
	s := scenario(t, "credentials-denied")
	d, err := checks.Run(t.Context(), s.Task, checks.Default(nothing)...)
	if err != nil || d.Status() != checks.Unknown || len(d.RootCauses()) > 0 {
		t.Errorf("%s, %v, %v", d.Status(), d.RootCauses(), err)
	}
}

// An image that a source of a caller's own gives without its reference is the one that was asked for.
func TestAnImageWithoutAReferenceIsTheOneAskedFor(t *testing.T) {
	for _, name := range []string{"registry-policy-deny", "cache-nobody-allows", "repository-key-disabled"} {
		s := scenario(t, name)
		sources, want := s.Sources(), diagnose(t, s)
		images := sources.Images
		sources.Images = registry.SourceFunc(func(ctx context.Context, ref registry.Reference) (*registry.Image, error) {
			image, err := images.Image(ctx, ref)
			image.Reference = registry.Reference{}
			return image, err
		})
		d, err := checks.Run(t.Context(), s.Task, checks.Default(sources)...)
		if err != nil || d.Status() != want.Status() || len(d.RootCauses()) != 1 || d.RootCauses()[0].Code != want.RootCauses()[0].Code {
			t.Errorf("%s: %s %v, %v", name, d.Status(), d.RootCauses(), err)
		}
	}
}
