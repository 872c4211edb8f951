package checks_test

import (
	"slices"
	"testing"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
)

// The rules about the policies of VPC endpoints, which package network leaves to this one.
func TestEndpointPolicyRules(t *testing.T) {
	for _, c := range []struct {
		rule, scenario string
		code           checks.Code
	}{
		{"E7 the default policy allows everything", "healthy-privatelink", "endpoint-policy.open"},
		{"E7 a policy without a matching Allow denies", "endpoint-policy-only-deny", "endpoint.policy-denies"},
		{"G5 the layer bucket is enough", "s3-endpoint-policy-layer-bucket", "endpoint-policy.open"},
		{"G5 layers are fetched by a principal of Amazon ECR's", "s3-endpoint-policy-perimeter", "endpoint.policy-denies"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			all := scenarios(t)
			i := slices.IndexFunc(all, func(s checkstest.Scenario) bool { return s.Name == c.scenario })
			if i < 0 {
				t.Fatalf("no scenario is called %s", c.scenario)
			}
			d := diagnose(t, all[i])
			if !slices.ContainsFunc(d.Findings, func(f checks.Finding) bool { return f.Code == c.code }) {
				t.Errorf("%s does not find %s", c.scenario, c.code)
			}
		})
	}
}
