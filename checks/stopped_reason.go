package checks

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// StoppedReason reads why ECS says that the task stopped: what the text proves, and what it rules out. The rest of the
// diagnosis says why; as long as nothing else explains it, the text is the cause that is reported.
type StoppedReason struct{}

const stoppedReasonID = "stopped-reason"

// Info describes the check.
func (StoppedReason) Info() Info {
	const docs = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html"
	const pull = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"
	fail := func(text, fix string) Meaning {
		return Meaning{Fail, text + "{ruledOut}{unexplained}", []Remedy{{fix, pull, "", nil}}}
	}
	return Info{
		ID: stoppedReasonID, Title: "Stopped reason", Actions: []string{"ecs:DescribeTasks"},
		Codes: map[Code]Meaning{
			"stopped.nothing":            {Skip, "ECS gives no reason for a stop.", nil},
			"stopped.other":              {Skip, "The task stopped for a reason that is not a failed pull: {text}", nil},
			"stopped.assume":             fail("ECS could not assume the execution role.", "Check that the role exists and trusts ecs-tasks.amazonaws.com"),
			"stopped.dns":                fail("The name {host} did not resolve.", "Check the VPC's DHCP options and enableDnsSupport, and the host's spelling"),
			"stopped.timeout":            fail("The connection to {host} was not answered{address}.", "Check routes, security groups, network ACLs and VPC endpoints on the way to {host}"),
			"stopped.tls":                fail("The TLS connection to {host} was not accepted.", "Check for TLS inspection on the way to {host} and for a certificate that Fargate trusts"),
			"stopped.denied":             fail("The pull is not allowed, as {host} answered{action}.", "Allow the action in the policy that the answer names"),
			"stopped.credentials":        fail("Credentials were asked for, or refused, by {host}.", "Check repositoryCredentials and the secret they name"),
			"stopped.digest-gone":        fail("The digest that the deployment pinned is no longer in the registry.", "Force a new deployment so that the tag is resolved again"),
			"stopped.not-found":          fail("The registry answered that the image does not exist.", "Push the image, or correct its name in the task definition"),
			"stopped.platform":           fail("The image has no variant for the task's platform.", "Build the image for the platform in runtimePlatform, or correct runtimePlatform"),
			"stopped.rate-limit":         fail("The registry answered that too many pulls were made.", "Authenticate to the registry, or pull through Amazon ECR"),
			"stopped.key":                fail("The secret's KMS key may not be used.", "Allow kms:Decrypt on the secret's key for the execution role"),
			"stopped.secret":             fail("The secret is missing or not in the form that ECS reads.", "Check that the secret exists in its Region and holds what the task definition asks for"),
			"stopped.pull-through-cache": fail("The first pull through a cache rule of Amazon ECR did not get the image from its upstream.", "Pull the image once from a place with internet access, and check the rule's permissions and the image's path"),
			"stopped.registry":           fail("The answer of {host} was a server error.", "Try again, and ask the registry's operator"),
			"stopped.disk":               fail("The task's disk was full while the image was unpacked.", "Raise ephemeralStorage in the task definition"),
			"stopped.format":             fail("The image's format was not accepted.", "Build the image again with a current tool and one compression for all layers"),
			"stopped.pull-failure":       {Fail, "The pull failed, and the text does not show more: {text}{unexplained}", []Remedy{{"Read the whole reason with `aws ecs describe-tasks`", docs, "", nil}}},
		},
	}
}

