package registry

import (
	"net"
	"strconv"
	"strings"
)

// Purpose is what a pull wants from a host.
type Purpose string

// What a pull wants from its hosts, in the order in which it asks.
const (
	PurposeToken    Purpose = "token"
	PurposeManifest Purpose = "manifest"
	PurposeLayers   Purpose = "layers"
)

// Host is a host that a pull talks to.
type Host struct {
	Purpose Purpose
	Name    string // "" where it is not known before the registry has answered, as with a CDN
	Port    uint16 // 443 unless the reference carries another; 0 when what it carries is no port
	Service string // the service of a VPC endpoint that can carry it: "ecr.api", "ecr.dkr", "ecr-fips.api", "ecr-fips.dkr", "s3"; "" for none
	Region  string // of the AWS service; "" outside AWS
	// DualStack reports that AWS documents IPv6 addresses for the host. False is not a promise of the contrary.
	DualStack bool
}

const httpsPort = 443

// Hosts returns the hosts that a pull of the image talks to, in the order of the pull. A purpose is missing where a
// pull is not known to need a host of its own for it: a registry may ask for no token, or name its token host only
// in its answer (the realm of WWW-Authenticate).
//
// Only hosts that their owners document, or that public failure reports show, are named.
func (r Reference) Hosts() []Host {
	if r.ECR != nil {
		return r.ECR.hosts(r.Registry)
	}
	name, port := splitPort(r.apiHost())
	manifest := Host{Purpose: PurposeManifest, Name: name, Port: port}
	layers := Host{Purpose: PurposeLayers, Port: httpsPort}
	token := Host{Purpose: PurposeToken, Port: httpsPort}

	switch r.Registry {
	case "docker.io", "registry-1.docker.io":
		// Docker's allow-list names three CDN hosts, and from inside AWS it has been an S3 bucket of the region:
		// which of them serves a layer is known only from the redirect.
		token.Name = "auth.docker.io"
	case "ghcr.io":
		token.Name = "ghcr.io"
		layers.Name = "pkg-containers.githubusercontent.com"
	case "quay.io":
		token.Name = "quay.io"
	case "registry.gitlab.com":
		token.Name = "gitlab.com"
	case "ecr-public.aws.com":
		manifest.DualStack = true
	}
	if token.Name == "" {
		return []Host{manifest, layers}
	}
	return []Host{token, manifest, layers}
}

// hosts follows the tables of the ECR user guide on VPC endpoints and of the AWS SDK on endpoints. For a dual-stack
// image the token host is the API's dual-stack name, which a task without IPv4 needs; tasks that have IPv4 have been
// seen to ask the IPv4 name all the same, which is why ECS wants an IPv4 route in a dual-stack subnet.
func (e *ECR) hosts(registry string) []Host {
	service := "ecr"
	if e.FIPS {
		service = "ecr-fips"
	}
	host := func(p Purpose, name, service string) Host {
		return Host{Purpose: p, Name: name, Port: httpsPort, Service: service, Region: e.Region, DualStack: e.DualStack}
	}
	dkr, _ := splitPort(registry)
	return []Host{
		host(PurposeToken, e.api(), service+".api"),
		host(PurposeManifest, dkr, service+".dkr"),
		host(PurposeLayers, e.layerHost(), "s3"),
	}
}

// layerHost is named only where it is documented: which name of the bucket a dual-stack or FIPS pull is sent to, and
// what the bucket is called in the isolated partitions, is not.
func (e *ECR) layerHost() string {
	documented := e.Partition == "aws" || e.Partition == "aws-cn" || e.Partition == "aws-us-gov"
	if e.DualStack || e.FIPS || !documented {
		return ""
	}
	return e.layerBucket() + ".s3." + e.Region + "." + e.DNSSuffix
}

// apiHost is the host[:port] that serves the registry's API. Only Docker Hub's differs from its name.
func (r Reference) apiHost() string {
	if r.Registry == "docker.io" {
		return "registry-1.docker.io"
	}
	return r.Registry
}

func splitPort(host string) (name string, port uint16) {
	name, digits, err := net.SplitHostPort(host)
	if err != nil {
		return strings.Trim(host, "[]"), httpsPort
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return name, 0
	}
	return name, uint16(n)
}
