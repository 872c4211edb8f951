package registry

import (
	"regexp"
	"strings"
)

// ECR says which Amazon ECR private registry a host belongs to.
type ECR struct {
	Account   string // 12 digits
	Region    string // the registry's, which need not be the task's
	Partition string // "aws", "aws-cn", "aws-us-gov", …
	DNSSuffix string // of the partition's IPv4 hosts, "amazonaws.com", also where the image's own host is dual-stack
	DualStack bool   // the host is ACCOUNT.dkr-ecr.REGION.on.aws, which has IPv6 addresses too
	FIPS      bool
}

// ecrHost is the form of every private registry's host, as ECR's credential helper knows them. A host that merely
// points at ECR, a CNAME for example, is not one: ECS sends it no credentials.
var ecrHost = regexp.MustCompile(`^(\d{12})\.dkr[.-]ecr(-fips)?\.([a-z0-9-]+)\.(amazonaws\.com|amazonaws\.com\.cn|` +
	`amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)(?::443)?$`)

type partition struct{ name, suffix, dualStackSuffix, dualStackAPI string }

// PartitionOf returns the partition of a Region: "aws", "aws-cn", "aws-us-gov", …
func PartitionOf(region string) string { return partitionOf(region).name }

// DNSSuffixOf returns what the names of a Region's services end in: "amazonaws.com", "amazonaws.com.cn", …
func DNSSuffixOf(region string) string { return partitionOf(region).suffix }

// partitionOf follows the AWS SDK's partitions, in which the commercial one takes every region that no other claims.
func partitionOf(region string) partition {
	prefix := func(s string) bool { return strings.HasPrefix(region, s) }
	switch {
	case prefix("cn-"):
		return partition{"aws-cn", "amazonaws.com.cn", "on.amazonwebservices.com.cn", "api.amazonwebservices.com.cn"}
	case prefix("us-gov-"):
		return partition{"aws-us-gov", "amazonaws.com", "on.aws", "api.aws"}
	case prefix("eusc-"):
		return partition{name: "aws-eusc", suffix: "amazonaws.eu"}
	case prefix("us-iso-"):
		return partition{name: "aws-iso", suffix: "c2s.ic.gov"}
	case prefix("us-isob-"):
		return partition{name: "aws-iso-b", suffix: "sc2s.sgov.gov"}
	case prefix("eu-isoe-"):
		return partition{name: "aws-iso-e", suffix: "cloud.adc-e.uk"}
	case prefix("us-isof-"):
		return partition{name: "aws-iso-f", suffix: "csp.hci.ic.gov"}
	}
	return partition{"aws", "amazonaws.com", "on.aws", "api.aws"}
}

// parseECR returns nil for a host that is not an ECR private registry. A region under another partition's suffix,
// such as cn-north-1 under amazonaws.com, is a host that does not exist.
func parseECR(host string) *ECR {
	m := ecrHost.FindStringSubmatch(host)
	if m == nil {
		return nil
	}
	account, fips, region, suffix := m[1], m[2] != "", m[3], m[4]
	p := partitionOf(region)
	if suffix != p.suffix && suffix != p.dualStackSuffix {
		return nil
	}
	return &ECR{
		Account: account, Region: region, Partition: p.name, DNSSuffix: p.suffix,
		DualStack: suffix == p.dualStackSuffix, FIPS: fips,
	}
}

// RepositoryARN returns the repository's ARN, the resource of a pull's IAM actions; "" when it is not in ECR.
func (r Reference) RepositoryARN() string {
	if r.ECR == nil {
		return ""
	}
	return "arn:" + r.ECR.Partition + ":ecr:" + r.ECR.Region + ":" + r.ECR.Account + ":repository/" + r.Repository
}

// LayerBucketARN returns the ARN of the objects that ECR serves layers from, which the policy of an S3 endpoint must
// allow (https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html); "" when the image is not in ECR.
func (r Reference) LayerBucketARN() string {
	if r.ECR == nil {
		return ""
	}
	return "arn:" + r.ECR.Partition + ":s3:::" + r.ECR.layerBucket() + "/*"
}

// Host returns the registry's host: the one that serves IPv4 only, or the dual-stack one, each with FIPS or without. It is ""
// for a dual-stack host in a partition that has none.
func (e *ECR) Host() string {
	sep, suffix, fips := ".", e.DNSSuffix, ""
	if e.DualStack {
		sep, suffix = "-", partitionOf(e.Region).dualStackSuffix
	}
	if e.FIPS {
		fips = "-fips"
	}
	if suffix == "" {
		return ""
	}
	return e.Account + ".dkr" + sep + "ecr" + fips + "." + e.Region + "." + suffix
}

// place names the registry, by whatever host it is reached.
func (e *ECR) place() string { return e.Account + " " + e.Region }

func (e *ECR) layerBucket() string { return "prod-" + e.Region + "-starport-layer-bucket" }

// api returns the host of the ECR API, from the endpoint rules of the AWS SDK.
func (e *ECR) api() string {
	service := "ecr"
	if e.FIPS {
		service = "ecr-fips"
	}
	if e.DualStack {
		return service + "." + e.Region + "." + partitionOf(e.Region).dualStackAPI
	}
	return "api." + service + "." + e.Region + "." + e.DNSSuffix
}
