package registry_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/registry"
)

func mustParse(t testing.TB, s string) registry.Reference {
	t.Helper()
	ref, err := registry.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestECRHosts(t *testing.T) {
	const account = "111122223333"
	tests := []struct {
		host string
		want *registry.ECR
	}{
		{".dkr.ecr.eu-west-1.amazonaws.com", &registry.ECR{Region: "eu-west-1", Partition: "aws", DNSSuffix: "amazonaws.com"}},
		{".dkr.ecr.eu-west-1.amazonaws.com:443", &registry.ECR{Region: "eu-west-1", Partition: "aws", DNSSuffix: "amazonaws.com"}},
		{".dkr-ecr.eu-west-1.on.aws", &registry.ECR{Region: "eu-west-1", Partition: "aws", DNSSuffix: "amazonaws.com", DualStack: true}},
		{".dkr.ecr-fips.us-east-1.amazonaws.com", &registry.ECR{Region: "us-east-1", Partition: "aws", DNSSuffix: "amazonaws.com", FIPS: true}},
		{".dkr-ecr-fips.us-gov-west-1.on.aws", &registry.ECR{Region: "us-gov-west-1", Partition: "aws-us-gov", DNSSuffix: "amazonaws.com", DualStack: true, FIPS: true}},
		{".dkr.ecr.us-gov-east-1.amazonaws.com", &registry.ECR{Region: "us-gov-east-1", Partition: "aws-us-gov", DNSSuffix: "amazonaws.com"}},
		{".dkr.ecr.cn-north-1.amazonaws.com.cn", &registry.ECR{Region: "cn-north-1", Partition: "aws-cn", DNSSuffix: "amazonaws.com.cn"}},
		{".dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn", &registry.ECR{Region: "cn-northwest-1", Partition: "aws-cn", DNSSuffix: "amazonaws.com.cn", DualStack: true}},
		{".dkr.ecr.eusc-de-east-1.amazonaws.eu", &registry.ECR{Region: "eusc-de-east-1", Partition: "aws-eusc", DNSSuffix: "amazonaws.eu"}},
		{".dkr.ecr.us-iso-east-1.c2s.ic.gov", &registry.ECR{Region: "us-iso-east-1", Partition: "aws-iso", DNSSuffix: "c2s.ic.gov"}},
		{".dkr.ecr.us-isob-east-1.sc2s.sgov.gov", &registry.ECR{Region: "us-isob-east-1", Partition: "aws-iso-b", DNSSuffix: "sc2s.sgov.gov"}},
		{".dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", &registry.ECR{Region: "eu-isoe-west-1", Partition: "aws-iso-e", DNSSuffix: "cloud.adc-e.uk"}},
		{".dkr.ecr.us-isof-south-1.csp.hci.ic.gov", &registry.ECR{Region: "us-isof-south-1", Partition: "aws-iso-f", DNSSuffix: "csp.hci.ic.gov"}},

		{".dkr.ecr.cn-north-1.amazonaws.com", nil}, // the suffix of another partition
		{".dkr.ecr.eu-west-1.amazonaws.com.cn", nil},
		{".dkr.ecr.us-iso-east-1.on.aws", nil},
		{".dkr.ecr.eu-west-1.amazonaws.com:5000", nil},
		{".dkr.ecr.eu-west-1.amazonaws.com.evil.example", nil},
		{".dkr.ecr.amazonaws.com", nil},
		{".ecr.eu-west-1.amazonaws.com", nil},
		{"4.dkr.ecr.eu-west-1.amazonaws.com", nil}, // 13 digits
	}
	for _, tt := range tests {
		if tt.want != nil {
			tt.want.Account = account
		}
		got := mustParse(t, account+tt.host+"/app").ECR
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.host, diff)
		}
		if got != nil && got.Host() != account+strings.TrimSuffix(tt.host, ":443") {
			t.Errorf("the host of %s is %s", tt.host, got.Host())
		}
	}
}

func TestARNs(t *testing.T) {
	tests := []struct{ in, repository, bucket string }{
		{"111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app:1",
			"arn:aws:ecr:eu-west-1:111122223333:repository/team/app", "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"},
		{"111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/app",
			"arn:aws-cn:ecr:cn-north-1:111122223333:repository/app", "arn:aws-cn:s3:::prod-cn-north-1-starport-layer-bucket/*"},
		{"111122223333.dkr.ecr.us-gov-west-1.amazonaws.com/app",
			"arn:aws-us-gov:ecr:us-gov-west-1:111122223333:repository/app", "arn:aws-us-gov:s3:::prod-us-gov-west-1-starport-layer-bucket/*"},
		{"public.ecr.aws/nginx/nginx", "", ""},
		{"nginx", "", ""},
	}
	for _, tt := range tests {
		ref := mustParse(t, tt.in)
		if got := ref.RepositoryARN(); got != tt.repository {
			t.Errorf("%s: RepositoryARN = %q, want %q", tt.in, got, tt.repository)
		}
		if got := ref.LayerBucketARN(); got != tt.bucket {
			t.Errorf("%s: LayerBucketARN = %q, want %q", tt.in, got, tt.bucket)
		}
	}
}

