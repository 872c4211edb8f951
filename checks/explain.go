package checks

import (
	"fmt"
	"slices"
	"strings"
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
	texts := []string{t.StoppedReason}
	for _, c := range t.Containers {
		texts = append(texts, c.Reason)
	}
	for _, text := range texts {
		if s, ok = ParseSymptom(text); ok {
			return s, true
		}
	}
	return Symptom{}, false
}

// Explain holds a root cause against the error that was observed. ok is false when none was, and for findings that are
// not about what stops a pull.
//
// A pull ends at the first step that fails. So a cause explains an error of its own stage that has the form which its kind
// of failure gives, for a host that it stands before; and what the error text rules out, it cannot have caused.
func (d Diagnosis) Explain(f Finding) (e Explanation, ok bool) {
	s, observed := d.Task.Symptom()
	if !observed || f.Status != Fail || f.Check == stoppedReasonID {
		return Explanation{}, false
	}
	no := func(format string, args ...any) (Explanation, bool) {
		return Explanation{Reason: fmt.Sprintf(format, args...)}, true
	}
	switch {
	case slices.Contains(s.RuledOut, f.Check):
		return no("the error text rules it out: %s", s.Kind)
	case !slices.Contains(produces[f.Check], s.Kind):
		return no("it gives another error than %s", s.Kind)
	case f.Stage < s.Stage:
		return no("it would have stopped the pull before the step %s", s.Stage)
	case f.Stage > s.Stage:
		return no("the pull did not come as far as the step %s", f.Stage)
	case s.Host != "" && f.Args["hosts"] != "" && !slices.Contains(strings.Split(f.Args["hosts"], ", "), s.Host):
		return no("it does not stand before %s", s.Host)
	case s.IP.IsValid() && s.IP.IsPrivate() && !slices.Contains(insideVPC, f.Code):
		return no("%s is a private address, so a VPC endpoint answered for the name", s.IP)
	case s.IP.IsValid() && !s.IP.IsPrivate() && f.Code == "endpoint.group-closed":
		return no("%s is a public address, so no VPC endpoint answered for the name", s.IP)
	}
	return Explanation{Explains: true, Reason: fmt.Sprintf("it gives this error (%s) in this step (%s)", s.Kind, s.Stage)}, true
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

// insideVPC are the codes of what stands between a task and an address of its own VPC.
var insideVPC = []Code{"endpoint.group-closed", "group.egress-closed", "acl.denied", "endpoint.policy-denies", "endpoint.policy-explicit-deny"}
