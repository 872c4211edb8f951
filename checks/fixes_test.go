package checks_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// advice are the codes of failures whose fixes are all left to people, and why.
var advice = map[checks.Code]string{
	"route.private-address":      "which network the address is in, and what leads there, is in nothing that EC2 shows of the VPC",
	"route.transit-unassociated": "which of the transit gateway's route tables is meant is not shown where its attachments use several",
	"public-ip.private-ipv6":     "which block is meant, and what becomes of the addresses in use, is for the subnets' owner to plan",
	"credentials.key-not-shared": "the owner of the secret has to make a key and decide who may use it",
	"credentials.malformed":      "a secret's value is never read for a fix nor part of one",
	"image.malformed":            "only the author knows which image was meant",
	"image.absent":               "the image must be pushed, or another one meant; what else there is was not read",
	"image.repository-absent":    "a repository alone holds no image: it must be pushed, or another one meant",
	"platform.gone":              "the image must be pushed again",
	"format.artifact":            "only the author knows which image was meant",
}

// leftOpen are the codes whose fixes take the cause away for certain, and leave open whether that is enough, and why.
var leftOpen = map[checks.Code]string{
	"group.egress-closed-dns":    "what name servers of the VPC's own answer is not visible in the account",
	"acl.denied-dns":             "what name servers of the VPC's own answer is not visible in the account",
	"route.instance-stopped":     "what the instance does with traffic is not visible in the account",
	"route.source-dest-check":    "what the instance does with traffic is not visible in the account",
	"route.peering-state":        "the VPC behind the peering connection is not read",
	"route.transit-blackhole":    "what is behind an attachment is read only where a route leads there",
	"route.transit-none":         "what is behind an attachment is read only where a route leads there",
	"image.credentials-required": "what a registry shows to whom it knows is not known",
}

// unseen are the codes of failures that no scenario has, and why.
var unseen = map[checks.Code]string{
	"credentials.malformed": "a scenario has no values of secrets: the test of the check has them",
}

// adviceIn are scenarios in which the fixes of a failure that elsewhere say what to change are left to people, and why.
var adviceIn = map[string]string{
	"platform-windows":          "an image for Windows has to be built",
	"public-ip-none-blue-green": "CodeDeploy deploys the service, from an AppSpec file that is not read",
}

