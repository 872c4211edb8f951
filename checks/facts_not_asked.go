package checks

import (
	"errors"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// errNotAsked is why the facts that nobody asked for were not read.
var errNotAsked = errors.New("it is not among the captured facts")

// notAsked returns the error of every action that would have read a fact.
func notAsked(actions ...string) map[string]error {
	unread := map[string]error{}
	for _, action := range actions {
		unread[action] = errNotAsked
	}
	return unread
}

func topologyNotAsked() *network.Topology {
	return &network.Topology{Unread: notAsked("ec2:DescribeSubnets")}
}

func roleNotAsked(name string) *iam.Role {
	const getRole, inline, attached = "iam:GetRole", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies"
	r := &iam.Role{Name: iam.RoleName(name), Identity: iam.Layer{Missing: []string{inline, attached}}, Boundary: &iam.Layer{Missing: []string{getRole}},
		Unread: notAsked(getRole, inline, attached)}
	if accountOf(name) != "" {
		r.ARN = name
	}
	return r
}

func imageNotAsked(ref registry.Reference) *registry.Image {
	image := &registry.Image{Reference: ref, Answer: errNotAsked.Error(), ManifestNotRead: errNotAsked.Error()}
	if ref.ECR == nil {
		image.Unreachable = errNotAsked
	} else {
		image.Unread = notAsked(imageActions...)
	}
	return image
}

func secretNotAsked(id credentials.ID) *credentials.Secret {
	s := &credentials.Secret{ID: id, Unread: notAsked(credentials.DescribeSecret, credentials.GetResourcePolicy)}
	if region := regionOf(id.Name); region != "" {
		s.ARN, s.ID.Region = id.Name, region
	}
	return s
}
