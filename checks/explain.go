package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/canpull/canpull/registry"
)

// Explanation says how a finding and an observed error go together.
type Explanation struct {
	// Explains is set when the finding would have produced this very error.
	Explains bool `json:"explains"`
	// Reason says what speaks for it, or why the finding cannot have produced the error.
	Reason string `json:"reason"`
}

// Symptom returns what the task's own error text, or one of its containers', proves. ok is false when no text tells of a
// failed pull.
func (t Task) Symptom() (s Symptom, ok bool) {
	s, _, ok = t.observed()
	return s, ok
}

// observed returns the symptom and the container whose text shows it; "" when it is the task's.
func (t Task) observed() (s Symptom, container string, ok bool) {
	if s, ok = ParseSymptom(t.StoppedReason); ok {
		return s, "", true
	}
	for _, c := range t.Containers {
		if s, ok = ParseSymptom(c.Reason); ok {
			return s, c.Name, true
		}
	}
	return Symptom{}, "", false
}

// Explain holds a root cause against the error that was observed. ok is false when none was, and for findings that are
// not about what stops a pull.
//
// A pull ends at the first step that fails. So a cause explains an error of its own stage that has the form which its kind
// of failure gives, for a host that it stands before, an image, a role, an action and a policy that it is about, and at an
// address where the facts put it; and what the error text rules out, it cannot have caused. The facts are those of now: what
// cannot have produced the error may have come after it. A finding of a run knows its explanation, in Observed.
func (d Diagnosis) Explain(f Finding) (e Explanation, ok bool) {
	if f.Observed != nil {
		return *f.Observed, true
	}
	if f.Status != Fail || f.Check == stoppedReasonID {
		return Explanation{}, false
	}
	s, container, ok := d.Task.observed()
	if !ok {
		return Explanation{}, false
	}
	return d.explain(f, s, container), true
}

// observe holds every finding that stops the pull against the error that was observed, while the facts are there.
func (d *Diagnosis) observe() {
	for i, f := range d.Findings {
		if e, ok := d.Explain(f); ok {
			d.Findings[i].Observed = &e
		}
	}
}

// Explains returns the root causes that would have produced a symptom. Where there are none, what produced it may be in the
// answers of the IAM actions that are missing, or is no longer there.
func (d Diagnosis) Explains(s Symptom) (causes []Finding, missing []string) {
	for _, f := range d.RootCauses() {
		if f.Check != stoppedReasonID && d.explain(f, s, "").Explains {
			causes = append(causes, f)
		}
	}
	if causes != nil {
		return causes, nil
	}
	for _, f := range d.Findings {
		if f.Status == Unknown && !slices.Contains(s.RuledOut, f.Check) {
			missing = append(missing, f.Missing...)
		}
	}
	missing = compacted(missing)
	slices.Sort(missing)
	return nil, missing
}

func (d Diagnosis) explain(f Finding, s Symptom, container string) Explanation {
	no := func(format string, args ...any) Explanation { return Explanation{Reason: fmt.Sprintf(format, args...)} }
	hosts := listed(f, "hosts")
	switch {
	case slices.Contains(s.RuledOut, f.Check):
		return no("the error text rules it out: %s", s.Kind)
	case s.Kind != KindOther && !slices.Contains(produces[f.Check], s.Kind):
		return no("it gives another error than %s", s.Kind)
	case f.Stage < s.Stage:
		return no("it would have stopped the pull before the step %s", s.Stage)
	case f.Stage > s.Stage && !s.stageOpen():
		return no("the pull did not come as far as the step %s", f.Stage)
	case s.Host != "" && len(hosts) > 0 && !slices.ContainsFunc(hosts, func(h string) bool { return h == s.Host || strings.HasPrefix(h, s.Host+":") }):
		return no("it does not stand before %s", s.Host)
	}
	for _, against := range []string{aboutAnother(f, s), d.aboutAnotherContainer(f, container), d.elsewhere(f, s)} {
		if against != "" {
			return no("%s", against)
		}
	}
	reason := fmt.Sprintf("it gives this error (%s) in this step (%s)", s.Kind, f.Stage)
	if s.Kind == KindOther {
		reason = fmt.Sprintf("the error shows no cause, and it stops the pull in the step %s", f.Stage)
	}
	if at := d.locate(s.IP); at.endpoint != "" {
		reason += fmt.Sprintf(", and %s is an address of %s", s.IP, at.endpoint)
	}
	if some := len(f.Scope); f.Args["subnets"] != "" && some > 0 && some < len(d.Task.Placement.Subnets) {
		reason += ", if the task ran in " + joined(f.Scope)
	}
	return Explanation{Explains: true, Reason: reason}
}

