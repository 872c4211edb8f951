package checks

import (
	"slices"
)

// Default returns the standard checks in the order of the pull. They share what they read: see Sources.Shared.
func Default(s Sources) []Checker {
	s = s.Shared()
	return []Checker{
		ExecutionRole{Roles: s.Roles, Images: s.Images, Network: s.Network, Organizations: s.Organizations},
		DNS{Network: s.Network},
		SecurityGroup{Network: s.Network},
		NetworkACL{Network: s.Network},
		Route{Network: s.Network},
		PublicIP{Network: s.Network},
		VPCEndpoints{Network: s.Network},
		EndpointPolicy{Network: s.Network, Roles: s.Roles},
		RepositoryPolicy{Roles: s.Roles, Images: s.Images, Network: s.Network},
		RegistryCredentials{Roles: s.Roles, Secrets: s.Secrets},
		PullThroughCache{Roles: s.Roles, Images: s.Images, Secrets: s.Secrets, Network: s.Network},
		Image{Images: s.Images},
		RateLimit{Images: s.Images},
		Platform{Images: s.Images},
		ImageFormat{Images: s.Images},
		Storage{Images: s.Images},
		StoppedReason{},
	}
}

// Actions returns the IAM actions that checkers and the loading of tasks may call, sorted: the least that a read-only
// policy has to allow. All of them take the resource "*" or can be given it.
func Actions(checkers ...Checker) []string {
	actions := slices.Clone(loaderActions)
	for _, c := range checkers {
		actions = append(actions, c.Info().Actions...)
	}
	slices.Sort(actions)
	return slices.Compact(actions)
}
