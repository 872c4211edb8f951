//go:build race

package checks_test

func init() { raced = true }
