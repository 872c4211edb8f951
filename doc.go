// Package canpull says whether an ECS task on Fargate can pull its images, and if not, exactly why and what would fix it.
//
// The work is done by the packages below it:
//
//   - [github.com/canpull/canpull/checks] runs the diagnosis: start there.
//   - [github.com/canpull/canpull/network] decides paths through a VPC.
//   - [github.com/canpull/canpull/iam] decides policy questions.
//   - [github.com/canpull/canpull/registry] reads image references and asks registries.
//   - [github.com/canpull/canpull/report] writes a diagnosis as text and JSON.
//
// # Limitations
//
// It knows what an account's AWS APIs say, at the time when they are asked, to the credentials that ask. What none of them
// says is an unknown that names what would settle it, or an assumption that every diagnosis states: the policies of AWS
// Organizations beyond what IAM's policy simulator tells, what firewalls, appliances and other accounts' networks do with the
// traffic, what name servers other than Amazon's answer, which address a host has when the task asks, and whether a registry
// other than Amazon ECR answers the task as it answers this machine. Each package lists its own limits.
package canpull
