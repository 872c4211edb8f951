package checks

import "testing"

// The texts are what ECS, containerd and the SDK write; see AWS's pages on CannotPullContainer and
// ResourceInitializationError errors.
func TestSymptoms(t *testing.T) {
	const rie = "ResourceInitializationError: unable to pull secrets or registry auth: "
	for _, c := range []struct {
		name, text string
		want       Symptom
	}{
		{"token call, public address", rie + `The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , request send failed, Post "https://api.ecr.eu-central-1.amazonaws.com/": dial tcp 3.122.128.199:443: i/o timeout.`,
			Symptom{Kind: KindTimeout, Stage: Authenticate, Host: "api.ecr.eu-central-1.amazonaws.com", IP: "3.122.128.199"}},
		{"older wording, wrapped line", rie + "execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed\ncaused by: Post https://api.ecr.us-east-1.amazonaws.com/: dial tcp 52.46.145.142:443: i/o timeout",
			Symptom{Kind: KindTimeout, Stage: Authenticate, Host: "api.ecr.us-east-1.amazonaws.com", IP: "52.46.145.142"}},
		{"secrets, deadline", rie + "execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): RequestCanceled: request context canceled caused by: context deadline exceeded",
			Symptom{Kind: KindTimeout, Stage: Authenticate}},
		{"token denied", rie + "execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/exec/0123 is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action status code: 400, request id: x",
			Symptom{Kind: KindDenied, Stage: Authenticate, Action: "ecr:GetAuthorizationToken", HTTPStatus: 400}},
		{"no such host", "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref registry.example.internal/app:1: failed to do request: Head \"https://registry.example.internal/v2/app/manifests/1\": dial tcp: lookup registry.example.internal on 10.0.0.2:53: no such host",
			Symptom{Kind: KindDNS, Stage: Resolve, Host: "registry.example.internal"}},
		{"manifest timeout", `CannotPullContainerError: inspect image has been retried 5 time(s): failed to resolve ref "docker.io/library/nginx:latest": failed to do request: Head https://registry-1.docker.io/v2/library/nginx/manifests/latest: dial tcp 52.72.252.48:443: i/o timeout`,
			Symptom{Kind: KindTimeout, Stage: Resolve, Host: "registry-1.docker.io", IP: "52.72.252.48"}},
		{"Docker's wording", "CannotPullContainerError: API error (500): Get https://111122223333.dkr.ecr.eu-west-1.amazonaws.com/v2/: net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
			Symptom{Kind: KindTimeout, Stage: Resolve, Host: "111122223333.dkr.ecr.eu-west-1.amazonaws.com"}},
		{"layer timeout hides its host", "CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: failed to do request: Get 111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1: dial tcp 52.219.199.138:443: i/o timeout",
			Symptom{Kind: KindTimeout, Stage: Download, IP: "52.219.199.138"}},
		{"manifest 403", "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 111122223333.dkr.ecr.us-east-1.amazonaws.com/app:latest: pulling from host 111122223333.dkr.ecr.us-east-1.amazonaws.com failed with status code [manifests latest]: 403 Forbidden",
			Symptom{Kind: KindDenied, Stage: Resolve, HTTPStatus: 403}},
		{"a 403 on a blob after a digest means the digest is gone", "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 111122223333.dkr.ecr.us-west-2.amazonaws.com/api:latest@sha256:5de487da: unexpected status from HEAD request to https://111122223333.dkr.ecr.us-west-2.amazonaws.com/v2/api/blobs/sha256:5de487da: 403 Forbidden",
			Symptom{Kind: KindDigestGone, Stage: Resolve, Host: "111122223333.dkr.ecr.us-west-2.amazonaws.com", HTTPStatus: 403}},
		{"service event, not found", "(service web) was unable to place a task. Reason: CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref 111122223333.dkr.ecr.ap-southeast-1.amazonaws.com/rag-nginx:latest: not found.",
			Symptom{Kind: KindNotFound, Stage: Resolve}},
		{"platform", "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'",
			Symptom{Kind: KindPlatform, Stage: Resolve}},
		{"disk", "CannotPullContainerError: ref pull has been retried 1 time(s): failed to extract layer sha256:7c52: write /var/lib/containerd/x: no space left on device: unknown",
			Symptom{Kind: KindDisk, Stage: Unpack}},
		{"rate limit", "CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/amazon/x/manifests/sha256:2d96: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.",
			Symptom{Kind: KindRateLimit, Stage: Download, HTTPStatus: 429}},
		{"credentials", "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 111122223333.dkr-ecr.eu-west-1.on.aws/app:1: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials",
			Symptom{Kind: KindCredentials, Stage: Resolve}},
		{"assume", "ECS was unable to assume the role 'arn:aws:iam::111122223333:role/exec' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions.",
			Symptom{Kind: KindAssume, Stage: Assume}},
		{"typographic apostrophe", "CannotPullContainerError: The task can\u2019t pull the image. Check that the role has the permissions to pull images from the registry. Error response from daemon: pull access denied for x: denied: User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:us-east-1:1:repository/x because no identity-based policy allows the ecr:BatchGetImage action",
			Symptom{Kind: KindDenied, Stage: Resolve, Action: "ecr:BatchGetImage"}},
		{"an unseen wording keeps its stage", "CannotPullContainerError: ref pull has been retried 2 time(s): failed to copy: the moon is full",
			Symptom{Kind: KindOther, Stage: Download}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := parseSymptom(c.text)
			if !ok {
				t.Fatalf("not taken for a failed pull: %s", c.text)
			}
			ruledOut := got.RuledOut
			got.RuledOut = nil
			if got.Kind != c.want.Kind || got.Stage != c.want.Stage || got.Host != c.want.Host || got.IP != c.want.IP || got.HTTPStatus != c.want.HTTPStatus || got.Action != c.want.Action {
				t.Errorf("got %+v\nwant %+v", got, c.want)
			}
			if (len(ruledOut) == 0) != (c.want.Kind == KindOther) {
				t.Errorf("it rules out %v", ruledOut)
			}
		})
	}
}

func TestOtherStopsAreNotFailedPulls(t *testing.T) {
	for _, text := range []string{
		"", "Essential container in task exited", "Scaling activity initiated by (deployment ecs-svc/1)",
		"CannotCreateVolumeError: unable to copy contents to volume on host: containerd: failed to get image reference: context deadline exceeded",
		"ResourceInitializationError: failed to initialize logging driver: failed to create Cloudwatch log group: i/o timeout",
		"exec /usr/local/bin/app: exec format error",
	} {
		if s, ok := parseSymptom(text); ok {
			t.Errorf("%q was taken for a failed pull: %+v", text, s)
		}
	}
}
