package report

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/text/language"

	"github.com/canpull/canpull/checks"
)

// many returns a diagnosis of as many findings as a large fleet's report may join.
func many(n int) checks.Diagnosis {
	d := checks.Diagnosis{Task: planned()}
	for i := range n {
		f := checks.Finding{Check: fmt.Sprintf("route-%d", i%200), Code: "route.none", Subject: fmt.Sprintf("rtb-%d", i), Stage: checks.Resolve, Status: checks.Status(i % 5),
			Args:     map[string]string{"subject": fmt.Sprintf("rtb-%d", i), "subnets": "subnet-a", "hosts": "api.ecr.eu-west-1.amazonaws.com, quay.io"},
			Summary:  fmt.Sprintf("Route table rtb-%d has no route from subnet-a to api.ecr.eu-west-1.amazonaws.com, quay.io.", i),
			Evidence: []checks.Evidence{{Source: "ec2:DescribeRouteTables", Fact: "no route covers the destination"}},
			Fixes:    []checks.Fix{{Summary: "Add a route"}, {Summary: "Create the endpoints"}}}
		if f.Status == checks.Unknown {
			f.Missing = []string{fmt.Sprintf("ec2:Action%d", i)}
		}
		d.Findings = append(d.Findings, f)
	}
	return d
}

// pieces counts what is written at a time.
type pieces struct{ writes, largest int }

func (p *pieces) Write(b []byte) (int, error) {
	p.writes++
	p.largest = max(p.largest, len(b))
	return len(b), nil
}

// streaming returns the encoders that write as they go.
func streaming() []encoder {
	encoders := slices.Clone(golden)
	encoders[slices.IndexFunc(encoders, func(e encoder) bool { return e.name == "json" })].encode = JSON
	encoders[slices.IndexFunc(encoders, func(e encoder) bool { return e.name == "html" })].encode = HTML
	return encoders
}

// Ten thousand findings take less than a second, and are written as they are told.
func TestManyFindings(t *testing.T) {
	d := many(10_000)
	for _, g := range streaming() {
		for _, tag := range Languages() {
			var p pieces
			began := time.Now()
			if err := g.encode(&p, d, WithLanguage(tag)); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > time.Minute { // a machine may be busy, and the race detector is slow
				t.Errorf("%s in %s took %s", g.name, tag, took)
			}
			if p.writes < 100 || p.largest > 64<<10 {
				t.Errorf("%s in %s came in %d pieces of up to %d bytes", g.name, tag, p.writes, p.largest)
			}
		}
	}
}

func BenchmarkMany(b *testing.B) {
	d := many(10_000)
	for _, g := range streaming() {
		for _, tag := range []language.Tag{language.English, language.Korean} {
			b.Run(g.name+"/"+tag.String(), func(b *testing.B) {
				for b.Loop() {
					if err := g.encode(&pieces{}, d, WithLanguage(tag)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
