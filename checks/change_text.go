package checks

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/canpull/canpull/iam"
)

// awsCommand is the words of one call of the AWS CLI. It names a Region where the service is regional: it need not be the
// reader's own.
func awsCommand(region, service, operation string, options ...string) []string {
	words := append([]string{"aws", service, operation}, options...)
	if region != "" {
		words = append(words, "--region", region)
	}
	return words
}

// documentText writes a policy document in one line, as the AWS CLI takes it.
func documentText(d iam.Document) string {
	text, err := json.Marshal(d)
	if err != nil {
		return "" // a document that was parsed can be written
	}
	return string(text)
}

// terraformArgument is one argument of a Terraform resource; its value is an expression.
type terraformArgument struct{ name, value string }

// terraformResource writes a resource as `terraform fmt` does. What is left of a resource that exists already is the
// reader's: the arguments are those that the change is about and those that name it.
func terraformResource(kind, label string, arguments ...terraformArgument) string {
	width := 0
	for _, a := range arguments {
		width = max(width, len(a.name))
	}
	var b strings.Builder
	b.WriteString("resource " + strconv.Quote(kind) + " " + strconv.Quote(terraformLabel(label)) + " {\n")
	for _, a := range arguments {
		b.WriteString("  " + a.name + strings.Repeat(" ", width-len(a.name)) + " = " + a.value + "\n")
	}
	return b.String() + "}\n"
}

// terraformLabel makes a name of letters, digits, "_" and "-" of any text.
func terraformLabel(text string) string {
	label := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, text)
	if label == "" || strings.IndexByte("0123456789-", label[0]) >= 0 {
		return "_" + label
	}
	return label
}

// notATemplate keeps Terraform from reading ${aws:PrincipalTag/team} as one of its own expressions.
var notATemplate = strings.NewReplacer("${", "$${", "%{", "%%{")

// terraformString writes a text as a string of HCL.
func terraformString(text string) string { return notATemplate.Replace(strconv.Quote(text)) }

// terraformDocument writes a policy document as a string of HCL with several lines.
func terraformDocument(d iam.Document) string {
	var text bytes.Buffer
	if err := json.Indent(&text, []byte(documentText(d)), "    ", "  "); err != nil {
		return `""`
	}
	return "<<-JSON\n    " + notATemplate.Replace(text.String()) + "\n  JSON"
}

// notInTerraform stands where the provider has no resource for a change.
func notInTerraform(what string) string {
	return "# No resource of hashicorp/aws " + what + ": make this change with the AWS CLI.\n"
}
