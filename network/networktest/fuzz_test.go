package networktest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/network/networktest"
)

// FuzzLoad: whatever the CLI may have printed is refused by the file's name, or is an account that answers.
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
			if command, ok := strings.CutPrefix(file.Name, "ec2/"); ok && len(file.Data) < 2000 {
				f.Add(strings.TrimSuffix(command, ".json"), string(file.Data))
			}
		}
	}
	f.Fuzz(func(t *testing.T, command, text string) {
		if strings.Contains(command, ".json/") {
			t.Skip("it makes a folder of a file")
		}
		fsys := files(map[string]string{"describe-subnets": subnet})
		fsys["ec2/"+command+".json"] = &fstest.MapFile{Data: []byte(text)}
		fake, err := networktest.Load(fsys)
		if err != nil {
			if !strings.Contains(err.Error(), "ec2/"+command+".json") {
				t.Errorf("the error does not name the file: %v", err)
			}
			return
		}
		topology, err := network.New(fake).Topology(t.Context(), network.Placement{Subnets: []string{"subnet-1"}})
		if err != nil {
			t.Fatal(err)
		}
		topology.Path(network.Endpoint{Subnet: "subnet-1"}, network.Destination{Service: "ecr.api", Host: "api.ecr.eu-west-1.amazonaws.com", Port: 443})
	})
}
