package checks_test

import (
	"bufio"
	"encoding/json"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/canpull/canpull/checks"
)

const (
	rie    = "ResourceInitializationError: unable to pull secrets or registry auth: "
	cpce   = "CannotPullContainerError: "
	web    = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web"
	digest = "sha256:5de487da52320ad9978f3a7a4f6700910342956c7dcb3b6f955222b4cccbd600"
)

// The shapes are those of AWS's pages on stopped tasks, of the ECS agent and of containerd and Docker. A row's zero
// fields are not compared, but for the stage.
var symptoms = []struct {
	name, text string
	want       checks.Symptom
}{
	{"token, public address", rie + `The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , request send failed, Post "https://api.ecr.eu-central-1.amazonaws.com/": dial tcp 3.122.128.199:443: i/o timeout.`,
		checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Authenticate, Service: "ecr", Host: "api.ecr.eu-central-1.amazonaws.com", IP: netip.MustParseAddr("3.122.128.199"), Port: 443}},
	{"token, private address", rie + `The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. ... dial tcp 10.42.10.15:443: i/o timeout`,
		checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Authenticate, IP: netip.MustParseAddr("10.42.10.15")}},
	{"token, IPv6 address", rie + `unable to retrieve ecr registry auth: Post "https://ecr.eu-west-1.api.aws/": dial tcp [2600:1f18::5]:443: connect: network is unreachable`,
		checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Authenticate, IP: netip.MustParseAddr("2600:1f18::5"), Port: 443}},
	{"token, older wording on wrapped lines", rie + "execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed\ncaused by: Post https://api.ecr.us-east-1.amazonaws.com/: dial tcp 52.46.145.142:443: i/o timeout",
		checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Authenticate, Host: "api.ecr.us-east-1.amazonaws.com", Retries: 3}},
	{"token, no such host", rie + `unable to retrieve ecr registry auth: Post "https://api.ecr.eu-west-1.amazonaws.com/": dial tcp: lookup api.ecr.eu-west-1.amazonaws.com on 10.0.0.2:53: no such host`,
		checks.Symptom{Kind: checks.KindDNS, Stage: checks.Authenticate, Host: "api.ecr.eu-west-1.amazonaws.com"}},
	{"token, name server out of reach", rie + `unable to retrieve ecr registry auth: dial tcp: lookup api.ecr.eu-west-1.amazonaws.com on 10.9.0.53:53: read udp 10.0.1.5:41000->10.9.0.53:53: i/o timeout`,
		checks.Symptom{Kind: checks.KindDNS, Stage: checks.Authenticate}},
	{"token, denied", rie + "execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/exec/0123 is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action status code: 400, request id: x",
		checks.Symptom{Kind: checks.KindDenied, Stage: checks.Authenticate, Action: "ecr:GetAuthorizationToken", HTTPStatus: 400, PolicyKind: "identity-based policy", Retries: 1}},
	{"token, denied by an SCP", rie + "operation error ECR: GetAuthorizationToken, https response error StatusCode: 400, RequestID: x, api error AccessDeniedException: User: arn:aws:sts::1:assumed-role/exec/0 is not authorized to perform: ecr:GetAuthorizationToken on resource: * with an explicit deny in a service control policy",
		checks.Symptom{Kind: checks.KindDenied, Stage: checks.Authenticate, HTTPStatus: 400, PolicyKind: "service control policy"}},
	{"token, throttled", rie + "operation error ECR: GetAuthorizationToken, https response error StatusCode: 400, RequestID: x, api error ThrottlingException: Rate exceeded",
		checks.Symptom{Kind: checks.KindRateLimit, Stage: checks.Authenticate, HTTPStatus: 400}},
	{"token, deadline", rie + "unable to retrieve ecr registry auth: RequestCanceled: request context canceled caused by: context deadline exceeded",
		checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Authenticate}},
	{"documented head alone", "ResourceInitializationError: pull command failed: unable to pull secrets or registry auth Check your task network configuration.",
		checks.Symptom{Kind: checks.KindOther, Stage: checks.Authenticate}},
	{"secret, network", rie + "The task can't pull secrets from AWS Secrets Manager. There is a connection issue between the task and Secrets Manager. Check your task network configuration.",
		checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Authenticate, Service: "secretsmanager"}},
	{"parameter, network", rie + "unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the task and AWS Systems Manager Parameter Store.",
		checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Authenticate, Service: "ssm"}},
	{"secret, denied", rie + "execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:eu-west-1:1:secret:x from secrets manager: AccessDeniedException: User: arn:aws:sts::1:assumed-role/exec/0 is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:eu-west-1:1:secret:x because no resource-based policy allows the secretsmanager:GetSecretValue action",
		checks.Symptom{Kind: checks.KindDenied, Stage: checks.Authenticate, Service: "secretsmanager", Action: "secretsmanager:GetSecretValue", PolicyKind: "resource-based policy"}},
	{"secret, key denied", rie + "unable to retrieve secret from asm: AccessDeniedException: Access to KMS is not allowed status code: 400, request id: x",
		checks.Symptom{Kind: checks.KindKey, Stage: checks.Authenticate, HTTPStatus: 400}},
	{"secret, absent", rie + "ResourceNotFoundException: The task can't retrieve the secret with ARN 'arn:aws:secretsmanager:eu-west-1:1:secret:x' from AWS Secrets Manager. Check whether the secret exists in the specified Region",
		checks.Symptom{Kind: checks.KindSecret, Stage: checks.Authenticate, Service: "secretsmanager"}},
	{"secret, wrong key", "ResourceInitializationError: unable to retrieve secret from asm: retrieved secret from Secrets Manager did not contain json key connectionString",
		checks.Symptom{Kind: checks.KindSecret, Stage: checks.Authenticate}},
	{"secret, not JSON", rie + "unable to retrieve secret from asm: asm fetching authorization data: unable to unmarshal secret value, invalid schema",
		checks.Symptom{Kind: checks.KindSecret, Stage: checks.Authenticate}},
	{"assume", "ECS was unable to assume the role 'arn:aws:iam::111122223333:role/exec' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions.",
		checks.Symptom{Kind: checks.KindAssume, Stage: checks.Assume, Role: "arn:aws:iam::111122223333:role/exec"}},
	{"manifest, timeout", cpce + `pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/library/nginx:latest: failed to do request: Head "https://registry-1.docker.io/v2/library/nginx/manifests/latest": dial tcp 52.72.252.48:443: i/o timeout`,
		checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Resolve, Host: "registry-1.docker.io", Ref: "docker.io/library/nginx:latest", Retries: 5}},
	{"manifest, refused", cpce + `pull image manifest has been retried 5 time(s): failed to resolve ref ` + web + `:1: failed to do request: Head "https://` + web + `": dial tcp 10.0.1.9:443: connect: connection refused`,
		checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Resolve}},
	{"manifest, Docker's wording", cpce + "API error (500): Get https://111122223333.dkr.ecr.eu-west-1.amazonaws.com/v2/: net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
		checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Resolve, Host: "111122223333.dkr.ecr.eu-west-1.amazonaws.com", HTTPStatus: 500}},
	{"manifest, human sentence", cpce + "The task cannot pull '" + web + ":1' from the Amazon ECR repository '" + web + "'. There is a connection issue between the task and Amazon ECR. Check your task network configuration.",
		checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Resolve, Ref: web + ":1"}},
	{"manifest, no such host", cpce + `pull image manifest has been retried 5 time(s): failed to resolve ref registry.example.internal/app:1: failed to do request: Head "https://registry.example.internal/v2/app/manifests/1": dial tcp: lookup registry.example.internal on 10.0.0.2:53: no such host`,
		checks.Symptom{Kind: checks.KindDNS, Stage: checks.Resolve, Host: "registry.example.internal"}},
	{"manifest, private CA", cpce + `failed to resolve ref reg.corp/app:1: failed to do request: Head "https://reg.corp/v2/app/manifests/1": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
		checks.Symptom{Kind: checks.KindTLS, Stage: checks.Resolve, Host: "reg.corp"}},
	{"manifest, TLS handshake", cpce + `failed to resolve ref reg.corp/app:1: failed to do request: Head "https://reg.corp/v2/app/manifests/1": net/http: TLS handshake timeout`,
		checks.Symptom{Kind: checks.KindTLS, Stage: checks.Resolve}},
	{"manifest, 403 of containerd 1.3", cpce + `inspect image has been retried 1 time(s): failed to resolve ref "` + web + `:1": unexpected status code [manifests 1]: 403 Forbidden`,
		checks.Symptom{Kind: checks.KindDenied, Stage: checks.Resolve, HTTPStatus: 403, Ref: web + ":1"}},
	{"manifest, 403 of containerd 1.5", cpce + "pull image manifest has been retried 1 time(s): failed to resolve ref " + web + ":latest: pulling from host 111122223333.dkr.ecr.eu-west-1.amazonaws.com failed with status code [manifests latest]: 403 Forbidden",
		checks.Symptom{Kind: checks.KindDenied, Stage: checks.Resolve, HTTPStatus: 403, Host: "111122223333.dkr.ecr.eu-west-1.amazonaws.com"}},
	{"manifest, 403 of containerd 2", cpce + "failed to resolve ref " + web + ":1: unexpected status from HEAD request to https://" + web + "/manifests/1: 403 Forbidden\ndenied: User: arn:aws:sts::1:assumed-role/exec/0 is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:eu-west-1:1:repository/web with an explicit deny in a permissions boundary",
		checks.Symptom{Kind: checks.KindDenied, Stage: checks.Resolve, HTTPStatus: 403, Action: "ecr:BatchGetImage", PolicyKind: "permissions boundary"}},
	{"typographic apostrophe", cpce + "The task can\u2019t pull the image. Check that the role has the permissions to pull images from the registry. Error response from daemon: pull access denied for " + web + ", repository does not exist or may require 'docker login': denied: User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:us-east-1:1:repository/x because no identity-based policy allows the ecr:BatchGetImage action",
		checks.Symptom{Kind: checks.KindDenied, Stage: checks.Resolve, Action: "ecr:BatchGetImage", Ref: web}},
	{"digest gone, 403 on the blob", cpce + "pull image manifest has been retried 1 time(s): failed to resolve ref " + web + ":latest@" + digest + ": unexpected status from HEAD request to https://" + web + "/blobs/" + digest + ": 403 Forbidden",
		checks.Symptom{Kind: checks.KindDigestGone, Stage: checks.Resolve, HTTPStatus: 403, Digest: digest}},
	{"digest gone, 401 of ECR Public", cpce + "failed to resolve ref public.ecr.aws/a/b:1@" + digest + ": unexpected status from HEAD request to https://public.ecr.aws/v2/a/b/blobs/" + digest + ": 401 Unauthorized",
		checks.Symptom{Kind: checks.KindDigestGone, Stage: checks.Resolve, HTTPStatus: 401}},
	{"digest gone, not found", cpce + "pull image manifest has been retried 7 time(s): failed to resolve ref " + web + ":1@" + digest + ": not found",
		checks.Symptom{Kind: checks.KindDigestGone, Stage: checks.Resolve, Digest: digest}},
	{"service event, not found", "(service web) was unable to place a task. Reason: " + cpce + "pull image manifest has been retried 7 time(s): failed to resolve ref " + web + ":latest: not found.",
		checks.Symptom{Kind: checks.KindNotFound, Stage: checks.Resolve, Ref: web + ":latest"}},
	{"manifest unknown", cpce + "Error response from daemon: manifest for " + web + ":1 not found: manifest unknown: Requested image not found",
		checks.Symptom{Kind: checks.KindNotFound, Stage: checks.Resolve, Ref: web + ":1"}},
	{"human sentence, image", cpce + "The task can't pull the image. Check whether the image exists.", checks.Symptom{Kind: checks.KindNotFound, Stage: checks.Resolve}},
	{"Docker Hub hides what is private", cpce + "Error response from daemon: pull access denied for acme/web, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
		checks.Symptom{Kind: checks.KindCredentials, Stage: checks.Resolve, Ref: "acme/web"}},
	{"no basic auth credentials", cpce + "pull image manifest has been retried 1 time(s): failed to resolve ref 111122223333.dkr-ecr.eu-west-1.on.aws/app:1: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials",
		checks.Symptom{Kind: checks.KindCredentials, Stage: checks.Resolve}},
	{"anonymous token", cpce + "failed to resolve ref ghcr.io/acme/web:1: failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=x: 403 Forbidden",
		checks.Symptom{Kind: checks.KindDenied, Stage: checks.Resolve, HTTPStatus: 403, Host: "ghcr.io"}},
	{"wrong password", cpce + "failed to resolve ref reg.corp/web:1: unexpected status from HEAD request to https://reg.corp/v2/web/manifests/1: 401 Unauthorized",
		checks.Symptom{Kind: checks.KindCredentials, Stage: checks.Resolve, HTTPStatus: 401}},
	{"platform", cpce + "pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'",
		checks.Symptom{Kind: checks.KindPlatform, Stage: checks.Resolve, Platform: "linux/amd64"}},
	{"platform of 2020", cpce + "failed to find a descriptor for platform {linux/arm64}", checks.Symptom{Kind: checks.KindPlatform, Stage: checks.Resolve, Platform: "linux/arm64"}},
	{"platform, Windows", cpce + "no matching manifest for windows/amd64 10.0.17763 in the manifest list entries", checks.Symptom{Kind: checks.KindPlatform, Stage: checks.Resolve, Platform: "windows/amd64"}},
	{"rate limit", cpce + "ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/amazon/x/manifests/sha256:2d96: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.",
		checks.Symptom{Kind: checks.KindRateLimit, Stage: checks.Resolve, HTTPStatus: 429, Host: "registry-1.docker.io"}},
	{"rate limit, cut off", cpce + "ref pull has been retried 1 time(s): failed to copy: httpReaderSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/amazon/x/manifests/sha256:2d964e1d...",
		checks.Symptom{Kind: checks.KindRateLimit, Stage: checks.Resolve, Likely: true, Truncated: true}},
	{"ECR Public's limit", cpce + "failed to resolve ref public.ecr.aws/a/b:1: toomanyrequests: Data limit exceeded", checks.Symptom{Kind: checks.KindRateLimit, Stage: checks.Resolve}},
	{"layer, its host hidden", cpce + "ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: failed to do request: Get " + web + ":1: dial tcp 52.219.199.138:443: i/o timeout",
		checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Download, IP: netip.MustParseAddr("52.219.199.138"), Ref: web + ":1"}},
	{"layer, of a cache's upstream", cpce + `ref pull has been retried 1 time(s): failed to pull and unpack image "111122223333.dkr.ecr.eu-west-1.amazonaws.com/hub/library/busybox:1": failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://production.cloudflare.docker.com/registry-v2/docker/registry/v2/blobs/sha256/1c/data": dial tcp 104.16.0.1:443: i/o timeout`,
		checks.Symptom{Kind: checks.KindPullThroughCache, Stage: checks.Download, Host: "production.cloudflare.docker.com"}},
	{"layer, redacted", "ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: failed to do request: Get REDACTED ECR URL related to " + web,
		checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Download, Ref: web}},
	{"layer, 403", cpce + "ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: unexpected status code https://" + web + "/blobs/" + digest + ": 403 Forbidden",
		checks.Symptom{Kind: checks.KindDenied, Stage: checks.Download, HTTPStatus: 403}},
	{"layer, Docker's wording", cpce + "error pulling image configuration: Get https://prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com/x: dial tcp 52.218.1.1:443: i/o timeout",
		checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Download}},
	{"disk, Linux", cpce + "ref pull has been retried 1 time(s): failed to extract layer sha256:7c52: write /var/lib/containerd/x: no space left on device: unknown", checks.Symptom{Kind: checks.KindDisk, Stage: checks.Unpack}},
	{"disk, Windows", cpce + "ref pull has been retried 1 time(s): failed to extract layer sha256:20ba: hcsshim::ImportLayer - failed failed in Win32: There is not enough space on the disk. (0x70)...", checks.Symptom{Kind: checks.KindDisk, Stage: checks.Unpack, Truncated: true}},
	{"format, mixed layers", cpce + "ref pull has been retried 1 time(s): number of layers and diffIDs don't match: 3 != 15", checks.Symptom{Kind: checks.KindFormat, Stage: checks.Unpack}},
	{"format, no image", cpce + "ref pull has been retried 1 time(s): failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers", checks.Symptom{Kind: checks.KindFormat, Stage: checks.Unpack}},
	{"format, schema 1", cpce + `failed to resolve ref x/y:1: not implemented: media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer supported since containerd v2.0, please rebuild`, checks.Symptom{Kind: checks.KindFormat, Stage: checks.Resolve}},
	{"registry outage", cpce + "failed to resolve ref reg.corp/web:1: unexpected status from HEAD request to https://reg.corp/v2/web/manifests/1: 503 Service Unavailable", checks.Symptom{Kind: checks.KindRegistry, Stage: checks.Resolve, HTTPStatus: 503}},
	{"Docker's umbrella", "DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s", checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Resolve}},
	{"console's prefix", "タスクの停止時刻: 2026-03-28T04:01:44.070Z " + cpce + "pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'", checks.Symptom{Kind: checks.KindPlatform, Stage: checks.Resolve}},
	{"old console's wrapper", "STOPPED (" + cpce + `inspect image has been retried 5 time(s): failed to resolve ref "docker.io/library/nginx:latest": failed to do request: Head https://registry-1.docker.io/v2/library/nginx/manifests/latest: dial tcp 52.72.252.48:443: i/o timeout)`, checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Resolve, Ref: "docker.io/library/nginx:latest"}},
	{"lower case", strings.ToLower(rie + "the task cannot pull registry auth from Amazon ECR: requesterror: send request failed caused by: post \"https://api.ecr.ap-northeast-2.amazonaws.com/\": dial tcp 54.180.184.234:443: i/o timeout"), checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Authenticate, Host: "api.ecr.ap-northeast-2.amazonaws.com"}},
	{"an image named like another failure", cpce + "failed to resolve ref docker.io/acme/efs-sync:1: not found", checks.Symptom{Kind: checks.KindNotFound, Stage: checks.Resolve}},
	{"service event, role", "service web failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::111122223333:role/exec' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions.).",
		checks.Symptom{Kind: checks.KindAssume, Stage: checks.Assume, Role: "arn:aws:iam::111122223333:role/exec"}},
	{"token, AWS Batch on EC2", "CannotPullECRContainerError: AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/x/i-1 is not authorized to perform: ecr:GetAuthorizationToken on resource: *",
		checks.Symptom{Kind: checks.KindDenied, Stage: checks.Authenticate, Action: "ecr:GetAuthorizationToken"}},
	{"token, killed", rie + "pull command failed: : signal: killed", checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Authenticate}},
	{"secret, connection timed out", rie + "unable to retrieve secret from asm: read tcp 10.0.1.5:40000->54.1.1.1:443: read: connection timed out", checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Authenticate, Service: "secretsmanager"}},
	{"parameter, denied", rie + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::1:assumed-role/exec/0 is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:eu-west-1:1:parameter/x because no identity-based policy allows the ssm:GetParameters action",
		checks.Symptom{Kind: checks.KindDenied, Stage: checks.Authenticate, Service: "ssm", Action: "ssm:GetParameters", PolicyKind: "identity-based policy"}},
	{"parameter, absent", rie + "unable to retrieve secrets from ssm: invalid ssm parameters: /prod/db", checks.Symptom{Kind: checks.KindSecret, Stage: checks.Authenticate, Service: "ssm"}},
	{"manifest, the agent's own name of the error", "CannotPullImageManifestError: Error response from daemon: manifest for " + web + ":1 not found: manifest unknown", checks.Symptom{Kind: checks.KindNotFound, Stage: checks.Resolve, Ref: web + ":1"}},
	{"access denied, no more", "CannotPullContainerAuthError: pull access denied", checks.Symptom{Kind: checks.KindCredentials, Stage: checks.Resolve}},
	{"canceled, no more", cpce + "context canceled", checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Resolve, Likely: true}},
	{"layer, the agent's panic", cpce + "pull command failed: panic: runtime error: invalid memory address or nil pointer dereference", checks.Symptom{Kind: checks.KindTimeout, Stage: checks.Download, Likely: true}},
	{"layer, no such host", cpce + `ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com/x": dial tcp: lookup prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com on 10.0.0.2:53: no such host`,
		checks.Symptom{Kind: checks.KindDNS, Stage: checks.Download, Host: "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com"}},
	{"platform, another build of Windows", cpce + "a Windows version 10.0.20348-based image is incompatible with a 10.0.17763 host", checks.Symptom{Kind: checks.KindPlatform, Stage: checks.Resolve}},
	{"the task's own sentence before it", "Task failed to start: " + cpce + "failed to resolve ref " + web + ":1: not found", checks.Symptom{Kind: checks.KindNotFound, Stage: checks.Resolve, Ref: web + ":1"}},
	{"an unseen wording keeps its stage", cpce + "ref pull has been retried 2 time(s): failed to copy: the moon is full", checks.Symptom{Kind: checks.KindOther, Stage: checks.Download}},
}

