package checkstest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
)

// FuzzParse: whatever a scenario holds, an account of the ECS CLI's among it, is refused by the scenario's name, or is an
// account that every check says something about.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"healthy-pinned-digest", "healthy-default-capacity-provider", "endpoint-group-closed", "healthy-credentials-key", "stopped-other"} {
		data, err := os.ReadFile("scenarios/" + name + ".txtar")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := checkstest.Parse("fuzzed", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "checkstest: scenario fuzzed: ") {
				t.Errorf("the error does not name the scenario: %v", err)
			}
			return
		}
		checkers := checks.Default(s.Sources())
		d, err := checks.Run(t.Context(), s.Task, checkers...)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range checkers {
			if !strings.Contains(checkstest.Outline(d), " "+c.Info().ID+" ") {
				t.Errorf("%s says nothing", c.Info().ID)
			}
		}
	})
}
