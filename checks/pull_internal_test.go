package checks

import (
	"slices"
	"testing"
)

// A secret is asked for in its own Region, by the name that the Region's partition gives the service; before platform
// version 1.4.0 not through the task's interface.
func TestStepsOfASecret(t *testing.T) {
	for _, c := range []struct{ secret, version, want string }{
		{"arn:aws:secretsmanager:us-east-1:111122223333:secret:hub-AbCdEf", "1.4.0", "secretsmanager.us-east-1.amazonaws.com"},
		{"arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:hub-AbCdEf", "LATEST", "secretsmanager.cn-north-1.amazonaws.com.cn"},
		{"hub", "", "secretsmanager.eu-west-1.amazonaws.com"},
		{"hub", "1.3.0", ""},
	} {
		task := Task{Region: "eu-west-1", PlatformVersion: c.version, Containers: []Container{{Image: "example.com/app", RepositoryCredentials: c.secret}}}
		steps := task.steps()
		i := slices.IndexFunc(steps, func(s step) bool { return s.to.Service == "secretsmanager" })
		if (i >= 0) != (c.want != "") || i >= 0 && (steps[i].to.Host != c.want || steps[i].stage != Authenticate) {
			t.Errorf("%s on %q: %+v, want %s", c.secret, c.version, steps, c.want)
		}
	}
}
