// Package iam decides whether AWS allows a request, and names the statement that decides.
//
// [Evaluate] takes a [Request] and the [Policies] that meet it: identity policies, permissions boundary, session policy,
// service and resource control policies, the resource's own policy, the VPC endpoint's policy. It reads nothing and asks
// nobody. Its answer has four forms: allowed, explicitly denied, implicitly denied, and unknown. Unknown is an answer
// only if it hangs on something that was not read, and [Decision] then names the IAM actions and the condition keys that
// would settle it. What was not read is held to be possibly a Deny and possibly an Allow, so that knowing less never
// makes an answer more certain.
//
// A [Source] gathers a [Role] from an account: its trust policy, its inline and managed policies, its boundary, and with
// [WithOrganization] which organization the account belongs to.
//
// # Limits
//
// KMS grants, S3 access control lists, access points and the service-specific rules of single AWS services are not
// modelled. Service and resource control policies are evaluated but not gathered (an [OrganizationSource] asks IAM's
// simulator what the former decide): whoever passes none makes an assumption. An action that depends on other actions is
// several requests.
//
// The rules follow the IAM user guide, above all "Policy evaluation logic" (reference_policies_evaluation-logic.html)
// and "IAM JSON policy element reference" (reference_policies_elements.html); each file names the page it follows.
package iam
