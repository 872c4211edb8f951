package checks

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
)

// Redact returns a snapshot that gives the same codes and tells nobody whose it is. It is meant for public bug reports.
//
// Every name, ID, account and address is replaced by another, the same one wherever it stands, with a key that is drawn
// anew for each call and thrown away:
//
//   - Accounts become 000000000001, 000000000002, …
//   - Names and IDs are replaced letter by letter, so that policies' patterns still match what they matched. What a name's
//     length is, where its words begin and which begin alike can be seen. Who knows one name can read the beginning of
//     those that begin like it.
//   - Addresses keep the blocks that they share, and private ones stay in their range. Such a range as a whole stays itself;
//     where it is the block of a VPC, as 192.168.0.0/16 may be, so does what lies near its beginning.
//   - Words of an error text that are not among the usual ones of such texts are replaced like names. A malformed policy is
//     replaced by another.
//
// What stays: Regions and Availability Zones, AWS's own hosts, policies, actions and condition keys, public registries,
// the names library and latest, codes of errors, digests, sizes, ports and times.
//
// The standard checks run before and after. The error is for a context that ended, and for facts of which the redacted
// form would give other codes, as where a pattern cuts an ID's prefix in two: then nothing is returned.
func Redact(ctx context.Context, s Snapshot) (hidden Snapshot, err error) {
	key := make([]byte, 32)
	for range 8 { // a short pattern may come to match by chance
		_, _ = rand.Read(key) // never fails
		if hidden, err = redact(ctx, s, key); err == nil || ctx.Err() != nil {
			break
		}
	}
	return hidden, err
}

func redact(ctx context.Context, s Snapshot, key []byte) (Snapshot, error) {
	document, err := json.Marshal(s)
	if err != nil {
		return Snapshot{}, fmt.Errorf("checks: redacting: %w", err)
	}
	var hidden Snapshot
	if err := json.Unmarshal(document, &hidden); err != nil {
		return Snapshot{}, fmt.Errorf("checks: redacting: %w", err)
	}
	addresses := newAddressMap(key, hidden.Facts)
	r := redactor{names: newNames(key, document, addresses)}
	r.walk(reflect.ValueOf(&hidden).Elem(), "")
	for _, sentence := range r.later { // which names are private is known now
		sentence()
	}
	if r.err == nil {
		hidden, r.err = hidden.clone() // for what stands for malformed policies to be read
	}
	if r.err != nil {
		return Snapshot{}, fmt.Errorf("checks: redacting: %w", r.err)
	}
	before, err := outlined(ctx, s)
	if err != nil {
		return Snapshot{}, err
	}
	after, err := outlined(ctx, hidden)
	if err != nil {
		return Snapshot{}, err
	}
	if i := firstDifference(before, after); i >= 0 {
		return Snapshot{}, fmt.Errorf("checks: redacting: the redacted facts do not give the same: %s became %s", at(before, i), at(after, i))
	}
	return hidden, nil
}

// outlined says what the standard checks find in a snapshot, without its names.
func outlined(ctx context.Context, s Snapshot) ([]string, error) {
	d, err := Run(ctx, s.Task, Default(s.Facts.Sources())...)
	lines := []string{}
	for _, f := range d.Findings {
		lines = append(lines, fmt.Sprintf("%s (%s, %s, %d in scope)", f.Code, f.Status, f.Stage, len(f.Scope)))
	}
	slices.Sort(lines) // names are in another order after they were mapped
	return lines, err
}

func firstDifference(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if at(a, i) != at(b, i) {
			return i
		}
	}
	return -1
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "nothing"
}

// redactor maps what a snapshot holds, in place. What it does not know of, it takes for a name.
type redactor struct {
	names *names
	later []func() // maps the sentences
	err   error
}

// publicFields hold words of AWS, of a registry or of the image specification; so do the values of these condition keys.
var publicFields = []string{"Region", "Partition", "DNSSuffix", "State", "KeyState", "RegistryPolicy.Scope", "Type", "Mode", "BlockPublicAccess", "DNSRecordIPType", "IPv6AddressAttribute", "AvailabilityZone", "Zones",
	"AutoProvision", "Association", "FailureCode", "Protocol", "MediaType", "Digest", "OS", "Architecture", "Variant", "OSVersion", "OSFamily", "PlatformVersion",
	"StopCode", "Upstream", "Actions", "NotActions", "Missing", "Version", "Operator", "PrincipalSet.Service",
	"aws:requestedregion", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:principaltype", "kms:viaservice", "iam:passedtoservice"}

// sentences hold what people read.
var sentences = []string{"StoppedReason", "Reason", "Answer", "FailureMessage", "ManifestNotRead", "NotRead", "RevisionNotRead", "PlacementNotRead"}

func (r *redactor) walk(v reflect.Value, field string) {
	switch known := v.Addr().Interface().(type) {
	case *network.CIDR:
		known.Prefix = r.names.addresses.prefix(known.Prefix)
		return
	case *time.Time:
		return
	case *error:
		r.failure(known)
		return
	case *iam.Policy:
		if strings.Contains(known.ARN, ":iam::aws:policy/") {
			return // AWS's own, for everybody to read
		}
	case *iam.Document:
		r.document(known)
		return
	case *iam.Condition:
		r.condition(known)
		return
	case *map[string]iam.Value, *iam.Context:
		r.keys(v, conditionKey)
		return
	case *map[string]bool, *map[string]error:
		r.keys(v, func(_ *names, action string) string { return action })
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			r.walk(v.Elem(), field)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 && v.Len() > 0 {
			r.fail(v, field)
			return
		}
		for i := range v.Len() {
			r.walk(v.Index(i), field)
		}
	case reflect.Map:
		r.keys(v, func(n *names, key string) string { return n.of(key) })
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				r.walk(v.Field(i), v.Type().Name()+"."+f.Name)
			} else {
				r.fail(v, f.Name)
			}
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() { // the others are enumerations
			r.text(v, field)
		}
	case reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Uintptr, reflect.Complex64, reflect.Complex128:
		r.fail(v, field)
	default: // numbers
	}
}

