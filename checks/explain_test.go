package checks_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
)

func TestExplain(t *testing.T) {
	const timeout = `CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref reg.corp/app:1: failed to do request: Head "https://reg.corp/v2/app/manifests/1": dial tcp %IP%:443: i/o timeout`
	public, private := strings.Replace(timeout, "%IP%", "203.0.113.9", 1), strings.Replace(timeout, "%IP%", "10.0.1.9", 1)
	found := func(check string, code checks.Code, stage checks.Stage, hosts string) checks.Finding {
		return checks.Finding{Check: check, Code: code, Stage: stage, Status: checks.Fail, Args: map[string]string{"hosts": hosts}}
	}
	for _, c := range []struct {
		name, text string
		finding    checks.Finding
		want       bool
	}{
		{"a missing route gives a timeout to a public address", public, found("route", "route.none", checks.Resolve, "reg.corp"), true},
		{"a closed group of an endpoint gives a timeout to a private address", private, found("security-group", "endpoint.group-closed", checks.Resolve, "a, reg.corp"), true},
		{"but not to a public one", public, found("security-group", "endpoint.group-closed", checks.Resolve, "reg.corp"), false},
		{"and a missing route none to a private one", private, found("route", "route.none", checks.Resolve, "reg.corp"), false},
		{"a policy never gives a timeout", public, found("execution-role", "role.denied", checks.Resolve, ""), false},
		{"nor does a missing image", public, found("image", "image.absent", checks.Resolve, ""), false},
		{"what stops an earlier step does not explain a later one", public, found("route", "route.none", checks.Authenticate, "reg.corp"), false},
		{"nor the other way round", public, found("route", "route.none", checks.Download, "reg.corp"), false},
		{"what stands before another host does not explain it", public, found("route", "route.none", checks.Resolve, "other.corp"), false},
		{"an untrusting role gives its own error", "ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task.", found("execution-role", "role.not-assumable", checks.Assume, ""), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := checks.Diagnosis{Task: checks.Task{StoppedReason: "Task failed to start", Containers: []checks.Container{{Reason: c.text}}}}
			got, ok := d.Explain(c.finding)
			if !ok || got.Explains != c.want || got.Reason == "" {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
	}
	if _, ok := (checks.Diagnosis{}).Explain(found("route", "route.none", checks.Resolve, "")); ok {
		t.Error("without an error there is nothing to explain")
	}
}

// An error that nothing which stops every pull explains, and a warning does, is said to be what that warns of.
func TestAWarningTellsOfAnError(t *testing.T) {
	const limit = "CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/nginx/manifests/sha256:2d96: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit."
	const full = "CannotPullContainerError: ref pull has been retried 1 time(s): failed to extract layer sha256:7c52: write /var/lib/containerd/x: no space left on device: unknown"
	const gone = "CannotPullContainerError: failed to resolve ref docker.io/library/nginx:1.27: not found"
	for _, c := range []struct {
		scenario, text string
		code           checks.Code
		want           bool
	}{
		{"docker-hub-anonymous", limit, "rate-limit.anonymous", true},
		{"storage-tight", full, "storage.tight", true},
		{"docker-hub-anonymous", gone, "rate-limit.anonymous", false},
	} {
		d := altered(t, c.scenario, func(s *checks.Snapshot) { s.Task.StoppedReason = c.text })
		causes := d.RootCauses()
		if len(causes) != 1 || strings.Contains(causes[0].Summary, " It is what "+string(c.code)+" warns of.") != c.want || strings.Contains(causes[0].Summary, "Nothing that was found") == c.want {
			t.Errorf("%s: the causes are %v", c.scenario, causes)
		}
		if w := first(t, d, c.code); (w.Observed != nil && w.Observed.Explains) != c.want {
			t.Errorf("%s: the warning is observed: %v", c.scenario, w.Observed)
		}
	}
}

// A text that shows no more than how far the pull came is explained by whatever stops it there, and one that does not even
// show that, by whatever stops it later.
func TestExplainOfATextThatShowsLittle(t *testing.T) {
	const (
		head     = "ResourceInitializationError: unable to pull secrets or registry auth"
		canceled = "CannotPullContainerError: context canceled"
		panicked = "CannotPullContainerError: pull command failed: panic: runtime error: invalid memory address or nil pointer dereference"
	)
	for _, c := range []struct {
		name, text, scenario string
		cause                checks.Code
		want                 bool
	}{
		{"the token's step, and what stops it", head, "endpoint-group-closed", "endpoint.group-closed", true},
		{"the token's step, and what stops the layers", head, "s3-gateway-not-associated", "endpoint.gateway-not-associated", false},
		{"no step, and what stops the layers", canceled, "s3-gateway-not-associated", "endpoint.gateway-not-associated", true},
		{"no step, and what stops the token", canceled, "endpoint-group-closed", "endpoint.group-closed", false},
		{"no step, and no image", canceled, "image-tag-absent", "image.absent", false},
		{"the layers' step, and what stops it", panicked, "s3-gateway-not-associated", "endpoint.gateway-not-associated", true},
		{"the manifest's step, and what stops the layers", "CannotPullContainerError: failed to resolve ref " + web + ":1.4.2: the moon is full", "s3-gateway-not-associated", "endpoint.gateway-not-associated", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := altered(t, c.scenario, func(s *checks.Snapshot) {
				s.Task.StoppedReason = c.text
				for i := range s.Task.Containers {
					s.Task.Containers[i].Reason = ""
				}
			})
			causes := d.RootCauses()
			if i := slices.IndexFunc(causes, func(f checks.Finding) bool { return f.Code == c.cause }); i < 0 || causes[i].Observed == nil || causes[i].Observed.Explains != c.want {
				t.Errorf("the root causes are %v, of which %s is to explain the text: %v", codes(causes), c.cause, c.want)
			}
			if want := 1; c.want && len(causes) != want {
				t.Errorf("%d root causes: %v", len(causes), codes(causes))
			}
		})
	}
}

// An address is held against what the facts say of it: the interfaces of VPC endpoints, the VPC's blocks, Amazon S3's list.
func TestExplainLooksTheAddressUp(t *testing.T) {
	const token = `ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: Post "https://api.ecr.eu-west-1.amazonaws.com/": dial tcp %IP%:443: i/o timeout`
	const layer = `CannotPullContainerError: failed to copy: httpReadSeeker: failed open: failed to do request: Get REDACTED ECR URL: dial tcp %IP%:443: i/o timeout`
	const api, s3, s3Unread = "api.ecr.eu-west-1.amazonaws.com", "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com", "no prefix lists"
	for _, c := range []struct {
		name, text, ip string
		code           checks.Code
		args           map[string]string
		unread         string
		want           bool
		reason         string
	}{
		{"an endpoint's address and that endpoint's group", token, "10.0.1.200", "endpoint.group-closed", map[string]string{"endpoint": "vpce-0ecrapi"}, "", true, "10.0.1.200 is an address of vpce-0ecrapi"},
		{"an endpoint's address and another endpoint's group", token, "10.0.1.200", "endpoint.group-closed", map[string]string{"endpoint": "vpce-0other"}, "", false, "does not guard"},
		{"an address that no endpoint has any more", token, "10.0.1.77", "endpoint.group-closed", map[string]string{"endpoint": "vpce-0ecrapi"}, "", false, "the one that had it is gone"},
		{"an address of the VPC, its interfaces unread", token, "10.0.1.77", "endpoint.group-closed", map[string]string{"endpoint": "vpce-0ecrapi"}, "interfaces", true, ""},
		{"an endpoint's address and a missing route", token, "10.0.1.200", "route.none", nil, "", false, "so a VPC endpoint answered for the name"},
		{"an address of the VPC and a missing route", token, "10.0.1.77", "route.none", nil, "", false, "one that is gone"},
		{"a private address elsewhere and a missing route", token, "10.99.0.5", "route.none", nil, "", true, ""},
		{"a private address elsewhere and a missing public address", token, "10.99.0.5", "public-ip.none", nil, "", false, "private address"},
		{"an endpoint's address and the task's own group", token, "10.0.1.200", "group.egress-closed", nil, "", true, ""},
		{"Amazon S3's address and what stands before Amazon S3", layer, "52.218.1.2", "route.none", map[string]string{"hosts": s3}, "", true, ""},
		{"another address and what stands before Amazon S3 only", layer, "203.0.113.9", "route.none", map[string]string{"hosts": s3}, "", false, "no address of Amazon S3"},
		{"another address, the list unread", layer, "203.0.113.9", "route.none", map[string]string{"hosts": s3}, s3Unread, true, ""},
		{"Amazon S3's address and what stands before another host", layer, "52.218.1.2", "route.none", map[string]string{"hosts": "cdn.example.com"}, "", false, "an address of Amazon S3"},
		{"what holds in one of the subnets", token, "203.0.113.9", "route.none", map[string]string{"subnets": "subnet-0private0a"}, "", true, "if the task ran in subnet-0private0a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshotOf(t, named(t, "endpoint-group-closed"))
			s.Task.Placement.Subnets = append(s.Task.Placement.Subnets, "subnet-0public0")
			s.Task.StoppedReason = strings.Replace(c.text, "%IP%", c.ip, 1)
			switch top := topologyOf(s); c.unread {
			case "interfaces":
				top.Interfaces = nil
			case s3Unread:
				top.PrefixLists = nil
			}
			f := checks.Finding{Check: "route", Code: c.code, Stage: checks.Authenticate, Status: checks.Fail, Args: map[string]string{"hosts": api}, Scope: []string{"subnet-0private0a"}}
			if c.text == layer {
				f.Stage = checks.Download
			}
			for _, check := range checks.Default(checks.Sources{}) {
				if _, ok := check.Info().Codes[c.code]; ok {
					f.Check = check.Info().ID
				}
			}
			maps.Copy(f.Args, c.args)
			e, ok := checks.Diagnosis{Task: s.Task, Facts: s.Facts}.Explain(f)
			if !ok || e.Explains != c.want || !strings.Contains(e.Reason, c.reason) {
				t.Errorf("got %+v, %v", e, ok)
			}
		})
	}
}

