package iamtest

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"
)

// Denied is what the SDK returns if the caller may not call an operation, "GetRole" or "iam:GetRole".
func Denied(operation string) error {
	operation = strings.TrimPrefix(operation, "iam:")
	return failed(operation, &smithy.GenericAPIError{
		Code:    "AccessDenied",
		Message: fmt.Sprintf("User: arn:aws:iam::111122223333:user/canpull is not authorized to perform: iam:%[1]s because no identity-based policy allows the iam:%[1]s action", operation),
		Fault:   smithy.FaultClient,
	})
}

func none(operation, format string, name *string) error {
	message := fmt.Sprintf(format, aws.ToString(name))
	return failed(operation, &types.NoSuchEntityException{Message: &message})
}

func failed(operation string, err error) error {
	return &smithy.OperationError{ServiceID: "IAM", OperationName: operation, Err: err}
}
