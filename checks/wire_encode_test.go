package checks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr/schemas"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
)

// encode writes an answer in its service's protocol: EC2's and IAM's are XML, the others' JSON.
func (a *answer) encode(r *http.Request) *http.Response {
	switch {
	case a.err != nil:
		return a.refuse(r)
	case a.service == "EC2":
		var b bytes.Buffer
		fmt.Fprintf(&b, "<%sResponse><requestId>0</requestId>", a.operation)
		writeXML(&b, reflect.ValueOf(a.output), ec2Name)
		fmt.Fprintf(&b, "</%sResponse>", a.operation)
		return respond(r, http.StatusOK, "text/xml;charset=UTF-8", b.Bytes())
	case a.service == "IAM":
		var b bytes.Buffer
		fmt.Fprintf(&b, "<%[1]sResponse><%[1]sResult>", a.operation)
		writeXML(&b, reflect.ValueOf(a.output), iamName)
		fmt.Fprintf(&b, "</%[1]sResult></%[1]sResponse>", a.operation)
		return respond(r, http.StatusOK, "text/xml", b.Bytes())
	}
	return respond(r, http.StatusOK, "application/x-amz-json-1.1", jsonOf(a.output.(smithy.Serializable)))
}

// refuse writes an error in its service's protocol.
func (a *answer) refuse(r *http.Request) *http.Response {
	var api smithy.APIError
	if !errors.As(a.err, &api) {
		panic(fmt.Sprintf("%s: %v is no answer of AWS's", a.action(), a.err))
	}
	return refused(r, a.wireCall, http.StatusBadRequest, api.ErrorCode(), api.ErrorMessage())
}

func refused(r *http.Request, c wireCall, status int, code, message string) *http.Response {
	var text bytes.Buffer
	_ = xml.EscapeText(&text, []byte(message)) // a buffer takes everything
	switch c.service {
	case "EC2":
		return respond(r, status, "text/xml;charset=UTF-8", fmt.Appendf(nil, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>0</RequestID></Response>", code, text.String()))
	case "IAM":
		return respond(r, status, "text/xml", fmt.Appendf(nil, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>0</RequestId></ErrorResponse>", code, text.String()))
	}
	body, err := json.Marshal(map[string]string{"__type": code, "message": message})
	if err != nil {
		panic(err)
	}
	return respond(r, status, "application/x-amz-json-1.1", body)
}

// jsonOf writes an output as the SDK would write an input: both are the protocol's structures.
func jsonOf(output smithy.Serializable) []byte {
	request := smithyhttp.NewStackRequest().(*smithyhttp.Request)
	operation := smithy.NewOperationSchema(schemas.DescribeImages, schemas.DescribeImagesRequest, schemas.DescribeImagesResponse) // only the headers are made of it
	if err := awsjson.New11(schemas.AmazonEC2ContainerRegistry_V20150921).SerializeRequest(context.Background(), operation, output, request); err != nil {
		panic(err)
	}
	body, err := io.ReadAll(request.GetStream())
	if err != nil {
		panic(err)
	}
	return body
}

// writeXML writes the members of a structure. Nil is left out; a list of nothing is an empty element.
func writeXML(b *bytes.Buffer, v reflect.Value, name func(structure, member string, list bool) (element, item string)) {
	switch x := v.Interface().(type) {
	case time.Time:
		b.WriteString(x.UTC().Format(time.RFC3339))
		return
	case *time.Time:
		b.WriteString(x.UTC().Format(time.RFC3339))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		writeXML(b, v.Elem(), name)
	case reflect.Struct:
		for i := range v.NumField() {
			f, member := v.Field(i), v.Type().Field(i)
			nilable := f.Kind() == reflect.Pointer || f.Kind() == reflect.Slice || f.Kind() == reflect.Map
			if !member.IsExported() || member.Name == "ResultMetadata" || nilable && f.IsNil() || f.Kind() == reflect.String && f.String() == "" {
				continue
			}
			element, item := name(v.Type().Name(), member.Name, f.Kind() == reflect.Slice)
			fmt.Fprintf(b, "<%s>", element)
			if f.Kind() == reflect.Slice {
				for i := range f.Len() {
					fmt.Fprintf(b, "<%s>", item)
					writeXML(b, f.Index(i), name)
					fmt.Fprintf(b, "</%s>", item)
				}
			} else {
				writeXML(b, f, name)
			}
			fmt.Fprintf(b, "</%s>", element)
		}
	default:
		_ = xml.EscapeText(b, fmt.Append(nil, v.Interface())) // a buffer takes everything
	}
}

func iamName(_, member string, _ bool) (element, item string) { return member, "member" }

// ec2Name returns the element of a member: its name in lower case, and for lists the singular with "Set". The clients do
// not mind the case.
func ec2Name(structure, member string, list bool) (element, item string) {
	element = strings.ToLower(member[:1]) + member[1:]
	if list {
		element = strings.TrimSuffix(element, "s") + "Set"
	}
	for _, key := range []string{member, structure + "." + member} {
		if other, ok := ec2Names[key]; ok {
			element = other
		}
	}
	return element, "item"
}

// ec2Names are the elements that are not called by the rule, by member, or by structure and member.
var ec2Names = map[string]string{
	"CidrBlockAssociationSet":      "cidrBlockAssociationSet",
	"CidrBlockSet":                 "cidrBlockSet",
	"DhcpOptions":                  "dhcpOptionsSet",
	"Entries":                      "entrySet",
	"Instances":                    "instancesSet",
	"IpPermissions":                "ipPermissions",
	"IpPermissionsEgress":          "ipPermissionsEgress",
	"IpRanges":                     "ipRanges",
	"Ipv6CidrBlockAssociationSet":  "ipv6CidrBlockAssociationSet",
	"Ipv6Ranges":                   "ipv6Ranges",
	"NatGatewayAddresses":          "natGatewayAddressSet",
	"PrefixListIds":                "prefixListIds",
	"TransitGatewayAttachments":    "transitGatewayAttachments",
	"TransitGatewayVpcAttachments": "transitGatewayVpcAttachments",
	"UserIdGroupPairs":             "groups",
	"DescribeSecurityGroupsOutput.SecurityGroups": "securityGroupInfo",
	"Instance.State":                        "instanceState",
	"NetworkAcl.IsDefault":                  "default",
	"TransitGatewayVpcAttachment.SubnetIds": "subnetIds",
}