// What an error names has to be what a cause is about.
func TestExplainComparesWhatTheErrorNames(t *testing.T) {
	const denied = `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 1.dkr.ecr.eu-west-1.amazonaws.com/web:1: unexpected status from HEAD request to https://1.dkr.ecr.eu-west-1.amazonaws.com/v2/web/manifests/1: 403 Forbidden: User: arn:aws:sts::1:assumed-role/exec/0 is not authorized to perform: ecr:BatchGetImage on resource: x because no identity-based policy allows the ecr:BatchGetImage action`
	const absent = `CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/library/nginx:1.27: docker.io/library/nginx:1.27: not found`
	const assume = "ECS was unable to assume the role 'arn:aws:iam::111122223333:role/x' that was provided for this task."
	for _, c := range []struct {
		name, text string
		f          checks.Finding
		want       bool
	}{
		{"the action", denied, checks.Finding{Check: "execution-role", Code: "role.denied", Stage: checks.Resolve, Args: map[string]string{"actions": "ecr:BatchGetImage, ecr:GetDownloadUrlForLayer"}}, true},
		{"another action", denied, checks.Finding{Check: "execution-role", Code: "role.denied", Stage: checks.Resolve, Args: map[string]string{"actions": "ecr:GetAuthorizationToken"}}, false},
		{"another kind of policy", denied, checks.Finding{Check: "execution-role", Code: "role.boundary", Stage: checks.Resolve, Args: map[string]string{"actions": "ecr:BatchGetImage"}}, false},
		{"a policy of the repository", denied, checks.Finding{Check: "repository-policy", Code: "repository.explicit-deny", Stage: checks.Resolve, Args: map[string]string{"actions": "ecr:BatchGetImage"}}, false},
		{"the image", absent, checks.Finding{Check: "image", Code: "image.absent", Stage: checks.Resolve, Subject: "docker.io/library/nginx:1.27", Args: map[string]string{"subject": "docker.io/library/nginx:1.27"}}, true},
		{"one of several images", absent, checks.Finding{Check: "image", Code: "image.repository-absent", Stage: checks.Resolve, Subject: "docker.io/library/nginx:1", Args: map[string]string{"subject": "docker.io/library/nginx:1, docker.io/library/nginx:1.27"}}, true},
		{"another tag", absent, checks.Finding{Check: "image", Code: "image.absent", Stage: checks.Resolve, Subject: "docker.io/library/nginx:1.28", Args: map[string]string{"subject": "docker.io/library/nginx:1.28"}}, false},
		{"another image", absent, checks.Finding{Check: "image", Code: "image.absent", Stage: checks.Resolve, Subject: "docker.io/library/redis:7", Args: map[string]string{"subject": "docker.io/library/redis:7"}}, false},
		{"another image, and a text that is cut", absent + "...", checks.Finding{Check: "image", Code: "image.absent", Stage: checks.Resolve, Subject: "docker.io/library/redis:7", Args: map[string]string{"subject": "docker.io/library/redis:7"}}, true},
		{"the container", absent, checks.Finding{Check: "image", Code: "image.absent", Stage: checks.Resolve, Scope: []string{"web"}, Subject: "docker.io/library/nginx:1.27", Args: map[string]string{"subject": "docker.io/library/nginx:1.27"}}, true},
		{"another container", absent, checks.Finding{Check: "image", Code: "image.absent", Stage: checks.Resolve, Scope: []string{"proxy"}, Subject: "docker.io/library/nginx:1.27", Args: map[string]string{"subject": "docker.io/library/nginx:1.27"}}, false},
		{"the role", assume, checks.Finding{Check: "execution-role", Code: "role.not-assumable", Subject: "arn:aws:iam::111122223333:role/x"}, true},
		{"another role", assume, checks.Finding{Check: "execution-role", Code: "role.not-assumable", Subject: "arn:aws:iam::111122223333:role/y"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.f.Status = checks.Fail
			d := checks.Diagnosis{Task: checks.Task{Containers: []checks.Container{{Name: "web", Reason: c.text}, {Name: "proxy"}}}}
			if e, ok := d.Explain(c.f); !ok || e.Explains != c.want || e.Reason == "" {
				t.Errorf("got %+v, %v", e, ok)
			}
		})
	}
}

