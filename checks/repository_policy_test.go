package checks_test

import (
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
)

// What a repository's policy says of a role of which only the bare name is known is not known better than what it says once
// the role is read.
func TestARepositoryPolicyAndABareName(t *testing.T) {
	statement := func(effect, principal string) string {
		return `{"Version": "2012-10-17", "Statement": [{"Effect": "` + effect + `", "Principal": {"AWS": "` + principal + `"}, "Action": "ecr:*"}]}`
	}
	const ours, theirs = "healthy-nat", "healthy-cross-account"
	for _, c := range []struct {
		name, scenario, policy string
		whole, part            checks.Status
	}{
		{"none in the same account", ours, "", checks.Pass, checks.Pass},
		{"one that denies the role", ours, statement("Deny", "arn:aws:iam::111122223333:role/web-execution"), checks.Fail, checks.Unknown},
		{"one that denies the account", ours, statement("Deny", "111122223333"), checks.Fail, checks.Fail},
		{"none in another account", theirs, "", checks.Fail, checks.Fail},
		{"one that allows the role", theirs, statement("Allow", "arn:aws:iam::111122223333:role/web-execution"), checks.Pass, checks.Unknown},
		{"one that allows another role", theirs, statement("Allow", "arn:aws:iam::111122223333:role/other"), checks.Fail, checks.Unknown},
		{"one that allows the account", theirs, statement("Allow", "111122223333"), checks.Pass, checks.Pass},
		{"one that allows another account", theirs, statement("Allow", "222222222222"), checks.Fail, checks.Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			for unread, want := range map[bool]checks.Status{false: c.whole, true: c.part} {
				d := altered(t, c.scenario, func(s *checks.Snapshot) {
					if unread {
						s.Task.ExecutionRole, s.Facts.Roles = iam.RoleName(s.Task.ExecutionRole), nil
					}
					for _, a := range s.Facts.Images {
						a.Fact.RepositoryPolicy = &c.policy
					}
				})
				for _, f := range byCheck(d)["repository-policy"] {
					if f.Subject == "arn:aws:ecr:eu-west-1:111122223333:repository/web" || f.Subject == "arn:aws:ecr:eu-west-1:444455556666:repository/web" {
						if f.Status != want || !strings.Contains(f.Summary, "web-execution") {
							t.Errorf("unread %v: %s: %s, want %s", unread, f.Status, f.Summary, want)
						}
						if f.Status == checks.Unknown && (len(f.Missing) != 1 || f.Missing[0] != "iam:GetRole") {
							t.Errorf("it misses %v", f.Missing)
						}
					}
				}
			}
		})
	}
}

// Of a role and a task whose account nobody gave, it is not known whether the repository is in it, and so whether the
// repository's policy has to allow the pull.
func TestARepositoryPolicyAndAnAccountThatIsNotKnown(t *testing.T) {
	for _, policy := range []string{"", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "ecr:*"}]}`} {
		d := altered(t, "healthy-nat", func(s *checks.Snapshot) {
			s.Task.Account, s.Task.ExecutionRole, s.Facts.Roles = "", iam.RoleName(s.Task.ExecutionRole), nil
			s.Facts.Images[0].Fact.RepositoryPolicy = &policy
		})
		if f := byCheck(d)["repository-policy"][0]; f.Status != checks.Unknown {
			t.Errorf("%q: %s (%s)", policy, f.Status, f.Summary)
		}
	}
}
