package iam

import "strings"

// arn is the parts of an ARN: arn:partition:service:region:account:resource. The sixth may hold colons of its own:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
type arn [6]string

// segments are the six parts of an ARN, if it is one.
func segments(s string) (parts arn, ok bool) {
	parts, n := split(s)
	return parts, n == len(parts) && parts[0] == "arn"
}

// split cuts at the colons, at most into six parts, and counts them.
func split(s string) (parts arn, n int) {
	for ; n < len(parts)-1; n++ {
		colon := strings.IndexByte(s, ':')
		if colon < 0 {
			break
		}
		parts[n], s = s[:colon], s[colon+1:]
	}
	parts[n] = s
	return parts, n + 1
}

func account(s string) string {
	if parts, ok := segments(s); ok {
		return parts[4]
	}
	return ""
}

// RoleName is the name in a role's ARN, which may have a path, in the ARN of one of its sessions, or the name itself. It
// is "" if there is none.
func RoleName(arnOrName string) string {
	resource := arnOrName
	if s, ok := segments(arnOrName); ok {
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