// An error that nothing found explains says so, and what was not read.
func TestAnUnexplainedErrorSaysSo(t *testing.T) {
	const gone = `ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: Post "https://api.ecr.eu-west-1.amazonaws.com/": dial tcp 203.0.113.9:443: i/o timeout`
	for _, c := range []struct {
		name, scenario, text, want string
		missing                    []string
	}{
		{"nothing is wrong now", "healthy-nat", gone, "what caused it may have changed since", nil},
		{"not everything was read", "unread-nat-gateways", gone, "the answers of ec2:DescribeNatGateways are missing", []string{"ec2:DescribeNatGateways"}},
		{"not everything can be known", "cloud-wan", gone, "not everything is known", nil},
		{"what is wrong gives another error", "role-denied", gone, "what caused it may have changed since", nil},
		{"what is wrong explains it", "route-none", gone, "", nil},
		{"and so it does for a later container's", "route-none", "", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := altered(t, c.scenario, func(s *checks.Snapshot) {
				if s.Task.StoppedReason = c.text; c.text == "" {
					s.Task.Containers[0].Reason = gone
				}
			})
			var stopped checks.Finding
			for _, f := range d.Findings {
				if f.Check == "stopped-reason" {
					stopped = f
				}
			}
			root := slices.ContainsFunc(d.RootCauses(), func(f checks.Finding) bool { return f.Check == "stopped-reason" })
			if root != (c.want != "") || !strings.Contains(stopped.Summary, c.want) || strings.Contains(stopped.Summary, "Nothing that was found") != root || !slices.Equal(stopped.Missing, c.missing) {
				t.Errorf("root cause %v: %s (missing %v)", root, stopped.Summary, stopped.Missing)
			}
			s, ok := d.Task.Symptom()
			causes, missing := d.Explains(s)
			if !ok || (len(causes) == 0) != root || !slices.Equal(missing, c.missing) {
				t.Errorf("Explains gives %v, missing %v", causes, missing)
			}
		})
	}
}

