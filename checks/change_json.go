package checks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// changeTypes are the changes that JSON is read back as, each by the name of its type.
var changeTypes = []Change{
	AcceptTransitGatewayVPCAttachment{},
	AcceptVPCPeeringConnection{},
	AssociateDHCPOptions{},
	AssociateNATGatewayAddress{},
	AssociateRouteTable{},
	AssociateTransitGatewayRouteTable{},
	AttachInternetGateway{},
	AttachRolePolicy{},
	AuthorizeSecurityGroupEgress{},
	AuthorizeSecurityGroupIngress{},
	CancelKeyDeletion{},
	CreateDHCPOptions{},
	CreateEgressOnlyInternetGateway{},
	CreateInternetGateway{},
	CreateNATGateway{},
	CreateNetworkACLEntry{},
	CreatePolicyVersion{},
	CreateRole{},
	CreateRoute{},
	CreateSecret{},
	CreateSecurityGroup{},
	CreateTransitGatewayRoute{},
	CreateVPCBlockPublicAccessExclusion{},
	CreateVPCEndpoint{},
	DeleteRolePolicy{},
	DeleteVPCEndpoints{},
	DetachRolePolicy{},
	EnableKey{},
	ForceNewDeployment{},
	ModifyNetworkInterfaceAttribute{},
	ModifySubnetAttribute{},
	ModifyTransitGatewayVPCAttachment{},
	ModifyVPCAttribute{},
	ModifyVPCEndpoint{},
	PutKeyPolicy{},
	PutRegistryPolicy{},
	PutResourcePolicy{},
	PutRolePolicy{},
	RegisterTaskDefinition{},
	ReplaceRoute{},
	ReplaceTransitGatewayRoute{},
	RestoreSecret{},
	RunTask{},
	SetEndpointPolicy{},
	SetRepositoryPolicy{},
	StartInstances{},
	UpdateAssumeRolePolicy{},
	UpdateImageStorageClass{},
	UpdatePullThroughCacheRule{},
	UpdateService{},
}

// UnknownChange is a change of a type that this version does not know: a newer one's, or a caller's own. It says what the
// JSON said that it was read from, and cannot be applied.
type UnknownChange struct {
	Type string
	JSON json.RawMessage // the whole object
}

// said is what the JSON of every change says behind its fields.
type said struct {
	Commands  [][]string `json:"commands"`
	Terraform string     `json:"terraform"`
}

func (c UnknownChange) said() (s said) {
	_ = json.Unmarshal(c.JSON, &s) // what is malformed says nothing
	return s
}

// Commands returns those that the JSON holds.
func (c UnknownChange) Commands() [][]string { return c.said().Commands }

// Terraform returns what the JSON holds.
func (c UnknownChange) Terraform() string { return c.said().Terraform }

// Apply fails.
func (c UnknownChange) Apply(*Snapshot) error {
	return fmt.Errorf("this version does not know the change %q", c.Type)
}

// fixJSON is a Fix as JSON.
type fixJSON struct {
	Summary  string            `json:"summary"`
	Docs     string            `json:"docs"`
	TradeOff string            `json:"tradeOff,omitempty"`
	Region   string            `json:"region,omitempty"`
	Changes  []json.RawMessage `json:"changes"`
	Proof    *Proof            `json:"proof,omitempty"`
}

// MarshalJSON writes each change as an object with its type's name, its fields, its commands and its Terraform.
func (f Fix) MarshalJSON() ([]byte, error) {
	out := fixJSON{f.Summary, f.Docs, f.TradeOff, f.Region, []json.RawMessage{}, f.Proof}
	for _, c := range f.Changes {
		change, err := f.marshal(c)
		if err != nil {
			return nil, err
		}
		out.Changes = append(out.Changes, change)
	}
	return encoded(out)
}

func (f Fix) marshal(c Change) (json.RawMessage, error) {
	if unknown, ok := c.(UnknownChange); ok {
		return unknown.JSON, nil
	}
	fields, err := encoded(c)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(fields, []byte("{")) {
		return nil, fmt.Errorf("checks: the change %T is no JSON object", c)
	}
	head, err := encoded(map[string]string{"type": reflect.Indirect(reflect.ValueOf(c)).Type().Name()})
	if err != nil {
		return nil, err
	}
	tail, err := encoded(said{f.commands(c), c.Terraform()})
	if err != nil {
		return nil, err
	}
	return joinObjects(head, fields, tail), nil
}

// joinObjects makes one JSON object of several, in their order.
func joinObjects(objects ...[]byte) json.RawMessage {
	var members [][]byte
	for _, o := range objects {
		if o = bytes.TrimSpace(o); len(o) > len("{}") {
			members = append(members, o[1:len(o)-1])
		}
	}
	return fmt.Appendf(nil, "{%s}", bytes.Join(members, []byte(",")))
}

// encoded writes JSON as it stands, "<" and "&" included: whoever embeds it escapes it.
func encoded(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// UnmarshalJSON reads what MarshalJSON writes. A change of another type than this version knows becomes an UnknownChange.
func (f *Fix) UnmarshalJSON(data []byte) error {
	var in fixJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*f = Fix{Summary: in.Summary, Docs: in.Docs, TradeOff: in.TradeOff, Region: in.Region, Proof: in.Proof}
	for _, raw := range in.Changes {
		c, err := changeOf(raw)
		if err != nil {
			return err
		}
		f.Changes = append(f.Changes, c)
	}
	return nil
}

func changeOf(raw json.RawMessage) (Change, error) {
	var s struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	if s.Type == "" {
		return nil, errors.New("checks: a change in JSON has no type")
	}
	for _, c := range changeTypes {
		t := reflect.TypeOf(c)
		if t.Name() != s.Type {
			continue
		}
		into := reflect.New(t)
		if err := json.Unmarshal(raw, into.Interface()); err != nil {
			return nil, fmt.Errorf("checks: change %s: %w", s.Type, err)
		}
		return into.Elem().Interface().(Change), nil
	}
	return UnknownChange{s.Type, bytes.Clone(raw)}, nil
}