func TestSymptoms(t *testing.T) {
	for _, c := range symptoms {
		t.Run(c.name, func(t *testing.T) {
			got, ok := checks.ParseSymptom(c.text)
			if !ok {
				t.Fatalf("not taken for a failed pull: %s", c.text)
			}
			g, w := reflect.ValueOf(got), reflect.ValueOf(c.want)
			for i := range w.NumField() {
				name := w.Type().Field(i).Name
				if name == "RuledOut" || w.Field(i).IsZero() && name != "Stage" && name != "Likely" {
					continue
				}
				if g.Field(i).Interface() != w.Field(i).Interface() {
					t.Errorf("%s is %v, want %v, in %s", name, g.Field(i), w.Field(i), c.text)
				}
			}
		})
	}
}

// An i/o timeout is never IAM, and an answer of the registry never the network.
func TestSymptomsRuleOut(t *testing.T) {
	for _, c := range symptoms {
		s, _ := checks.ParseSymptom(c.text)
		network, policy := slices.Contains(s.RuledOut, "route"), slices.Contains(s.RuledOut, "execution-role")
		switch {
		case s.Likely || s.Kind == checks.KindOther:
			if len(s.RuledOut) > 0 {
				t.Errorf("%s: an uncertain reading rules out %v", c.name, s.RuledOut)
			}
		case s.Kind == checks.KindTimeout && (network || !policy):
			t.Errorf("%s: a timeout rules out %v", c.name, s.RuledOut)
		case s.Kind == checks.KindDenied && (!network || policy):
			t.Errorf("%s: a denial rules out %v", c.name, s.RuledOut)
		}
		known := []string{}
		for _, checker := range checks.Default(checks.Sources{}) {
			known = append(known, checker.Info().ID)
		}
		for _, id := range s.RuledOut {
			if !slices.Contains(known, id) {
				t.Errorf("%s rules out %s, which is no check", c.name, id)
			}
		}
	}
}