// failing returns the diagnoses of the scenarios that have a root cause, with the proofs of their fixes.
func failing(t *testing.T) map[string]checks.Diagnosis {
	t.Helper()
	all, err := provenFailures()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var provenFailures = sync.OnceValues(func() (map[string]checks.Diagnosis, error) {
	all, err := checkstest.Scenarios()
	if err != nil {
		return nil, err
	}
	found := map[string]checks.Diagnosis{}
	for _, s := range all {
		d, err := checks.Run(context.Background(), s.Task, checks.Default(s.Sources())...)
		if err == nil && len(d.RootCauses()) > 0 {
			found[s.Name], err = checks.Prove(context.Background(), d)
		}
		if err != nil {
			return nil, err
		}
	}
	return found, nil
})

// Every code of a failure has a meaning, and a scenario in which it is a root cause and a fix of it is proven: made to the
// captured facts, it takes the cause away for certain, and nothing fails or is open that did not and was not before. The text of
// a stopped task is another test's: it says what happened and not what to change.
func TestEveryFailureHasAFixThatIsProven(t *testing.T) {
	seen, changes, gone, verified := map[checks.Code]bool{}, map[checks.Code]bool{}, map[checks.Code]bool{}, map[checks.Code]bool{}
	for name, d := range failing(t) {
		for _, f := range d.RootCauses() {
			seen[f.Code] = true
			if because := advice[f.Code] + adviceIn[name]; f.Check != (checks.StoppedReason{}).Info().ID && offersChanges(f) == (because != "") {
				t.Errorf("%s: a fix of %s says what to change: %t, and the reason why not is %q: %s", name, f.Code, offersChanges(f), because, f.Summary)
			}
			for _, fix := range f.Fixes {
				if fix.Proof == nil {
					continue
				}
				changes[f.Code] = true
				gone[f.Code] = gone[f.Code] || fix.Proof.Gone
				verified[f.Code] = verified[f.Code] || fix.Proof.Verified
			}
		}
	}
	for _, c := range checks.Default(checks.Sources{}) {
		info := c.Info()
		for code, m := range info.Codes {
			if m.Status != checks.Fail || info.ID == (checks.StoppedReason{}).Info().ID {
				continue
			}
			if m.Text == "" || len(m.Fixes) == 0 {
				t.Errorf("%s has no meaning or no fix", code)
			}
			for _, exception := range []struct {
				what    string
				holds   bool
				because string
			}{
				{"a scenario", seen[code], unseen[code]},
				{"a fix with changes", changes[code], advice[code]},
				{"a fix after which the cause is gone", gone[code], advice[code]},
				{"a verified fix", verified[code], advice[code] + leftOpen[code]},
			} {
				if exception.holds == (exception.because != "") {
					t.Errorf("%s has %s: %t, and the reason why not is %q", code, exception.what, exception.holds, exception.because)
				}
			}
		}
	}
}

// offer is a fix with changes, with the diagnosis and the finding that it is of.
type offer struct {
	scenario  string
	diagnosis checks.Diagnosis
	finding   checks.Finding
	fix       checks.Fix
}

func (o offer) String() string {
	return o.scenario + ": " + string(o.finding.Code) + ": " + o.fix.Summary
}

// offers returns the fixes with changes of all that was found in the scenarios, root cause or not.
func offers(t *testing.T) (all []offer) {
	t.Helper()
	for _, s := range scenarios(t) {
		d := diagnose(t, s)
		for _, f := range d.Findings {
			for _, fix := range f.Fixes {
				if len(fix.Changes) > 0 {
					all = append(all, offer{s.Name, d, f, fix})
				}
			}
		}
	}
	return all
}

func has(d checks.Diagnosis, f checks.Finding) bool {
	return slices.ContainsFunc(d.Findings, func(g checks.Finding) bool { return g.Code == f.Code && g.Subject == f.Subject })
}

// Every fix with changes takes its finding away, and nothing fails after it that did not before.
func TestFixesTakeTheirFindingAway(t *testing.T) {
	for _, o := range offers(t) {
		after, err := checks.Verify(t.Context(), o.diagnosis, o.fix)
		if err != nil {
			t.Errorf("%s: %v", o, err)
			continue
		}
		if has(after, o.finding) {
			t.Errorf("%s: it is still there", o)
		}
		for _, f := range after.Findings {
			if f.Status == checks.Fail && !has(o.diagnosis, f) {
				t.Errorf("%s: then %s of %s fails: %s", o, f.Code, f.Subject, f.Summary)
			}
		}
	}
}

// In an account without a fault the text of the stop is what is reported, and it alone shows nothing to change.
func TestEveryStoppedCodeIsACauseWithAdvice(t *testing.T) {
	s := scenario(t, "stopped-digest-gone")
	seen := map[checks.Code]bool{}
	for _, symptom := range symptoms {
		s.Task.StoppedReason = symptom.text
		for i := range s.Task.Containers {
			s.Task.Containers[i].Reason = ""
		}
		d := diagnose(t, s)
		causes := d.RootCauses()
		if len(causes) == 0 && symptom.want.Kind == "" {
			continue // a text of something else
		}
		if len(causes) != 1 || causes[0].Code != checks.Code("stopped."+string(symptom.want.Kind)) {
			t.Errorf("%s: the causes are %v", symptom.name, causes)
			continue
		}
		seen[causes[0].Code] = true
		for _, fix := range causes[0].Fixes {
			if len(fix.Changes) > 0 {
				t.Errorf("%s: the text alone shows changes: %v", symptom.name, fix.Changes)
			}
		}
	}
	for code, m := range (checks.StoppedReason{}).Info().Codes {
		if m.Status == checks.Fail && !seen[code] {
			t.Errorf("no text gives %s", code)
		}
	}
}

// To work fixes out, and to verify them, leaves the facts as they were read.
func TestFixesLeaveTheFactsAlone(t *testing.T) {
	for _, s := range scenarios(t) {
		d := diagnose(t, s)
		before, err := json.Marshal(d.Facts)
		if err != nil {
			t.Fatal(err)
		}
		again, err := checks.Run(t.Context(), d.Task, checks.Default(d.Facts.Sources())...) // on these very facts
		if err != nil {
			t.Fatal(err)
		}
		if _, err := checks.Prove(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		if after, err := json.Marshal(d.Facts); err != nil || string(after) != string(before) {
			t.Errorf("%s: the facts have changed (%v)", s.Name, err)
		}
	}
}

// The law, for fixes: one that is proven to make the pull work although something was not read makes it work when it is
// read, too.
func TestAFixThatIsProvenWithLessIsProvenWithMore(t *testing.T) {
	t.Parallel()
	works := func(d checks.Diagnosis) bool { return d.Status() == checks.Pass || d.Status() == checks.Warn }
	count := 0
	for _, s := range some(t) {
		var recorded calls
		s.Before(recorded.record)
		whole := diagnose(t, s)
		if len(whole.RootCauses()) == 0 {
			continue
		}
		for denied := range recorded.counts {
			s.Before(func(_ context.Context, action string, _ any) error {
				if action == denied {
					return faults["denied"](action)
				}
				return nil
			})
			part := diagnose(t, s)
			for _, f := range part.RootCauses() {
				for _, fix := range f.Fixes {
					if len(fix.Changes) == 0 {
						continue
					}
					after, err := checks.Verify(t.Context(), part, fix)
					if err != nil || !works(after) {
						continue // what it changes was not read, or what it leads to
					}
					count++
					if full, err := checks.Verify(t.Context(), whole, fix); err != nil || !works(full) {
						t.Errorf("%s without %s: %q is proven, and with it leaves %s (%v)", s.Name, denied, fix.Summary, full.Status(), err)
					}
				}
			}
		}
	}
	if count < 100 && !raced {
		t.Errorf("only %d fixes were proven with less", count)
	}
}

// What CodeDeploy or another controller deploys is not for UpdateService to change: ECS would refuse it.
func TestFixesLeaveOtherControllersServicesAlone(t *testing.T) {
	updating := 0
	for name, d := range failing(t) {
		for _, controller := range []string{"", "ECS", "CODE_DEPLOY", "EXTERNAL"} {
			s := snapshotOf(t, d)
			s.Task.DeploymentController = controller
			for _, f := range diagnosed(t, s).Findings {
				for _, fix := range f.Fixes {
					for _, words := range fix.Commands() {
						if words[1] != "ecs" || words[2] == "describe-task-definition" || words[2] == "register-task-definition" {
							continue
						}
						if updating++; s.Task.Service != "" && (words[2] != "update-service" || controller == "CODE_DEPLOY" || controller == "EXTERNAL") {
							t.Errorf("%s, deployed by %q: %q", name, controller, words)
						}
					}
				}
			}
		}
	}
	if updating == 0 {
		t.Error("no fix updates a service")
	}
}

// What a task was run with goes before what its definition says: a fix keeps it, or says nothing about the definition.
func TestFixesHeedOverrides(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/other"
	run := altered(t, "public-ip-none", func(s *checks.Snapshot) {
		s.Task.Service, s.Task.Overrides = "", checks.Overrides{ExecutionRole: role, EphemeralStorageGiB: 30}
	})
	words := first(t, run, "public-ip.none").Fixes[0].Commands()[0]
	if i := slices.Index(words, "--overrides"); i < 0 || words[i+1] != "executionRoleArn="+role+",ephemeralStorage={sizeInGiB=30}" {
		t.Errorf("the command is %q", words)
	}
	for scenario, code := range map[string]checks.Code{"role-wrong-path": "role.wrong-path", "storage-exceeded": "storage.exceeded"} {
		d := altered(t, scenario, func(s *checks.Snapshot) {
			s.Task.Overrides = checks.Overrides{ExecutionRole: s.Task.ExecutionRole, EphemeralStorageGiB: 21}
		})
		if f := first(t, d, code); offersChanges(f) {
			t.Errorf("%s offers %v", scenario, f.Fixes[0].Changes)
		}
	}
}

// Of a definition that is only planned, no present revision is described: there is none.
func TestFixesOfAPlannedDefinition(t *testing.T) {
	d := altered(t, "role-none", func(s *checks.Snapshot) { s.Task.Service, s.Task.TaskDefinition = "", "web" })
	var operations []string
	for _, words := range first(t, d, "role.none").Fixes[0].Commands() {
		operations = append(operations, words[2])
	}
	if want := []string{"create-role", "attach-role-policy", "register-task-definition"}; !slices.Equal(operations, want) {
		t.Errorf("it takes %q", operations)
	}
}

// A rule that a fix adds to a group is the narrowest: from the task's group, and to anywhere only where the traffic goes to
// hosts whose addresses are not known.
func TestGroupRulesOfFixesAreNarrow(t *testing.T) {
	for name, d := range failing(t) {
		for _, f := range d.Findings {
			for _, fix := range f.Fixes {
				for _, c := range fix.Changes {
					switch c := c.(type) {
					case checks.AuthorizeSecurityGroupIngress:
						if len(c.Rule.CIDRs) > 0 && d.Task.Placement.SecurityGroups != nil {
							t.Errorf("%s: an inbound rule names addresses: %v", name, c.Rule)
						}
					case checks.AuthorizeSecurityGroupEgress:
						if c.Rule.Protocol == "-1" || c.Rule.Ports.From != c.Rule.Ports.To {
							t.Errorf("%s: an outbound rule is for more than a port: %v", name, c.Rule)
						}
					}
				}
			}
		}
	}
}

// The name of a secret has no colon, and a registry's host may have one before its port.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
func TestTheSecretOfARegistryWithAPortIsCalledByAName(t *testing.T) {
	images := registry.SourceFunc(func(_ context.Context, ref registry.Reference) (*registry.Image, error) {
		return &registry.Image{Reference: ref, Status: registry.CredentialsRequired}, nil
	})
	task := checks.Task{TaskDefinition: "web:7", Account: "111122223333", Region: "eu-west-1",
		Containers: []checks.Container{{Name: "web", Image: "registry.example.com:5000/app:1"}}}
	d, err := checks.Run(t.Context(), task, checks.Default(checks.Sources{Images: images})...)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range d.RootCauses() {
		if f.Code != "image.credentials-required" {
			continue
		}
		for _, c := range f.Fixes[0].Changes {
			if create, ok := c.(checks.CreateSecret); ok {
				if create.Secret != "arn:aws:secretsmanager:eu-west-1:111122223333:secret:registry.example.com-5000-??????" || !slices.Contains(create.Commands()[0], "registry.example.com-5000") {
					t.Errorf("%s, %q", create.Secret, create.Commands())
				}
				return
			}
		}
	}
	t.Errorf("no fix creates a secret: %+v", d.RootCauses())
}

// A rule for all repositories adds nothing to their names.
func TestAnOfficialImageUnderARuleForAllIsNamedWithoutAPrefix(t *testing.T) {
	images := registry.SourceFunc(func(_ context.Context, ref registry.Reference) (*registry.Image, error) {
		return &registry.Image{Reference: ref, Status: registry.RepositoryAbsent, CacheRule: &registry.CacheRule{Prefix: "ROOT", Upstream: "docker-hub", UpstreamURL: "registry-1.docker.io"}}, nil
	})
	task := checks.Task{TaskDefinition: "web:7", Account: "111122223333", Region: "eu-west-1",
		Containers: []checks.Container{{Name: "web", Image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/nginx:1"}}}
	d, err := checks.Run(t.Context(), task, checks.Default(checks.Sources{Images: images, Roles: iam.SourceFunc(func(context.Context, string) (*iam.Role, error) { return &iam.Role{}, nil }),
		Secrets: credentials.SourceFunc(func(context.Context, credentials.ID) (*credentials.Secret, error) { return &credentials.Secret{}, nil })})...)
	i := slices.IndexFunc(d.Findings, func(f checks.Finding) bool { return f.Code == "cache.library" })
	if err != nil || i < 0 || d.Findings[i].Fixes[0].Summary != "Name the image library/nginx in the task definition" {
		t.Errorf("%+v, %v", d.RootCauses(), err)
	}
}
