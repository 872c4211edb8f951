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
// between two stars costs a machine word for every 64 of its characters at every character of the text.
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

// find is where the first occurrence of a pattern without * ends. Its case matters: see [asked.oneAction].
func (p pattern) find(s string) (int, bool) {
	if p.index('?') < 0 {
		i := strings.Index(s, p.text)
		return i + len(p.text), i >= 0
	}
	return p.shiftAnd(s)
}

// shiftAnd finds a pattern that holds ?, which strings.Index does not take, by the algorithm of Baeza-Yates and Gonnet, "A New
// Approach to Text Searching" (1992): bit i of the state is whether the pattern's first i+1 characters match the last that
// were read. Each character of the text shifts the state, a word for 64 characters of the pattern, and masks it.
func (p pattern) shiftAnd(s string) (int, bool) {
	length := utf8.RuneCountInString(p.text)
	words := (length + 63) / 64
	state, anyOne := make([]uint64, words), make([]uint64, words)
	masks := map[rune][]uint64{} // at which places of the pattern a character stands, or ?
	i := 0
	for at, want := range p.text {
		mask := anyOne
		if want != '?' || p.literal != nil && p.literal[at] {
			if masks[want] == nil {
				masks[want] = make([]uint64, words)
			}
			mask = masks[want]
		}
		mask[i/64] |= 1 << (i % 64)
		i++
	}
	for _, mask := range masks {
		for w := range mask {
			mask[w] |= anyOne[w]
		}
	}
	for at := 0; at < len(s); {
		have, width := utf8.DecodeRuneInString(s[at:])
		at += width
		mask := masks[have]
		if mask == nil {
			mask = anyOne
		}
		carry := uint64(1) // a match may begin at every character
		for w := range state {
			state[w], carry = (state[w]<<1|carry)&mask[w], state[w]>>63
		}
		if state[words-1]>>((length-1)%64)&1 == 1 {
			return at, true
		}
	}
	return 0, false
}
