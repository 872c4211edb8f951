package iam

// token is one element of a pattern: a character, or a wildcard. Wildcards are tokens of their own because a "*" that a
// policy variable brought in is a character like any other.
type token struct {
	kind tokenKind
	char rune
}

type tokenKind uint8

const (
	literal tokenKind = iota
	anyRun            // *
	anyOne            // ?
)

type pattern []token

// wild reads * and ? as wildcards.
func wild(s string) pattern {
	p := make(pattern, 0, len(s))
	for _, r := range s {
		switch r {
		case '*':
			p = append(p, token{anyRun, r})
		case '?':
			p = append(p, token{anyOne, r})
		default:
			p = append(p, token{literal, r})
		}
	}
	return p
}

func verbatim(s string) pattern {
	p := make(pattern, 0, len(s))
	for _, r := range s {
		p = append(p, token{literal, r})
	}
	return p
}

// String is the pattern's text, for operators that know no wildcards.
func (p pattern) String() string {
	runes := make([]rune, len(p))
	for i, t := range p {
		runes[i] = t.char
	}
	return string(runes)
}

func (p pattern) wildcards() bool {
	for _, t := range p {
		if t.kind != literal {
			return true
		}
	}
	return false
}

// matches goes back only to the latest *, which is enough: an earlier one could take no more than it already did. So the
// cost is at most the product of the two lengths, for "a*a*a*b" too.
func (p pattern) matches(s string) bool {
	text := []rune(s)
	at, star, resume := 0, -1, 0
	for i := 0; i < len(text); {
		switch {
		case at < len(p) && p[at].kind == anyRun:
			star, resume = at, i
			at++
		case at < len(p) && (p[at].kind == anyOne || p[at].char == text[i]):
			at++
			i++
		case star >= 0:
			resume++
			at, i = star+1, resume
		default:
			return false
		}
	}
	for at < len(p) && p[at].kind == anyRun {
		at++
	}
	return at == len(p)
}

// split cuts at the literal character, at most into n parts.
func (p pattern) split(char rune, n int) []pattern {
	var parts []pattern
	from := 0
	for i, t := range p {
		if len(parts) == n-1 {
			break
		}
		if t.kind == literal && t.char == char {
			parts = append(parts, p[from:i])
			from = i + 1
		}
	}
	return append(parts, p[from:])
}
