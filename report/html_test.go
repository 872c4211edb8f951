package report

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/language"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

func pageOf(t *testing.T, d checks.Diagnosis, options ...Option) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, d, options...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// attributes are those that the template gives its elements; of the rest, none may be there.
var attributes = regexp.MustCompile(` (class|id|lang|rel|href|scope|type|role|aria-[a-z]+|translate|focusable|viewBox|d|charset|http-equiv|content|name)=("[^"<>]*"|skip)`)

// Whatever a diagnosis holds, the page has the template's elements with the template's attributes, and nothing else.
func TestNothingIsMarkup(t *testing.T) {
	element := regexp.MustCompile(`<(/?)([a-z0-9]+)([^>]*)>`)
	known := map[string]bool{}
	template, err := htmlFiles.ReadFile("html/page.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range element.FindAllStringSubmatch(string(template), -1) {
		known[m[2]] = true
	}
	const markup = `"'><script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">{{.}}</title></style>` + "\ue000\ue001\ue003\ue002"
	d := hostileDiagnosis()
	for i := range d.Findings {
		d.Findings[i].Summary, d.Findings[i].Subject, d.Findings[i].Fixes = markup, markup, []checks.Fix{{Summary: markup, TradeOff: markup, Docs: "javascript:alert(1)", Changes: []checks.Change{hostileChange{}}}, {Docs: `https://x/" onclick="alert(1)`}}
		for name := range d.Findings[i].Args {
			d.Findings[i].Args[name] = markup
		}
	}
	d.Paths = append(d.Paths, checks.Path{Host: markup, Subnet: markup, Path: network.Path{Missing: []string{markup}, Hops: []network.Hop{
		{Kind: markup, Subject: markup, Subnet: markup, Reason: markup, Detail: markup, Missing: []string{markup}, Status: network.Closed}}}})
	for _, tag := range Languages() {
		page := pageOf(t, d, WithLanguage(tag))
		_, page, _ = strings.Cut(page, "</style>")
		for _, m := range element.FindAllStringSubmatch(page, -1) {
			rest := attributes.ReplaceAllString(m[3], "")
			if !known[m[2]] || strings.TrimSpace(rest) != "" {
				t.Fatalf("%s: the element %.300s", tag, m[0])
			}
		}
		for _, bad := range []string{`href="javascript:`, "<script", "<img", "ZgotmplZ", "onclick=\""} {
			if strings.Contains(page, bad) {
				t.Errorf("%s: it holds %s", tag, bad)
			}
		}
	}
}

// What cannot be told apart from the page's own text is set off, but never by marks that a diagnosis brings along.
func TestParts(t *testing.T) {
	h := newHTMLWords(english(t), func(s string) string { return s })
	for _, tt := range []struct {
		text string
		want []part
	}{
		{"plain", []part{{Text: "plain"}}},
		{"", nil},
		{"a " + h.value("b") + " c", []part{{Text: "a "}, {Text: "b", Value: true}, {Text: " c"}}},
		{"a" + h.value(" b"), []part{{Text: "a "}, {Text: "b", Value: true}}},
		{"a" + h.value("") + "b", []part{{Text: "ab"}}},
		{h.value("x\ue001y\ue000z"), []part{{Text: "x\ufffdy\ufffdz", Value: true}}},
		{"a\ue000b", []part{{Text: "a"}, {Text: "b", Value: true}}},
		{"a\x1b\ue001\ue001b", []part{{Text: "a\ufffd"}, {Text: "b"}}},
	} {
		if diff := cmp.Diff(tt.want, h.parts(tt.text)); diff != "" {
			t.Errorf("%q (-want +got)\n%s", tt.text, diff)
		}
	}
}

func TestPageSaysItsLanguage(t *testing.T) {
	d := checks.Diagnosis{Findings: []checks.Finding{{Code: "own", Status: checks.Warn, Summary: "A check of one's own."}}}
	if page := pageOf(t, d, WithLanguage(language.Korean)); !strings.Contains(page, `<html lang="ko">`) || !strings.Contains(page, `<span lang="en">A check of one&#39;s own.</span>`) {
		t.Error(page)
	}
	if page := pageOf(t, d); !strings.Contains(page, `<html lang="en">`) || strings.Contains(page, `<span lang`) {
		t.Error(page)
	}
}

