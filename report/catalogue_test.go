package report

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/language"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/network"
)

// entry is a message: its text, or one for each plural form.
type entry struct{ forms map[string]string }

func (e *entry) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		var other string
		e.forms = map[string]string{}
		err := json.Unmarshal(text, &other)
		e.forms["other"] = other
		return err
	}
	return json.Unmarshal(text, &e.forms)
}

func file(t *testing.T, name string) map[string]entry {
	t.Helper()
	text, err := lang.ReadFile("lang/" + name)
	if err != nil {
		t.Fatal(err)
	}
	entries := map[string]entry{}
	if err := json.Unmarshal(text, &entries); err != nil {
		t.Fatal(name, err)
	}
	if keys := strings.Count(string(text), "\n  \""); keys != len(entries) {
		t.Errorf("%s has %d messages on lines of their own, and %d IDs: is one there twice?", name, keys, len(entries))
	}
	return entries
}

// inEnglish is every message that there is to translate.
func inEnglish(t *testing.T) map[string]entry {
	t.Helper()
	entries := file(t, "en.json")
	for _, m := range source() {
		if _, ok := entries[m.ID]; ok {
			t.Errorf("en.json repeats %s, which package checks says", m.ID)
		}
		entries[m.ID] = entry{map[string]string{"other": m.Other}}
	}
	return entries
}

// Each language says everything, nothing else, and with the same blanks.
func TestLanguagesAreComplete(t *testing.T) {
	english := inEnglish(t)
	for _, tag := range Languages()[1:] {
		translated := file(t, tag.String()+".json")
		for _, id := range slices.Sorted(maps.Keys(english)) {
			if _, ok := translated[id]; !ok {
				t.Errorf("%s has no translation of %s: %s", tag, id, english[id].forms["other"])
			}
		}
		for _, id := range slices.Sorted(maps.Keys(translated)) {
			e, ok := english[id]
			if !ok {
				t.Errorf("%s translates %s, which is nowhere", tag, id)
				continue
			}
			want := blanksOf(e.forms["other"])
			for form, text := range translated[id].forms {
				if diff := cmp.Diff(want, blanksOf(text)); diff != "" {
					t.Errorf("%s: the blanks of %s, form %s, differ (-English +%[1]s)\n%s", tag, id, form, diff)
				}
			}
		}
	}
}

func blanksOf(text string) []string {
	names := parsePattern(text).names
	slices.Sort(names)
	return slices.Compact(names)
}

// Every message is used: by a name that the source has, or by one that it makes from what a diagnosis holds.
func TestMessagesAreUsed(t *testing.T) {
	used := literals(t)
	for s := checks.Unknown; s <= checks.Fail; s++ {
		used["status."+s.String()] = true
	}
	for s := checks.Assume; s <= checks.Unpack; s++ {
		used["doing."+s.String()] = true
	}
	for s := network.Unknown; s <= network.Closed; s++ {
		used["passage."+s.String()] = true
	}
	kinds, reasons := constants(t, "Kind"), constants(t, "Reason")
	for _, k := range kinds {
		used["hop."+k] = true
	}
	for _, r := range reasons {
		used["reason."+r] = true
	}
	// The IDs that the source has whole.
	whole := regexp.MustCompile(`^(verdict|part|path|subnets|about|list|heading|label|observed)\.[a-z-]+$`)
	english := file(t, "en.json")
	for _, id := range slices.Sorted(maps.Keys(english)) {
		if !used[id] && !strings.HasPrefix(id, "arg.") {
			t.Errorf("%s is used nowhere", id)
		}
	}
	for id := range used {
		if _, ok := english[id]; !ok && whole.MatchString(id) {
			t.Errorf("%s is used and not in the catalogue", id)
		}
	}
}

