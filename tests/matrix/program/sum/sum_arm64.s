#include "textflag.h"

TEXT ·Of(SB), NOSPLIT, $0-12
	MOVW a+0(FP), R0
	MOVW b+4(FP), R1
	ADDW R1, R0, R0
	MOVW R0, ret+8(FP)
	RET
