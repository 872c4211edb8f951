package main

import (
	"cmp"
	"os"
	"strings"

	"golang.org/x/term"
	"golang.org/x/text/language"

	"github.com/canpull/canpull/report"
)

// speak returns the language that -lang asks for, or else that of the environment. What is no language there is English,
// as C and POSIX are.
func (o options) speak() language.Tag {
	if o.language != "" {
		return language.Make(o.language)
	}
	// https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html#tag_08_02
	locale := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))
	locale, _, _ = strings.Cut(locale, ".")
	locale, _, _ = strings.Cut(locale, "@")
	tag, err := language.Parse(locale)
	if err != nil || tag == language.Und {
		return language.English
	}
	return tag
}

// languages returns the languages of reports, as -lang takes them.
func languages() (names []string) {
	for _, tag := range report.Languages() {
		names = append(names, tag.String())
	}
	return names
}

// fit returns the options for where a report is shown: as wide as a terminal is, and in colour there unless its user does
// not want that (https://no-color.org).
func (o options) fit(stdout any) (fitting []report.Option) {
	f, ok := stdout.(*os.File)
	if !ok || o.output != "" || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
		fitting = append(fitting, report.WithWidth(width))
	}
	if os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
		fitting = append(fitting, report.WithColor(true))
	}
	return fitting
}
