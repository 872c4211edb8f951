package report

import (
	"golang.org/x/text/language"

	"github.com/canpull/canpull/checks"
)

// Option changes how an encoder writes. An encoder takes every option and ignores those that it has no use for.
type Option func(*settings)

// settings are what options change.
type settings struct {
	plan     checks.Plan
	language language.Tag
	width    int
	color    bool
	mask     bool
	artifact string
}

// The widths that text is laid out for, in columns.
const (
	narrowest = 40
	usual     = 100
	widest    = 200
)

func settingsOf(options []Option) settings {
	s := settings{language: language.English, width: usual}
	for _, o := range options {
		o(&s)
	}
	return s
}

// WithLanguage writes in the language of [Languages] that comes nearest to tag. The default is English. What is quoted
// from AWS stays as it is, and so do IDs, codes and the keys of JSON.
func WithLanguage(tag language.Tag) Option {
	return func(s *settings) { s.language = tag }
}

// WithWidth lays text out for a number of columns, from 40 to 200; what is outside is taken for the nearer end. The
// default is 100. A word that is longer stays whole, so that an ARN or a link can be copied.
func WithWidth(columns int) Option {
	return func(s *settings) { s.width = min(max(columns, narrowest), widest) }
}

// WithColor sets whether text has the escape sequences that colour a terminal. The default is without. Nothing is said by
// colour alone. Whether the writer is a terminal and its user wants colour (https://no-color.org) is the caller's to know.
func WithColor(on bool) Option {
	return func(s *settings) { s.color = on }
}

// WithPlan has [Text], [Markdown] and [HTML] say in which order to fix the root causes, where it takes more than one step:
// what [checks.Diagnosis.Plan] returns.
func WithPlan(p checks.Plan) Option {
	return func(s *settings) { s.plan = p }
}

// MaskAccounts writes letters in place of the IDs of AWS accounts: AAAAAAAAAAAA for the first that comes up,
// BBBBBBBBBBBB for the second. Whatever has the form of one is taken for one.
func MaskAccounts() Option {
	return func(s *settings) { s.mask = true }
}

// WithArtifact names the file that declares the task, such as its Terraform or task definition, by a URI that is relative
// to the repository's root. [SARIF] puts its results there.
func WithArtifact(uri string) Option {
	return func(s *settings) { s.artifact = uri }
}
