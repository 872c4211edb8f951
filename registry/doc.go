// Package registry reads container image references the way containerd does and asks a registry, without
// credentials of its own, whether the image is there.
//
// [Parse] turns an image name of a task definition into a [Reference]; [Reference.Hosts] says which hosts a pull
// of it talks to, in the order of the pull. A [Source], made by [New], answers with an [Image]: present, absent,
// archived, behind credentials, or unknown with the reason.
//
// What the image is for and how large it is are decided on what was read: [Image.Supports], [Image.Size], [Image.Format].
//
// An image in Amazon ECR is looked up through the ECR API (BatchGetImage, or else DescribeImages, GetRepositoryPolicy,
// GetRegistryPolicy, at the account and region its name carries). Every other registry is asked over HTTPS with the requests
// containerd itself sends.
//
// # Limits
//
//   - The HTTP client is anonymous. Whether a task's own credentials open a private repository is not asked.
//   - It asks from the machine it runs on. A transport failure there, or a rate limit met there, says nothing about
//     the task, so both leave the answer [Unknown].
//   - BatchGetImage is called only where the pull-through-cache rules were read and none covers the repository: under
//     one it would import the image and create the repository. Such an image's manifest is not read.
//   - Amazon ECR may record the reading of a manifest as a pull (lastRecordedPullTime).
//   - Layers are never downloaded. Of an index only a few images are read; from a registry that counts pulls one, and none
//     once few are left for this machine.
//   - ECR may answer RepositoryNotFoundException to a caller of another account that it will not let in.
//     [Image.Answer] carries the code; whoever knows both accounts decides what it is worth.
package registry
