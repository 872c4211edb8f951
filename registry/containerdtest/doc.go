// Package containerdtest holds no code but tests: they put the same questions to the same servers with containerd's own
// resolver, versions 1.7 and 2, and with package registry, and compare what each asks and what it comes to.
package containerdtest
