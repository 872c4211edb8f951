package checks

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry/credentials"
)

// RegistryCredentials checks the secrets that repositoryCredentials name: that each exists in the Region where ECS looks for
// it, is not about to be deleted, and may be read and decrypted by the execution role, by the role's own policies, the
// secret's and its key's. A secret's value is read, to judge its form, only if the source was made for that; the value
// itself is in no finding.
//
// The article leaves this step out; its error texts begin with "ResourceInitializationError: unable to pull secrets or
// registry auth".
type RegistryCredentials struct {
	Roles   iam.Source
	Secrets credentials.Source
}

// Info describes the check.
func (RegistryCredentials) Info() Info {
	const docs = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html"
	const secrets = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/"
	const keys = "https://docs.aws.amazon.com/kms/latest/developerguide/"
	return Info{
		ID: "registry-credentials", Title: "Registry credentials",
		Actions: append([]string{credentials.DescribeSecret, credentials.GetResourcePolicy, credentials.DescribeKey, credentials.GetKeyPolicy,
			credentials.ListGrants}, roleActions...),
		Codes: map[Code]Meaning{
			"credentials.none":      {Skip, "No container names credentials for its registry.", nil},
			"credentials.not-asked": {Skip, "Who may read {subject} was not asked: the execution role does not exist.", nil},
			"credentials.readable":  {Pass, "{role} may read {secrets}.", nil},
			"credentials.role-none": {Fail, "The task has no execution role, and reading {subject} takes one.", []Remedy{{"Set executionRoleArn in the task definition to a role that may call secretsmanager:GetSecretValue on {subject}", docs, "", setNewRole}}},
			"credentials.absent": {Fail, "The secret {subject} does not exist in {region}.", []Remedy{
				{"Create the secret {subject} in {region}, as JSON with username and password", docs, "", createSecret},
				{"Name the secret by the whole of its ARN in the task definition", docs, "", nil}}},
			"credentials.deleted": {Fail, "The secret {subject} is scheduled for deletion and cannot be read.", []Remedy{{"Restore {subject}", secrets + "manage_restore-secret.html", "", restoreSecret}}},
			"credentials.denied":  {Fail, "{role} may not call secretsmanager:GetSecretValue on {subject} ({cite}).", []Remedy{{"Allow secretsmanager:GetSecretValue on {subject} for {role}", docs, "", allowSecret}}},
			"credentials.key-state": {Fail, "The key of {subject}, {key}, is {state}, so that nothing can be decrypted with it.", []Remedy{
				{"Make {key} usable: enable it, cancel its deletion, import its key material or connect its key store", keys + "enabling-keys.html", "", enableKey}}},
			"credentials.key-denied":     {Fail, "{role} may not call kms:Decrypt with {key}, the key of {subject} ({cite}).", []Remedy{{"Allow kms:Decrypt on {key} for {role}, in the role's policy and the key's", docs, "", allowKey}}},
			"credentials.key-not-shared": {Fail, "{subject} is in another account than {role} and has the key that AWS manages, which cannot be shared.", []Remedy{{"Give {subject} a key of your own, and allow {role} to decrypt with it", secrets + "auth-and-access_examples_cross.html", "", nil}}},
			"credentials.malformed":      {Fail, "The value of {subject} is not what ECS takes, a JSON object with the strings username and password: {form}.", []Remedy{{"Store {\"username\": …, \"password\": …} as the value of {subject}", docs, "", nil}}},
			"credentials.unread":         {Unknown, "Whether {role} may read {subject} is not known: {reason}.", nil},
		},
		Assumes: []string{"The user name and password in a secret are those of the registry.", givenSecrets},
	}
}

// givenSecrets is taken for granted of the secrets of a task definition that are no credentials of a registry.
const givenSecrets = "The secrets that containers are given exist, and the execution role may read them."

// Check reads each secret once.
func (c RegistryCredentials) Check(ctx context.Context, task Task) ([]Finding, error) {
	found, err := c.check(ctx, task)
	if len(found) > 0 && !slices.ContainsFunc(task.Containers, func(c Container) bool { return len(c.Secrets) > 0 }) {
		found[0].Settles = append(found[0].Settles, givenSecrets)
	}
	return found, err
}

