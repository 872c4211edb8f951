package checks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// explain says in a few words why an answer is missing: AWS's error code, an HTTP status, or the error's own text.
// Request IDs and encoded authorization messages are left out.
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
		return op.Err.Error()
	}
	return err.Error()
}

// notOffered reports that an endpoint does not have an operation at all, as an emulator that answers with something that is
// no answer of AWS's. A call that AWS refused, throttled or broke off has an error code, and one that never arrived has no
// HTTP status; neither is this.
func notOffered(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != "" && api.ErrorCode() != "UnknownError" {
		return api.ErrorCode() == "UnknownOperationException" || api.ErrorCode() == "UnsupportedCommandTypeException"
	}
	var response *smithyhttp.ResponseError
	return errors.As(err, &response) && (response.HTTPStatusCode() >= 500 || response.HTTPStatusCode() == http.StatusNotFound)
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
