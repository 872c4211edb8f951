package iamtest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/iam/iamtest"
)

// FuzzLoad: whatever the CLI may have printed is refused by the file's name, or is an account that answers.
func FuzzLoad(f *testing.F) {
	names := []string{iamtest.DetailsFile, iamtest.SimulationFile, iamtest.OrganizationFile}
	scenarios, err := filepath.Glob("../../checks/checkstest/scenarios/*.txtar")
	if err != nil || len(scenarios) == 0 {
		f.Fatal("no scenarios", err)
	}
	for _, name := range scenarios {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(data).Files {
			if i := slices.Index(names, file.Name); i >= 0 && len(file.Data) < 2000 {
				f.Add(uint8(i), string(file.Data))
			}
		}
	}
	f.Add(uint8(0), output)
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		name := names[int(which)%len(names)]
		fake, err := iamtest.Load(fstest.MapFS{name: {Data: []byte(text)}})
		if err != nil {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("the error does not name the file: %v", err)
			}
			return
		}
		arns := []string{"arn:aws:iam::111122223333:role/one"}
		if fake.Details != nil {
			for _, r := range fake.Details.RoleDetailList {
				if r.Arn != nil && iam.RoleName(*r.Arn) != "" {
					arns = append(arns, *r.Arn)
				}
			}
		}
		source := iam.New(fake, iam.WithOrganization(fake))
		for _, arn := range arns {
			role, err := source.Role(t.Context(), arn)
			if err != nil {
				t.Fatal(err)
			}
			role.Can(iam.Request{Action: "ecr:GetAuthorizationToken", Resource: "*", Principal: role.Principal(), Context: role.Context()})
			if _, err := iam.NewOrganizations(fake).Organization(t.Context(), iam.Guardrails{Role: arn}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
