package registry_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/registry"
)

func TestStatusText(t *testing.T) {
	for status, text := range map[registry.Status]string{
		registry.Unknown:             "unknown",
		registry.Present:             "present",
		registry.ImageAbsent:         "image-absent",
		registry.RepositoryAbsent:    "repository-absent",
		registry.Archived:            "archived",
		registry.CredentialsRequired: "credentials-required",
	} {
		got, err := status.MarshalText()
		if err != nil || string(got) != text || status.String() != text {
			t.Errorf("%d: MarshalText = %q, %v; String = %q; want %q", status, got, err, status, text)
		}
		var back registry.Status
		if err := back.UnmarshalText(got); err != nil || back != status {
			t.Errorf("UnmarshalText(%q) = %v, %v", got, back, err)
		}
	}
	if _, err := registry.Status(99).MarshalText(); err == nil {
		t.Error("Status(99) has a text")
	}
	if got := registry.Status(99).String(); got != "status(99)" {
		t.Errorf("String = %q", got)
	}
	if err := new(registry.Status).UnmarshalText([]byte("Present")); err == nil {
		t.Error(`"Present" was read`)
	}
}

func TestImageIsPlainData(t *testing.T) {
	want := registry.Image{
		Reference:        mustParse(t, "111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1"),
		Status:           registry.Archived,
		Digest:           sha256,
		RepositoryPolicy: new(""),
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got registry.Image
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("through JSON (-want +got):\n%s", diff)
	}
}
