package checks

import (
	"context"
	"strings"
)

// Explain is explain for the tests outside the package.
func Explain(err error) string { return explain(err) }

// RedactWith is Redact with a key that stays the same.
func RedactWith(ctx context.Context, s Snapshot, key []byte) (Snapshot, error) {
	return redact(ctx, s, key)
}

// RedactTexts maps texts as they are mapped in one snapshot.
func RedactTexts(key []byte, texts ...string) (mapped []string) {
	n := newNames(key, []byte(strings.Join(texts, "\n")), newAddressMap(key, Facts{}))
	for _, text := range texts {
		mapped = append(mapped, n.of(text))
	}
	return mapped
}

// RedactSentence maps what people read.
func RedactSentence(key []byte, text string) string {
	return newNames(key, []byte(text), newAddressMap(key, Facts{})).sentence(text)
}

// RedactConditionKey maps the key of a condition.
func RedactConditionKey(key []byte, text string) string {
	return conditionKey(newNames(key, []byte(text), newAddressMap(key, Facts{})), text)
}

// ChangeTypes are the changes that JSON is read back as.
func ChangeTypes() []Change { return changeTypes }
