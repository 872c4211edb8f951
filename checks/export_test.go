package checks

import "context"

// Explain is explain for the tests outside the package.
func Explain(err error) string { return explain(err) }

// RedactWith is Redact with a key that stays the same.
func RedactWith(ctx context.Context, s Snapshot, key []byte) (Snapshot, error) { return redact(ctx, s, key) }
