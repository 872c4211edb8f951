package iam

// Policy is a document and what it is called.
type Policy struct {
	Name     string
	ARN      string `json:",omitempty"`
	Document Document
}

// Layer is the policies of one type that meet a request. Missing names the IAM actions that would have read the rest: a
// layer with Missing is incomplete, and what it lacks counts as possibly allowing and possibly denying.
type Layer struct {
	Policies []Policy
	Missing  []string `json:",omitzero"`
}

// Policies is everything that has a say in a request.
type Policies struct {
	Identity Layer  // the role's inline and attached policies
	Boundary *Layer `json:",omitempty"` // nil: the role has no permissions boundary
	Session  *Layer `json:",omitempty"` // nil: the session has no policy of its own
	// SCP and RCP hold one layer per level: root, organizational units, account. Nil: not considered, which is right for
	// a management account or an account outside an organization, and otherwise an assumption of the caller's.
	SCP, RCP []Layer `json:",omitzero"`
	// Resource is the policies on the resource, for an ECR repository also those of its registry. Nil, or a layer that
	// holds nothing: there are none.
	Resource *Layer `json:",omitempty"`
	Endpoint *Layer `json:",omitempty"` // nil: the request passes through no VPC endpoint, or one without policies
	// EndpointType is EC2's name for the kind of that endpoint: a gateway endpoint takes no principal but "*". "": not known,
	// so that an endpoint for S3 or DynamoDB may be either.
	EndpointType EndpointType `json:",omitempty"`
}

// EndpointType is a kind of VPC endpoint, as EC2 calls it.
type EndpointType string

// The kinds of VPC endpoints that have policies.
const (
	GatewayEndpoint   EndpointType = "Gateway"
	InterfaceEndpoint EndpointType = "Interface"
)

// Unrestricted is a layer that allows everything. It stands for the identity policies of a principal in an account of
// AWS's own, such as the one that signs the URLs of ECR's image layers: they are not ours to judge.
func Unrestricted() Layer {
	return Layer{Policies: []Policy{{Name: "unrestricted", Document: Document{
		Version:    version2012,
		Statements: []Statement{{Effect: Allow, Actions: []string{"*"}, Resources: []string{"*"}}},
	}}}}
}

// LayerName is a policy type.
type LayerName string

// The policy types, in the order in which a decision is put down to one of them.
const (
	IdentityLayer LayerName = "identity"
	BoundaryLayer LayerName = "boundary"
	SessionLayer  LayerName = "session"
	SCPLayer      LayerName = "scp"
	RCPLayer      LayerName = "rcp"
	ResourceLayer LayerName = "resource"
	EndpointLayer LayerName = "endpoint"
)
