// Package soundness holds no code but its tests: they hold diagnoses of random accounts against an oracle of their own.
package soundness
