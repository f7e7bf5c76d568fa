package inner

/*
#include "twice.h"
static int twice(int n) { return FACTOR * n; }
*/
import "C"

// Twice returns n doubled.
func Twice(n int) int { return int(C.twice(C.int(n))) }
