// The program of the labelled matrix: two dependencies, one of them indirect,
// an embedded file, a package with assembly, a package with a generated table,
// and C when cgo is on.
package main

import (
	_ "embed"

	"example.com/matrix/app/inner"
	"example.com/matrix/app/shapes"
	"example.com/matrix/app/sum"
	"example.com/matrix/near"
)

//go:embed notice.txt
var notice string

var version = "unset"

func main() {
	println(version, notice, near.Text())
	println(sum.Of(3, 4), inner.Twice(21), shapes.Name(2), shapes.Motto())
}