// listed returns the items of a list among a finding's Args.
func listed(f Finding, name string) []string {
	if f.Args[name] == "" {
		return nil
	}
	return strings.Split(f.Args[name], ", ")
}

// aboutAnother says that an error names something else than a finding is about; "" when it does not.
func aboutAnother(f Finding, s Symptom) string {
	if actions := listed(f, "actions"); s.Action != "" && actions != nil &&
		!slices.ContainsFunc(actions, func(a string) bool { return strings.EqualFold(a, s.Action) }) {
		return fmt.Sprintf("it is about %s, and the error about %s", joined(actions), s.Action)
	}
	if kind := policyKinds[f.Code]; s.PolicyKind != "" && kind != "" && !strings.EqualFold(kind, s.PolicyKind) {
		return fmt.Sprintf("it is about the %s, and the error names the %s", kind, s.PolicyKind)
	}
	if s.Role != "" && f.Stage == Assume && strings.HasPrefix(f.Subject, "arn:") && strings.Contains(f.Subject, ":role/") && f.Subject != s.Role {
		return fmt.Sprintf("it is about another role than %s", s.Role)
	}
	images := append(listed(f, "subject"), f.Subject)
	if slices.Contains(imageSubjects, f.Check) && !s.Truncated && s.Ref != "" && !slices.ContainsFunc(images, func(image string) bool { return mayName(s.Ref, image) }) {
		return fmt.Sprintf("it is about another image than %s", s.Ref)
	}
	return ""
}

// imageSubjects are the checks whose findings are each about an image or its repository.
var imageSubjects = []string{"image", "platform", "image-format", "pull-through-cache"}

// mayName reports whether the image of an error text can be one that a finding is about. A text leaves a tag out, or adds
// the digest that it stood for.
func mayName(text, image string) bool {
	a, err := registry.Parse(text)
	b, err2 := registry.Parse(image)
	if err != nil || err2 != nil {
		return true
	}
	tagged := strings.Contains(text[strings.LastIndex(text, "/")+1:], ":")
	return a.Registry == b.Registry && a.Repository == b.Repository && (!tagged || a.Tag == b.Tag || a.Digest != "" || b.Digest != "")
}

// policyKinds are IAM's words for the policy that a finding is about.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
var policyKinds = map[Code]string{
	"role.denied":                   "identity-based policy",
	"role.explicit-deny":            "identity-based policy",
	"role.boundary":                 "permissions boundary",
	"repository.not-allowed":        "resource-based policy",
	"repository.explicit-deny":      "resource-based policy",
	"repository.registry-deny":      "resource-based policy",
	"endpoint.policy-denies":        "VPC endpoint policy",
	"endpoint.policy-explicit-deny": "VPC endpoint policy",
}

// aboutAnotherContainer says that an error is of a container that a finding does not hold for.
func (d Diagnosis) aboutAnotherContainer(f Finding, container string) string {
	named := func(name string) bool {
		return slices.ContainsFunc(d.Task.Containers, func(c Container) bool { return c.Name == name })
	}
	if container == "" || len(f.Scope) == 0 || slices.Contains(f.Scope, container) || !slices.ContainsFunc(f.Scope, named) {
		return ""
	}
	return fmt.Sprintf("it is about %s, and the error of the container %s", joined(f.Scope), container)
}

// produces are the forms of error that a check's findings give.
var produces = map[string][]Kind{
	"execution-role":       {KindAssume, KindDenied, KindNotFound},
	"repository-policy":    {KindDenied, KindNotFound},
	"endpoint-policy":      {KindDenied},
	"dns":                  {KindDNS, KindTimeout},
	"security-group":       {KindTimeout, KindDNS},
	"network-acl":          {KindTimeout, KindDNS, KindTLS},
	"route":                {KindTimeout},
	"public-ip":            {KindTimeout},
	"vpc-endpoints":        {KindTimeout},
	"registry-credentials": {KindDenied, KindKey, KindSecret, KindCredentials},
	"pull-through-cache":   {KindPullThroughCache, KindNotFound, KindDenied},
	"image":                {KindNotFound, KindDigestGone, KindCredentials, KindDenied},
	"rate-limit":           {KindRateLimit},
	"platform":             {KindPlatform},
	"image-format":         {KindFormat},
	"storage":              {KindDisk},
}
