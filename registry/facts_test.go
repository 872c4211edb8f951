package registry_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/canpull/canpull/registry"
)

// filled sets every field of a value, however deep, to something that is not its zero value.
func filled(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filled(v.Elem(), depth)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(pushed))
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.Tag.Get("json") != "-" {
				filled(v.Field(i), depth)
			}
		}
	case reflect.Slice:
		if depth < 3 { // a manifest holds manifests
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			filled(v.Index(0), depth+1)
		}
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8, reflect.Uint16:
		v.SetUint(1)
	default:
		panic("facts_test: nothing fills a " + v.Kind().String())
	}
}

// Facts are kept as JSON: what was read, and what was not, comes back as it was. Unread and Unreachable are errors, and
// are left to those who keep them.
func TestFactsOutliveJSON(t *testing.T) {
	var full registry.Image
	filled(reflect.ValueOf(&full).Elem(), 0)
	for name, image := range map[string]registry.Image{
		"full":     full,
		"not read": {},
		"empty": {RepositoryPolicy: new(""), RegistryPolicy: &registry.RegistryPolicy{}, CacheRule: &registry.CacheRule{}, Encryption: &registry.Encryption{},
			Manifest: &registry.Manifest{Images: []registry.Manifest{}, Layers: []registry.Blob{}}},
	} {
		text, err := json.Marshal(image)
		if err != nil {
			t.Fatal(err)
		}
		var back registry.Image
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(image, back, cmpopts.IgnoreFields(registry.Image{}, "Unread", "Unreachable")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