// literals returns the strings of this package's source and of its template.
func literals(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	template, err := htmlFiles.ReadFile("html/page.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\.Say "([^"]*)"`).FindAllStringSubmatch(string(template), -1) {
		found[m[1]] = true
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				if text, err := strconv.Unquote(l.Value); err == nil {
					found[text] = true
				}
			}
			return true
		})
	}
	return found
}

// constants returns the values of network's constants of a type.
func constants(t *testing.T, of string) (values []string) {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), "../network/path.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) == 0 {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == of {
			if text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value); err == nil {
				values = append(values, text)
			}
		}
		return true
	})
	if len(values) < 10 {
		t.Fatalf("only %d constants of type %s were found", len(values), of)
	}
	return values
}

// phrased are the arguments that package checks writes in English. What the others hold is a name or a number.
var phrased = []string{"reason", "cite", "requests", "direction", "traffic", "ruledOut", "unexplained", "seen", "form"}

// quoted matches what stays in English in an argument, as AWS or a registry wrote it.
var quoted = regexp.MustCompile(`^$|^[A-Z][A-Za-z]+$|^policy |^contains the placeholder |^[a-z0-9-]+, statement `)

// What the checks write into the arguments of their findings is translated.
func TestArgumentsAreTranslated(t *testing.T) {
	for _, tag := range Languages()[1:] {
		w, err := wordsFor(tag)
		if err != nil {
			t.Fatal(err)
		}
		matched := map[string]bool{}
		for name, d := range diagnoses(t) {
			for _, a := range d.Assumptions {
				if w.assumption(a) == a {
					t.Errorf("%s: the assumption is not translated: %s", tag, a)
				}
			}
			for _, f := range d.Findings {
				if e, ok := d.Explain(f); ok && w.explanation(e) == e.Reason {
					t.Errorf("%s: the explanation is not translated: %s", tag, e.Reason)
				}
				if w.summary(f) == f.Summary {
					t.Errorf("%s: %s is not translated: %s", tag, f.Code, f.Summary)
				}
				for i, fix := range f.Fixes {
					if w.fix(f, i) == fix.Summary || fix.TradeOff != "" && w.tradeOff(f, i) == fix.TradeOff {
						t.Errorf("%s: fix %d of %s is not translated: %s", tag, i, f.Code, fix.Summary)
					}
				}
				for _, arg := range phrased {
					value := f.Args[arg]
					if _, ok := w.phrase(arg, value); !ok && !quoted.MatchString(value) && !matched[value] {
						matched[value] = true
						t.Errorf("%s, %s: the argument %s of %s is not translated: %s", name, tag, arg, f.Code, value)
					}
				}
			}
		}
	}
}

// diagnoses returns those of all scenarios.
func diagnoses(t testing.TB) map[string]checks.Diagnosis {
	t.Helper()
	scenarios, err := checkstest.Read(os.DirFS("../checks/checkstest/scenarios"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]checks.Diagnosis{}
	for _, s := range scenarios {
		if all[s.Name], err = checks.Run(t.Context(), s.Task, checks.Default(s.Sources())...); err != nil {
			t.Fatal(s.Name, err)
		}
	}
	return all
}

func TestNamesAreTranslated(t *testing.T) {
	w, err := wordsFor(language.Korean)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for s := checks.Unknown; s <= checks.Fail; s++ {
		names["status "+s.String()] = w.status(s)
	}
	for s := checks.Assume; s <= checks.Unpack; s++ {
		names["stage "+s.String()], names["doing "+s.String()] = w.stage(s), w.doing(s)
	}
	for s := network.Unknown; s <= network.Closed; s++ {
		names["passage "+s.String()] = w.passage(s)
	}
	for _, k := range constants(t, "Kind") {
		names["kind "+k] = w.kind(network.Kind(k))
	}
	for _, r := range constants(t, "Reason") {
		names["reason "+r] = w.reason(network.Reason(r))
	}
	for name, said := range names {
		if name != "kind name" && !strings.ContainsFunc(said, func(r rune) bool { return unicode.Is(unicode.Hangul, r) }) { // DNS is DNS
			t.Errorf("%s is %q", name, said)
		}
	}
	if w.status(99) != "99" || w.kind("own") != "own" || w.reason("") != "" {
		t.Error("what is not known is not said as it is")
	}
}

// Which form a Korean particle takes depends on how the word before it ends, and nobody knows how an ID is read.
func TestKoreanParticlesDoNotDependOnABlank(t *testing.T) {
	particle := regexp.MustCompile(`\}(을|를|이|가|은|는|와|과|랑|이랑|으로|로)( |$|,|\.)`)
	for id, e := range file(t, "ko.json") {
		if text := e.forms["other"]; particle.MatchString(text) || strings.Contains(text, "을(를)") || strings.Contains(text, "이(가)") {
			t.Errorf("%s: %s", id, text)
		}
	}
}

func TestPhrases(t *testing.T) {
	w, err := wordsFor(language.Korean)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ arg, english, want string }{
		{"reason", "the answer of iam:GetRole is missing", "iam:GetRole 응답이 없음"},
		{"reason", "the answer of iam:GetRole is missing, and it depends on aws:SourceVpce, which this task's requests do not show",
			"iam:GetRole 응답이 없음, 이 태스크의 요청으로는 알 수 없는 aws:SourceVpce 값에 따라 달라짐"},
		{"reason", "the registry is in another account, and the answer of a, b is missing", "레지스트리가 다른 계정에 있음, a, b 응답이 없음"},
		{"reason", "the policies that were read do not settle a, b: a policy of the resource allows it, and whether that is enough for the role is not known",
			"읽은 정책만으로는 a, b 작업의 허용 여부를 알 수 없음: 리소스의 정책에서 허용함, 그것만으로 역할에 충분한지 알 수 없음"},
		{"reason", "Amazon ECR was not asked: no client was given", "Amazon ECR에 요청하지 않음: 클라이언트가 지정되지 않음"},
		{"reason", "which way the request takes is not known, because the time ran out", "요청이 어느 경로로 나가는지 알 수 없음(시간이 초과됨)"},
		{"reason", "ThrottlingException", "ThrottlingException"},
		{"reason", "salt; and pepper, and more", "salt; and pepper, and more"},
		{"cite", "registry policy of 111122223333, statement Perimeter, by its Effect", "계정 111122223333의 레지스트리 정책, 문 Perimeter의 Effect"},
		{"cite", "trust policy, statement #0, by its Principal", "신뢰 정책, 문 #0의 Principal"},
		{"requests", "a on b and c, d on e", "b에 대한 a 및 e에 대한 c, d"},
		{"ruledOut", " This rules out permissions and a missing image.", " 따라서 다음은 원인이 아닙니다: 권한, 이미지 없음."},
		{"explanation", "it gives this error (timeout) in this step (resolve), and 10.0.1.9 is an address of vpce-1, if the task ran in subnet-1, subnet-2",
			"이미지 확인 단계에서 연결 시간 초과 오류가 발생하며, 10.0.1.9 주소는 vpce-1 엔드포인트의 주소임(태스크가 서브넷 subnet-1, subnet-2에서 실행된 경우)"},
		{"explanation", "10.0.1.9 is an address of vpce-1, which it does not guard", "10.0.1.9 주소는 vpce-1 엔드포인트의 주소이며, 이 보안 그룹은 해당 엔드포인트에 적용되지 않음"},
		{"explanation", "10.0.1.9 is an address of the VPC, so a VPC endpoint answered for the name", "10.0.1.9 주소는 VPC에 속하므로 VPC 엔드포인트가 이 이름에 응답함"},
		{"explanation", "it is about the resource-based policy, and the error names the VPC endpoint policy", "리소스 기반 정책에 관한 것인데 오류에 표시된 정책 유형은 VPC endpoint policy임"},
		{"explanation", "the error shows no cause, and it stops the pull in the step download", "오류에 원인이 나타나지 않으며, 다운로드 단계에서 이미지 가져오기를 중단시킴"},
		{"images", "inbound", "inbound"}, // an image may be called what another argument says
	} {
		if got, _ := w.phrase(tt.arg, tt.english); got != tt.want {
			t.Errorf("%s %q: %q, want %q", tt.arg, tt.english, got, tt.want)
		}
	}
}

// A finding of a user's own check, and one whose arguments are not those of its code, keep their English.
func TestWhatHasNoTranslationStaysEnglish(t *testing.T) {
	w, err := wordsFor(language.Korean)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []checks.Finding{
		{Code: "own.code", Summary: "Mine.", Fixes: []checks.Fix{{Summary: "Do it"}}},
		{Code: "role.absent", Summary: "Mine.", Args: map[string]string{"other": "x"}, Fixes: []checks.Fix{{Summary: "Do it"}}},
	} {
		if w.summary(f) != "Mine." || w.fix(f, 0) != "Do it" {
			t.Errorf("%s: %s, %s", f.Code, w.summary(f), w.fix(f, 0))
		}
	}
}

func TestLanguagesMatch(t *testing.T) {
	for tag, want := range map[string]language.Tag{"ko-KR": language.Korean, "ko": language.Korean, "en-GB": language.English, "fr": language.English, "und": language.English} {
		w, err := wordsFor(language.MustParse(tag))
		if err != nil || w.language != want {
			t.Errorf("%s is written in %s, want %s (%v)", tag, w.language, want, err)
		}
	}
}
