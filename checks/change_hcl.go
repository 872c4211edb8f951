package checks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/canpull/canpull/iam"
)

// argument is one line of an HCL block: a name and a string, a number, a bool, a reference, a list of strings, a policy
// document, or a nested block's arguments.
type argument struct {
	name  string
	value any
}

// reference is an HCL expression, which stands unquoted.
type reference string

// resource writes a block that declares what a change creates.
func resource(kind, name string, args ...argument) string {
	return fmt.Sprintf("resource %q %q {\n%s}\n", kind, label(name), body("  ", args))
}

// setting writes what to set in the block that declares what is there already.
func setting(kind, id string, args ...argument) string {
	return note("In the resource that declares "+id+", set:") + resource(kind, id, args...)
}

// note writes a comment of one line, whatever the names in it hold.
func note(text string) string {
	return "# " + strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '_'
	}, text) + "\n"
}

// body writes arguments as terraform fmt does: those of one line each have their equals signs under one another.
func body(indent string, args []argument) string {
	var b strings.Builder
	width := 0
	for _, a := range args {
		if _, nested := a.value.([]argument); !nested {
			width = max(width, len(a.name))
		}
	}
	for i, a := range args {
		if inner, nested := a.value.([]argument); nested {
			if i > 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "%s%s {\n%s%s}\n", indent, a.name, body(indent+"  ", inner), indent)
			continue
		}
		fmt.Fprintf(&b, "%s%-*s = %s\n", indent, width, a.name, expression(a.value))
	}
	return b.String()
}

func expression(value any) string {
	switch v := value.(type) {
	case reference:
		return string(v)
	case string:
		return quoted(v)
	case iam.Document:
		return heredoc(v)
	case []string:
		return "[" + strings.Join(each(v, func(s string) string { return expression(inTerraform(s)) }), ", ") + "]"
	}
	return fmt.Sprint(value)
}

// heredoc writes a policy document in several lines.
// https://developer.hashicorp.com/terraform/language/expressions/strings#heredoc-strings
func heredoc(d iam.Document) string {
	var text bytes.Buffer
	if err := json.Indent(&text, []byte(documentText(d)), "    ", "  "); err != nil {
		return `""` // a document that was parsed can be written
	}
	return "<<-JSON\n    " + notATemplate.Replace(text.String()) + "\n  JSON"
}

// notATemplate keeps Terraform from reading ${aws:PrincipalTag/team} as one of its own expressions.
var notATemplate = strings.NewReplacer("${", "$${", "%{", "%%{")

// documentText writes a policy document in one line, as the AWS CLI takes it.
func documentText(d iam.Document) string {
	text, err := json.Marshal(d)
	if err != nil {
		return "" // a document that was parsed can be written
	}
	return string(text)
}

// notInTerraform stands where the provider has no resource for a change.
func notInTerraform(what string) string {
	return note("No resource of hashicorp/aws " + what + ": make this change with the AWS CLI.")
}

// quoted writes a string literal: "${" and "%{" would begin a template.
// https://developer.hashicorp.com/terraform/language/expressions/strings
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case (r == '$' || r == '%') && strings.HasPrefix(s[i+1:], "{"):
			b.WriteRune(r)
			b.WriteRune(r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// label makes a resource's name of what tells it apart: letters, digits, underscores and dashes, a letter or an underscore
// first.
func label(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, name)
	if name == "" || !unicode.IsLetter(rune(name[0])) {
		return "_" + name
	}
	return name
}