func (r *redactor) fail(v reflect.Value, field string) {
	r.err = errors.Join(r.err, fmt.Errorf("%s %s is not known to hold nothing private", v.Type(), field))
}

// keys maps the keys and the values of a map. Its values stand in the field of the name of their key.
func (r *redactor) keys(v reflect.Value, mapped func(*names, string) string) {
	if v.IsNil() {
		return
	}
	out := reflect.MakeMap(v.Type())
	all := v.MapKeys()
	slices.SortFunc(all, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range all {
		value := reflect.New(v.Type().Elem()).Elem()
		value.Set(v.MapIndex(key))
		r.walk(value, strings.ToLower(key.String()))
		hidden := reflect.ValueOf(mapped(r.names, key.String())).Convert(v.Type().Key())
		out.SetMapIndex(hidden, value)
		r.later = append(r.later, func() { out.SetMapIndex(hidden, value) }) // with the sentences in it
	}
	v.Set(out)
}

// text maps a string by the field that it stands in.
func (r *redactor) text(v reflect.Value, field string) {
	name := field[strings.LastIndex(field, ".")+1:]
	switch text := v.String(); {
	case slices.Contains(publicFields, field), slices.Contains(publicFields, name):
	case slices.Contains(sentences, name):
		r.later = append(r.later, func() { v.SetString(r.names.sentence(text)) })
	case strings.HasPrefix(strings.TrimSpace(text), "{"), strings.HasPrefix(text, "%7B"):
		d, _ := iam.Parse(text) // the malformed parts are in the document, too
		r.document(&d)
		document, err := json.Marshal(d)
		r.err = errors.Join(r.err, err)
		v.SetString(string(document))
	case name == "Registry": // with the port before its "/", as in the image's name
		v.SetString(strings.TrimSuffix(r.names.of(text+"/"), "/"))
	default:
		v.SetString(r.names.of(text))
	}
}

// failure maps why something was not read.
func (r *redactor) failure(err *error) {
	f := failureOf(*err)
	if f == nil {
		return
	}
	*err = f
	r.later = append(r.later, func() { f.Reason = r.names.sentence(f.Reason) })
}

// document maps a policy. What is malformed is not known well enough to be mapped: something else that is malformed takes
// its place, and evaluates as unknown all the same.
func (r *redactor) document(d *iam.Document) {
	d.ID = r.names.of(d.ID)
	for i := range d.Statements {
		s := &d.Statements[i]
		malformed := s.Malformed
		s.Malformed = nil
		r.walk(reflect.ValueOf(s).Elem(), "")
		if malformed != nil {
			s.Malformed = r.malformed(map[string]any{"Sid": s.Sid, "Effect": s.Effect})
		}
	}
	if d.Malformed != nil {
		d.Malformed = r.malformed(map[string]any{"Version": "2012-10-17", "Statement": d.Statements})
	}
}

// malformed returns what stands for a malformed policy or statement of which these elements were read.
func (r *redactor) malformed(elements map[string]any) *iam.Malformed {
	const element = "Malformed" // which the policy language does not have
	elements[element] = "redacted"
	maps.DeleteFunc(elements, func(_ string, value any) bool { return value == "" || value == iam.Effect("") })
	source, err := json.Marshal(elements)
	r.err = errors.Join(r.err, err)
	return &iam.Malformed{Element: element, Source: source}
}

// condition maps the values of a condition, unless they are numbers, dates or words of AWS.
func (r *redactor) condition(c *iam.Condition) {
	values := strings.ToLower(c.Key)
	c.Key = conditionKey(r.names, c.Key)
	operator := strings.ToLower(c.Operator)
	if strings.Contains(operator, "numeric") || strings.Contains(operator, "date") {
		return
	}
	for i := range c.Values {
		r.text(reflect.ValueOf(&c.Values[i]).Elem(), values)
	}
}

// keyFamily is what AWS calls a condition key; what follows is a tag's key, or what stands in an encryption context.
var keyFamily = regexp.MustCompile(`^[a-z0-9-]+:[0-9A-Za-z-]+(?::(?:SecretARN|SecretVersionId|aws:[a-z]+:[A-Za-z]+)$)?`)

// conditionKey maps what is the account's of a condition key.
func conditionKey(n *names, key string) string {
	family := keyFamily.FindString(key)
	return family + n.of(key[len(family):])
}
