package checks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// explain says in a few words why an answer is missing: AWS's error code, an HTTP status, or the error's own text.
// Request IDs and encoded authorization messages are left out, and of a URL what may be a password or a signature.
func explain(err error) string {
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	switch {
	case errors.As(err, &api) && api.ErrorCode() != "" && api.ErrorCode() != "UnknownError":
		return api.ErrorCode()
	case errors.As(err, &response) && response.HTTPStatusCode() == http.StatusForbidden:
		return "AccessDenied" // a denial without a code
	case errors.As(err, &response) && response.HTTPStatusCode() != 0:
		return fmt.Sprintf("HTTP status %d", response.HTTPStatusCode())
	case errors.Is(err, context.DeadlineExceeded):
		return "the time ran out"
	case errors.Is(err, context.Canceled):
		return "it was cancelled"
	}
	var op *smithy.OperationError
	if errors.As(err, &op) {
		err = op.Err
	}
	return secrets.ReplaceAllString(err.Error(), "$1")
}

// secrets are the user and the query of a URL: a transport's error repeats those of its proxy and of what it asked.
var secrets = regexp.MustCompile(`(//)[^/\s"]*@|\?[^\s"]+=[^\s"]*`)

// notOffered reports that an endpoint does not have an operation at all: that AWS says so, or that an emulator answers with
// a page. Whoever stands before AWS, as a portal or a proxy, can answer with the same page, so that one over TLS is none of
// an emulator's: AWS's endpoints are asked over TLS in all partitions.
func notOffered(err error) bool {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.NotOffered
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorCode() != "" && api.ErrorCode() != "UnknownError" {
		return api.ErrorCode() == "UnknownOperationException"
	}
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || response.Response == nil || response.Response.Response == nil {
		return false
	}
	header, request := response.Response.Header, response.Response.Request
	return request != nil && request.URL != nil && request.URL.Scheme == "http" &&
		strings.HasPrefix(header.Get("Content-Type"), "text/html") && header.Get("X-Amzn-Requestid") == "" &&
		slices.Contains([]int{http.StatusInternalServerError, http.StatusNotImplemented, http.StatusNotFound}, response.HTTPStatusCode())
}

// refused reports that a call is not allowed, or not offered, and will not be the next time either.
func refused(err error) bool {
	return strings.HasPrefix(explain(err), "AccessDenied") || notOffered(err)
}

// because adds to a finding what kept the answers away that would settle it.
func (f Finding) because(missing []string, unread map[string]error) Finding {
	f.Missing = slices.Concat(f.Missing, missing)
	slices.Sort(f.Missing)
	f.Missing = slices.Compact(f.Missing)
	for _, action := range f.Missing {
		fact := "was not asked, because what it needs was not read"
		if err := unread[action]; err != nil {
			fact = "not read: " + explain(err)
		}
		f.Evidence = append(f.Evidence, Evidence{action, fact})
	}
	return f
}

func joined(names []string) string { return strings.Join(names, ", ") }