func TestHosts(t *testing.T) {
	type hosts []registry.Host
	ecr := func(region, service string, dualStack bool, token, manifest, layers string) hosts {
		return hosts{
			{Purpose: "token", Name: token, Port: 443, Service: service + ".api", Region: region, DualStack: dualStack},
			{Purpose: "manifest", Name: manifest, Port: 443, Service: service + ".dkr", Region: region, DualStack: dualStack},
			{Purpose: "layers", Name: layers, Port: 443, Service: "s3", Region: region, DualStack: dualStack},
		}
	}
	other := func(token, manifest string, port uint16, layers string) hosts {
		h := hosts{
			{Purpose: "manifest", Name: manifest, Port: port},
			{Purpose: "layers", Name: layers, Port: 443},
		}
		if token != "" {
			h = append(hosts{{Purpose: "token", Name: token, Port: 443}}, h...)
		}
		return h
	}
	const a = "111122223333.dkr"
	tests := []struct {
		in   string
		want hosts
	}{
		{a + ".ecr.eu-west-1.amazonaws.com/app", ecr("eu-west-1", "ecr", false, "api.ecr.eu-west-1.amazonaws.com",
			a+".ecr.eu-west-1.amazonaws.com", "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com")},
		{a + ".ecr.eu-west-1.amazonaws.com:443/app", ecr("eu-west-1", "ecr", false, "api.ecr.eu-west-1.amazonaws.com",
			a+".ecr.eu-west-1.amazonaws.com", "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com")},
		{a + "-ecr.eu-west-1.on.aws/app", ecr("eu-west-1", "ecr", true, "ecr.eu-west-1.api.aws",
			a+"-ecr.eu-west-1.on.aws", "")},
		{a + ".ecr-fips.us-east-1.amazonaws.com/app", ecr("us-east-1", "ecr-fips", false, "api.ecr-fips.us-east-1.amazonaws.com",
			a+".ecr-fips.us-east-1.amazonaws.com", "")},
		{a + "-ecr-fips.us-gov-west-1.on.aws/app", ecr("us-gov-west-1", "ecr-fips", true, "ecr-fips.us-gov-west-1.api.aws",
			a+"-ecr-fips.us-gov-west-1.on.aws", "")},
		{a + ".ecr.us-gov-west-1.amazonaws.com/app", ecr("us-gov-west-1", "ecr", false, "api.ecr.us-gov-west-1.amazonaws.com",
			a+".ecr.us-gov-west-1.amazonaws.com", "prod-us-gov-west-1-starport-layer-bucket.s3.us-gov-west-1.amazonaws.com")},
		{a + ".ecr.cn-north-1.amazonaws.com.cn/app", ecr("cn-north-1", "ecr", false, "api.ecr.cn-north-1.amazonaws.com.cn",
			a+".ecr.cn-north-1.amazonaws.com.cn", "prod-cn-north-1-starport-layer-bucket.s3.cn-north-1.amazonaws.com.cn")},
		{a + "-ecr.cn-north-1.on.amazonwebservices.com.cn/app", ecr("cn-north-1", "ecr", true, "ecr.cn-north-1.api.amazonwebservices.com.cn",
			a+"-ecr.cn-north-1.on.amazonwebservices.com.cn", "")},
		{a + ".ecr.eusc-de-east-1.amazonaws.eu/app", ecr("eusc-de-east-1", "ecr", false, "api.ecr.eusc-de-east-1.amazonaws.eu",
			a+".ecr.eusc-de-east-1.amazonaws.eu", "")},
		{a + ".ecr.us-iso-east-1.c2s.ic.gov/app", ecr("us-iso-east-1", "ecr", false, "api.ecr.us-iso-east-1.c2s.ic.gov",
			a+".ecr.us-iso-east-1.c2s.ic.gov", "")},
		{a + ".ecr.us-isob-east-1.sc2s.sgov.gov/app", ecr("us-isob-east-1", "ecr", false, "api.ecr.us-isob-east-1.sc2s.sgov.gov",
			a+".ecr.us-isob-east-1.sc2s.sgov.gov", "")},

		{"nginx", other("auth.docker.io", "registry-1.docker.io", 443, "")},
		{"index.docker.io/nginx", other("auth.docker.io", "registry-1.docker.io", 443, "")},
		{"registry-1.docker.io/library/nginx", other("auth.docker.io", "registry-1.docker.io", 443, "")},
		{"ghcr.io/org/app", other("ghcr.io", "ghcr.io", 443, "pkg-containers.githubusercontent.com")},
		{"quay.io/org/app", other("quay.io", "quay.io", 443, "")},
		{"registry.gitlab.com/org/app", other("gitlab.com", "registry.gitlab.com", 443, "")},
		{"mcr.microsoft.com/dotnet/runtime", other("", "mcr.microsoft.com", 443, "")},
		{"registry.k8s.io/pause", other("", "registry.k8s.io", 443, "")},
		{"public.ecr.aws/nginx/nginx", other("", "public.ecr.aws", 443, "")},
		{"ecr-public.aws.com/nginx/nginx", hosts{
			{Purpose: "manifest", Name: "ecr-public.aws.com", Port: 443, DualStack: true}, {Purpose: "layers", Port: 443}}},
		{"registry.example.com/app", other("", "registry.example.com", 443, "")},
		{"registry.example.com:5000/app", other("", "registry.example.com", 5000, "")},
		{"[2001:db8::1]:5000/app", other("", "2001:db8::1", 5000, "")},
		{"[2001:db8::1]/app", other("", "2001:db8::1", 443, "")},
		{"host:99999/app", other("", "host", 0, "")},
	}
	for _, tt := range tests {
		if diff := cmp.Diff([]registry.Host(tt.want), mustParse(t, tt.in).Hosts()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.in, diff)
		}
	}
}
