package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// role returns what was read of a role, asked for as a task names it; nil: nothing.
func (s *Snapshot) role(name string) *iam.Role {
	for _, a := range s.Facts.Roles {
		if a.Question == name {
			return a.Fact
		}
	}
	return nil
}

// image returns what was read of an image; nil: nothing.
func (s *Snapshot) image(name string) *registry.Image {
	ref, err := registry.Parse(name)
	if err != nil {
		return nil
	}
	if a := s.Facts.named(ref); a != nil {
		return a.Fact
	}
	return nil
}

// secret returns what was read of a secret, named as a task definition or a rule does; nil: nothing.
func (s *Snapshot) secret(name string) *credentials.Secret {
	for _, a := range s.Facts.Secrets {
		if a.Question.Name == name {
			return a.Fact
		}
	}
	return nil
}

// eachRole changes what was read of the role with an ARN.
func (s *Snapshot) eachRole(arn string, change func(*iam.Role) error) error {
	return eachFact(s.Facts.Roles, "role "+arn, func(r *iam.Role) bool { return r.ARN == arn && r.Exists != nil && *r.Exists }, change)
}

// eachImage changes what was read of the images of a repository.
func (s *Snapshot) eachImage(repository string, change func(*registry.Image) error) error {
	return eachFact(s.Facts.Images, "repository "+repository, func(i *registry.Image) bool { return i.Reference.RepositoryARN() == repository }, change)
}

// eachSecret changes what was read of the secret with an ARN.
func (s *Snapshot) eachSecret(arn string, change func(*credentials.Secret) error) error {
	return eachFact(s.Facts.Secrets, "secret "+arn, func(f *credentials.Secret) bool { return f.ARN == arn }, change)
}

// eachKey changes what was read of the KMS key of secrets with an ARN.
func (s *Snapshot) eachKey(arn string, change func(*credentials.Key) error) error {
	return eachFact(s.Facts.Secrets, "key "+arn, func(f *credentials.Secret) bool { return f.Key != nil && f.Key.ARN == arn },
		func(f *credentials.Secret) error { return change(f.Key) })
}

// setKeyState puts the KMS key with an ARN, of secrets and of repositories, from one of some states into another.
func (s *Snapshot) setKeyState(arn, to string, from ...string) error {
	found := false
	set := func(state *string) error {
		if found = true; !slices.Contains(from, *state) {
			return fmt.Errorf("%s is in the state %s, and not %s", arn, *state, strings.Join(from, " or "))
		}
		*state = to
		return nil
	}
	for _, a := range s.Facts.Secrets {
		if a.Fact != nil && a.Fact.Key != nil && a.Fact.Key.ARN == arn {
			if err := set(&a.Fact.Key.State); err != nil {
				return err
			}
		}
	}
	for _, a := range s.Facts.Images {
		if a.Fact == nil || a.Fact.Encryption == nil || a.Fact.Encryption.Key != arn || a.Fact.Encryption.KeyState == "" {
			continue
		}
		e := a.Fact.Encryption
		unusable := e.Unusable()
		if err := set(&e.KeyState); err != nil {
			return err
		}
		if unusable && !e.Unusable() {
			e.Refused = false // that was why
		}
	}
	if !found {
		return fmt.Errorf("the key %s is not among the facts", arn)
	}
	return nil
}

// learn puts a fact in the place of what was said to a question.
func learn[Q comparable, A any](answers *[]Answer[Q, A], question Q, fact *A) {
	*answers = slices.DeleteFunc(*answers, func(a Answer[Q, A]) bool { return a.Question == question })
	*answers = append(*answers, Answer[Q, A]{Question: question, Fact: fact})
}

// eachFact changes every fact that is meant. An error says that there is none.
func eachFact[Q, A any](answers []Answer[Q, A], name string, is func(*A) bool, change func(*A) error) error {
	meant := func(a Answer[Q, A]) bool { return a.Fact != nil && is(a.Fact) }
	if !slices.ContainsFunc(answers, meant) {
		return fmt.Errorf("the %s is not among the facts", name)
	}
	for _, a := range answers {
		if meant(a) {
			if err := change(a.Fact); err != nil {
				return err
			}
		}
	}
	return nil
}