// A check that gives no form of error could never explain one.
func TestEveryCheckCanExplain(t *testing.T) {
	for _, c := range checks.Default(checks.Sources{}) {
		id, explains := c.Info().ID, false
		for _, symptom := range symptoms {
			s, _ := checks.ParseSymptom(symptom.text)
			f := checks.Finding{Check: id, Stage: s.Stage, Status: checks.Fail, Code: "group.egress-closed"}
			e, _ := checks.Diagnosis{Task: checks.Task{StoppedReason: symptom.text}}.Explain(f)
			explains = explains || e.Explains
		}
		if !explains && id != "stopped-reason" {
			t.Errorf("%s explains no error", id)
		}
	}
}

// The root cause of each scenario that has an error text is held against it.
func TestScenariosExplainTheirErrors(t *testing.T) {
	for _, s := range scenarios(t) {
		d := diagnose(t, s)
		for _, f := range d.RootCauses() {
			if e, ok := d.Explain(f); ok && !e.Explains {
				t.Errorf("%s: %s does not explain the observed error: %s", s.Name, f.Code, e.Reason)
			}
		}
	}
}

// A finding of a run keeps how it goes together with the observed error when its facts are gone.
func TestAnExplanationOutlivesTheFacts(t *testing.T) {
	d := named(t, "endpoint-group-closed")
	before, ok := d.Explain(d.RootCauses()[0])
	d.Facts = checks.Facts{}
	after, still := d.Explain(d.RootCauses()[0])
	if !ok || !still || before != after || !before.Explains || len(d.Consequences()) != 1 {
		t.Errorf("before %+v, after %+v, consequences %v", before, after, d.Consequences())
	}
}
