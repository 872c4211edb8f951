package report

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
)

// change is one with these commands.
type change [][]string

func (c change) Commands() [][]string       { return c }
func (change) Terraform() string            { return "" }
func (change) Apply(*checks.Snapshot) error { return nil }

func TestCommandsAreShown(t *testing.T) {
	f := blackhole()
	f.Fixes = []checks.Fix{{Summary: "Replace the target", TradeOff: "It costs by the hour", Docs: "https://one", Changes: []checks.Change{
		change{{"aws", "ec2", "replace-route", "--route-table-id", "rtb-1", "--destination-cidr-block", "0.0.0.0/0", "--nat-gateway-id", "nat-2", "--region", "eu-west-1"}},
		change{{"aws", "ec2", "delete-route", "--filters", "Name=tag,Values=it's $HOME"}}}}}
	const want = `  Fix       Replace the target
            Trade-off: It costs by the hour
            aws ec2 replace-route --route-table-id rtb-1 --destination-cidr-block 0.0.0.0/0 \
            --nat-gateway-id nat-2 --region eu-west-1
            aws ec2 delete-route --filters 'Name=tag,Values=it'\''s $HOME'
            https://one
`
	if got := text(t, checks.Diagnosis{Findings: []checks.Finding{f}}); !strings.Contains(got, want) {
		t.Errorf("no\n%s in\n%s", want, got)
	}
}

// What a command's lines say in a shell is what the change says.
func TestCommandsCanBeCopied(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell here")
	}
	argv := []string{"printf", `%s\n`, "", "plain", "two words", "it's", `"`, "$HOME", "`id`", "$(id)", "a;b|c&d>e<f", "*", "~", "#", "!x", `back\slash`, "{a,b}", "한국", "-n", "a=b"}
	f := blackhole()
	f.Fixes = []checks.Fix{{Summary: "Do it", Changes: []checks.Change{change{argv}}}}
	for _, width := range []int{40, 80} {
		var b strings.Builder
		if err := Text(&b, checks.Diagnosis{Findings: []checks.Finding{f}}, WithWidth(width)); err != nil {
			t.Fatal(err)
		}
		_, command, _ := strings.Cut(b.String(), "printf")
		command, _, _ = strings.Cut(command, "a=b")
		out, err := exec.CommandContext(t.Context(), shell, "-c", "printf"+command+"a=b").Output()
		if err != nil {
			t.Fatalf("%v: %s", err, command)
		}
		if diff := cmp.Diff(strings.Join(argv[2:], "\n")+"\n", string(out)); diff != "" {
			t.Errorf("at %d columns (-want +got)\n%s", width, diff)
		}
	}
}
