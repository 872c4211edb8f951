package checks_test

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/canpull/canpull/"

// imports returns what each package of the module depends on.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}} {{join .Deps \" \"}}", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		deps[strings.TrimPrefix(fields[0], module)] = fields[1:]
	}
	return deps
}

func TestLeavesImportNothingAbove(t *testing.T) {
	for pkg, deps := range imports(t) {
		leaf, _, _ := strings.Cut(pkg, "/")
		for _, dep := range deps {
			own, ok := strings.CutPrefix(dep, module)
			if !ok {
				continue
			}
			switch leaf {
			case "network", "iam", "registry":
				if own != leaf && !strings.HasPrefix(own, leaf+"/") {
					t.Errorf("%s imports %s", pkg, own)
				}
			case "checks":
				if strings.HasPrefix(own, "report") || strings.HasPrefix(own, "examples") {
					t.Errorf("%s imports %s", pkg, own)
				}
			}
		}
	}
}

func TestNoProductionPackageLinksATestKit(t *testing.T) {
	for pkg, deps := range imports(t) {
		if strings.HasSuffix(pkg, "test") || strings.HasPrefix(pkg, "examples/") {
			continue
		}
		for _, dep := range deps {
			if strings.HasPrefix(dep, module) && strings.HasSuffix(dep, "test") || dep == "testing" {
				t.Errorf("%s links %s", pkg, dep)
			}
		}
	}
}

// Who wants policies decided compiles the standard library and, for New, the AWS SDK, but not EC2's part of it.
func TestWhatIAMCompiles(t *testing.T) {
	deps := imports(t)["iam"]
	if len(deps) == 0 {
		t.Fatal("iam depends on nothing")
	}
	for _, dep := range deps {
		first, _, _ := strings.Cut(dep, "/")
		own := strings.HasPrefix(dep+"/", module+"iam/")
		sdk := strings.HasPrefix(dep, "github.com/aws/aws-sdk-go-v2/") || strings.HasPrefix(dep, "github.com/aws/smithy-go")
		if strings.Contains(first, ".") && !own && !sdk || strings.Contains(dep, "service/ec2") {
			t.Errorf("iam links %s", dep)
		}
	}
}
