package checks_test

import (
	"flag"
	"testing"

	"github.com/canpull/canpull/checks/checkstest"
)

var update = flag.Bool("update", false, "write what the scenarios' diagnoses are into their files")

func TestScenarios(t *testing.T) {
	checkstest.Run(t, "checkstest/scenarios", *update, nil)
}
