package registry

import (
	"fmt"
	"time"
)

// Status says what a registry answered for an image.
type Status uint8

const (
	// Unknown: nothing is certain; [Image.Answer] says why.
	Unknown Status = iota
	// Present: the registry has a manifest of that name.
	Present
	// ImageAbsent: the repository has no such tag or digest. Outside ECR the repository may be absent as well:
	// most registries answer both with the same 404.
	ImageAbsent
	// RepositoryAbsent: there is no such repository, or, in another account's ECR, perhaps none for this caller.
	RepositoryAbsent
	// Archived: ECR has moved the image to its archive and answers a pull with 404 until it is restored
	// (https://docs.aws.amazon.com/AmazonECR/latest/userguide/archive-image.html).
	Archived
	// CredentialsRequired: the registry refused an anonymous request. Many hide a missing repository behind that.
	CredentialsRequired
)

var statuses = [...]string{"unknown", "present", "image-absent", "repository-absent", "archived", "credentials-required"}

func (s Status) String() string {
	if int(s) < len(statuses) {
		return statuses[s]
	}
	return fmt.Sprintf("status(%d)", uint8(s))
}

// MarshalText returns the status in lower case with hyphens: "image-absent".
func (s Status) MarshalText() ([]byte, error) {
	if int(s) >= len(statuses) {
		return nil, fmt.Errorf("registry: no such status: %d", uint8(s))
	}
	return []byte(statuses[s]), nil
}

// UnmarshalText reads what MarshalText writes.
func (s *Status) UnmarshalText(text []byte) error {
	for i, word := range statuses {
		if word == string(text) {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("registry: no such status: %q", text)
}

// Image is what is known of an image.
type Image struct {
	Reference Reference
	Status    Status
	Digest    string     // of the manifest or index found; "" when not known
	MediaType string     // of the manifest or index found; "" when not known
	PushedAt  *time.Time // ECR only; nil when not known, as of an image whose manifest could be read
	Answer    string     // one sentence: what the registry answered, or why nothing is known; it holds no secret

	// Manifest is the manifest or index itself; nil: not read, and ManifestNotRead says why.
	Manifest        *Manifest
	ManifestNotRead string `json:",omitempty"`
	// RateLimit is what the registry said of its limit for this machine's address; nil: it said nothing.
	RateLimit *RateLimit `json:",omitempty"`

	// CacheRule is the pull-through-cache rule of ECR that covers the repository: nil when the rules were not read,
	// one without a prefix when they were read and none does.
	CacheRule *CacheRule `json:",omitempty"`
	// RepositoryPolicy is the ECR repository's policy document: nil when it was not read, "" when it was read and
	// there is none.
	RepositoryPolicy *string
	// RegistryPolicy is the policy of the ECR registry: nil when it was not read. AWS shows it to its own account only.
	RegistryPolicy *RegistryPolicy `json:",omitempty"`
	// Encryption is how the ECR repository is encrypted: nil when it was not read, as of an image whose manifest was,
	// which shows that its key works.
	Encryption *Encryption `json:",omitempty"`
	// Unread holds, by IAM action ("ecr:DescribeImages"), the error of each operation of AWS that gave no answer.
	Unread map[string]error `json:"-"`
	// Unreachable is what kept this machine from asking a registry other than ECR: a name that does not resolve, a
	// connection that times out, a certificate that does not verify. It says nothing about the task.
	Unreachable error `json:"-"`
}

func (i *Image) unread(action string, err error) {
	if i.Unread == nil {
		i.Unread = make(map[string]error)
	}
	i.Unread[action] = err
}

// RateLimit is a registry's limit of pulls, as its answer to this machine has it.
type RateLimit struct {
	Limit     int           // pulls in each window
	Remaining int           // pulls left in this one
	Window    time.Duration // 0: not said
}
