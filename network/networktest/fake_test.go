package networktest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"github.com/canpull/canpull/network/networktest"
)

// code returns the code of an error as EC2's clients find it, "" for another error.
func code(err error) string {
	var operation *smithy.OperationError
	var api smithy.APIError
	if !errors.As(err, &operation) || operation.Service() != "EC2" || !errors.As(err, &api) {
		return ""
	}
	return api.ErrorCode()
}

func two() *networktest.Fake {
	return &networktest.Fake{Subnets: []types.Subnet{
		{SubnetId: aws.String("subnet-1"), VpcId: aws.String("vpc-1")},
		{SubnetId: aws.String("subnet-2"), VpcId: aws.String("vpc-2")},
	}}
}

func TestFakeUnknownSubnet(t *testing.T) {
	for name, c := range map[string]struct {
		fake *networktest.Fake
		ids  []string
		want string
	}{
		"known":              {two(), []string{"subnet-2", "subnet-1"}, ""},
		"one of two unknown": {two(), []string{"subnet-1", "subnet-3"}, "InvalidSubnetID.NotFound"},
		"none there":         {&networktest.Fake{Subnets: []types.Subnet{}}, []string{"subnet-1"}, "InvalidSubnetID.NotFound"},
		"none asked for":     {two(), nil, ""},
		"denied":             {&networktest.Fake{}, []string{"subnet-1"}, "UnauthorizedOperation"},
	} {
		out, err := c.fake.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{SubnetIds: c.ids})
		if got := code(err); got != c.want || (err == nil) != (c.want == "") || (out == nil) != (err != nil) {
			t.Errorf("%s: the answer is %v, %v; want the code %q", name, out, err, c.want)
		}
	}
}

func TestFakeFilters(t *testing.T) {
	out, err := two().DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: []types.Filter{{Name: aws.String("vpc-id"), Values: []string{"vpc-2"}}}})
	if err != nil || len(out.Subnets) != 1 || aws.ToString(out.Subnets[0].SubnetId) != "subnet-2" {
		t.Errorf("the answer is %v, %v; want subnet-2", out, err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a filter that the fake does not know is passed over in silence")
		}
	}()
	_, _ = two().DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: []types.Filter{{Name: aws.String("state"), Values: []string{"available"}}}})
}

func TestFakePages(t *testing.T) {
	fake := two()
	fake.PageSize = 1
	pages := ec2.NewDescribeSubnetsPaginator(fake, &ec2.DescribeSubnetsInput{})
	for n := 1; pages.HasMorePages(); n++ {
		out, err := pages.NextPage(t.Context())
		if err != nil || n > 2 || len(out.Subnets) != 1 {
			t.Fatalf("page %d is %v, %v", n, out, err)
		}
	}
}

func TestFakeBefore(t *testing.T) {
	throttled := errors.New("throttled")
	fake := two()
	fake.Before = func(_ context.Context, action string, input any) error {
		if in, ok := input.(*ec2.DescribeSubnetsInput); !ok || action != "ec2:DescribeSubnets" || len(in.SubnetIds) != 1 {
			t.Errorf("before %s with %v", action, input)
		}
		return throttled
	}
	if _, err := fake.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{SubnetIds: []string{"subnet-1"}}); !errors.Is(err, throttled) {
		t.Errorf("the error is %v, want %v", err, throttled)
	}
}

func TestFakeEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := two().DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want %v", err, context.Canceled)
	}
}
