package checks_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
)

// mishap is a way in which an operation goes wrong on the wire, once and for ever.
type mishap struct {
	name  string
	lasts bool // every call that follows goes wrong as well
	// bend changes what is answered, and reports whether that makes a difference.
	bend func(*answer) bool
	// spoil does something else with the answer on its way, or with none.
	spoil func(context.Context, wireCall, *http.Response) (*http.Response, error)
}

// refusing answers with an error code of AWS's; the codes are those of EC2, of IAM, and of the services that speak JSON.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
func refusing(status int, ec2, iam, others string) func(context.Context, wireCall, *http.Response) (*http.Response, error) {
	return func(_ context.Context, c wireCall, response *http.Response) (*http.Response, error) {
		code := others
		switch c.service {
		case "EC2":
			code = ec2
		case "IAM":
			code = iam
		}
		return refused(response.Request, c, status, code, "this went wrong"), nil
	}
}

// replacing answers with something that AWS does not answer.
func replacing(status int, contentType, body string) func(context.Context, wireCall, *http.Response) (*http.Response, error) {
	return func(_ context.Context, _ wireCall, response *http.Response) (*http.Response, error) {
		other := respond(response.Request, status, contentType, []byte(body))
		other.Header.Del("X-Amzn-Requestid")
		return other, nil
	}
}

// half is the first half of a body, which then ends with an error, or with io.EOF as if it were all.
func half(end error) func(context.Context, wireCall, *http.Response) (*http.Response, error) {
	return func(_ context.Context, _ wireCall, response *http.Response) (*http.Response, error) {
		body, err := io.ReadAll(response.Body)
		response.Body = io.NopCloser(io.MultiReader(strings.NewReader(string(body[:len(body)/2])), breaking{end}))
		return response, err
	}
}

type breaking struct{ err error }

func (f breaking) Read([]byte) (int, error) { return 0, f.err }

// stalled is a body that never comes.
type stalled struct{ ctx context.Context }

func (s stalled) Read([]byte) (int, error) { <-s.ctx.Done(); return 0, s.ctx.Err() }
func (s stalled) Close() error             { return nil }

const portal = "<html><head><title>Sign in</title></head><body><p>Sign in to use this network.</p></body></html>"

var mishaps = []mishap{
	{name: "denied", spoil: refusing(403, "UnauthorizedOperation", "AccessDenied", "AccessDeniedException")},
	{name: "throttled for ever", spoil: refusing(400, "RequestLimitExceeded", "Throttling", "ThrottlingException")},
	{name: "internal error", spoil: refusing(500, "InternalError", "ServiceFailure", "InternalFailure")},
	{name: "page of a gateway", spoil: replacing(503, "text/html", "<html><body>Service Unavailable</body></html>")},
	{name: "clock skew", spoil: func(ctx context.Context, c wireCall, response *http.Response) (*http.Response, error) {
		response, err := refusing(403, "RequestExpired", "SignatureDoesNotMatch", "InvalidSignatureException")(ctx, c, response)
		response.Header.Set("Date", "Sat, 01 Jan 2000 06:00:00 GMT") // six hours on, in the time of a bubble
		return response, err
	}},
	{name: "credentials expired", lasts: true, spoil: refusing(403, "RequestExpired", "ExpiredToken", "ExpiredTokenException")},
	{name: "connection reset", spoil: func(context.Context, wireCall, *http.Response) (*http.Response, error) {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	}},
	{name: "no answer", spoil: func(ctx context.Context, _ wireCall, _ *http.Response) (*http.Response, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}},
	{name: "no body", spoil: func(ctx context.Context, _ wireCall, response *http.Response) (*http.Response, error) {
		response.Body = stalled{ctx}
		return response, nil
	}},
	{name: "truncated body", spoil: half(io.ErrUnexpectedEOF)},
	{name: "truncated body, unnoticed", spoil: half(io.EOF)},
	{name: "empty body", spoil: replacing(200, "text/xml", "")},
	{name: "garbage", spoil: replacing(200, "application/octet-stream", "\x00\xff<{[(")},
	{name: "page of a portal", spoil: replacing(200, "text/html", portal)},
	{name: "page of a portal, elsewhere", spoil: replacing(302, "text/html", portal)},
	{name: "page of a portal, not found", spoil: replacing(404, "text/html", portal)},
	{name: "page of a portal, internal error", spoil: replacing(500, "text/html", portal)},
	{name: "page of a portal, not implemented", spoil: replacing(501, "text/html", portal)},
	{name: "other JSON", spoil: replacing(200, "application/json", `{"message": "ok", "items": [1]}`)},
	{name: "JSON of other types", spoil: replacing(200, "application/json", `[null, "null"]`)},
	{name: "empty result", bend: emptied},
	{name: "token that repeats", bend: func(a *answer) bool { return paged(a, "again") }},
	{name: "pages without end", bend: func(a *answer) bool {
		turn := 0
		if in, ok := tokenOf(reflect.ValueOf(a.input).Elem()); ok && !in.IsNil() {
			turn, _ = strconv.Atoi(in.Elem().String())
		}
		return paged(a, strconv.Itoa(turn+1))
	}},
}

// emptied leaves of an answer its lists, without what is in them, and nothing else. Of images that a filter is to find there
// may be none.
func emptied(a *answer) bool {
	if in, ok := a.input.(*ecr.DescribeImagesInput); a.err != nil || ok && in.Filter != nil {
		return false
	}
	out := reflect.New(reflect.TypeOf(a.output).Elem())
	for i := range out.Elem().NumField() {
		if f := out.Elem().Field(i); f.Kind() == reflect.Slice && f.CanSet() {
			f.Set(reflect.MakeSlice(f.Type(), 0, 0))
		}
	}
	a.output = out.Interface()
	return true
}

// paged promises another page.
func paged(a *answer, token string) bool {
	if a.err != nil {
		return false
	}
	out := reflect.New(reflect.TypeOf(a.output).Elem())
	out.Elem().Set(reflect.ValueOf(a.output).Elem())
	next, ok := tokenOf(out.Elem())
	if !ok {
		return false
	}
	next.Set(reflect.ValueOf(&token))
	for _, flag := range []string{"IsTruncated", "Truncated"} {
		if f := out.Elem().FieldByName(flag); f.IsValid() {
			f.SetBool(true)
		}
	}
	a.output = out.Interface()
	return true
}

// tokenOf returns the member of an input or an output that names a page.
func tokenOf(v reflect.Value) (reflect.Value, bool) {
	for _, name := range []string{"NextToken", "NextMarker", "Marker"} {
		if f := v.FieldByName(name); f.IsValid() {
			return f, true
		}
	}
	return reflect.Value{}, false
}
