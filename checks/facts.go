package checks

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// Facts are what the sources of a diagnosis were asked, and what they said.
type Facts struct {
	Networks      []Answer[network.Placement, network.Topology] `json:"networks"`
	Roles         []Answer[string, iam.Role]                    `json:"roles"`
	Images        []Answer[registry.Reference, registry.Image]  `json:"images"`
	Secrets       []Answer[credentials.ID, credentials.Secret]  `json:"secrets"`
	Organizations []Answer[iam.Guardrails, iam.Organization]    `json:"organizations"`
}

// Answer is what a source said to one question.
type Answer[Q, A any] struct {
	Question Q
	Fact     *A    // nil: the source gave none
	Err      error // beside the fact or in its place
}

// Sources returns sources that say again what was said. To another question they answer as sources that may not ask: nothing
// of the fact was read.
func (f Facts) Sources() Sources {
	return Sources{
		Network: network.SourceFunc(func(_ context.Context, p network.Placement) (*network.Topology, error) {
			if a := f.placed(p); a != nil {
				return a.Fact, a.Err
			}
			return topologyNotAsked(), nil
		}),
		Roles: iam.SourceFunc(again(f.Roles, roleKey, roleNotAsked)),
		Images: registry.SourceFunc(func(_ context.Context, ref registry.Reference) (*registry.Image, error) {
			if a := f.named(ref); a != nil {
				return a.Fact, a.Err
			}
			return imageNotAsked(ref), nil
		}),
		Secrets:       credentials.SourceFunc(again(f.Secrets, secretKey, secretNotAsked)),
		Organizations: iam.OrganizationSourceFunc(f.organization),
	}
}

// organization answers as the organization did. What it was not asked, because a request took another way then, it did not
// answer, as one that may not be asked. Where it denied such a request before, it may again, and nothing is assumed.
func (f Facts) organization(_ context.Context, question iam.Guardrails) (*iam.Organization, error) {
	if a := answerTo(f.Organizations, question, guardrailsKey); a != nil {
		return a.Fact, a.Err
	}
	for _, a := range f.Organizations {
		if a.Fact == nil || a.Question.Role != question.Role {
			continue
		}
		for _, action := range question.Actions {
			if allowed, answered := a.Fact.Allowed[action]; answered && !allowed {
				return nil, errNotAsked
			}
		}
	}
	return &iam.Organization{Unread: errNotAsked}, nil
}

// placed returns the answer for a placement: the one that was asked about, or any of a VPC with all of its subnets.
func (f Facts) placed(p network.Placement) *Answer[network.Placement, network.Topology] {
	key := placementKey(p)
	for i, a := range f.Networks {
		if placementKey(a.Question) == key {
			return &f.Networks[i]
		}
	}
	for i, a := range f.Networks {
		if a.Fact != nil && !slices.ContainsFunc(p.Subnets, func(id string) bool { return !holds(a.Fact, id) }) {
			return &f.Networks[i]
		}
	}
	return nil
}

func holds(t *network.Topology, subnet string) bool {
	return slices.ContainsFunc(t.Subnets, func(s network.Subnet) bool { return s.ID == subnet })
}

// named returns the answer for an image, with the image under the very name that was asked for: a document may write it
// otherwise, and an image in ECR is the same by each of its registry's hosts.
func (f Facts) named(asked registry.Reference) *Answer[registry.Reference, registry.Image] {
	a := answerTo(f.Images, asked, registry.Reference.String)
	if a == nil && asked.ECR != nil {
		a = answerTo(f.Images, asked, func(r registry.Reference) string {
			return strings.TrimPrefix(r.String(), r.Registry) + " of " + r.RepositoryARN()
		})
	}
	if a == nil || a.Fact == nil {
		return a
	}
	if asked.String() == a.Question.String() {
		asked.Original = a.Fact.Reference.Original
	}
	if reflect.DeepEqual(a.Fact.Reference, asked) {
		return a
	}
	image := *a.Fact
	image.Reference = asked
	return &Answer[registry.Reference, registry.Image]{asked, &image, a.Err}
}

// answerTo returns the answer to a question; nil: it was not asked.
func answerTo[Q, A any](answers []Answer[Q, A], question Q, key func(Q) string) *Answer[Q, A] {
	asked := key(question)
	if i := slices.IndexFunc(answers, func(a Answer[Q, A]) bool { return key(a.Question) == asked }); i >= 0 {
		return &answers[i]
	}
	return nil
}

// again returns a function that gives the answers that were given, and to other questions what notAsked returns.
func again[Q, A any](answers []Answer[Q, A], key func(Q) string, notAsked func(Q) *A) func(context.Context, Q) (*A, error) {
	return func(_ context.Context, question Q) (*A, error) {
		if a := answerTo(answers, question, key); a != nil {
			return a.Fact, a.Err
		}
		return notAsked(question), nil
	}
}

// recorder notes what shared sources say while a task is diagnosed, and what paths that comes to.
type recorder struct {
	task    Task
	mu      sync.Mutex
	facts   Facts
	surveys map[*network.Topology]func() *survey
}

type recorderKey struct{}

// recording returns a context in which shared sources note what they say of a task.
func recording(ctx context.Context, task Task) (context.Context, *recorder) {
	r := &recorder{task: task, surveys: map[*network.Topology]func() *survey{}}
	return context.WithValue(ctx, recorderKey{}, r), r
}

// errNoFact is what comes of a source of a caller's own that says nothing at all.
var errNoFact = errors.New("its source gave neither a fact nor an error")

// noted returns a function that does as fetch does, and has the recorder of its context note it. An attempt that was
// cancelled is no answer.
func noted[Q, A any](fetch func(context.Context, Q) (*A, error), key func(Q) string, list func(*Facts) *[]Answer[Q, A]) func(context.Context, Q) (*A, error) {
	return func(ctx context.Context, question Q) (*A, error) {
		fact, err := fetch(ctx, question)
		if fact == nil && err == nil {
			err = errNoFact
		}
		r, ok := ctx.Value(recorderKey{}).(*recorder)
		if !ok || cancelled(err) {
			return fact, err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		answers := list(&r.facts)
		i, found := slices.BinarySearchFunc(*answers, key(question), func(a Answer[Q, A], k string) int { return cmp.Compare(key(a.Question), k) })
		if !found {
			*answers = slices.Insert(*answers, i, Answer[Q, A]{question, fact, err})
		}
		return fact, err
	}
}