// Check reads the task's own reason and its containers'.
func (c StoppedReason) Check(_ context.Context, task Task) ([]Finding, error) {
	info := c.Info()
	type said struct{ container, text string }
	texts := []said{{"", task.StoppedReason}}
	for _, container := range task.Containers {
		texts = append(texts, said{container.Name, container.Reason})
	}
	var found []Finding
	var other string
	for _, t := range texts {
		if t.text == "" {
			continue
		}
		s, ok := ParseSymptom(t.text)
		if !ok {
			other = cmp.Or(other, t.text)
			continue
		}
		f := info.Finding(s.Stage, Code("stopped."+string(s.Kind)), task.subject(), s.args(t.text))
		f.Container = t.container
		f.Evidence = append(f.Evidence, Evidence{"ecs:DescribeTasks", t.text})
		if len(found) == 0 || found[0].Code != f.Code { // a container's reason mostly repeats the task's
			found = append(found, f)
		}
	}
	switch {
	case len(found) > 0:
		return found, nil
	case other != "":
		return []Finding{info.Finding(Assume, "stopped.other", task.subject(), map[string]string{"text": other})}, nil
	}
	return []Finding{info.Finding(Assume, "stopped.nothing", task.subject(), nil)}, nil
}

// sayUnexplained has an error of which nothing that was found is the cause say so, and name what warns of it, or what may hold
// the cause.
func (d *Diagnosis) sayUnexplained() {
	for i, f := range d.Findings {
		if f.Check != stoppedReasonID || f.Status != Fail || d.isConsequence(f) {
			continue
		}
		s, _ := ParseSymptom(f.Args["text"])
		if warns := d.warned(s, f.Container); warns != nil {
			f.Args["unexplained"] = " It is what " + joined(warns) + " warns of."
			f.Summary = fill(StoppedReason{}.Info().Codes[f.Code].Text, f.Args)
			d.Findings[i] = f
			continue
		}
		if _, missing := d.Explains(s); missing != nil {
			f.Missing = missing
		}
		open := slices.ContainsFunc(d.Findings, func(g Finding) bool { return g.Status == Unknown && !slices.Contains(s.RuledOut, g.Check) })
		switch f.Args["unexplained"] = " Nothing that was found explains it: what caused it may have changed since."; {
		case len(f.Missing) > 0:
			f.Args["unexplained"] = " Nothing that was found explains it, and the answers of " + joined(f.Missing) + " are missing."
		case open:
			f.Args["unexplained"] = " Nothing that was found explains it, and not everything is known."
		}
		f.Summary = fill(StoppedReason{}.Info().Codes[f.Code].Text, f.Args)
		d.Findings[i] = f
	}
}

// warned returns the codes of the warnings that tell of an error, and marks their findings: what stops some pulls stopped this
// one.
func (d *Diagnosis) warned(s Symptom, container string) (codes []string) {
	for i, f := range d.Findings {
		if f.Status != Warn {
			continue
		}
		if e := d.explain(f, s, container); e.Explains {
			d.Findings[i].Observed = &e
			codes = with(codes, string(f.Code))
		}
	}
	return codes
}

// serviceNames are what AWS calls those whose host a text leaves out.
var serviceNames = map[string]string{"ecr": "Amazon ECR", "secretsmanager": "AWS Secrets Manager", "ssm": "AWS Systems Manager"}

func (s Symptom) args(text string) map[string]string {
	args := map[string]string{"text": text, "host": cmp.Or(s.Host, serviceNames[s.Service], "the host"), "address": "", "action": "", "ruledOut": "", "unexplained": ""}
	if s.Stage == Download && s.Host == "" {
		args["host"] = "the host of the layers"
	}
	if s.IP.IsValid() {
		args["address"] = fmt.Sprintf(" (%s)", s.IP)
	}
	if s.Action != "" {
		args["action"] = fmt.Sprintf(" (%s)", s.Action)
	}
	var out []string
	for _, group := range []struct {
		checks []string
		words  string
	}{{networkChecks, "the network"}, {policyChecks, "permissions"}, {[]string{"image"}, "a missing image"}} {
		if !slices.ContainsFunc(group.checks, func(id string) bool { return !slices.Contains(s.RuledOut, id) }) {
			out = append(out, group.words)
		}
	}
	if len(out) > 0 {
		args["ruledOut"] = " This rules out " + strings.Join(out, " and ") + "."
	}
	return args
}
