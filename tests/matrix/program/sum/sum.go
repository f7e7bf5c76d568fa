//go:build amd64 || arm64 || 386

// Package sum adds in assembly where there is some.
package sum

// Of returns a + b.
func Of(a, b int32) int32
