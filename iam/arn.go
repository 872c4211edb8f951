package iam

import "strings"

// segments are the six parts of an ARN, or nil. The sixth may hold colons of its own:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func segments(arn string) []string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return nil
	}
	return parts
}

func account(arn string) string {
	if s := segments(arn); s != nil {
		return s[4]
	}
	return ""
}

// RoleName is the name in a role's ARN, which may have a path, in the ARN of one of its sessions, or the name itself. It
// is "" if there is none.
func RoleName(arnOrName string) string {
	resource := arnOrName
	if s := segments(arnOrName); s != nil {
		kind, rest, _ := strings.Cut(s[5], "/")
		switch {
		case s[2] == "iam" && kind == "role":
			resource = rest
		case s[2] == "sts" && kind == "assumed-role":
			resource, _, _ = strings.Cut(rest, "/")
		default:
			return ""
		}
	}
	name := resource[strings.LastIndexByte(resource, '/')+1:]
	if strings.ContainsAny(name, ": ") {
		return ""
	}
	return name
}
