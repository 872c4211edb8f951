package command

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// misuse is the error of a command line that makes no sense.
type misuse struct{ error }

func (e misuse) Unwrap() error { return e.error }

// Misused returns the error of a command line that makes no sense.
func Misused(format string, args ...any) error { return misuse{fmt.Errorf(format, args...)} }

// Parse parses arguments, of which all have to be flags with values that are not empty. It returns the names of those given,
// sorted.
func Parse(flags *flag.FlagSet, args []string) (given []string, err error) {
	flags.SetOutput(io.Discard) // a Program prints errors and help
	if err := flags.Parse(args); err != nil {
		return nil, misuse{err}
	}
	if flags.NArg() > 0 {
		return nil, Misused("unexpected argument %q", flags.Arg(0))
	}
	flags.Visit(func(f *flag.Flag) {
		given = append(given, f.Name)
		if f.Value.String() == "" && err == nil { // most likely a variable that is not set
			err = Misused("-%s is empty", f.Name)
		}
	})
	return given, err
}

// List is a flag of names with commas between them, that may be given several times.
type List []string

func (l *List) String() string { return strings.Join(*l, ",") }

// Set adds names.
func (l *List) Set(s string) error {
	for name := range strings.SplitSeq(s, ",") {
		if name = strings.TrimSpace(name); name != "" {
			*l = append(*l, name)
		}
	}
	return nil
}
