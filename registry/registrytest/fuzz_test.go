package registrytest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/registrytest"
)

// FuzzLoad: whatever the CLI may have printed is refused by the file's name, or is a registry that answers.
func FuzzLoad(f *testing.F) {
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
			if (strings.HasPrefix(file.Name, "ecr/") || strings.HasPrefix(file.Name, "registry/")) && len(file.Data) < 2000 {
				f.Add(file.Name, string(file.Data))
			}
		}
	}
	for name, content := range captured {
		f.Add(name, string(content.Data))
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		if strings.Contains(name, ".json/") {
			t.Skip("it makes a folder of a file")
		}
		fsys := fstest.MapFS{"ecr/describe-images.json": captured["ecr/describe-images.json"]}
		fsys[name] = file(text)
		fake, err := registrytest.Load(fsys)
		if err != nil {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("the error does not name the file: %v", err)
			}
			return
		}
		for _, image := range []string{account + ".dkr.ecr.eu-west-1.amazonaws.com/team/app:1", account + ".dkr.ecr.eu-west-1.amazonaws.com/web:1", "nginx:1.27"} {
			ref, err := registry.Parse(image)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := fake.Source().Image(t.Context(), ref); err != nil {
				t.Fatal(err)
			}
		}
	})
}
