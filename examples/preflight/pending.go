package main

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

// pending is what a deployment creates or changes itself, and what of the account's answers that makes out of date. They are
// refused, as if they might not be read: what depends on them is then not known.
type pending []change

// change is a resource of the deployment.
type change struct {
	name    string   // as the file calls it
	actions []string // "ec2:DescribeSecurityGroups", or "ec2:" for all of a service
	about   string   // the role, repository or secret that it is about; "" makes every answer of the actions out of date
}

// refuse returns an error for a call whose answer is out of date.
func (p pending) refuse(action string, input any) error {
	for _, c := range p {
		if c.concerns(action) && (c.about == "" || slices.Contains(subjects(input), c.about)) {
			return fmt.Errorf("the deployment creates or changes %s", c.name)
		}
	}
	return nil
}

func (c change) concerns(action string) bool {
	return slices.ContainsFunc(c.actions, func(a string) bool { return a == action || strings.HasSuffix(a, ":") && strings.HasPrefix(action, a) })
}

// subjects returns the names of what a call is about.
func subjects(input any) (names []string) {
	v := reflect.Indirect(reflect.ValueOf(input))
	if v.Kind() != reflect.Struct {
		return nil
	}
	for _, field := range []string{"RoleName", "PolicySourceArn", "RepositoryName", "RepositoryNames", "SecretId"} {
		switch value := v.FieldByName(field); {
		case !value.IsValid():
		case value.Kind() == reflect.Slice:
			for i := range value.Len() {
				names = append(names, value.Index(i).String())
			}
		case value.Kind() == reflect.Pointer && !value.IsNil():
			names = append(names, value.Elem().String())
		}
	}
	for i := range names {
		names[i] = bare(names[i])
	}
	return names
}

// bare returns the name at the end of a role's ARN, and any other name as it is: a repository's may hold slashes.
func bare(name string) string {
	if !strings.HasPrefix(name, "arn:") {
		return name
	}
	return name[strings.LastIndexAny(name, "/:")+1:]
}

// middleware has the SDK's clients refuse.
func (p pending) middleware(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("pending", func(ctx context.Context, in middleware.InitializeInput,
		next middleware.InitializeHandler) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
		service := strings.ToLower(strings.ReplaceAll(awsmiddleware.GetServiceID(ctx), " ", ""))
		if err := p.refuse(service+":"+awsmiddleware.GetOperationName(ctx), in.Parameters); err != nil {
			return out, metadata, err
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.After)
}
