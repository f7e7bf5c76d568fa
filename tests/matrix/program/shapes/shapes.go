// Package shapes has a table, as generators write them.
package shapes

type shape struct {
	corners int
	sides   int
}

var table = [...]shape{{1, 11}, {2, 22}, {3, 33}, {4, 44}, {5, 55}, {6, 66}}

var names = []string{"circle", "triangle", "rectangle", "pentagon", "hexagon", "heptagon"}

//go:noinline
func Name(i int) string {
	return names[table[i%len(table)].corners%len(names)]
}

// Motto is text that a byte can be changed in.
//
//go:noinline
func Motto() string { return "Keep this table" }