func (c RegistryCredentials) check(ctx context.Context, task Task) ([]Finding, error) {
	info := c.Info()
	var ids, containers = []credentials.ID{}, map[string][]string{}
	for _, container := range task.Containers {
		if name := container.RepositoryCredentials; name != "" {
			ids = with(ids, credentials.ID{Name: name, Region: task.Region})
			containers[name] = append(containers[name], container.Name)
		}
	}
	switch {
	case c.Secrets == nil || c.Roles == nil:
		return nil, errNoSource
	case len(ids) == 0:
		return []Finding{info.Finding(Authenticate, "credentials.none", task.subject(), nil)}, nil
	case task.ExecutionRole == "":
		f := info.Finding(Authenticate, "credentials.role-none", ids[0].Name, nil)
		f.Evidence = append(f.Evidence, Evidence{"ecs:DescribeTaskDefinition", "no executionRoleArn"})
		for _, id := range ids { // so that a fix which names a role can be tried out
			if _, err := c.Secrets.Secret(ctx, id); err != nil {
				return []Finding{f}, err
			}
		}
		return []Finding{f}, nil
	}
	var role *iam.Role
	secrets := make([]*credentials.Secret, len(ids))
	var reading errgroup.Group // at once: neither waits for what the other says
	reading.Go(func() (err error) { role, err = c.Roles.Role(ctx, task.ExecutionRole); return err })
	for i, id := range ids {
		reading.Go(func() (err error) { secrets[i], err = c.Secrets.Secret(ctx, id); return err })
	}
	if err := reading.Wait(); err != nil {
		return nil, err
	}
	var found []Finding
	var readable []string
	for i, id := range ids {
		secret := secrets[i]
		for _, o := range (judged{info, role, secret, task}).verdicts() {
			if o.code == "credentials.readable" {
				readable = append(readable, id.Name)
				continue
			}
			args := map[string]string{"role": called(role), "region": secret.ID.Region, "cite": "", "form": string(secret.Form), "reason": o.reason}
			if k := secret.Key; k != nil {
				args["key"], args["state"] = k.ARN, k.State
			} else if o.code == "credentials.key-denied" {
				args["key"] = managedKey
			}
			if o.decision != nil {
				args["cite"] = cite(o.decision.Policy, o.decision.Statement, o.decision.Element)
			}
			f := info.Finding(Authenticate, o.code, id.Name, args)
			f.Scope = containers[id.Name]
			f.Evidence = append(f.Evidence, o.evidence...)
			found = info.joinTo(found, f.because(o.missing, unreadOf(role, secret)), func(g Finding) bool {
				return (o.code == "credentials.key-state" || o.code == "credentials.key-denied") && g.Args["key"] == args["key"]
			}, "subject")
		}
	}
	if len(readable) > 0 {
		found = append(found, info.Finding(Authenticate, "credentials.readable", task.subject(), map[string]string{"role": called(role), "secrets": joined(readable)}))
	}
	return found, nil
}

// unreadOf says why what is missing is.
func unreadOf(role *iam.Role, secret *credentials.Secret) map[string]error {
	all := map[string]error{}
	for action, err := range role.Unread {
		all[action] = err
	}
	for action, err := range secret.Unread {
		all[action] = err
	}
	return all
}

// judged is a secret and who is to read it.
type judged struct {
	info   Info
	role   *iam.Role
	secret *credentials.Secret
	task   Task
}

// opinion is what a secret comes to.
type opinion struct {
	code     Code
	reason   string
	missing  []string
	decision *iam.Decision
	evidence []Evidence
}

func unknownFor(missing, keys []string) opinion {
	return opinion{code: "credentials.unread", reason: unsettled(missing, keys), missing: missing}
}

