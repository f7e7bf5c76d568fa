//go:build !cgo

// Package inner doubles, in C when cgo is on.
package inner

//go:noinline
func Twice(n int) int { return 2 * n }