func TestOtherStopsAreNotFailedPulls(t *testing.T) {
	for _, text := range []string{
		"", "Essential container in task exited", "Scaling activity initiated by (deployment ecs-svc/1)",
		"ResourceInitializationError: failed to initialize logging driver: failed to create Cloudwatch log group: i/o timeout",
		"ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: mount.nfs4: Connection timed out",
		"CannotStartContainerError: exec: \"/failed to pull\": not found", "CannotCreateVolumeError: failed to pull",
		"ResourceInitializationError: failed to download env files: file download command: non empty error stream: RequestCanceled: request context canceled",
		"exec /usr/local/bin/app: exec format error", "You've reached the limit on the number of vCPUs you can run concurrently",
		"Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet 'subnet-1'",
	} {
		if s, ok := checks.ParseSymptom(text); ok {
			t.Errorf("%q was taken for a failed pull: %+v", text, s)
		}
	}
}

// Real texts from public threads, with what their authors found.
func TestRealTexts(t *testing.T) {
	stages := map[string]checks.Stage{"role-assume": checks.Assume, "registry-auth": checks.Authenticate, "secret-fetch": checks.Authenticate,
		"manifest-resolve": checks.Resolve, "tcp-connect": checks.Resolve, "layer-download": checks.Download, "unpack": checks.Unpack}
	kinds := map[string]checks.Kind{"auth-ecr-iam-denied": checks.KindDenied, "digest-gone": checks.KindDigestGone, "disk-full": checks.KindDisk,
		"dualstack-ecr-host": checks.KindCredentials, "image-format": checks.KindFormat, "image-not-found": checks.KindNotFound,
		"ipv6-ecr-api-ipv4-only": checks.KindTimeout, "net-ecr-api-unreachable": checks.KindTimeout, "net-generic": checks.KindTimeout,
		"net-registry-unreachable": checks.KindTimeout, "net-s3-layer-unreachable": checks.KindTimeout, "net-secrets-unreachable": checks.KindTimeout,
		"platform-mismatch": checks.KindPlatform, "private-registry-credentials": checks.KindCredentials, "pull-through-cache": checks.KindPullThroughCache,
		"rate-limit": checks.KindRateLimit, "registry-403": checks.KindDenied, "role-assume": checks.KindAssume, "secret-content": checks.KindSecret,
		"secrets-iam-denied": checks.KindDenied, "secrets-kms-denied": checks.KindKey, "truncated": checks.KindOther}
	// Texts of which only the head was published: the cause that is known of them is not in what is left.
	headless := []string{"ResourceInitializationError: unable to pull secrets or registry auth", `CannotPullContainerError: failed to resolve ref "docker.io/docker/ecs-searchdomain-sidecar:1.0"`}

	file, err := os.Open("testdata/stopped_reasons.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	n := 0
	for lines := bufio.NewScanner(file); lines.Scan(); n++ {
		var row struct{ Message, Phase, Category string }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		s, ok := checks.ParseSymptom(row.Message)
		if ok != (row.Category != "not-a-pull-error") {
			t.Errorf("a failed pull: %v, in %s", ok, row.Message)
		}
		if !ok {
			continue
		}
		kind, stage := kinds[row.Category], s.Stage
		if slices.Contains(headless, row.Message) {
			kind = checks.KindOther
		}
		if want, known := stages[row.Phase]; known {
			stage = want
		}
		if s.Stage != stage || s.Kind != kind {
			t.Errorf("read as %s in %s, want %s in %s (%s): %s", s.Kind, s.Stage, kind, stage, row.Category, row.Message)
		}
	}
	if n != 62 {
		t.Errorf("%d texts were read", n)
	}
}

// A text of 1 MB is parsed within 10 ms: nobody sends one but who means harm.
func TestALongTextIsParsedAtOnce(t *testing.T) {
	text := symptoms[0].text + strings.Repeat(" lookup x on y: failed to do request: Get ", 1<<20/42)
	fastest := time.Hour
	for range 20 { // a machine that does something else as well is not the parser's fault
		began := time.Now()
		if s, ok := checks.ParseSymptom(text); !ok || s.Kind != checks.KindTimeout || !s.Truncated {
			t.Fatalf("read as %+v, %v", s, ok)
		}
		fastest = min(fastest, time.Since(began))
	}
	if fastest > 10*time.Millisecond && !raced {
		t.Errorf("it takes %s", fastest)
	}
}

func FuzzParseSymptom(f *testing.F) {
	for _, c := range symptoms {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, ok := checks.ParseSymptom(text)
		if !ok && !reflect.DeepEqual(s, checks.Symptom{}) {
			t.Errorf("no failed pull, and yet %+v", s)
		}
		if ok && s.Kind == "" {
			t.Errorf("a failed pull of no kind: %q", text)
		}
	})
}

func BenchmarkParseSymptom(b *testing.B) {
	long := symptoms[0].text + strings.Repeat(" lookup x on y: failed to do request: Get ", 1<<20/42)
	for name, text := range map[string]string{"typical": symptoms[0].text, "1MB": long} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				checks.ParseSymptom(text)
			}
		})
	}
}
