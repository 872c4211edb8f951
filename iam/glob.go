package iam

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// pattern is text in which * stands for any run of characters and ? for any one.
type pattern struct {
	text string
	// literal, if there is one, says of every byte whether it stands for itself: a "*" that a policy variable brought in is
	// a character like any other.
	literal []bool
	fold    bool // case does not matter
}

// wild reads * and ? as wildcards.
func wild(s string) pattern { return pattern{text: s} }

// mark is n bytes that all are literal, or all are not.
func mark(mask []bool, n int, literal bool) []bool {
	for range n {
		mask = append(mask, literal)
	}
	return mask
}

// slice is the part of the pattern between two bytes.
func (p pattern) slice(from, to int) pattern {
	p.text = p.text[from:to]
	if p.literal != nil {
		p.literal = p.literal[from:to]
	}
	return p
}

// index is where the wildcard stands first, or -1.
func (p pattern) index(wildcard byte) int {
	from := 0
	for {
		i := strings.IndexByte(p.text[from:], wildcard)
		if i < 0 || p.literal == nil || !p.literal[from+i] {
			if i >= 0 {
				i += from
			}
			return i
		}
		from += i + 1
	}
}

func (p pattern) wildcards() bool { return p.index('*') >= 0 || p.index('?') >= 0 }

// matches takes the parts between the stars one after another, each where it first occurs, which is enough: an earlier
// place leaves more for the rest. Nothing is tried twice, so the cost is linear, for "a*a*a*…b" too; only a part with ?
// that stands between two stars may cost the product of its length and the text's.
func (p pattern) matches(s string) bool {
	star := p.index('*')
	if star < 0 {
		n, ok := p.prefix(s)
		return ok && n == len(s)
	}
	n, ok := p.slice(0, star).prefix(s)
	if !ok {
		return false
	}
	for s, p = s[n:], p.slice(star+1, len(p.text)); ; s, p = s[n:], p.slice(star+1, len(p.text)) {
		if star = p.index('*'); star < 0 {
			return p.suffix(s)
		}
		if n, ok = p.slice(0, star).find(s); !ok {
			return false
		}
	}
}

// prefix is how much of s a pattern without * takes from its beginning.
func (p pattern) prefix(s string) (int, bool) {
	if p.index('?') < 0 {
		n := len(p.text)
		if len(s) < n {
			return 0, false
		}
		return n, s[:n] == p.text || p.fold && strings.EqualFold(s[:n], p.text)
	}
	at := 0
	for i, want := range p.text {
		have, width := utf8.DecodeRuneInString(s[at:])
		anyOne := want == '?' && (p.literal == nil || !p.literal[i])
		if width == 0 || !anyOne && want != have && (!p.fold || unicode.ToLower(want) != unicode.ToLower(have)) {
			return 0, false
		}
		at += width
	}
	return at, true
}

// suffix is whether s ends with a pattern without *.
func (p pattern) suffix(s string) bool {
	from := len(s) - len(p.text)
	if p.index('?') >= 0 {
		from = len(s)
		for range p.text { // as many characters, which may be of other widths
			_, width := utf8.DecodeLastRuneInString(s[:from])
			if width == 0 {
				return false
			}
			from -= width
		}
	}
	if from < 0 {
		return false
	}
	n, ok := p.prefix(s[from:])
	return ok && n == len(s)-from
}

// find is where the first occurrence of a pattern without * ends.
func (p pattern) find(s string) (int, bool) {
	if p.index('?') < 0 && !p.fold {
		i := strings.Index(s, p.text)
		return i + len(p.text), i >= 0
	}
	for i := range s {
		if n, ok := p.prefix(s[i:]); ok {
			return i + n, true
		}
	}
	return 0, false
}
