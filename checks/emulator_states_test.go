package checks_test

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/registrytest"
)

// diagnose does over HTTP what a user's program does with its configuration: it loads the task and runs every check.
func (a *account) diagnose(t *testing.T, config aws.Config, load loader) (checks.Diagnosis, error) {
	t.Helper()
	task, err := load(t.Context(), checks.LoaderFromConfig(config))
	if err != nil {
		return checks.Diagnosis{}, err
	}
	sources := checks.FromConfig(config)
	if a.registries != nil {
		sources.Images = registry.New(ecr.NewFromConfig(config), registry.WithTransport(a.registries))
	}
	d, err := checks.Run(t.Context(), task, checks.Default(sources)...)
	if err != nil {
		t.Fatal(err)
	}
	return d, nil
}

// survives fails the test unless a diagnosis can be captured, replayed and redacted.
func survives(t *testing.T, d checks.Diagnosis) {
	t.Helper()
	replaysExactly(t, d)
	redactsWell(t, d)
}

// elsewhere stands a registry of this process in for all others than Amazon ECR.
func (a *account) elsewhere(images ...string) {
	a.t.Helper()
	manifests := map[string]registrytest.Manifest{}
	for _, image := range images {
		manifests[image] = manifest
	}
	a.serve(manifests)
}

func (a *account) serve(manifests map[string]registrytest.Manifest) {
	a.t.Helper()
	server := registrytest.NewServer(registrytest.Content{Manifests: manifests})
	a.t.Cleanup(server.Close)
	to, err := url.Parse(server.URL)
	if err != nil {
		a.t.Fatal(err)
	}
	a.registries = detour{to, server.Client().Transport}
}

// detour sends every request to one host, whichever it is for.
type detour struct {
	to   *url.URL
	next http.RoundTripper
}

func (d detour) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.URL.Scheme, request.URL.Host = d.to.Scheme, d.to.Host
	return d.next.RoundTrip(request)
}

// In these accounts the task can pull.
var healthy = map[string]func(*account) loader{
	"public subnet": func(a *account) loader {
		a.public()
		return a.service()
	},
	"NAT gateway": func(a *account) loader {
		a.nat()
		return a.task()
	},
	"PrivateLink": func(a *account) loader {
		a.privateLink()
		return a.planned()
	},
	"another registry": func(a *account) loader {
		a.nat()
		a.images = []string{"quay.io/team/app:2.0"}
		a.elsewhere("team/app:2.0")
		return a.service()
	},
	"an organization's own": func(a *account) loader {
		a.privateLink()
		a.restrict("ecr.dkr", ofOrganization(a.organize()))
		return a.task()
	},
	// Seen in public templates.
	"as templates write it": func(a *account) loader {
		a.nat()
		a.hostnames(false)
		a.resolve("AmazonProvidedDNS")
		a.publicIP = true // in a NAT subnet
		byDigest := a.reference("web@" + manifest.Digest())
		a.images = []string{byDigest, "quay.io/team/proxy:1.27", "ghcr.io/team/sidecar:3.1"}
		a.elsewhere("team/proxy:1.27", "team/sidecar:3.1")
		a.role = "execution" // a bare name
		return a.service()
	},
	"only what is needed": func(a *account) loader {
		a.privateLink()
		a.confine(443)
		a.guard(a.subnet, 32768, 60999)
		a.restrict("ecr.dkr", `{"Effect": "Allow", "Principal": {"AWS": "`+a.role+`"}, "Resource": "`+a.repository("web")+`",
			"Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}`)
		a.restrict("s3", `{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::prod-`+region+`-starport-layer-bucket/*"}`)
		return a.task()
	},
}

func TestEmulatedHealthyAccounts(t *testing.T) {
	for name, build := range healthy {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			d, err := a.diagnose(t, a.config, build(a))
			if err != nil {
				t.Fatal(err)
			}
			survives(t, d)
			if d.Status() != checks.Pass {
				t.Errorf("the task can pull, and the diagnosis is\n%s", checkstest.Outline(d))
			}
		})
	}
}

