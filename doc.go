// Package canpull says whether an ECS task on Fargate can pull its images, and if not, exactly why and what would fix it.
//
// The work is done by the packages below it:
//
//   - [github.com/canpull/canpull/checks] runs the diagnosis: start there.
//   - [github.com/canpull/canpull/network] decides paths through a VPC.
//   - [github.com/canpull/canpull/iam] decides policy questions.
//   - [github.com/canpull/canpull/registry] reads image references and asks registries.
//   - [github.com/canpull/canpull/report] writes a diagnosis as text and JSON.
package canpull
