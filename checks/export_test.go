package checks

// Explain is explain for the tests outside the package.
func Explain(err error) string { return explain(err) }