// In these accounts one thing is wrong.
func TestEmulatedBrokenAccounts(t *testing.T) {
	for _, f := range broken {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			load, subject := f.build(a)
			d, err := a.diagnose(t, a.config, load)
			if err != nil {
				t.Fatal(err)
			}
			survives(t, d)
			causes := d.RootCauses()
			if d.Status() != checks.Fail || len(causes) != 1 || causes[0].Code != f.code || causes[0].Subject != subject {
				t.Errorf("want %s of %s as the root cause, got\n%s", f.code, subject, checkstest.Outline(d))
			}
			for _, found := range d.Findings {
				if found.Status == checks.Fail && found.Code != f.code && !slices.Contains(f.consequences, found.Code) {
					t.Errorf("%s of %s is no consequence of the root cause", found.Code, found.Subject)
				}
			}
		})
	}
}

// Each check's own fault is among them.
func TestEveryCheckFailsInAnEmulatedAccount(t *testing.T) {
	beyond := map[string]string{
		"pull-through-cache": "the emulator has no cache rules",
		"rate-limit":         "it only warns",
	}
	for _, c := range checks.Default(checks.Sources{}) {
		if beyond[c.Info().ID] == "" && !slices.ContainsFunc(broken, func(f fault) bool { _, ok := c.Info().Codes[f.code]; return ok }) {
			t.Errorf("in no account of the emulator does %s fail", c.Info().ID)
		}
	}
}

// In these accounts it takes more than the account to tell.
var undecided = map[checks.Code]func(*account) loader{
	"dns.custom": func(a *account) loader {
		a.nat()
		a.resolve("10.0.9.53")
		return a.service()
	},
	"route.beyond": func(a *account) loader {
		gateway := call(a, a.ec2.CreateVpnGateway, &ec2.CreateVpnGatewayInput{Type: ec2types.GatewayTypeIpsec1}).VpnGateway.VpnGatewayId
		call(a, a.ec2.AttachVpnGateway, &ec2.AttachVpnGatewayInput{VpnGatewayId: gateway, VpcId: &a.vpc})
		call(a, a.ec2.CreateRoute, &ec2.CreateRouteInput{RouteTableId: &a.table, DestinationCidrBlock: aws.String(anywhere), GatewayId: gateway})
		return a.task()
	},
	"role.absent-unknown": func(a *account) loader {
		a.nat()
		a.role = "arn:aws:iam::999999999999:role/execution" // which the credentials do not belong to
		a.govern("web", `{"Effect": "Allow", "Principal": {"AWS": "`+a.role+`"}, "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}`)
		return a.planned()
	},
	"image.unreachable": func(a *account) loader {
		a.nat()
		a.images = append(a.images, "quay.io/team/app:2.0")
		a.registries = unreachable{}
		return a.service()
	},
}

// unreachable is a network in which no registry answers.
type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
}

func TestEmulatedUndecidedAccounts(t *testing.T) {
	for code, build := range undecided {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			d, err := a.diagnose(t, a.config, build(a))
			if err != nil {
				t.Fatal(err)
			}
			survives(t, d)
			if d.Status() != checks.Unknown || !slices.ContainsFunc(d.Findings, func(f checks.Finding) bool { return f.Code == code }) {
				t.Errorf("want %s, which is unknown, got\n%s", code, checkstest.Outline(d))
			}
		})
	}
}

// A service whose tasks start in one of its subnets and not in the other fails, and says in which.
func TestEmulatedServiceInTwoSubnets(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.nat()
	subnet, table := a.makeSubnet("10.0.2.0/24")
	a.others = []string{subnet}
	d, err := a.diagnose(t, a.config, a.service())
	if err != nil {
		t.Fatal(err)
	}
	survives(t, d)
	causes := d.RootCauses()
	if len(causes) != 1 || causes[0].Code != "route.none" || causes[0].Subject != table || !slices.Equal(causes[0].Scope, a.others) {
		t.Errorf("want route.none of %s for %s, got\n%s", table, subnet, checkstest.Outline(d))
	}
}