// A step is marked as passed only where everything passed: a finding of one step may be about others.
func TestStepsPassTogether(t *testing.T) {
	classes := func(findings ...checks.Finding) (classes []string) {
		d := checks.Diagnosis{Findings: findings}
		p := &htmlPage{htmlWords: newHTMLWords(english(t), plain), d: d, s: sectionsOf(d)}
		for _, s := range p.Stages() {
			classes = append(classes, s.Class)
		}
		return classes
	}
	pass, skip := checks.Finding{Stage: checks.Resolve, Status: checks.Pass}, checks.Finding{Stage: checks.Unpack, Status: checks.Skip}
	for _, tt := range []struct{ got, want []string }{
		{classes(pass, skip), []string{"pass", "pass", "pass", "pass", "pass"}},
		{classes(pass, skip, checks.Finding{Stage: checks.Assume}), []string{"unknown", "", "", "", ""}},
		{classes(pass, checks.Finding{Stage: checks.Download, Status: checks.Warn}), []string{"", "", "", "warn", ""}},
		{classes(pass, checks.Finding{Stage: checks.Resolve, Status: checks.Fail}), []string{"", "", "fail", "", ""}},
		{classes(), []string{"", "", "", "", ""}},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// through returns a path whose only hop is a route table.
func through(host, subnet, table string, status network.Status) checks.Path {
	return checks.Path{Host: host, Subnet: subnet, Path: network.Path{Hops: []network.Hop{{Kind: network.KindRoute, Subject: table, Subnet: subnet, Status: status}}}}
}

// Ways are one row only where each of its subnets reaches each of its hosts alike.
func TestWaysFold(t *testing.T) {
	rows := func(paths ...checks.Path) (rows []string) {
		p := &htmlPage{htmlWords: newHTMLWords(english(t), plain), d: checks.Diagnosis{Paths: paths}}
		for _, w := range p.Ways() {
			rows = append(rows, fmt.Sprint(w.subnets, w.hosts)+" "+w.Class())
		}
		return rows
	}
	const open, closed = network.Open, network.Closed
	for _, tt := range []struct{ got, want []string }{
		{rows(through("h", "a", "rtb", open), through("h", "b", "rtb", open), through("i", "a", "rtb", open), through("i", "b", "rtb", open)), []string{"[a b] [h i] pass"}},
		{rows(through("h", "a", "rtb", open), through("h", "b", "rtb", open), through("i", "a", "rtb", open), through("i", "b", "rtb", closed)), []string{"[a b] [h] pass", "[a] [i] pass", "[b] [i] fail"}},
		{rows(through("h", "a", "rtb-a", open), through("h", "b", "rtb-b", open)), []string{"[a] [h] pass", "[b] [h] pass"}},
		{rows(), nil},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	unread := through("h", "b", "rtb", open)
	unread.Missing = []string{"ec2:DescribeNatGateways"}
	if got := rows(through("h", "a", "rtb", open), unread); !slices.Equal(got, []string{"[a] [h] pass", "[b] [h] unknown"}) {
		t.Errorf("a way of which hops were not read is drawn as %q", got)
	}
}

// The line is solid only as far as the traffic is known to come.
func TestLinesAreCutBehindWhatIsNotOpen(t *testing.T) {
	const open, partial, unknown, closed = network.Open, network.Partial, network.Unknown, network.Closed
	for _, tt := range []struct {
		hops    []network.Status
		missing []string
		want    string
	}{
		{[]network.Status{open, partial, open}, nil, "[false false false] false"},
		{[]network.Status{open, closed, open}, nil, "[false false true] true"},
		{[]network.Status{open, unknown}, nil, "[false false] true"},
		{[]network.Status{open}, []string{"ec2:DescribeRouteTables"}, "[false] true"},
	} {
		path := checks.Path{Path: network.Path{Missing: tt.missing}}
		for _, status := range tt.hops {
			path.Hops = append(path.Hops, network.Hop{Status: status})
		}
		p := &htmlPage{htmlWords: newHTMLWords(english(t), plain), d: checks.Diagnosis{Paths: []checks.Path{path}}}
		leg := p.Ways()[0].Legs()[0]
		cuts := []bool{}
		for _, h := range leg.Hops {
			cuts = append(cuts, h.Cut)
		}
		if got := fmt.Sprint(cuts, leg.Cut); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.hops, got, tt.want)
		}
	}
}

// The map draws every path of every scenario as the diagnosis has it: closed as failed, and what is not known as unknown.
func TestMapAgreesWithThePaths(t *testing.T) {
	for name, d := range diagnoses(t) {
		p := &htmlPage{htmlWords: newHTMLWords(english(t), plain), d: d}
		drawn := map[string]string{}
		for _, w := range p.ways() {
			for _, subnet := range w.subnets {
				for _, host := range w.hosts {
					for _, stage := range w.stages {
						drawn[fmt.Sprint(stage, host, subnet)] = w.Class()
					}
				}
			}
		}
		for _, path := range d.Paths {
			if got, want := drawn[fmt.Sprint(path.Stage, path.Host, path.Subnet)], passages[path.Status()].String(); got != want {
				t.Errorf("%s: the way from %s to %s is %s and is drawn as %q", name, path.Subnet, path.Host, path.Status(), got)
			}
		}
	}
}

// A fix shows its commands, and that it was verified only if it was.
func TestHTMLShowsFixes(t *testing.T) {
	f := blackhole()
	f.Fixes[0].Changes = []checks.Change{hostileChange{}}
	f.Fixes[0].Docs = "https://docs.aws.amazon.com/vpc/"
	const badge = `class="badge pass"`
	for _, proof := range []*checks.Proof{nil, {Gone: true}} {
		if f.Fixes[1].Proof = proof; strings.Contains(pageOf(t, checks.Diagnosis{Findings: []checks.Finding{f}}), badge) {
			t.Errorf("a fix with the proof %+v is called verified", proof)
		}
	}
	f.Fixes[1].Proof = &checks.Proof{Verified: true, Gone: true}
	page := pageOf(t, checks.Diagnosis{Findings: []checks.Finding{f}})
	if strings.Count(page, badge) != 1 {
		t.Error("a verified fix is not called so")
	}
	for _, want := range []string{`<pre translate="no"><code>aws ec2 &#39;`, "<summary>Terraform</summary>", `<a href="https://docs.aws.amazon.com/vpc/" rel="noopener noreferrer">`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
}
