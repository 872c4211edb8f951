package registry

import "testing"

// The rules were measured with containerd's platforms package; see the doc comment of Match.
func TestPlatformMatch(t *testing.T) {
	linux, arm := Platform{OS: "linux", Architecture: "amd64"}, Platform{OS: "linux", Architecture: "arm64"}
	windows := Platform{OS: "windows", Architecture: "amd64", OSVersion: "10.0.20348"}
	for _, tt := range []struct {
		runs, image Platform
		want        Match
	}{
		{linux, Platform{OS: "linux", Architecture: "amd64"}, MatchStrict},
		{linux, Platform{OS: "Linux", Architecture: "x86_64"}, MatchStrict},
		{linux, Platform{OS: "linux", Architecture: "amd64", Variant: "v1"}, MatchStrict},
		{linux, Platform{OS: "linux", Architecture: "amd64", Variant: "v2"}, MatchVariant},
		{linux, Platform{OS: "linux", Architecture: "amd64", Variant: "v3"}, MatchVariant},
		{linux, Platform{OS: "linux", Architecture: "386"}, MatchFallback},
		{linux, Platform{OS: "linux", Architecture: "i386"}, MatchFallback},
		{linux, Platform{OS: "linux", Architecture: "arm64"}, MatchNone},
		{linux, Platform{OS: "linux", Architecture: "arm", Variant: "v7"}, MatchNone},
		{linux, Platform{OS: "windows", Architecture: "amd64"}, MatchNone},
		{linux, Platform{OS: "unknown", Architecture: "unknown"}, MatchNone},
		{linux, Platform{}, MatchNone},
		{arm, Platform{OS: "linux", Architecture: "arm64"}, MatchStrict},
		{arm, Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}, MatchStrict},
		{arm, Platform{OS: "linux", Architecture: "aarch64", Variant: "8"}, MatchStrict},
		{arm, Platform{OS: "linux", Architecture: "arm64", Variant: "v9"}, MatchVariant},
		{arm, Platform{OS: "linux", Architecture: "arm", Variant: "v7"}, MatchFallback},
		{arm, Platform{OS: "linux", Architecture: "arm"}, MatchFallback},
		{arm, Platform{OS: "linux", Architecture: "armhf"}, MatchFallback},
		{arm, Platform{OS: "linux", Architecture: "amd64"}, MatchNone},
		{windows, Platform{OS: "windows", Architecture: "amd64", OSVersion: "10.0.20348.2700"}, MatchStrict},
		{windows, Platform{OS: "windows", Architecture: "amd64"}, MatchStrict},
		{windows, Platform{OS: "windows", Architecture: "amd64", OSVersion: "10.0.17763.6414"}, MatchVariant},
		{windows, Platform{OS: "linux", Architecture: "amd64"}, MatchNone},
		{windows, Platform{OS: "windows", Architecture: "386"}, MatchNone},
	} {
		if got := tt.runs.match(tt.image); got != tt.want {
			t.Errorf("%s on %s is %s, want %s", tt.image, tt.runs, got, tt.want)
		}
	}
}

func TestSupports(t *testing.T) {
	linux, arm := Platform{OS: "linux", Architecture: "amd64"}, Platform{OS: "linux", Architecture: "arm64"}
	of := func(platforms ...*Platform) *Manifest {
		m := &Manifest{Kind: KindIndex, Images: []Manifest{}}
		for _, p := range platforms {
			m.Images = append(m.Images, Manifest{Kind: KindImage, Platform: p})
		}
		return m
	}
	for name, tt := range map[string]struct {
		manifest *Manifest
		want     Match
		index    bool
	}{
		"not read":                         {nil, MatchUnknown, false},
		"single, not read":                 {&Manifest{Kind: KindImage}, MatchUnknown, false},
		"single, right":                    {&Manifest{Kind: KindImage, Platform: &linux}, MatchStrict, false},
		"single, wrong":                    {&Manifest{Kind: KindImage, Platform: &arm}, MatchNone, false},
		"schema 1":                         {&Manifest{Kind: KindSchema1}, MatchUnknown, false},
		"index, images not read":           {&Manifest{Kind: KindIndex}, MatchUnknown, true},
		"index of nothing":                 {of(), MatchNone, true},
		"index, right":                     {of(&arm, &linux), MatchStrict, true},
		"index, wrong":                     {of(&arm), MatchNone, true},
		"index, one not known":             {of(&arm, nil), MatchUnknown, true},
		"index, right and one not known":   {of(nil, &linux), MatchStrict, true},
		"index, only older":                {of(&Platform{OS: "linux", Architecture: "386"}), MatchFallback, true},
		"index, older and one not known":   {of(&Platform{OS: "linux", Architecture: "386"}, nil), MatchUnknown, true},
		"index, variant before older":      {of(&Platform{OS: "linux", Architecture: "amd64", Variant: "v3"}, &Platform{OS: "linux", Architecture: "386"}), MatchFallback, true},
		"index, the right one comes later": {of(&Platform{OS: "linux", Architecture: "386"}, &linux), MatchStrict, true},
	} {
		got := (&Image{Manifest: tt.manifest}).Supports(linux)
		if got.Match != tt.want || got.Index != tt.index {
			t.Errorf("%s: %s, index %v; want %s", name, got.Match, got.Index, tt.want)
		}
		if got.Match == MatchStrict && (got.Manifest == nil || *got.Manifest.Platform != linux) {
			t.Errorf("%s: chose %+v", name, got.Manifest)
		}
		if got.Index && got.Match <= MatchNone && got.Manifest != nil {
			t.Errorf("%s: chose %+v without a match", name, got.Manifest)
		}
	}
}
