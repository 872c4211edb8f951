package iam

// truth is Kleene's three-valued logic: AND is min, OR is max, so the language's own builtins do the work.
type truth uint8

const (
	no truth = iota
	maybe
	yes
)

func not(t truth) truth { return yes - t }

func is(b bool) truth {
	if b {
		return yes
	}
	return no
}

// either is what is known when the truth is one of the two, and nobody knows which.
func either(a, b truth) truth {
	if a == b {
		return a
	}
	return maybe
}