// verdicts finds everything that certainly stops the secret from being read; for want of that, what is not known. Each is a
// fault of its own: that one was not read never brings another to light.
func (j judged) verdicts() (certain []opinion) {
	s := j.secret
	fault := func(code Code, source, text string) {
		certain = append(certain, opinion{code: code, evidence: []Evidence{{source, text}}})
	}
	account := accountOf(s.ARN)
	switch {
	case s.Exists != nil && !*s.Exists && account != "" && j.task.Account == "":
		return []opinion{{code: "credentials.unread", reason: j.task.elsewhere(account)}}
	case s.Exists != nil && !*s.Exists && account != "" && account != j.task.Account:
		return []opinion{{code: "credentials.unread", reason: "it is in account " + account + ", which does not show it"}}
	case s.Exists != nil && !*s.Exists:
		fault("credentials.absent", credentials.DescribeSecret, "ResourceNotFoundException")
	case s.DeletedAt != nil:
		fault("credentials.deleted", credentials.DescribeSecret, "scheduled for deletion on "+s.DeletedAt.UTC().Format("2006-01-02"))
	}
	if j.role.Exists != nil && !*j.role.Exists {
		if len(certain) == 0 {
			return []opinion{{code: "credentials.not-asked"}}
		}
		return certain
	}
	read := j.mayRead()
	if read.Outcome == iam.ImplicitDeny || read.Outcome == iam.ExplicitDeny {
		certain = append(certain, opinion{code: "credentials.denied", decision: &read, evidence: []Evidence{{secretPolicySource(read), read.Reason(iam.Request{Action: credentials.GetSecretValue})}}})
	}
	if j.notShared() {
		fault("credentials.key-not-shared", credentials.DescribeSecret, "no key of the customer's, in account "+account)
	}
	var key opinion
	if (s.KeyID != "" || s.Exists != nil && *s.Exists) && !j.notShared() {
		if key = j.judgeKey(); key.code == "" && s.Key != nil && !s.Key.AWS && s.Key.State == "" {
			key = unknownFor([]string{credentials.DescribeKey}, nil)
		}
		if j.info.Codes[key.code].Status == Fail {
			certain = append(certain, key)
		}
	}
	if s.Form != credentials.FormNotRead && s.Form != credentials.FormValid {
		fault("credentials.malformed", credentials.GetSecretValue, "the form of the value: "+string(s.Form))
	}
	if len(certain) > 0 {
		return certain
	}
	missing, keys := read.Missing, read.Keys
	if s.Exists == nil {
		missing = append(missing, credentials.DescribeSecret)
	}
	switch {
	case read.Outcome == iam.Unknown || s.Exists == nil:
		return []opinion{unknownFor(compacted(append(missing, key.missing...)), keys)}
	case key.code != "":
		return []opinion{key}
	case s.Unread[credentials.GetSecretValue] != nil:
		return []opinion{unknownFor([]string{credentials.GetSecretValue}, nil)}
	}
	return []opinion{{code: "credentials.readable"}}
}

// notShared reports a secret of another account that has the key which AWS manages there.
func (j judged) notShared() bool {
	s, account, own := j.secret, accountOf(j.secret.ARN), cmp.Or(j.task.Account, j.role.Principal().Account)
	return s.Exists != nil && account != "" && own != "" && account != own && (s.KeyID == "" || s.Key != nil && s.Key.AWS)
}

// mayRead decides whether the role may call GetSecretValue.
func (j judged) mayRead() iam.Decision {
	policies := j.role.Policies()
	policies.Resource = j.secretLayer()
	return iam.Evaluate(j.read(), policies)
}

// secretLayer returns the secret's policy as what it is to an evaluation; nil: it has none.
func (j judged) secretLayer() *iam.Layer {
	switch p := j.secret.Policy; {
	case p == nil:
		return &iam.Layer{Missing: []string{credentials.GetResourcePolicy}}
	case *p != "":
		document, _ := iam.Parse(*p) // what is malformed evaluates as unknown
		return &iam.Layer{Policies: []iam.Policy{{Name: "policy of the secret", Document: document}}}
	}
	return nil
}

// read is the request for the secret's value.
func (j judged) read() iam.Request {
	secret := j.secret.ARN
	if j.secret.Exists == nil && !addressedSecret.MatchString(secret) { // as the task names it, which may be a part of its ARN
		secret = ""
	}
	r := j.request(credentials.GetSecretValue, secret)
	r.Context["aws:ViaAWSService"] = iam.Present("false")
	// The key is "the SecretID value in the request", and what it is for a name or a part of an ARN is not documented.
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
	r.Context["secretsmanager:SecretId"] = iam.PresentUnknown()
	if secret != "" && secret == j.secret.ID.Name {
		r.Context["secretsmanager:SecretId"] = iam.Present(secret)
	}
	return r
}

// request returns a request of the role in the secret's Region. A resource that is not known is in the secret's account, or
// the task's.
func (j judged) request(action, resource string) iam.Request {
	r := iam.Request{Action: action, Resource: resource, ResourceAccount: accountOf(resource), Principal: j.role.Principal(), Context: iam.Context{
		"aws:SecureTransport": iam.Present("true"),
		"aws:RequestedRegion": iam.Present(j.secret.ID.Region),
	}}
	if resource == "" {
		r.ResourceAccount = cmp.Or(accountOf(j.secret.ARN), j.task.Account)
	}
	for key, value := range j.role.Context() {
		r.Context[key] = value
	}
	return r
}

func secretPolicySource(d iam.Decision) string {
	if d.Layer == iam.ResourceLayer {
		return credentials.GetResourcePolicy
	}
	return policySource(d)
}
