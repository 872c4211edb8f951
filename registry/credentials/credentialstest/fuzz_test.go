package credentialstest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/canpull/canpull/registry/credentials"
	"github.com/canpull/canpull/registry/credentials/credentialstest"
)

const hub = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub-AbCdEf"

// FuzzLoad: whatever the CLI may have printed is refused by the file's name, or is a secret that answers.
func FuzzLoad(f *testing.F) {
	scenarios, err := filepath.Glob("../../../checks/checkstest/scenarios/*.txtar")
	if err != nil || len(scenarios) == 0 {
		f.Fatal("no scenarios", err)
	}
	for _, name := range scenarios {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(data).Files {
			if (strings.HasPrefix(file.Name, "secretsmanager/") || strings.HasPrefix(file.Name, "kms/")) && len(file.Data) < 2000 {
				f.Add(file.Name, string(file.Data))
			}
		}
	}
	f.Add("kms/list-grants.json/", "{}")
	f.Fuzz(func(t *testing.T, name, text string) {
		if strings.Contains(name, ".json/") {
			t.Skip("it makes a folder of a file")
		}
		fsys := fstest.MapFS{"secretsmanager/describe-secret.json": {Data: []byte(`{"ARN": "` + hub + `", "KmsKeyId": "key"}`)}}
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
		fake, err := credentialstest.Load(fsys)
		if err != nil {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("the error does not name the file: %v", err)
			}
			return
		}
		for _, s := range fake.Secrets {
			if _, err := credentials.New(fake, fake, credentials.WithValues(fake)).Secret(t.Context(), credentials.ID{Name: *s.ARN}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
