package checks_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// What a registry answers, or that it does not, each with its finding. The answers come over HTTP.
func TestEachAnswerOfARegistryHasItsFinding(t *testing.T) {
	const manifest = `{"config":{"digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"layers":[]}`
	answering := func(status int, body string, headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	const contentType, oci = "Content-Type", "application/vnd.oci.image.manifest.v1+json"
	dialing := func(err error) func(*http.Transport) {
		return func(t *http.Transport) {
			t.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, err }
		}
	}
	stranger := func(t *http.Transport) { t.TLSClientConfig.RootCAs = nil }
	impatient := func(t *http.Transport) { t.ResponseHeaderTimeout = 50 * time.Millisecond }
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		change  func(*http.Transport) // of one that reaches the server; nil: none
		want    checks.Code
		private checks.Code // with repositoryCredentials; "": the same
	}{
		"200":                     {answering(200, manifest, contentType, oci), nil, "image.present", ""},
		"200, a web page":         {answering(200, "<html>", contentType, "text/html"), nil, "image.unread", ""},
		"401":                     {answering(401, "", "WWW-Authenticate", "Basic realm=x"), nil, "image.credentials-required", "image.private"},
		"403":                     {answering(403, `{"errors":[{"code":"DENIED"}]}`), nil, "image.unread", ""},
		"404, no such tag":        {answering(404, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`), nil, "image.absent", "image.private"},
		"404, no such repository": {answering(404, `{"errors":[{"code":"NAME_UNKNOWN"}]}`), nil, "image.repository-absent", "image.private"},
		"429":                     {answering(429, ""), nil, "image.unread", ""},
		"500":                     {answering(500, ""), nil, "image.unread", ""},
		"503":                     {answering(503, ""), nil, "image.unread", ""},
		"a redirect in a circle": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
		}, nil,
			"image.unread", ""},
		"a redirect to the metadata service": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://169.254.169.254/", http.StatusTemporaryRedirect)
		}, nil,
			"image.unread", ""},
		"DNS":                  {nil, dialing(&net.DNSError{Err: "no such host", Name: "registry.test", IsNotFound: true}), "image.unreachable", ""},
		"TCP":                  {nil, dialing(&net.OpError{Op: "dial", Err: errors.New("connection refused")}), "image.unreachable", ""},
		"TLS":                  {answering(200, manifest), stranger, "image.unreachable", ""},
		"time-out":             {func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, impatient, "image.unreachable", ""},
		"a connection cut off": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, "image.unreachable", ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(tt.handler)
			server.Config.ErrorLog = log.New(io.Discard, "", 0) // it would report handshakes
			server.StartTLS()
			defer func() { server.CloseClientConnections(); server.Close() }()
			transport := server.Client().Transport.(*http.Transport).Clone()
			transport.TLSClientConfig.ServerName = "example.com" // what httptest's certificate is for
			transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
			}
			if tt.change != nil {
				tt.change(transport)
			}
			images := registry.New(nil, registry.WithTransport(transport))
			for credentials, want := range map[string]checks.Code{"": tt.want, "hub": tt.private} {
				if want == "" {
					want = tt.want
				}
				task := checks.Task{Containers: []checks.Container{{Name: "app", Image: "registry.test/team/app:1", RepositoryCredentials: credentials}}}
				d, err := checks.Run(t.Context(), task, checks.Image{Images: images})
				if err != nil || len(d.Findings) != 1 || d.Findings[0].Code != want || len(d.Findings[0].Evidence) == 0 {
					t.Errorf("with credentials %q: %+v, %v; want %s", credentials, d.Findings, err, want)
				}
			}
		})
	}
}

// An image whose manifest was not read is there for a pull only if the key of its repository is in a state in which it decrypts.
func TestTheStateOfAKeyTellsWhetherAnImageCanBeDecrypted(t *testing.T) {
	for state, want := range map[string]checks.Code{
		"Enabled": "image.present", "Updating": "image.present", "Disabled": "image.key-unusable", "PendingDeletion": "image.key-unusable",
		"PendingReplicaDeletion": "image.key-unusable", "PendingImport": "image.key-unusable", "Unavailable": "image.key-unusable",
		registry.KeyAbsent: "image.key-unusable", "Creating": "image.key-unread", "Frozen": "image.key-unread", "": "image.key-unread",
	} {
		images := registry.SourceFunc(func(_ context.Context, ref registry.Reference) (*registry.Image, error) {
			return &registry.Image{Reference: ref, Status: registry.Present, CacheRule: &registry.CacheRule{Prefix: "hub"},
				Encryption: &registry.Encryption{Type: "KMS", Key: keyARN, KeyState: state}}, nil
		})
		task := checks.Task{Containers: []checks.Container{{Name: "app", Image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/hub/library/nginx:1"}}}
		d, err := checks.Run(t.Context(), task, checks.Image{Images: images})
		if err != nil || len(d.Findings) != 1 || d.Findings[0].Code != want {
			t.Errorf("%s: %+v, %v; want %s", state, d.Findings, err, want)
		}
	}
}

// Of a task that does not say which account it is in, neither a repository, nor a role, nor a secret is known to be its
// account's own, which the credentials in use would be shown.
func TestWhatIsAbsentInAnAccountThatMayBeAnotherIsUnknown(t *testing.T) {
	const secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub-AbCdEf"
	images := registry.SourceFunc(func(_ context.Context, ref registry.Reference) (*registry.Image, error) {
		return &registry.Image{Reference: ref, Status: registry.RepositoryAbsent, CacheRule: &registry.CacheRule{}}, nil
	})
	roles := iam.SourceFunc(func(context.Context, string) (*iam.Role, error) {
		return &iam.Role{ARN: roleARN, Name: "exec", Exists: new(false)}, nil
	})
	secrets := credentials.SourceFunc(func(context.Context, credentials.ID) (*credentials.Secret, error) {
		return &credentials.Secret{ARN: secret, Exists: new(false)}, nil
	})
	for account, want := range map[string]checks.Status{"111122223333": checks.Fail, "444455556666": checks.Unknown, "": checks.Unknown} {
		task := checks.Task{Account: account, Region: "eu-west-1", ExecutionRole: roleARN,
			Containers: []checks.Container{{Name: "app", Image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1", RepositoryCredentials: secret}}}
		for _, c := range []checks.Checker{checks.Image{Images: images}, checks.ExecutionRole{Roles: roles}, checks.RegistryCredentials{Roles: roles, Secrets: secrets}} {
			d, err := checks.Run(t.Context(), task, c)
			if err != nil || len(d.Findings) != 1 || d.Findings[0].Status != want {
				t.Errorf("account %q, %s: %+v, %v; want %s", account, c.Info().ID, d.Findings, err, want)
			}
		}
	}
}

// What this machine finds on itself, the task does not find there.
func TestARegistryOfThisMachineSaysNothingAboutTheTask(t *testing.T) {
	for _, status := range []registry.Status{registry.Present, registry.ImageAbsent, registry.CredentialsRequired} {
		images := registry.SourceFunc(func(_ context.Context, ref registry.Reference) (*registry.Image, error) {
			return &registry.Image{Reference: ref, Status: status}, nil
		})
		for image, want := range map[string]checks.Status{
			"localhost:5000/app:1": checks.Unknown, "127.0.0.1:5000/app:1": checks.Unknown, "[::1]:5000/app:1": checks.Unknown, "localhost/app:1": checks.Unknown,
			"localhost.example.com/app:1": map[bool]checks.Status{true: checks.Pass, false: checks.Fail}[status == registry.Present],
		} {
			task := checks.Task{Containers: []checks.Container{{Name: "app", Image: image}}}
			d, err := checks.Run(t.Context(), task, checks.Image{Images: images})
			if err != nil || d.Status() != want {
				t.Errorf("%s, %s: %s, %v; want %s", image, status, d.Status(), err, want)
			}
		}
	}
}
